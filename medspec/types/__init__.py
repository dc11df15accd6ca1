"""The catalogue of types: one file per member, listed in `TYPES`."""

from medspec.types.abstention import ABSTAINED, Abstained, AbstainType
from medspec.types.anchors import anchors
from medspec.types.base import Misfit, Row, Type
from medspec.types.boolean import BooleanType
from medspec.types.box import Box, BoxType, Convention
from medspec.types.choice import ChoiceType
from medspec.types.enum import EnumCase, EnumType
from medspec.types.image import ImageType
from medspec.types.number import FloatType, IntegerType
from medspec.types.ranking import RankingType
from medspec.types.record import FieldType, RecordType
from medspec.types.score import ScoreType
from medspec.types.sequence import ListType, OptionalType
from medspec.types.set import SetType
from medspec.types.span import Span, SpanType
from medspec.types.text import TextType
from medspec.types.turns import TurnsType
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
    AbstainType,
    RecordType,
    SetType,
    SpanType,
    BoxType,
    ScoreType,
    RankingType,
    ImageType,
    TurnsType,
    UnknownType,
)

__all__ = [
    "ABSTAINED",
    "AbstainType",
    "Abstained",
    "TYPES",
    "BooleanType",
    "Box",
    "BoxType",
    "ChoiceType",
    "Convention",
    "EnumCase",
    "EnumType",
    "FieldType",
    "FloatType",
    "ImageType",
    "IntegerType",
    "ListType",
    "Misfit",
    "OptionalType",
    "RankingType",
    "RecordType",
    "Row",
    "ScoreType",
    "SetType",
    "Span",
    "SpanType",
    "TextType",
    "TurnsType",
    "Type",
    "UnknownType",
    "anchors",
]
