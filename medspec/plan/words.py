"""The parts of a task in words: short, one line each, for people who compare two states of it.

    rows.source           jsonl("notes/test.jsonl")
    columns.question      "QUESTION" : text
    decode.max_tokens     64
    metric.accuracy       accuracy() version 1

The first word of a key is the part of the hash it belongs to, or close to it; `plan/diff.py` knows which.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from medspec import types
from medspec.plan.errata import Errata
from medspec.plan.judge_nodes import EntryValue, Panel, ReplyText, RowValue, VerdictValue, judges_of
from medspec.plan.judged import calibration_words
from medspec.plan.nodes import (
    Aggregate,
    AnswerValue,
    Call,
    Constant,
    FieldRef,
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
    Keep,
    Read,
    ReaderUse,
    Render,
    Scan,
    Score,
    TaskPlan,
)
from medspec.syntax.spell_template import spell_template


def task_words(
    task: TaskPlan, scan: Scan, render: Render, call: Call, read: Read, shot_scan: Scan | None
) -> dict[str, str]:
    """Everything that is in the two hashes of a task but the texts of its prompt."""
    words = _row_words("rows", scan)
    for name, bound in render.bindings:
        if isinstance(bound, FieldRef):
            words[f"columns.{name}"] = column_words(scan, bound.field)
        elif not isinstance(bound, Constant):
            words[f"texts.{name}"] = spell(bound)
    if call.options is None:
        words.update({f"decode.{key}": spell(value) for key, value in _fields(call.decode)})
    else:
        words["options"] = _reader_words(call.options)
    if shot_scan is not None and render.shots is not None:
        words.update(_row_words("shots", shot_scan))
        skipped = ("scan", "gold", "reader")
        words.update({f"shots.{key}": spell(value) for key, value in _fields(render.shots) if key not in skipped})
        words["shots.gold"] = column_words(shot_scan, render.shots.gold)
        words["shots.written by"] = _reader_words(render.shots.reader)
    words["reader"] = _reader_words(read.reader)
    words["answer"] = type_words(read.reader.answer)
    words.update({key: spell(value) for key, value in _fields(read) if key not in ("id", "call", "reader")})
    words["gold"] = column_words(scan, task.gold)
    if scan.errata is not None:
        words["errata"] = errata_words(scan.errata)
    words.update({f"metric.{score.label}": metric_words(score) for score in task.scores})
    for score in task.scores:
        if isinstance(score.value, VerdictValue):
            words.update(judge_words(score.value))
    return {key: text for key, text in words.items() if text not in _NOTHING}


_NOTHING = ("none", "[]")
"""What stands for a setting that is not there."""


def errata_words(errata: Errata) -> str:
    """`jsonl("exam.errata.jsonl", version: 3)`."""
    return f"jsonl({spell(errata.path)}, version: {errata.version})"


def report_words(task: TaskPlan, scans: Sequence[Scan]) -> dict[str, str]:
    """What a report shows of a task beside its numbers, and what is in none of its hashes."""
    words = {"primary": ", ".join(score.label for score in task.scores if score.primary)}
    for scan in scans:
        rows = scan.dataset if scan.subset is None else f"{scan.dataset}.{scan.subset}"
        words[f"license {rows}"] = spell(scan.license)
        words[f"private {rows}"] = spell(scan.private)
        if scan.cluster is not None:
            words["cluster"] = f"by {scan.cluster}"
        words.update({f"slice {rule.name}": spell(attrs.evolve(rule, name="")) for rule in scan.slices})
    words.update({f"calibration of {one.judge}": calibration_words(one) for one in task.calibrations})
    words.update({f"waive {code}": reason for code, reason in task.waivers})
    words.update({f"reference {one.name}": spell(attrs.evolve(one, name="")) for one in task.references})
    return {key: text for key, text in words.items() if text not in (*_NOTHING, "false")}


def column_words(scan: Scan, field: str) -> str:
    """Where a field of the row comes from, and its type."""
    column = dict(scan.columns).get(field, FromPath(field))
    found = scan.record.field(field)
    return f"{spell(column)} : {'?' if found is None else type_words(found.type)}"


def metric_words(score: Score) -> str:
    """`span_f1(match: "exact") version 2`."""
    settings = ", ".join(f"{name}: {spell(value)}" for name, value in score.settings)
    # The range belongs to the metric's version.
    skipped = ("label", "metric", "settings", "version", "primary", "low", "high", "higher_is_better", "value")
    others = [f" {key} {spell(value)}" for key, value in _changed(score) if key not in skipped]
    if isinstance(score.value, VerdictValue):
        others.append(f" of {verdict_words(score.value)}")
    elif score.value is not None:
        others.append(f" of {spell(score.value)}")
    return f"{score.metric}({settings}){''.join(others)} version {score.version}"


def verdict_words(value: VerdictValue) -> str:
    """`grade(note: note, given: the reply).correct`: what a judge is asked, without what the judge is."""
    given = ", ".join(f"{name}: {_given_words(source)}" for name, source in value.arguments)
    each = "" if value.each is None else f" for each entry of {_given_words(value.each)}"
    return f"{'.'.join((f'{value.judge.name}({given})', *value.path))}{each}"


def _given_words(given: Any) -> str:
    """What a judge is shown, in words that no two of them share: a path has no blank."""
    match given:
        case RowValue(path):
            return ".".join(path)
        case AnswerValue(path):
            return " ".join(("the answer", *([f"({'.'.join(path)})"] if path else [])))
        case EntryValue(path):
            return " ".join(("the entry", *([f"({'.'.join(path)})"] if path else [])))
        case ReplyText():
            return "the reply"
        case Constant(value):
            return spell(value)
    return spell(given)


def judge_words(value: VerdictValue) -> dict[str, str]:
    """What the judges of a metric are: model, turns, reader, decode settings and all else, each under its judge's name."""
    words: dict[str, str] = {}
    if isinstance(value.judge, Panel):
        settings = ((key, entry) for key, entry in _fields(value.judge) if key not in ("judges", "third"))
        words.update({f"judge.{value.judge.name}.{key}": spell(entry) for key, entry in settings})
        words[f"judge.{value.judge.name}.judges"] = ", ".join(judge.name for judge in judges_of(value))
    for judge in judges_of(value):
        for number, turn in enumerate(judge.turns, start=1):
            text = spell(turn.file) if turn.file is not None else spell_template(turn.pieces)
            words[f"judge.{judge.name}.{turn.role} turn {number}"] = text
        settings = ((key, entry) for key, entry in _fields(judge) if key not in ("turns", "reader"))
        words.update({f"judge.{judge.name}.{key}": spell(entry) for key, entry in settings})
        words[f"judge.{judge.name}.reader"] = f"{type_words(judge.reader.answer)} via {_reader_words(judge.reader)}"
    return words


