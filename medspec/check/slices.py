"""Groups of rows: slices, which are also scored by themselves, and clusters, whose rows are not independent.

    slice specialty by subject                 one group for each value
    slice elderly   when patient.age >= 65     one group: the rows for which it holds
    cluster by patient.id                      rows of one patient belong together

`note.words` and `note.length` count the words and the characters of a text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.check.scope import Scope, report_twice
from medspec.check.spec import RecordSpec
from medspec.plan.nodes import Condition, SliceRule
from medspec.syntax import tree
from medspec.text.suggest import nearest
from medspec.types import IntegerType, OptionalType, RecordType, TextType, Type, UnknownType

if TYPE_CHECKING:
    from collections.abc import Iterable

GROUPS = ("text", "int", "bool", "enum", "choice")
"""Kinds of value that name a group."""

_COUNTS = ("words", "length")


def read_slices(nodes: Iterable[tree.SliceRule], record: RecordSpec, scope: Scope) -> tuple[SliceRule, ...]:
    """The slices of a dataset; what is wrong with them is reported."""
    slices: dict[str, SliceRule] = {}
    first: dict[str, tree.SliceRule] = {}
    for node in nodes:
        name = node.name.name
        if name in first:
            label = (first[name].name.place, "first here")
            scope.report.add("E0203", f"`{name}` is a slice twice", (node.name.place, "again here"), label)
            continue
        first[name] = node
        if node.by is not None:
            type_ = type_at(node.by, record.type, scope)
            if type_ is not None and _group(type_):
                slices[name] = SliceRule(name=name, by=node.by.dotted)
            elif type_ is not None:
                title = f"rows cannot be grouped by `{node.by.dotted}`, which is `{type_.spelled}`"
                scope.report.add("E0301", title, node.by.place, helps=["say when: `slice NAME when FIELD >= 65`"])
            continue
        conditions = [_condition(comparison, record.type, scope) for comparison in node.when]
        if None not in conditions:
            slices[name] = SliceRule(name=name, when=tuple(c for c in conditions if c is not None))
    return tuple(slices.values())


def read_cluster(clauses: Iterable[object], record: RecordSpec, scope: Scope) -> str | None:
    """What the rows of a dataset are clustered by; what is wrong with it is reported."""
    nodes = [clause for clause in clauses if isinstance(clause, tree.Cluster)]
    if len(nodes) > 1:
        report_twice("cluster", "a dataset", nodes[0].place, nodes[1].place, scope.report)
    if not nodes:
        return None
    path = nodes[0].by
    type_ = type_at(path, record.type, scope)
    if type_ is not None and not _group(type_):
        title = f"rows cannot be clustered by `{path.dotted}`, which is `{type_.spelled}`"
        scope.report.add("E0301", title, path.place, helps=["name a field that identifies the source, such as an id"])
        return None
    return None if type_ is None else path.dotted


def type_at(path: tree.Path, record: RecordType, scope: Scope) -> Type | None:
    """The type of a field, a field of a field, or a count of a text; None after reporting."""
    type_: Type = record
    for ident in path.parts:
        inner = type_.item if isinstance(type_, OptionalType) else type_
        if isinstance(inner, UnknownType):
            return UnknownType()
        field = inner.field(ident.name) if isinstance(inner, RecordType) else None
        if field is not None:
            type_ = field.type
        elif isinstance(inner, TextType) and ident.name in _COUNTS:
            type_ = IntegerType()
        else:
            known = [f.name for f in inner.fields] if isinstance(inner, RecordType) else list(_COUNTS)
            close = nearest(ident.name, known)
            helps = [f"did you mean `{close}`?"] if close else [f"it has: {', '.join(known)}"]
            what = f"`{inner.name}`" if isinstance(inner, RecordType) else f"`{inner.spelled}`"
            scope.report.add("E0408", f"{what} has no field `{ident.name}`", ident.place, helps=helps)
            return None
    return type_


def _group(type_: Type) -> bool:
    inner = type_.item if isinstance(type_, OptionalType) else type_
    return inner.kind in (*GROUPS, "unknown")


def _condition(node: tree.Comparison, record: RecordType, scope: Scope) -> Condition | None:
    type_ = type_at(node.path, record, scope)
    if type_ is None:
        return None
    inner = type_.item if isinstance(type_, OptionalType) else type_
    value: str | int | float | bool
    fitting: tuple[str, ...]
    match node.value:
        case tree.StringValue(text):
            value, fitting, ordered = text, ("text", "enum"), False
        case tree.NumberValue():
            value, fitting, ordered = node.value.number, ("int", "float", "score"), True
        case tree.BooleanValue(flag):
            value, fitting, ordered = flag, ("bool",), False
    if inner.kind not in (*fitting, "unknown") or (not ordered and node.op not in ("==", "!=")):
        title = f"cannot compare `{node.path.dotted}`, which is `{type_.spelled}`, by `{node.op}` with this"
        scope.report.add("E0301", title, node.value.place)
        return None
    if inner.kind == "enum" and value not in [case.name for case in inner.cases]:  # type: ignore[attr-defined]
        close = nearest(str(value), [case.name for case in inner.cases])  # type: ignore[attr-defined]
        helps = [f"did you mean `{close}`?"] if close else []
        scope.report.add("E0301", f"`{inner.spelled}` has no case `{value}`", node.value.place, helps=helps)
        return None
    return Condition(path=node.path.dotted, op=node.op, value=value)
