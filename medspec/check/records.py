"""Enums and records: cases, fields, and the anchors that tie one field to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.check.anchors import Anchoring
from medspec.check.conversions import convert
from medspec.check.spec import EnumSpec, RecordSpec
from medspec.check.types import read_type
from medspec.syntax import tree
from medspec.types import (
    EnumCase,
    EnumType,
    FieldType,
    RecordType,
)

if TYPE_CHECKING:
    from medspec.check.checker import Checker
    from medspec.check.scope import Scope


def check_enum(declaration: tree.EnumDecl, checker: Checker, scope: Scope) -> EnumSpec | None:
    """An enum; None after reporting that it has too few cases, since any of them may be the one that is missing."""
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
        return None
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
    places = {name: node.type.place for name, node in nodes.items()}
    for name, node in nodes.items():
        anchoring = Anchoring(
            types=types, places=places, place=node.type.place, scope=scope, checker=checker, open=True
        )
        # What the data say of a box's size is anchored too, so the conversion is read first.
        fields.append(FieldType(name, anchoring.resolve(convert(types[name], node.conversion, scope))))
    return RecordSpec(
        name=declaration.name.name,
        module=scope.module.name,
        place=declaration.name.place,
        doc=declaration.doc,
        type=RecordType(declaration.name.name, tuple(fields)),
        field_places=tuple((name, node.type.place) for name, node in nodes.items()),
    )
