"""Texts that stand in files: read, compared with their sha256, and turned into templates.

The spec says which text is meant; another text is never used in its place.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any

import attrs

from medspec.check.templates import TemplateChecker
from medspec.errors import DataError
from medspec.files.dotted import ABSENT, look_up
from medspec.files.json_text import parse_json
from medspec.plan.judge_nodes import Judge, JudgeParameter, Panel, VerdictValue
from medspec.plan.nodes import Constant, FieldRef, Plan, Render, Score, TaskPlan, TextFile, TurnPlan
from medspec.run.roots import DataRoots, find_file
from medspec.syntax import template
from medspec.syntax.blocks import Block
from medspec.syntax.template import Piece
from medspec.text.diagnostic import Report
from medspec.text.source import Place, Source
from medspec.types import TextType, Type

_HOLES = {
    "braces": re.compile(r"\{(\w+)\}"),
    "double_braces": re.compile(r"\{\{\s*(\w+)\s*\}\}"),
    "dollar": re.compile(r"\$\{(\w+)\}"),
}
"""How published prompts mark the places that are filled in."""


def resolve_texts(plan: Plan, roots: DataRoots) -> Plan:
    """`plan` with every text from a file in its place. Raises `DataError` with the path and what is wrong with it."""
    return attrs.evolve(
        plan,
        renders=tuple(_resolve(render, plan, roots) for render in plan.renders),
        tasks=tuple(_with_judges(task, roots) for task in plan.tasks),
    )


def _with_judges(task: TaskPlan, roots: DataRoots) -> TaskPlan:
    """`task` with the texts of its judges in their place."""

    def read(judge: Judge) -> Judge:
        parameters = dict(judge.parameters)
        types = {
            name: parameters[bound.name] if isinstance(bound, JudgeParameter) else TextType()
            for name, bound in judge.bindings
        }
        bindings = tuple((name, _read_binding(bound, roots)) for name, bound in judge.bindings)
        return attrs.evolve(judge, turns=resolve_turns(judge.turns, types, roots), bindings=bindings)

    def of(score: Score) -> Score:
        if not isinstance(score.value, VerdictValue):
            return score
        judge = score.value.judge
        if isinstance(judge, Panel):
            third = None if judge.third is None else read(judge.third)
            found: Judge | Panel = attrs.evolve(judge, judges=tuple(map(read, judge.judges)), third=third)
        else:
            found = read(judge)
        return attrs.evolve(score, value=attrs.evolve(score.value, judge=found))

    return attrs.evolve(task, scores=tuple(map(of, task.scores)))


def _read_binding(bound: Any, roots: DataRoots) -> Any:
    return Constant(read_text(bound, roots)) if isinstance(bound, TextFile) else bound


def _resolve(render: Render, plan: Plan, roots: DataRoots) -> Render:
    bindings = tuple((name, _read_binding(bound, roots)) for name, bound in render.bindings)
    return attrs.evolve(render, turns=resolve_turns(render.turns, _types(render, plan), roots), bindings=bindings)


def resolve_turns(turns: tuple[TurnPlan, ...], types: dict[str, Type], roots: DataRoots) -> tuple[TurnPlan, ...]:
    """`turns` with every text from a file in its place; `types` are those of the parameters it may take."""
    found = []
    for turn in turns:
        if turn.file is not None:
            pieces = _pieces(read_text(turn.file, roots), turn.file)
            turn = attrs.evolve(turn, pieces=_checked(pieces, turn.file, types), file=None)
        found.append(turn)
    return tuple(found)


def read_text(file: TextFile, roots: DataRoots) -> str:
    """The text that `file` names, byte for byte as pinned."""
    path = find_file(file.path, roots, folder=file.folder)
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8: byte {error.start}") from error
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    shown = str(path)
    if file.key is not None:
        shown = f"{path}, `{file.key}`"
        try:
            found = look_up(parse_json(text), file.key)
        except ValueError as error:
            raise DataError(f"{path} is no JSON: {error}") from error
        if found is ABSENT or not isinstance(found, str):
            raise DataError(f"{shown}: there is no text at this key")
        text = found
    digest = sha256(text.encode()).hexdigest()
    if digest != file.sha256:
        raise DataError(
            f"{shown} holds another text than the spec means: its sha256 is {digest}, the spec says {file.sha256}; "
            "get the version the spec was written for, or state the new sha256 and raise the version of its tasks"
        )
    return text


def _pieces(text: str, file: TextFile) -> tuple[Piece, ...]:
    hole = _HOLES.get(file.placeholders)
    if hole is None:
        return (template.Text(text),)
    parameter_of = {placeholder: parameter for parameter, placeholder in file.names}
    pieces: list[Piece] = []
    at = 0
    for match in hole.finditer(text):
        pieces.append(template.Text(text[at : match.start()]))
        name = match.group(1)
        pieces.append(template.Output(template.Name(parameter_of.get(name, name), offset=match.start())))
        at = match.end()
    pieces.append(template.Text(text[at:]))
    return tuple(piece for piece in pieces if piece != template.Text(""))


def _checked(pieces: tuple[Piece, ...], file: TextFile, types: dict[str, Type]) -> tuple[Piece, ...]:
    """The same checks as for a text in the spec, once the text is there."""
    source = Source(file.path, "")
    report = Report()
    checker = TemplateChecker(source, Block("", ((0, 0),)), report, Place(source, 0, 0))
    checked = checker.pieces(pieces, types)
    if report.has_errors:
        problems = [diagnostic.title for diagnostic in report.diagnostics]
        raise DataError(f"the text `{file.key or file.path}` does not fit its prompt:", problems=problems)
    return checked


def _types(render: Render, plan: Plan) -> dict[str, Type]:
    record = plan.scan(render.scan).record
    types: dict[str, Type] = {}
    for name, bound in render.bindings:
        if isinstance(bound, FieldRef):
            field = record.field(bound.field)
            assert field is not None
            types[name] = field.type
        else:
            types[name] = TextType()
    return types
