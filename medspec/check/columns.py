"""Columns of a dataset: which part of a raw row fills which field, and whether it can."""

from __future__ import annotations

import re
from typing import Any

from medspec.check.arguments import ABSENT, Rule, read_arguments, read_value
from medspec.check.scope import Scope, report_twice
from medspec.check.spec import RecordSpec
from medspec.plan.nodes import (
    Column,
    FileSource,
    FromDocument,
    FromEach,
    FromFirst,
    FromKey,
    FromMask,
    FromNamed,
    FromPart,
    FromPath,
    FromPaths,
    FromRowNumber,
)
from medspec.syntax import tree
from medspec.text.suggest import nearest
from medspec.types import AbstainType, BoxType, ListType, OptionalType, RecordType, SetType, Type

_PATH = Rule("path", "text")

_ENTRY = (Rule("of", "text"), Rule("named_in", "text"), Rule("otherwise", "int", None, low=1))
"""What `entry("images", named_in: "question")` takes."""


def read_columns(
    declaration: tree.DatasetDecl, record: RecordSpec | None, source: FileSource | None, scope: Scope
) -> dict[str, Column]:
    """The columns of a dataset by field; what is wrong with them is reported (E0602, E0301)."""
    blocks = [clause for clause in declaration.clauses if isinstance(clause, tree.Columns)]
    if len(blocks) > 1:
        report_twice("columns", "a dataset", blocks[0].place, blocks[1].place, scope.report)
    columns: dict[str, Column] = {}
    seen: dict[str, tree.Setting] = {}
    for entry in blocks[0].entries if blocks else ():
        name = entry.key.name
        if name in seen:
            report_twice(name, "these columns", seen[name].key.place, entry.key.place, scope.report)
            continue
        seen[name] = entry
        if record is not None and record.type.field(name) is None:
            names = [field.name for field in record.type.fields]
            close = nearest(name, names)
            scope.report.add(
                "E0602",
                f"`{record.name}` has no field `{name}`",
                (entry.key.place, "fills no field"),
                (record.place, f"its fields: {', '.join(names)}"),
                helps=[f"did you mean `{close}`?"] if close else [],
            )
        column = _column(entry.value, scope)
        if column is not None:
            columns[name] = column
            _check_column(column, entry, record, source, scope)
    return columns


def _check_column(
    column: Column, entry: tree.Setting, record: RecordSpec | None, source: FileSource | None, scope: Scope
) -> None:
    """E0602 for a column that cannot fill its field, whatever the file holds."""
    field = record.type.field(entry.key.name) if record is not None else None
    if isinstance(column, FromPaths) and field is not None and not _takes_several(column, field.type):
        title = f"several columns cannot fill `{field.name}`, which is `{field.type.spelled}`"
        label = (entry.value.place, "these make a list")
        scope.report.add("E0602", title, label, (record.place_of(field.name), "the field"))  # type: ignore[union-attr]
    if isinstance(column, FromDocument) and source is not None and source.format != "json":
        title = f"rows of a {source.format} file stand in no document"
        scope.report.add("E0602", title, (entry.value.place, f"the source is {source.format}"))
    inner = column.mask if isinstance(column, FromMask) else column.text if isinstance(column, FromPart) else column
    if isinstance(inner, FromKey) and source is not None and source.format not in ("json", "standoff", "voc"):
        title = f"rows of a {source.format} file have no key"
        helps = ["`key()` is the key of a row in a JSON object; `row_number()` counts the rows of any file"]
        scope.report.add("E0602", title, (entry.value.place, f"the source is {source.format}"), helps=helps)
    if field is not None and record is not None and isinstance(column, FromEach | FromMask):
        wrong = _misfit_of_each(column, field.type) if isinstance(column, FromEach) else _misfit_of_mask(field.type)
        if wrong is not None:
            label = (record.place_of(field.name), f"the field is `{field.type.spelled}`")
            scope.report.add("E0602", wrong, (entry.value.place, "this cannot fill it"), label)