def aggregate_words(aggregate: Aggregate) -> str:
    """`mean over [medqa, pubmedqa]`, with whatever else is not as usual."""
    skipped = ("name", "method", "tasks")
    # Equal weights are what a mean has anyway.
    usual = ("weights",) if len(set(aggregate.weights)) <= 1 else ()
    rest = [f", {key} {spell(value)}" for key, value in _changed(aggregate) if key not in (*skipped, *usual)]
    return f"{aggregate.method} over [{', '.join(aggregate.tasks)}]{''.join(rest)}"


def type_words(type_: Any) -> str:
    """A type as written, with what the enums and records in it hold."""
    return "".join([type_.spelled, *(f" where {name} = {text}" for name, text in _declared(type_, {}).items())])


def _declared(type_: Any, found: dict[str, str]) -> dict[str, str]:
    if type_.spelled in found:
        return found
    if isinstance(type_, types.EnumType):
        found[type_.name] = " | ".join(
            case.name if case.text == case.name else f"{case.name} {spell(case.text)}" for case in type_.cases
        )
    elif isinstance(type_, types.RecordType):
        found[type_.name] = "{" + ", ".join(f"{field.name}: {field.type.spelled}" for field in type_.fields) + "}"
    for child in type_.children:
        _declared(child, found)
    return found


def spell(value: Any) -> str:
    """Any node, type or plain value on one line. Fields that have their default are left out."""
    if isinstance(value, FromPath):
        return spell(value.path)
    if isinstance(value, FromPaths):
        return spell(value.paths)
    if isinstance(value, Keep):
        return f"{value.field} {'not ' if value.negate else ''}in {spell(value.ids)}"
    if isinstance(value, FromKey | FromRowNumber):
        settings = ", ".join(f"{key}: {spell(entry)}" for key, entry in _changed(value))
        return f"{'key' if isinstance(value, FromKey) else 'row_number'}({settings})"
    if isinstance(value, FromDocument):
        return f"document({spell(value.path)})"
    if isinstance(value, FromFirst):
        rest = "" if value.otherwise is None else f", otherwise: {spell(value.otherwise)}"
        return f"first_of({', '.join(map(spell, value.paths))}{rest})"
    if isinstance(value, FromNamed):
        rest = "" if value.otherwise is None else f", otherwise: {value.otherwise}"
        return f"entry({spell(value.entries)}, named_in: {spell(value.text)}{rest})"
    if isinstance(value, FromEach):
        made = [spell(value.column)] if value.column is not None else []
        made += [f"{name}: {spell(column)}" for name, column in value.fields]
        return f"each({', '.join([spell(value.path), *made])})"
    if isinstance(value, FromMask):
        return f"mask_box({spell(value.mask)})"
    if isinstance(value, FromPart):
        rest = "" if value.blank is None else f", blank: {spell(value.blank)}"
        return f"part({spell(value.text)}, {spell(value.pattern)}{rest})"
    if isinstance(value, FileSource):
        rest = "".join(f", {key}: {spell(entry)}" for key, entry in _changed(value) if key not in ("format", "path"))
        return f"{value.format}({spell(value.path)}{rest})"
    if hasattr(value, "spelled"):
        return type_words(value)
    if attrs.has(type(value)):
        return f"{type(value).__name__}({', '.join(f'{key}: {spell(entry)}' for key, entry in _changed(value))})"
    if isinstance(value, list | tuple):
        return f"[{', '.join(spell(entry) for entry in value)}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {spell(entry)}" for key, entry in value.items()) + "}"
    return "none" if value is None else json.dumps(value, ensure_ascii=False)


def _row_words(prefix: str, scan: Scan) -> dict[str, str]:
    return {f"{prefix}.{key}": spell(getattr(scan, key)) for key in ("source", "keep", "part")}


def _reader_words(use: ReaderUse) -> str:
    settings = ", ".join(f"{name}: {spell(value)}" for name, value in use.settings)
    return f"{use.name}({settings}) version {use.version}"


def _fields(node: Any) -> list[tuple[str, Any]]:
    """Names and values of what takes part in hashes."""
    return [
        (field.name, getattr(node, field.name))
        for field in attrs.fields(type(node))
        if field.metadata.get("hash") is not False and field.metadata.get("json") is not False
    ]


def _changed(node: Any) -> list[tuple[str, Any]]:
    defaults = {field.name: field.default for field in attrs.fields(type(node))}
    return [(name, value) for name, value in _fields(node) if not _is_default(value, defaults[name])]


def _is_default(value: Any, default: Any) -> bool:
    # Of one type too: to Python 1, 1.0 and True are equal.
    return type(value) is type(default) and value == default
