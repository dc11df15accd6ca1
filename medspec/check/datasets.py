"""Datasets: where rows come from, which splits there are, and which column fills which field."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from medspec.check.anchors import Anchoring
from medspec.check.arguments import ABSENT, Rule, read_arguments, read_value
from medspec.check.columns import read_columns
from medspec.check.errata import read_errata
from medspec.check.paths import stays_inside
from medspec.check.scope import meant, settings_of, with_article
from medspec.check.slices import read_cluster, read_slices
from medspec.check.spec import DatasetSpec, RecordSpec
from medspec.plan.nodes import FileSource, Keep
from medspec.syntax import tree
from medspec.text.source import Place
from medspec.text.suggest import nearest

if TYPE_CHECKING:
    from medspec.check.checker import Checker
    from medspec.check.scope import Scope

SETTINGS = ("source", "splits", "subsets", "license", "fetch", "private", "id", "errata")

_PATH = Rule("path", "text")
FORMATS: dict[str, tuple[Rule, ...]] = {
    "jsonl": (_PATH,),
    "json": (_PATH, Rule("at", "text", None), Rule("value", "text", None), Rule("each", "text", None)),
    "csv": (
        _PATH,
        Rule("names", "texts", None),
        Rule("delimiter", "text", ","),
        Rule("skip", "int", 0, low=0),
        Rule("group", "texts", ()),
    ),
    "parquet": (_PATH,),
    "conll": (_PATH,),
    "pubtator": (_PATH,),
    "standoff": (_PATH,),
    "voc": (_PATH,),
}
"""Source formats and what they take."""

_HOLE = re.compile(r"\{(\w*)\}")


def check_dataset(declaration: tree.DatasetDecl, checker: Checker, scope: Scope) -> DatasetSpec | None:
    record = checker.declared(declaration.record, scope, "record", (tree.RecordDecl,))
    if record is not None:
        _close_anchors(record, declaration.record.place, checker, scope)
    settings = settings_of(
        tuple(clause for clause in declaration.clauses if isinstance(clause, tree.Setting)),
        SETTINGS,
        "a dataset",
        scope.report,
    )
    splits = _names(settings["splits"], scope) if "splits" in settings else None
    subsets = _names(settings.get("subsets"), scope)
    misspelt = meant((clause for clause in declaration.clauses if isinstance(clause, tree.Setting)), SETTINGS)
    for name in ("source", "splits"):
        if name not in settings and name not in misspelt:
            example = "splits = [test]" if name == "splits" else 'source = jsonl("folder/{split}.jsonl")'
            helps = [f"write `{example}`"]
            title = f"`{declaration.name.name}` does not set `{name}`"
            scope.report.add("E0210", title, declaration.name.place, helps=helps)
    source = read_source(settings["source"].value, scope) if "source" in settings else None
    columns = read_columns(declaration, record, source, scope)
    keeps = _keeps(declaration, splits, record, scope)
    ruled = {clause.split.name for clause in declaration.clauses if isinstance(clause, tree.SplitRule)}
    if source is not None and splits is not None and subsets is not None:
        _check_holes(settings["source"], source, splits, subsets, ruled, scope)
    errata = read_errata(settings.get("errata"), record, splits or (), subsets or (), scope)
    if record is None or source is None or splits is None or subsets is None:
        return None
    # A rule for a split that is not listed has been reported; whoever reads that split makes no second mistake.
    splits = (*splits, *sorted(ruled - set(splits)))
    return DatasetSpec(
        name=declaration.name.name,
        module=scope.module.name,
        place=declaration.name.place,
        doc=declaration.doc,
        record=record,
        source=source,
        splits=splits,
        subsets=subsets,
        columns=tuple(columns.items()),
        keeps=keeps,
        id_field=_id_field(settings.get("id"), record, scope),
        license=_value("license", "text", settings, scope),
        fetch=_value("fetch", "text", settings, scope),
        private=_value("private", "bool", settings, scope) is True,
        slices=read_slices((c for c in declaration.clauses if isinstance(c, tree.SliceRule)), record, scope),
        cluster=read_cluster(declaration.clauses, record, scope),
        errata=errata,
    )


def _value(name: str, kind: str, settings: dict[str, tree.Setting], scope: Scope) -> Any:
    """What the setting `name` says; None where it is not there, or after reporting."""
    found = read_value(settings[name].value, Rule(name, kind), scope.report) if name in settings else None
    return None if found is ABSENT else found


def _close_anchors(record: RecordSpec, place: Place, checker: Checker, scope: Scope) -> None:
    """A row has nothing around it, so every field that something refers to must be in its record."""
    types = {field.name: field.type for field in record.type.fields}
    anchoring = Anchoring(types=types, places=dict(record.field_places), place=place, scope=scope, checker=checker)
    for name, type_ in types.items():
        anchoring.resolve(type_, labels=((record.place_of(name), f"`{type_.spelled}`"),))


def _names(setting: tree.Setting | None, scope: Scope) -> tuple[str, ...] | None:
    """A list of plain names; () where there is no setting, None after reporting."""
    if setting is None:
        return ()
    entries = setting.value.entries if isinstance(setting.value, tree.ListValue) else ()
    names = [
        e.path.dotted for e in entries if isinstance(e, tree.Call) and e.arguments is None and len(e.path.parts) == 1
    ]
    if not entries or len(names) < len(entries):
        label = (setting.value.place, "write it as `[dev, test]`")
        scope.report.add("E0301", f"`{setting.key.name}` needs a list of names", label)
        return None
    for index, name in enumerate(names):
        if name in names[:index]:
            labels = [(entries[index].place, "again here"), (entries[names.index(name)].place, "first here")]
            scope.report.add("E0203", f"`{name}` is listed twice", *labels)
    return tuple(dict.fromkeys(names))


def read_source(value: tree.Value, scope: Scope) -> FileSource | None:
    """`jsonl("...")`, `json(...)`, `csv(...)` or `parquet(...)`."""
    if not isinstance(value, tree.Call) or value.path.dotted not in FORMATS:
        name = value.path.dotted if isinstance(value, tree.Call) else ""
        close = nearest(name, FORMATS) if name else None
        helps = [f"did you mean `{close}`?" if close else f"a source is one of: {', '.join(FORMATS)}"]
        title = f"cannot find a source format named `{name}`" if name else "a source is a file with its format"
        scope.report.add("E0201" if name else "E0301", title, value.place, helps=helps)
        return None
    found = read_arguments(value, FORMATS[value.path.dotted], scope.report)
    path = found["path"]
    if path is ABSENT or any(entry is ABSENT for entry in found.values()):
        return None
    if not stays_inside(path, value, scope):
        return None
    delimiter = found.get("delimiter", ",")
    if len(delimiter) != 1:
        scope.report.add("E0301", "`delimiter` is one character", value.place)
        return None
    for name in ("names", "group"):
        listed = found.get(name) or ()
        if len(set(listed)) < len(listed):
            scope.report.add("E0211", f"`{name}` names a column twice", value.place)
            return None
    if found.get("value") is not None and found.get("each") is not None:
        scope.report.add("E0211", "the rows are plain values or entries of lists: write `value` or `each`", value.place)
        return None
    if "lines" in (found.get("group") or ()):
        title = "a column called `lines` cannot be grouped by: that is where the lines of a row are"
        scope.report.add("E0602", title, value.place)
        return None
    return FileSource(format=value.path.dotted, **{**found, "delimiter": delimiter})


def _check_holes(
    setting: tree.Setting,
    source: FileSource,
    splits: tuple[str, ...],
    subsets: tuple[str, ...],
    ruled: set[str],
    scope: Scope,
) -> None:
    holes = _HOLE.findall(source.path)
    for hole in holes:
        if hole not in ("split", "subset"):
            scope.report.add(
                "E0602",
                f"`{{{hole}}}` is not filled in here",
                setting.value.place,
                helps=["a path may hold `{split}` and `{subset}`"],
            )
            return
    if "subset" in holes and not subsets:
        scope.report.add(
            "E0602",
            "the path holds `{subset}`, and no subsets are declared",
            setting.value.place,
            helps=["write `subsets = [first, second]`"],
        )
    unruled = [split for split in splits if split not in ruled]
    # A rule for a split that does not exist was meant for one that does.
    if len(splits) > 1 and "split" not in holes and unruled and ruled <= set(splits):
        scope.report.add(
            "E0602",
            f"the splits {' and '.join(splits)} would all read the same rows",
            (setting.value.place, "the path does not hold `{split}`"),
            helps=[
                "put `{split}` into the path",
                f'or say which rows belong to it: `split {unruled[0]} where id in json("ids.json")`',
            ],
        )


def _keeps(
    declaration: tree.DatasetDecl, splits: tuple[str, ...] | None, record: RecordSpec | None, scope: Scope
) -> tuple[tuple[str, Keep], ...]:
    keeps = []
    for rule in declaration.clauses:
        if not isinstance(rule, tree.SplitRule):
            continue
        if splits is not None and rule.split.name not in splits:
            close = nearest(rule.split.name, splits)
            helps = [f"did you mean `{close}`?"] if close else [f"declared: {', '.join(splits)}"]
            scope.report.add("E0602", f"there is no split `{rule.split.name}`", rule.split.place, helps=helps)
            continue
        if record is not None and record.type.field(rule.field.name) is None:
            close = nearest(rule.field.name, [field.name for field in record.type.fields])
            helps = [f"did you mean `{close}`?"] if close else []
            scope.report.add(
                "E0408", f"`{record.name}` has no field `{rule.field.name}`", rule.field.place, helps=helps
            )
            continue
        ids = read_source(rule.source, scope)
        if ids is not None and ids.format not in ("json", "csv"):
            helps = ["a list, or an object's keys; of a CSV file, the first column"]
            scope.report.add("E0301", "row ids are read from JSON or CSV", rule.source.place, helps=helps)
        elif ids is not None:
            keeps.append((rule.split.name, Keep(field=rule.field.name, ids=ids, negate=rule.negated)))
    return tuple(keeps)


def _id_field(setting: tree.Setting | None, record: RecordSpec, scope: Scope) -> str | None:
    """The field that names a row: as set, else `id` where the record has one."""
    if setting is None:
        return "id" if record.type.field("id") is not None else None
    name = setting.value.path.dotted if isinstance(setting.value, tree.Call) else ""
    field = record.type.field(name)
    if field is None:
        close = nearest(name, [field.name for field in record.type.fields]) if name else None
        helps = [f"did you mean `{close}`?"] if close else []
        scope.report.add(
            "E0408",
            f"`{record.name}` has no field `{name}`" if name else "`id` names a field",
            setting.value.place,
            helps=helps,
        )
        return None
    if field.type.kind not in ("text", "int", "unknown"):
        title = f"a row cannot be named by `{name}`, which is {with_article(field.type.kind)}"
        scope.report.add("E0301", title, setting.value.place, helps=["use a field of type `text` or `int`"])
    return name