def _column(value: tree.Value, scope: Scope) -> Column | None:
    match value:
        case tree.StringValue(text):
            return FromPath(text)
        case tree.ListValue(entries) if entries and all(isinstance(entry, tree.StringValue) for entry in entries):
            return FromPaths(tuple(entry.text for entry in entries))  # type: ignore[union-attr]
        case tree.Call(path) if path.dotted == "key":
            read_arguments(value, (), scope.report)
            return FromKey()
        case tree.Call(path) if path.dotted == "document":
            inside = read_arguments(value, (_PATH,), scope.report)["path"]
            return None if inside is ABSENT else FromDocument(inside)
        case tree.Call(path, arguments) if path.dotted == "first_of" and arguments:
            return _first_of(value, scope)
        case tree.Call(path) if path.dotted == "row_number":
            rules = (Rule("first", "int", 0), Rule("width", "int", 1))
            found: dict[str, Any] = read_arguments(value, rules, scope.report)
            return None if ABSENT in found.values() else FromRowNumber(found["first"], found["width"])
        case tree.Call(path, arguments) if path.dotted == "each" and arguments:
            return _each(value, scope)
        case tree.Call(path, (tree.Argument(None) as first,)) if path.dotted == "mask_box":
            mask = _text_column(first.value, scope)
            return None if mask is None else FromMask(mask)
        case tree.Call(path, arguments) if path.dotted == "part" and arguments:
            return _part(value, scope)
        case tree.Call(path) if path.dotted == "entry":
            named = read_arguments(value, _ENTRY, scope.report)
            return None if ABSENT in named.values() else FromNamed(*named.values())
    scope.report.add(
        "E0301",
        "this is no column",
        value.place,
        helps=[
            'write `"name"`, `"path.inside"`, `["a", "b"]` for a list, `first_of("a", "b")`, `document("path")`, '
            "`key()`, `row_number()`, `entry()`, `each()`, `part()` or `mask_box()`"
        ],
    )
    return None


def _text_column(value: tree.Value | tree.TypeNode, scope: Scope) -> FromPath | FromKey | None:
    """`"path"` or `key()`; None after reporting."""
    match value:
        case tree.StringValue(text):
            return FromPath(text)
        case tree.Call(path, arguments) if path.dotted == "key" and not arguments:
            return FromKey()
    scope.report.add("E0301", "this is no text of a row", value.place, helps=['write `"name"` or `key()`'])
    return None


def _each(value: tree.Call, scope: Scope) -> FromEach | None:
    """`each("lines", "name")` or `each("lines", label: "name", where: ["x1", "y1", "x2", "y2"])`."""
    first, *others = value.arguments or ()
    columns: dict[str | None, FromPath | FromPaths] = {}
    for argument in others:
        name = None if argument.name is None else argument.name.name
        column = _column(argument.value, scope)  # type: ignore[arg-type]
        if column is None:
            return None
        if not isinstance(column, FromPath | FromPaths):
            helps = ['write `"name"`, or `["a", "b"]` for a list']
            scope.report.add("E0301", "an entry of a list has no such column", argument.place, helps=helps)
            return None
        if name in columns:
            scope.report.add("E0211", f"`each` is given `{name or 'a column'}` twice", argument.place)
            return None
        columns[name] = column
    path = None if first.name is not None else read_value(first.value, _PATH, scope.report)  # type: ignore[arg-type]
    if path is ABSENT:
        return None
    if path is None or not columns or (None in columns and len(columns) > 1):
        helps = ['write `each("lines", "name")`, or `each("lines", label: "name", where: ["x1", "y1", "x2", "y2"])`']
        scope.report.add(
            "E0211", "`each` takes the path of a list, and what to take of its entries", value.place, helps=helps
        )
        return None
    plain = columns.pop(None, None)
    return FromEach(path, plain, tuple(sorted((name or "", column) for name, column in columns.items())))


