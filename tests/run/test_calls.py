"""Asking a model: equal prompts once, replies in order, every reply kept before it counts, somebody looking on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest
from watched_models import Watched

from medspec.backends.base import Abilities, Decode, Message, Reply, Request
from medspec.errors import BackendError
from medspec.run import calls
from medspec.run.calls import Caller
from medspec.run.execute import Unwatched
from medspec.run.journal import Journal


def ask(text: str, *, task: str = "t", row: str = "", temperature: float = 0.0, sample: int = 0) -> Request:
    decode = Decode(temperature=temperature)
    return Request(task=task, row=row or text, messages=(Message("user", text),), decode=decode, sample=sample)


def echo(request: Request) -> str:
    return f"reply to {request.plain_prompt} for {request.task} {request.row} {request.sample}"


@attrs.define
class Onlooker(Unwatched):
    """Keeps what it is told."""

    done: int = 0

    def advance(self, count: int = 1) -> None:
        self.done += count


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path) as journal:
        yield journal


def test_equal_prompts_are_asked_once(journal: Journal) -> None:
    model, watch = Watched(reply=echo), Onlooker()
    caller = Caller(model, journal, watch)
    replies = caller.answer([ask("a", row="1"), ask("b", row="2"), ask("a", row="3"), ask("a", task="u", row="4")])
    assert [request.row for request in model.requests] == ["1", "2"]
    assert [reply.text for reply in replies] == [
        "reply to a for t 1 0",
        "reply to b for t 2 0",
        "reply to a for t 1 0",
        "reply to a for t 1 0",
    ]
    assert (caller.asked, caller.reused, watch.done, len(journal)) == (2, 0, 4, 2)


def test_what_is_in_the_journal_is_not_asked_again(journal: Journal) -> None:
    Caller(Watched(reply=echo), journal, Onlooker()).answer([ask("a"), ask("b")])
    model, watch = Watched(reply=echo), Onlooker()
    caller = Caller(model, journal, watch)
    replies = caller.answer([ask("b", row="9"), ask("c"), ask("a"), ask("b")])
    assert [request.row for request in model.requests] == ["c"]
    assert [reply.text.split(" for")[0] for reply in replies] == [f"reply to {name}" for name in "bcab"]
    assert (caller.asked, caller.reused, caller.kept, watch.done) == (3, 0, 2, 4)


@pytest.mark.parametrize(
    "other",
    [
        attrs.evolve(ask("a"), messages=(Message("system", "a"),)),
        attrs.evolve(ask("a"), messages=(Message("user", "a"), Message("user", ""))),
        attrs.evolve(ask("a"), decode=Decode(max_tokens=65)),
        attrs.evolve(ask("a"), decode=Decode(stop=("a",))),
        attrs.evolve(ask("a"), options=("x", "y")),
    ],
)
def test_whatever_can_change_a_reply_is_asked_for_itself(other: Request, journal: Journal) -> None:
    model = Watched(reply=echo)
    Caller(model, journal, Onlooker()).answer([ask("a"), other])
    assert len(model.requests) == 2


def test_a_draw_belongs_to_its_row(journal: Journal) -> None:
    model = Watched(reply=echo)
    drawn = [
        ask("a", task=task, row=row, temperature=0.5, sample=sample)
        for task in "tu"
        for row in "12"
        for sample in (0, 1)
    ]
    replies = Caller(model, journal, Onlooker()).answer([*drawn, *drawn])
    assert len(model.requests) == 8
    assert [reply.text for reply in replies] == [echo(request) for request in drawn] * 2


def test_replies_recorded_by_row_are_asked_for_by_row(journal: Journal) -> None:
    model = Watched(reply=echo, abilities=Abilities(by_row=True))
    Caller(model, journal, Onlooker()).answer([ask("a", row="1"), ask("a", row="2"), ask("a", task="u", row="1")])
    assert len(model.requests) == 3


@attrs.define
class Backwards(Watched):
    """Answers the last request first, as a model does that sorts by length."""

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Reply]]:
        for index in reversed(range(len(requests))):
            ((_, reply),) = super().answer([requests[index]])
            yield index, reply


@pytest.mark.parametrize("chunk", [1, 2, 3, 100])
def test_replies_come_back_in_the_order_of_the_requests(
    chunk: int, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "CHUNK", chunk)
    names = ["a", "b", "a", "c", "d", "b", "e"]
    replies = Caller(Backwards(reply=echo), journal, Onlooker()).answer([ask(name) for name in names])
    assert [reply.text.split()[2] for reply in replies] == names


@pytest.mark.parametrize("keep_every", [1, 2, 100])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), BackendError("the model is gone"), ValueError("a fault")])
def test_replies_that_came_back_are_kept_whatever_happens(
    keep_every: int, error: BaseException, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "KEEP_EVERY", keep_every)

    def reply(request: Request) -> str:
        if request.row == "d":
            raise error
        return echo(request)

    caller = Caller(Watched(reply=reply), journal, Onlooker())
    with pytest.raises(type(error)):
        caller.answer([ask(name) for name in "abcde"])
    assert len(journal) == 3
    rest: Any = Watched(reply=echo)
    Caller(rest, journal, Onlooker()).answer([ask(name) for name in "abcde"])
    assert [request.row for request in rest.requests] == ["d", "e"]


def test_replies_are_kept_while_others_are_still_being_made(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many, and after so long: a power cut costs no more than that."""
    kept: list[int] = []

    def reply(request: Request) -> str:
        kept.append(len(journal))
        return echo(request)

    monkeypatch.setattr(calls, "KEEP_EVERY", 3)
    Caller(Watched(reply=reply), journal, Onlooker()).answer([ask(str(number)) for number in range(8)])
    assert kept == [0, 0, 0, 3, 3, 3, 6, 6]
    kept.clear()
    monkeypatch.setattr(calls, "KEEP_SECONDS", 0.0)
    Caller(Watched(reply=reply), journal, Onlooker()).answer([ask(f"again {number}") for number in range(3)])
    assert kept == [8, 9, 10]
