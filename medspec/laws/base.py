"""What a law looks at, and how it says that it is broken."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs

from medspec.backends.base import Reply
from medspec.metrics.base import Batch
from medspec.plan.encoders import encoder_of
from medspec.plan.nodes import Plan, Read, Render, Scan, Score, TaskPlan
from medspec.readers import find_reader
from medspec.readers.base import Reader, Unread
from medspec.run.reading import read_reply
from medspec.run.render import Turns, shot_adder, turn_maker
from medspec.run.score import fields_of, metric_of, seen_by
from medspec.types import RecordType, Type

if TYPE_CHECKING:
    from medspec.laws.draws import Draws


class Broken(AssertionError):
    """A law does not hold. `row` and `reply` are the smallest that show it; None where they do not matter."""

    def __init__(self, said: str, *, row: dict[str, Any] | None = None, reply: Any = None) -> None:
        super().__init__(said)
        self.said = said
        self.row = row
        self.reply = reply


@attrs.frozen(kw_only=True)
class Law:
    """A member of the catalogue. `applies` says why a task is not subject to it, or None; `check` raises `Broken`."""

    name: str
    says: str
    check: Callable[[Subject, Draws], None]
    applies: Callable[[Subject], str | None] = lambda subject: None


@attrs.frozen(kw_only=True)
class Subject:
    """A task with everything a law needs of it. `record` has all fields of its rows, also those the plan does not read.

    `shot_rows` are invented. `lacking` says which text of the prompt cannot be had here, None where all can.
    """

    plan: Plan
    task: TaskPlan
    record: RecordType
    shot_rows: tuple[dict[str, Any], ...] = ()
    lacking: str | None = None

    @property
    def scan(self) -> Scan:
        return self.plan.scan(self.task.scan)

    @property
    def render(self) -> Render:
        return self.plan.render(self.task.render)

    @property
    def read(self) -> Read:
        return self.plan.read(self.task.read)

    @property
    def type(self) -> Type:
        """The type of the answers."""
        return self.read.reader.answer

    @property
    def gold_type(self) -> Type:
        field = self.scan.record.field(self.task.gold)
        assert field is not None
        return field.type

    @property
    def reader(self) -> Reader:
        found = find_reader(self.read.reader.name)
        assert found is not None
        return found

    @property
    def scores(self) -> tuple[Score, ...]:
        """The scores that need no other model."""
        return tuple(
            score
            for score in self.task.scores
            if type(score.value).__name__ != "VerdictValue" and encoder_of(score) is None
        )

    @property
    def compares(self) -> bool:
        """Whether the answer can be what the gold is."""
        return self.gold_type == self.type

    def prompt(self, row: dict[str, Any]) -> Turns:
        """All that is sent for a row."""
        return shot_adder(self.render, self.shot_rows)(turn_maker(self.render, self.shot_rows)(row))

    def written(self, value: Any, row: dict[str, Any]) -> Reply:
        """A reply that says `value`: the text the reader writes, or scores that favour it. Raises `Misfit`."""
        settings = dict(self.read.reader.settings)
        if self.reader.asks != "logits" or self.reader.continuations is None:
            return Reply(prompt_sha256="", text=self.reader.encode(value, self.type, row, settings))
        place, count = self.place_of(value), len(self.reader.continuations(self.type, row, settings))
        # Far enough apart that no division by the length of an option turns their order round.
        scores = tuple(-1.0 if index == place else -1e6 for index in range(count))
        return Reply(prompt_sha256="", scores=scores, finish="scored")

    def place_of(self, value: Any) -> int:
        """The place of a value among the continuations of a reader of scores."""
        if self.type.kind == "enum":
            place: int = self.type.index_of(value)  # type: ignore[attr-defined]
            return place
        return (0 if value else 1) if self.type.kind == "bool" else int(value)

    def answer(self, reply: Reply, row: dict[str, Any]) -> Any:
        """What is read in a reply. A law is broken where that fails."""
        try:
            return read_reply(reply, self.read, row)
        except Exception as error:
            raise Broken(f"the reader fails with {shown_error(error)}", row=row, reply=said_by(reply)) from error

    def value(self, score: Score, answers: list[Any], rows: list[dict[str, Any]], replies: list[Reply]) -> float:
        """A score of some rows. A law is broken where that fails."""
        metric = metric_of(score)
        sure = None
        if "confidence" in metric.signature.needs and self.reader.confidence is not None:
            settings = dict(self.read.reader.settings)
            sure = [
                None
                if isinstance(answer, Unread) or reply.scores is None
                else self.reader.confidence(reply.scores, self.type, row, settings)
                for answer, row, reply in zip(answers, rows, replies, strict=True)
            ]
        golds, beside = [row[self.task.gold] for row in rows], fields_of([score], rows)
        batch = Batch(self.type, answers, golds, self.gold_type, sure, fields=beside)
        try:
            return metric.compute(seen_by(score, batch), dict(score.settings))
        except Exception as error:
            raise Broken(
                f"{score.label} fails with {shown_error(error)}", row=rows[-1], reply=said_by(replies[-1])
            ) from error


def said_by(reply: Reply) -> Any:
    """What a report shows of a reply."""
    return reply.text if reply.scores is None else list(reply.scores)


def shown_error(error: BaseException) -> str:
    """`KeyError: 'gold'`."""
    return f"{type(error).__name__}: {error}"


def needs_prompt(subject: Subject) -> str | None:
    """Laws about prompts need all of their text."""
    return subject.lacking


def needs_comparison(subject: Subject) -> str | None:
    """Laws about golds need answers that can be what the gold is."""
    return None if subject.compares else "answer and gold are of different types"
