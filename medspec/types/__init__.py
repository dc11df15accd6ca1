"""The catalogue of types: one file per member, listed in `TYPES`."""

from medspec.types.base import Misfit, Row, Type
from medspec.types.boolean import BooleanType
from medspec.types.choice import ChoiceType
from medspec.types.enum import EnumCase, EnumType
from medspec.types.number import FloatType, IntegerType
from medspec.types.record import FieldType, RecordType
from medspec.types.sequence import ListType, OptionalType
from medspec.types.text import TextType
from medspec.types.unknown import UnknownType

TYPES: tuple[type, ...] = (
    BooleanType,
    IntegerType,
    FloatType,
    TextType,
    EnumType,
    ChoiceType,
    ListType,
    OptionalType,
    RecordType,
    UnknownType,
)

__all__ = [
    "TYPES",
    "BooleanType",
    "ChoiceType",
    "EnumCase",
    "EnumType",
    "FieldType",
    "FloatType",
    "IntegerType",
    "ListType",
    "Misfit",
    "OptionalType",
    "RecordType",
    "Row",
    "TextType",
    "Type",
    "UnknownType",
]
