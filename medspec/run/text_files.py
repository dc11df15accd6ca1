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

_PRINTED = ("text", "int", "float", "enum", "image")
"""Kinds that a text which is made up shows; a list would need to be told how."""


def resolve_texts(plan: Plan, roots: DataRoots, *, stand_in: bool = False) -> Plan:
    """`plan` with every text from a file in its place. Raises `DataError` with the path and what is wrong with it."""
    source = _Source(roots, stand_in)
    return attrs.evolve(
        plan,
        renders=tuple(_resolve(render, plan, source) for render in plan.renders),
        tasks=tuple(_with_judges(task, source) for task in plan.tasks),
    )


@attrs.frozen
class _Source:
    """Where texts are read from. With `stand_in`, one that is not there is made up of its parameters.

    One that is there is read and compared with its sha256 all the same.
    """

    roots: DataRoots
    stand_in: bool

    def pieces(self, file: TextFile, types: dict[str, Type]) -> tuple[Piece, ...]:
        if not self._made_up(file):
            return _pieces(read_text(file, self.roots), file)
        printed = [name for name, type_ in types.items() if type_.kind in _PRINTED]
        shown = [template.Output(template.Name(name, offset=0)) for name in printed]
        spaced = [piece for output in shown for piece in (template.Text("\n"), output)]
        return (template.Text(f"[the text {file.key or file.path}]"), *spaced)

    def text(self, file: TextFile) -> str:
        return f"[the text {file.key or file.path}]" if self._made_up(file) else read_text(file, self.roots)

    def _made_up(self, file: TextFile) -> bool:
        """Whether a stand-in is wanted, and needed."""
        if not self.stand_in:
            return False
        try:
            find_file(file.path, self.roots, folder=file.folder)
        except DataError:
            return True
        return False


def _with_judges(task: TaskPlan, source: _Source) -> TaskPlan:
    """`task` with the texts of its judges in their place."""

    def read(judge: Judge) -> Judge:
        parameters = dict(judge.parameters)
        types = {
            name: parameters[bound.name] if isinstance(bound, JudgeParameter) else TextType()
            for name, bound in judge.bindings
        }
        bindings = tuple((name, _read_binding(bound, source)) for name, bound in judge.bindings)
        return attrs.evolve(judge, turns=_turns(judge.turns, types, source), bindings=bindings)

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


def _read_binding(bound: Any, source: _Source) -> Any:
    return Constant(source.text(bound)) if isinstance(bound, TextFile) else bound


def _resolve(render: Render, plan: Plan, source: _Source) -> Render:
    bindings = tuple((name, _read_binding(bound, source)) for name, bound in render.bindings)
    return attrs.evolve(render, turns=_turns(render.turns, _types(render, plan), source), bindings=bindings)


def _turns(turns: tuple[TurnPlan, ...], types: dict[str, Type], source: _Source) -> tuple[TurnPlan, ...]:
    """`turns` with every text from a file in its place; `types` are those of the parameters it may take."""
    found = []
    for turn in turns:
        if turn.file is not None:
            pieces = source.pieces(turn.file, types)
            turn = attrs.evolve(turn, pieces=_checked(pieces, turn.file, types), file=None)
        found.append(turn)
    return tuple(found)


def read_text(file: TextFile, roots: DataRoots) -> str:
    """The text that `file` names, byte for byte as pinned."""
    try:
        path = find_file(file.path, roots, folder=file.folder)
    except DataError as error:
        raise DataError(f"{error}" + (f"\n  the text is from {file.revision}" if file.revision else "")) from None
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
    text = _between(text, file, shown)
    digest = sha256(text.encode()).hexdigest()
    if file.sha256 is not None and digest != file.sha256:
        raise DataError(
            f"{shown} holds another text than the spec means: its sha256 is {digest}, the spec says {file.sha256}; "
            "get the version the spec was written for, or state the new sha256 and raise the version of its tasks"
            + (f"; the text is from {file.revision}" if file.revision else "")
        )
    return text


def _between(text: str, file: TextFile, shown: str) -> str:
    """The part of `text` that stands between the marks of `file`."""
    for mark in (file.after, file.before):
        if mark is not None and text.count(mark) != 1:
            raise DataError(f"{shown}: the mark {mark!r} occurs {text.count(mark)} times, and not once")
    if file.after is not None:
        text = text.partition(file.after)[2]
    return text if file.before is None else text.partition(file.before)[0]


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
