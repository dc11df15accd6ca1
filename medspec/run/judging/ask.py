"""One judge asked about many things: requests written, replies read, repeats made one.

A row gets `repeats` verdicts, each asked for again up to `retries` times while it cannot be read; a judge that is greedy or
recorded is not, as it would say the same. With `swap` every one of them is two replies, one for each order of the two sides:
they must say the same, else it is a tie. Nothing is filled in: what no verdict came of is an `Opinion` without one, with the
reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from medspec.backends.base import UNREACHABLE, Backend, Reply, Request, sha256_of
from medspec.check.templates import ANSWER_FORMAT
from medspec.errors import BackendError, InternalError
from medspec.plan.judge_nodes import Judge, JudgeParameter
from medspec.plan.nodes import Constant, FieldRef, Read, Render
from medspec.plan.speak import read_from, type_in, write_for
from medspec.readers import find_reader
from medspec.readers.base import Unread
from medspec.run.calls import Caller
from medspec.run.judging.combine import combine
from medspec.run.judging.fence import fenced
from medspec.run.reading import read_reply
from medspec.run.render import Turns, shot_adder, turn_maker
from medspec.run.speech import Sizes
from medspec.syntax.filters import Unrenderable
from medspec.types import FieldType, Misfit, RecordType

TIE = "tie"

STAND_INS = ("mock", "hash", "replay", "invented")
"""Backends that are no model, and so can judge themselves and need no image: nothing is claimed of what comes out."""


@attrs.frozen(kw_only=True)
class Case:
    """One thing to judge. `name` is the row, with `#2` for the second entry of a list and `~2` for the second draw.

    `values` fill the judge's parameters; `candidates` names those that hold what the model under test wrote.
    """

    task: str
    name: str
    values: Mapping[str, Any]
    candidates: frozenset[str] = frozenset()


@attrs.frozen(kw_only=True)
class Said:
    """One reply of a judge. `verdict` is None where `trouble` says why there is none."""

    case: str
    repeat: int
    swapped: bool
    attempt: int
    reply: Reply
    verdict: Any
    trouble: str | None


@attrs.frozen(kw_only=True)
class Opinion:
    """What one judge says of one case: its verdict, or None with the `reason`. `flipped`: the order changed the verdict."""

    verdict: Any
    reason: str | None
    said: tuple[Said, ...]
    flipped: bool = False


@attrs.define
class Tally:
    """What the replies of one judge were, over a whole run."""

    replies: int = 0
    verdicts: int = 0
    unread: Counter[str] = attrs.field(factory=Counter)
    failed: Counter[str] = attrs.field(factory=Counter)
    flips: int = 0
    asked: int = 0
    reused: int = 0

    def add(self, said: Said) -> None:
        self.replies += 1
        if said.trouble is None:
            self.verdicts += 1
        else:
            (self.unread if said.reply.failure is None else self.failed)[said.trouble] += 1


@attrs.define
class Asking:
    """One judge with the model it asks. `tally` counts over the run."""

    judge: Judge
    caller: Caller
    tally: Tally = attrs.field(factory=Tally)
    _messages: Callable[[Mapping[str, Any]], Turns] = attrs.field(init=False)
    _read_by: Read = attrs.field(init=False)
    _sizes: Sizes = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        judge, dialect = self.judge, self.judge.model.dialect
        record = RecordType("", tuple(FieldType(name, type_) for name, type_ in judge.parameters))
        render, read = _as_render(judge), Read(id="", call="", reader=judge.reader)
        if dialect is not None:
            render, read = write_for(render, dialect), read_from(read, dialect)
        own, spoken = turn_maker(render, record=record), shot_adder(render)
        self._messages, self._read_by, self._sizes = (lambda values: spoken(own(values))), read, Sizes(record)

    def opinions(self, cases: Sequence[Case]) -> list[Opinion]:
        """What the judge says of each case, in order."""
        said: dict[tuple[int, int, bool], list[Said]] = {}
        waiting = [
            (index, repeat, swapped)
            for index in range(len(cases))
            for repeat in range(self.judge.repeats)
            for swapped in ((False, True) if self.judge.swap else (False,))
        ]
        for attempt in range(self.judge.retries + 1):
            found = self._ask(cases, waiting, attempt)
            for place, one in zip(waiting, found, strict=True):
                said.setdefault(place, []).append(one)
            waiting = [place for place in waiting if self._may_change(said[place][-1])]
            if not waiting:
                break
        return [self._opinion(index, said) for index in range(len(cases))]

    def _may_change(self, said: Said) -> bool:
        """Whether there is no verdict and another attempt could end otherwise."""
        if said.trouble is None:
            return False
        drawn = self.judge.decode.temperature > 0 and not self.caller.backend.abilities.by_row
        return drawn or said.reply.failure == UNREACHABLE

    def _ask(self, cases: Sequence[Case], places: Sequence[tuple[int, int, bool]], attempt: int) -> list[Said]:
        before = self.caller.asked, self.caller.reused
        requests = [self._request(cases[index], repeat, swapped, attempt) for index, repeat, swapped in places]
        replies = self.caller.answer(requests)
        self.tally.asked += self.caller.asked - before[0]
        self.tally.reused += len(requests) - (self.caller.asked - before[0])
        found = []
        for (index, repeat, swapped), reply in zip(places, replies, strict=True):
            verdict, trouble = self._read(cases[index], reply, swapped)
            found.append(
                Said(
                    case=cases[index].name,
                    repeat=repeat,
                    swapped=swapped,
                    attempt=attempt,
                    reply=reply,
                    verdict=verdict,
                    trouble=trouble,
                )
            )
            self.tally.add(found[-1])
        return found

    def _request(self, case: Case, repeat: int, swapped: bool, attempt: int) -> Request:
        judge = self.judge
        values = fenced(self._in_order(case.values, swapped), self._sides(case.candidates, swapped), fence=judge.fence)
        try:
            messages = self._messages(values)
        except (Unrenderable, Misfit) as error:
            raise BackendError(
                f"`{case.task}`, row {case.name}: cannot write the prompt of `{judge.name}`: {error}"
            ) from None
        if any(message.images for message in messages):
            refuse_images(judge, self.caller.backend, case.task)
        sample = repeat + attempt * judge.repeats
        if self.caller.backend.abilities.by_row:
            name = case.name + (f"@{repeat + 1}" if judge.repeats > 1 else "") + ("/swapped" if swapped else "")
            return Request(task=case.task, row=name, messages=messages, decode=judge.decode, sample=sample)
        request = Request(task=judge.name, row="", messages=messages, decode=judge.decode, sample=sample)
        # Equal questions to a judge are one question, whichever row, metric or task they come from, drawn or not.
        return attrs.evolve(request, task="", row=sha256_of(request.plain_prompt))

    def _in_order(self, values: Mapping[str, Any], swapped: bool) -> dict[str, Any]:
        if not swapped or self.judge.swap is None:
            return dict(values)
        one, other = self.judge.swap
        return {**values, one: values[other], other: values[one]}

    def _sides(self, candidates: frozenset[str], swapped: bool) -> frozenset[str]:
        """Both sides of a pair are fenced alike: otherwise the fence would say which one is the candidate's."""
        swap = self.judge.swap
        return candidates | frozenset(swap) if swap is not None and candidates & set(swap) else candidates

    def _read(self, case: Case, reply: Reply, swapped: bool) -> tuple[Any, str | None]:
        judge = self.judge
        if reply.failure is not None:
            return None, reply.failure
        verdict = read_reply(reply, self._read_by, dict(case.values), self._sizes)
        if isinstance(verdict, Unread):
            return None, verdict.reason
        if swapped and judge.swap is not None:
            one, other = judge.swap
            verdict = {one: other, other: one}.get(verdict, verdict)
        return verdict, None

    def _opinion(self, index: int, said: Mapping[tuple[int, int, bool], list[Said]]) -> Opinion:
        judge, type_ = self.judge, self.judge.reader.answer
        every = tuple(one for place, found in said.items() if place[0] == index for one in found)
        verdicts, flipped = [], False
        for repeat in range(judge.repeats):
            last = [said[(index, repeat, swapped)][-1] for swapped in ((False, True) if judge.swap else (False,))]
            if any(one.trouble is not None for one in last):
                continue
            if len({one.verdict for one in last} if judge.swap else [1]) == 1:
                verdicts.append(last[0].verdict)
                continue
            flipped = True
            self.tally.flips += 1
            if TIE in {case.name for case in getattr(type_, "cases", ())}:
                verdicts.append(TIE)
        if len(verdicts) < judge.quorum:
            reason = "flipped" if flipped else _trouble(every)
            return Opinion(verdict=None, reason=reason, said=every, flipped=flipped)
        verdict = combine(verdicts, type_, judge.combine)
        return Opinion(verdict=verdict, reason="undecided" if verdict is None else None, said=every, flipped=flipped)


