"""Declarations and their clauses as entries, one function for each kind of node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from medspec.syntax import tree
from medspec.syntax.layout.cursor import Cursor
from medspec.syntax.layout.shape import Enclosed, Entry, Part, Word
from medspec.syntax.layout.values import block, call, commas, path, setting, type_, value

WIDE = "   "
"""What stands between metrics, and between tasks of a suite, on one line: they have blanks of their own inside."""


def declaration(c: Cursor, node: tree.Declaration) -> Entry:
    """Any top-level declaration. Its `kind` is its keyword."""
    entry = _DECLARATIONS[type(node)](c, node)
    c.document(entry.first, node.doc)
    entry.kind = entry.first.text
    return entry


def edition(c: Cursor, node: tree.Edition) -> Entry:
    return Entry(parts=[c.document(c.take("edition"), node.doc), c.take(node.year.written)])


def import_(c: Cursor, node: tree.ImportModule | tree.ImportNames) -> Entry:
    parts: list[Part] = [c.take("import"), *path(c, node.path)]
    if isinstance(node, tree.ImportNames):
        names = commas(c, "names", node.names, lambda c, ident: [c.take(ident.name)])
        return Entry(parts=[*parts, _sorted(names)])
    if node.alias is not None:
        parts += [c.take("as"), c.take(node.alias.name)]
    return Entry(parts=parts)


def _sorted(names: Enclosed) -> Enclosed:
    """Imported names by the alphabet, each with the comments at it and at its comma."""
    words = []
    for entry in names.entries:
        word, *comma = (part for part in entry.parts if isinstance(part, Word))
        for mark in comma:
            word.after += [*mark.before, *mark.after]
            mark.before, mark.after = [], []
        words.append(word)
    words.sort(key=lambda word: word.text)
    for entry, word in zip(names.entries, words, strict=True):
        entry.parts[0] = word
    return names


# Declarations


def _enum(c: Cursor, node: tree.EnumDecl) -> Entry:
    lines = any(case.text is not None or case.doc for case in node.cases)
    parts: list[Part] = [c.take("enum"), c.take(node.name.name), block(c, node.cases, _case, lines=lines)]
    return Entry(parts=parts, marks=(2,))


def _case(c: Cursor, node: tree.EnumCaseNode) -> Entry:
    parts: list[Part] = [c.document(c.take(node.name.name), node.doc)]
    if node.text is None:
        return Entry(parts=parts, kind="case", marks=(None,))
    return Entry(parts=[*parts, c.string(node.text.place, node.text.text)], kind="case", marks=(1,))


def _record(c: Cursor, node: tree.RecordDecl) -> Entry:
    return Entry(
        parts=[c.take("record"), c.take(node.name.name), block(c, node.fields, _field, lines=True)], marks=(2,)
    )


def _field(c: Cursor, node: tree.FieldNode) -> Entry:
    name = c.document(c.take(node.name.name), node.doc)
    parts: list[Part] = [name, c.take(":", tight=True), *type_(c, node.type)]
    if node.conversion is not None:
        parts += [c.take("from"), *type_(c, node.conversion)]
    return Entry(parts=parts, kind="field", marks=(1,))


def _dataset(c: Cursor, node: tree.DatasetDecl) -> Entry:
    head: list[Part] = [c.take("dataset"), c.take(node.name.name), c.take(":"), *path(c, node.record)]
    return Entry(parts=[*head, block(c, node.clauses, _clause, lines=True)], marks=(2,))


def _phrase(c: Cursor, node: tree.PhraseDecl) -> Entry:
    head: list[Part] = [c.take("phrase"), c.take(node.name.name)]
    if not isinstance(node.text, tree.TextFile):
        head.append(c.take("="))
    return Entry(parts=[*head, *_own_text(c, node.text)], marks=(2,))


def _own_text(c: Cursor, node: tree.TextValue | tree.StringValue | tree.TextFile) -> list[Part]:
    if isinstance(node, tree.TextFile):
        return [c.take("from"), *call(c, node.source), block(c, node.settings, setting)]
    return value(c, node)


def _prompt(c: Cursor, node: tree.PromptDecl) -> Entry:
    head: list[Part] = [c.take("prompt"), c.take(node.name.name), _params(c, node.params)]
    return Entry(parts=[*head, block(c, node.turns, _turn, lines=True)])


def _params(c: Cursor, node: tree.Params) -> Enclosed:
    return commas(c, "call", node.entries, _param, "")


def _param(c: Cursor, node: tree.Param) -> list[Part]:
    parts: list[Part] = [c.take(node.name.name), c.take(":", ""), *type_(c, node.type)]
    if node.default is not None:
        parts += [c.take("="), *value(c, node.default)]
    return parts


def _turn(c: Cursor, node: tree.Turn) -> Entry:
    return Entry(parts=[c.take(node.role.name), *_own_text(c, node.text)])


def _named_block(word: str) -> Callable[[Cursor, Any], Entry]:
    """Model, dialect, panel: a name and its settings."""

    def lay(c: Cursor, node: tree.ModelDecl | tree.DialectDecl | tree.PanelDecl) -> Entry:
        return Entry(parts=[c.take(word), c.take(node.name.name), block(c, node.settings, setting)], marks=(2,))

    return lay


def _judge(c: Cursor, node: tree.JudgeDecl) -> Entry:
    head: list[Part] = [c.take("judge"), c.take(node.name.name), _params(c, node.params), c.take("->")]
    return Entry(parts=[*head, *type_(c, node.verdict), block(c, node.clauses, _clause, lines=True)])


def _task(c: Cursor, node: tree.TaskDecl) -> Entry:
    parts, version = _versioned(c, "task", node.name, node.version)
    rest = len(parts)
    if node.base is None:
        if node.params is not None:
            parts.append(_params(c, node.params))
        parts.append(block(c, node.clauses, _clause, lines=True))
    else:
        parts += [c.take("="), *call(c, node.base)]
        changes = sorted((*node.overrides, *node.clauses), key=lambda one: one.place.start)
        if changes or c.is_next("{"):
            parts.append(block(c, tuple(changes), _change, lines=True))
    return Entry(parts=parts, marks=(version, rest if node.params is None else None))


def _versioned(
    c: Cursor, keyword: str, name: tree.Ident, version: tree.NumberValue | None
) -> tuple[list[Part], int | None]:
    parts: list[Part] = [c.take(keyword), c.take(name.name)]
    if version is None:
        return parts, None
    return [*parts, c.take("@"), c.take(version.written, "")], 2


def _suite(c: Cursor, node: tree.SuiteDecl) -> Entry:
    parts, version = _versioned(c, "suite", node.name, node.version)
    return Entry(parts=[*parts, block(c, node.clauses, _clause, lines=True)], marks=(version, len(parts)))


def _example(c: Cursor, node: tree.ExampleDecl) -> Entry:
    head: list[Part] = [c.take("example"), *path(c, node.task), c.string(node.title.place, node.title.text)]
    return Entry(parts=[*head, block(c, node.settings, setting, lines=True)])


# Clauses


def _clause(c: Cursor, node: Any) -> Entry:
    return _CLAUSES[type(node)](c, node)


def _change(c: Cursor, node: tree.Override | tree.TaskClause) -> Entry:
    return _override(c, node) if isinstance(node, tree.Override) else _clause(c, node)


def _override(c: Cursor, node: tree.Override) -> Entry:
    word = c.take("override")
    entry = _clause(c, node.clause)
    entry.parts.insert(0, word)
    entry.marks = tuple(mark if mark is None else mark + 1 for mark in entry.marks)
    return entry


def _columns(c: Cursor, node: tree.Columns) -> Entry:
    return _keyword_clause([c.take("columns"), block(c, node.entries, setting)])


def _keyword_clause(parts: list[Part]) -> Entry:
    """A clause that its keyword begins; it stands in the columns of the settings around it."""
    return Entry(parts=parts, kind="setting", marks=(1,), is_clause=True)


def _split(c: Cursor, node: tree.SplitRule) -> Entry:
    parts: list[Part] = [c.take("split"), c.take(node.split.name), c.take("where"), c.take(node.field.name)]
    parts += [c.take("not")] if node.negated else []
    return Entry(parts=[*parts, c.take("in"), *call(c, node.source)], kind="split", marks=(2,))


def _slice(c: Cursor, node: tree.SliceRule) -> Entry:
    parts: list[Part] = [c.take("slice"), c.take(node.name.name)]
    if node.by is not None:
        parts += [c.take("by"), *path(c, node.by)]
    for index, comparison in enumerate(node.when):
        parts.append(c.take("and" if index else "when"))
        parts += [*path(c, comparison.path), c.take(comparison.op), *value(c, comparison.value)]
    return Entry(parts=parts, kind="slice when" if node.when else "slice by", marks=(2,))


def _cluster(c: Cursor, node: tree.Cluster) -> Entry:
    return Entry(parts=[c.take("cluster"), c.take("by"), *path(c, node.by)])


def _waive(c: Cursor, node: tree.Waive) -> Entry:
    parts: list[Part] = [c.take("waive"), c.take(node.code.name), c.take("because")]
    return Entry(parts=[*parts, c.string(node.reason.place, node.reason.text)], kind="waive", marks=(2,))


def _reference(c: Cursor, node: tree.Reference) -> Entry:
    parts: list[Part] = [c.take("reference"), c.string(node.name.place, node.name.text)]
    return Entry(parts=[*parts, block(c, node.settings, setting)], kind="reference", marks=(2,), is_clause=True)


def _calibrate(c: Cursor, node: tree.Calibrate) -> Entry:
    parts: list[Part] = [c.take("calibrate"), c.take("on"), *call(c, node.rows)]
    return Entry(parts=[*parts, *_optional_block(c, node.settings)])


def _optional_block(c: Cursor, settings: tuple[tree.Setting, ...]) -> list[Part]:
    return [block(c, settings, setting)] if settings or c.is_next("{") else []


def _answer(c: Cursor, node: tree.Answer) -> Entry:
    parts: list[Part] = [c.take("answer"), *type_(c, node.type)]
    if node.reader is not None:
        parts += [c.take("via"), *call(c, node.reader)]
    return _keyword_clause(parts)


def _shots(c: Cursor, node: tree.Shots) -> Entry:
    parts: list[Part] = [c.take("shots"), *value(c, node.count), c.take("from"), *call(c, node.rows)]
    return _keyword_clause([*parts, *_optional_block(c, node.settings)])


def _decode(c: Cursor, node: tree.DecodeBlock) -> Entry:
    return _keyword_clause([c.take("decode"), block(c, node.settings, setting)])


def _metrics(c: Cursor, node: tree.Metrics) -> Entry:
    return _keyword_clause([c.take("metrics"), block(c, node.entries, _metric, gap=WIDE)])


def _metric(c: Cursor, node: tree.MetricNode) -> Entry:
    parts: list[Part] = [c.take("primary")] if node.is_primary else []
    parts += call(c, node.metric)
    if node.on is not None:
        parts += [c.take("on"), *path(c, node.on)]
    if node.label is not None:
        parts += [c.take("as"), c.take(node.label.name)]
    return Entry(parts=parts)


def _members(c: Cursor, node: tree.Members) -> Entry:
    return _keyword_clause([c.take("tasks"), block(c, node.entries, _member, gap=WIDE)])


def _member(c: Cursor, node: tree.MemberNode) -> Entry:
    parts = path(c, node.task)
    if node.weight is None:
        return Entry(parts=parts, kind="member", marks=(None,))
    return Entry(parts=[*parts, c.take("weight"), c.take(node.weight.written)], kind="member", marks=(len(parts),))


def _aggregate(c: Cursor, node: tree.AggregateNode) -> Entry:
    parts: list[Part] = [c.take("aggregate"), c.take(node.name.name), c.take("="), *call(c, node.method)]
    if node.over is not None:
        parts += [c.take("over"), *value(c, node.over)]
    return Entry(parts=parts, kind="aggregate", marks=(2,))


def _slice_report(c: Cursor, node: tree.SliceReport) -> Entry:
    parts: list[Part] = [c.take("report"), c.take("slices"), *value(c, node.slices)]
    return Entry(parts=[*parts, *_optional_block(c, node.settings)])


_DECLARATIONS: dict[type, Callable[[Cursor, Any], Entry]] = {
    tree.EnumDecl: _enum,
    tree.RecordDecl: _record,
    tree.DatasetDecl: _dataset,
    tree.PhraseDecl: _phrase,
    tree.PromptDecl: _prompt,
    tree.ModelDecl: _named_block("model"),
    tree.DialectDecl: _named_block("dialect"),
    tree.JudgeDecl: _judge,
    tree.PanelDecl: _named_block("panel"),
    tree.TaskDecl: _task,
    tree.SuiteDecl: _suite,
    tree.ExampleDecl: _example,
}

_CLAUSES: dict[type, Callable[[Cursor, Any], Entry]] = {
    tree.Setting: setting,
    tree.Columns: _columns,
    tree.SplitRule: _split,
    tree.SliceRule: _slice,
    tree.Cluster: _cluster,
    tree.Waive: _waive,
    tree.Reference: _reference,
    tree.Calibrate: _calibrate,
    tree.Answer: _answer,
    tree.Shots: _shots,
    tree.DecodeBlock: _decode,
    tree.Metrics: _metrics,
    tree.Members: _members,
    tree.AggregateNode: _aggregate,
    tree.SliceReport: _slice_report,
}