def _first_of(value: tree.Call, scope: Scope) -> FromFirst | None:
    """`first_of("options", "choices", otherwise: "")`."""
    given = [one for one in value.arguments or () if isinstance(one, tree.Argument)]
    texts = [read_value(one.value, _PATH, scope.report) for one in given if one.name is None]  # type: ignore[arg-type]
    rest = tree.Call(value.path, tuple(one for one in given if one.name is not None), value.place)
    otherwise = read_arguments(rest, (Rule("otherwise", "text", None),), scope.report)["otherwise"]
    return FromFirst(tuple(texts), otherwise) if texts and ABSENT not in (*texts, otherwise) else None


def _part(value: tree.Call, scope: Scope) -> FromPart | None:
    """`part("file", "[0-9]+_(.*)[.]png", blank: "_")`."""
    first, *others = value.arguments or ()
    text = _text_column(first.value, scope)
    rest = tree.Call(value.path, tuple(others), value.place)
    found = read_arguments(rest, (Rule("pattern", "text"), Rule("blank", "text", None)), scope.report)
    if text is None or ABSENT in found.values():
        return None
    place = others[0].value.place
    try:
        groups = re.compile(found["pattern"]).groups
    except (re.error, OverflowError, RecursionError) as error:
        scope.report.add("E0301", "the pattern is no regular expression", (place, str(error)))
        return None
    if groups != 1 or found["blank"] == "":
        title = "a pattern has one group, which is the part" if groups != 1 else "`blank` is an empty text"
        scope.report.add("E0301", title, place, helps=["write `(...)` around the part, and `(?:...)` around others"])
        return None
    return FromPart(text, found["pattern"], found["blank"])


def _takes_several(column: FromPaths, type_: Type) -> bool:
    """Whether several values can be one of this type: a list has as many as it likes, a box has four numbers."""
    if type_.kind == "box":
        return len(column.paths) == 4
    return type_.kind in ("list", "optional", "unknown")


def _inside(type_: Type) -> Type:
    """The type without `?` and `or abstain`."""
    while isinstance(type_, OptionalType | AbstainType):
        type_ = type_.item
    return type_


def _misfit_of_each(column: FromEach, type_: Type) -> str | None:
    """Why a list made of these columns cannot fill a field of this type, or None."""
    listed = _inside(type_)
    if listed.kind == "unknown":
        return None
    if not isinstance(listed, ListType | SetType):
        return "`each` makes a list"
    item = _inside(listed.item)
    if item.kind == "unknown":
        return None
    if not isinstance(item, RecordType):
        return f"`each` makes objects, and `{item.spelled}` is no record" if column.column is None else None
    if column.column is not None:
        return None
    given = dict(column.fields)
    for name in given:
        if item.field(name) is None:
            close = nearest(name, [field.name for field in item.fields])
            return f"`{item.spelled}` has no field `{name}`" + (f"; did you mean `{close}`?" if close else "")
    for name, inner in column.fields:
        taken = item.field(name)
        if isinstance(inner, FromPaths) and taken is not None and not _takes_several(inner, taken.type):
            return f"several columns cannot fill `{name}`, which is `{taken.type.spelled}`"
    lacking = [field.name for field in item.fields if field.name not in given and field.type.kind != "optional"]
    return f"`each` gives `{item.spelled}` no `{lacking[0]}`" if lacking else None


def _misfit_of_mask(type_: Type) -> str | None:
    """Why the box of a mask, which is in pixels of its image, cannot fill a field of this type, or None."""
    box = _inside(type_)
    if box.kind == "unknown":
        return None
    if not isinstance(box, BoxType) or box.many:
        return "`mask_box` makes a box on one image"
    written = (box.order, box.frame) if box.written is None else (box.written.order, box.written.frame)
    return None if written == ("xyxy", "pixel") else "`mask_box` makes corners in pixels: write `from box(xyxy, pixel)`"
