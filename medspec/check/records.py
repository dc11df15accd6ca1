"""Enums and records: cases, fields, and the anchors that tie one field to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from medspec.check.spec import EnumSpec, RecordSpec
from medspec.check.types import is_unknown, read_type
from medspec.syntax import tree
from medspec.text.source import Place
from medspec.text.suggest import nearest
from medspec.types import (
    ChoiceType,
    EnumCase,
    EnumType,
    FieldType,
    ListType,
    OptionalType,
    RecordType,
    Type,
    UnknownType,
)

if TYPE_CHECKING:
    from medspec.check.checker import Checker
    from medspec.check.scope import Scope

CONVERSIONS = ("letter", "index", "text")
"""How data may write a choice, after `from`."""


def check_enum(declaration: tree.EnumDecl, checker: Checker, scope: Scope) -> EnumSpec:
    cases: dict[str, tree.EnumCaseNode] = {}
    for case in declaration.cases:
        first = cases.setdefault(case.name.name, case)
        if first is not case:
            label = (case.name.place, "again here")
            scope.report.add("E0203", f"`{case.name.name}` is a case twice", label, (first.name.place, "first here"))
    _report_same_text(list(cases.values()), scope)
    if len(declaration.cases) < 2:
        scope.report.add(
            "E0308",
            f"`{declaration.name.name}` has fewer than two cases",
            (declaration.name.place, "there is nothing to choose between"),
        )
    return EnumSpec(
        name=declaration.name.name,
        module=scope.module.name,
        place=declaration.name.place,
        doc=declaration.doc,
        type=EnumType(
            declaration.name.name,
            tuple(EnumCase(name, case.text.text if case.text else name) for name, case in cases.items()),
        ),
    )


def _report_same_text(cases: list[tree.EnumCaseNode], scope: Scope) -> None:
    """E0203 for cases that a reader could not tell apart."""
    seen: dict[str, tree.EnumCaseNode] = {}
    for case in cases:
        for written in {
            case.name.name.casefold(),
            (case.text.text if case.text else case.name.name).strip().casefold(),
        }:
            first = seen.setdefault(written, case)
            if first is not case:
                scope.report.add(
                    "E0203",
                    f"the cases `{first.name.name}` and `{case.name.name}` are written the same",
                    (case.place, f'also read from "{written}"'),
                    (first.place, f'read from "{written}"'),
                )
                break


def check_record(declaration: tree.RecordDecl, checker: Checker, scope: Scope) -> RecordSpec:
    nodes: dict[str, tree.FieldNode] = {}
    for node in declaration.fields:
        first = nodes.setdefault(node.name.name, node)
        if first is not node:
            label = (node.name.place, "again here")
            scope.report.add("E0203", f"`{node.name.name}` is a field twice", label, (first.name.place, "first here"))
    if not nodes:
        label = (declaration.name.place, "a row of this would hold nothing")
        scope.report.add("E0210", f"`{declaration.name.name}` has no fields", label, helps=["write `NAME : TYPE`"])
    types = {name: read_type(node.type, checker, scope) for name, node in nodes.items()}
    fields = []
    for name, node in nodes.items():
        type_ = _check_anchor(types[name], node.type, types, nodes, scope)
        fields.append(FieldType(name, _convert(type_, node, scope)))
    return RecordSpec(
        name=declaration.name.name,
        module=scope.module.name,
        place=declaration.name.place,
        doc=declaration.doc,
        type=RecordType(declaration.name.name, tuple(fields)),
        field_places=tuple((name, node.type.place) for name, node in nodes.items()),
    )


def _check_anchor(
    type_: Type,
    node: tree.TypeNode,
    types: dict[str, Type],
    nodes: dict[str, tree.FieldNode],
    scope: Scope,
) -> Type:
    choice = find_choice(type_)
    if choice is None:
        return type_
    places = {name: field.type.place for name, field in nodes.items()}
    return type_ if check_choice(choice, node.place, types, places, scope) else UnknownType()


def check_choice(
    choice: ChoiceType, place: Place, types: dict[str, Type], places: dict[str, Place], scope: Scope
) -> bool:
    """Whether `choice` is anchored in a list of texts with at least two entries; reports where not."""
    target = types.get(choice.of)
    if target is None:
        lists = [name for name, type_ in types.items() if isinstance(type_, ListType)]
        close = nearest(choice.of, types) or (lists[0] if len(lists) == 1 else None)
        helps = [f"did you mean `choice of {close}`?"] if close else []
        scope.report.add("E0303", f"there is no field `{choice.of}` to choose from", place, helps=helps)
        return False
    if is_unknown(target):
        return False
    if not isinstance(target, ListType) or target.item.kind != "text":
        fitting = [name for name, type_ in types.items() if isinstance(type_, ListType) and type_.item.kind == "text"]
        scope.report.add(
            "E0303",
            "a choice must be anchored to a list of texts",
            (place, "chooses from this field"),
            (places[choice.of], f"`{choice.of}` is `{target.spelled}`"),
            helps=[f"write `choice of {fitting[0]}`"] if fitting else [],
        )
        return False
    if (target.low or 0) < 2:
        # The record's own choice may have said so already; an answer that makes the same choice is no second mistake.
        if any(one.code == "E0308" and one.place == places[choice.of] for one in scope.report.found):
            return False
        scope.report.add(
            "E0308",
            f"`{choice.of}` may hold fewer than two options",
            (
                places[choice.of],
                f"`{target.spelled}` allows {'an empty list' if not target.low else 'a single option'}",
            ),
            (place, "the choice is made here"),
            helps=[f"state how many there are: `{target.item.spelled}[2..10]`"],
        )
        return False
    return True


def find_choice(type_: Type) -> ChoiceType | None:
    """The choice inside a type, through lists and optionals."""
    while not isinstance(type_, ChoiceType):
        if not isinstance(type_, ListType | OptionalType):
            return None
        type_ = type_.item
    return type_


def _convert(type_: Type, node: tree.FieldNode, scope: Scope) -> Type:
    """The type with what `from ...` says of how the data write it."""
    conversion = node.conversion
    if conversion is None or is_unknown(type_):
        return type_
    if find_choice(type_) is None:
        title = f"`{type_.spelled}` has only one way of being written in data"
        scope.report.add("E0301", title, (conversion.place, "nothing to convert from"))
        return type_
    written, first = None, 0
    match conversion:
        case tree.NamedType(path) if path.dotted in CONVERSIONS:
            written = path.dotted
        case tree.RefinedType(name, (tree.Argument(None, tree.NumberValue() as number),)) if name.name == "index":
            written, first = "index", int(number.number)
    if written is None:
        scope.report.add(
            "E0301",
            "this is no way of writing a choice",
            conversion.place,
            helps=["write `from letter`, `from text`, `from index` (0 is the first option) or `from index(1)`"],
        )
        return type_
    return _with_convention(type_, written, first)


def _with_convention(type_: Type, written: str, first: int) -> Type:
    if isinstance(type_, ChoiceType):
        return ChoiceType(type_.of, written, first)
    return attrs.evolve(type_, item=_with_convention(type_.item, written, first))  # type: ignore