def _trouble(said: Sequence[Said]) -> str:
    """`failed` where the judge gave no reply, else `unread`."""
    troubled = [one for one in said if one.trouble is not None]
    return "failed" if troubled and all(one.reply.failure is not None for one in troubled) else "unread"


def _as_render(judge: Judge) -> Render:
    """The judge's prompt as a prompt over rows, whose fields are the judge's parameters."""
    reader = find_reader(judge.reader.name)
    if reader is None:
        raise InternalError(f"there is no reader `{judge.reader.name}`")
    form = None if judge.model.dialect is None else judge.model.dialect.boxes
    text = reader.answer_format(type_in(judge.reader.answer, form), dict(judge.reader.settings))
    bindings = [
        (name, FieldRef(bound.name) if isinstance(bound, JudgeParameter) else bound) for name, bound in judge.bindings
    ]
    return Render(
        id="",
        scan="",
        prompt=judge.prompt,
        turns=judge.turns,
        bindings=(*bindings, (ANSWER_FORMAT, Constant(text))),
    )


def refuse_images(judge: Judge, backend: Backend, task: str) -> None:
    """Raise `BackendError` unless `backend` needs no images: files are opened for the model under test alone."""
    if backend.abilities.by_row or backend.describe().get("backend") in STAND_INS:
        return
    raise BackendError(
        f"`{task}`: the prompt of `{judge.name}` shows an image, and judges are shown text only; put what can be seen into a "
        f"field of the row, or replay what was said before: `--judge {judge.name}=replay:FILE`"
    )
