"""One call of a plan for all its rows: requests made, journal asked, model asked for the rest, every reply kept at once.

Equal requests of different rows are one request. Replies are in the journal before they are used, so a run that is
stopped at any moment goes on where it was.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import attrs

from medspec.backends.base import UNREACHABLE, Backend, Form, Reply, Request
from medspec.errors import DataError, InternalError
from medspec.plan.form import digest
from medspec.plan.nodes import Call, Plan, Render
from medspec.readers import find_reader
from medspec.readers.grammars import grammar_of
from medspec.run.journal import Journal, request_key
from medspec.run.pictures import Pictures
from medspec.run.render import Turns, shot_adder, turn_maker
from medspec.run.scan import Rows
from medspec.run.seen_keys import SeenKeys
from medspec.run.shared_replies import OtherRuns
from medspec.syntax.filters import Unrenderable
from medspec.types import Misfit

CHUNK = 1024
"""Requests a backend gets at once: enough to sort by length, few enough to hold in memory."""

KEEP_EVERY = 64
KEEP_SECONDS = 1.0


class Watch(Protocol):
    """Somebody who looks on: see `medspec.cli.progress`."""

    def start(self, task: str, total: int) -> None: ...

    def advance(self, count: int = 1) -> None: ...

    def finish(self) -> None: ...


def prompts_of(plan: Plan, render: Render, rows: Rows, shot_rows: tuple[dict[str, Any], ...] = ()) -> Iterator[Turns]:
    """The turns of each row, in order, without the turns of the shots. Raises `DataError` where they cannot be written."""
    own = turn_maker(render, shot_rows, plan.scan(render.scan).record)
    for id, row in zip(rows.ids, rows.rows, strict=True):
        try:
            yield own(row)
        except (Unrenderable, Misfit) as error:
            raise _unwritten(plan, render, rows, id, error) from None


class RowError(DataError):
    """One row that cannot be asked about, of data that can be used."""


def requests_of(
    plan: Plan,
    call: Call,
    rows: Rows,
    task: str,
    shot_rows: tuple[dict[str, Any], ...] = (),
    pictures: Pictures | None = None,
    prompts: Sequence[Turns] | None = None,
    *,
    constrain: bool = False,
    form: Callable[[dict[str, Any]], Form] | None = None,
) -> Iterator[Request]:
    """The request of each row, in order, and again for each further draw. `task` is the name `replay` files may use.

    `shot_rows` are the rows shown as examples before each, `pictures` finds the files of images where the model opens them.
    `prompts` is what `prompts_of` gave, where that is at hand: nothing is then written a second time. With `constrain`
    requests for text carry the grammar of their reader's replies. `form` makes the form of the answer to a row.

    Raises `DataError` for a row whose prompt or options cannot be written.
    """
    render = plan.render(call.render)
    scan = plan.scan(render.scan)
    try:
        shot_scan = scan if render.shots is None else plan.scan(render.shots.scan)
        with_shots = shot_adder(render, shot_rows, shot_scan.record)
    except (Unrenderable, Misfit) as error:
        raise DataError(f"{rows.file}: cannot write the shots of the prompt `{render.prompt}`: {error}") from None
    options = _option_maker(call)
    grammar = _grammar_maker(plan, call) if constrain else _no_grammar
    for sample in range(call.repeats):
        written = prompts_of(plan, render, rows, shot_rows) if prompts is None else prompts
        for id, row, own in zip(rows.ids, rows.rows, written, strict=True):
            messages = with_shots(own)
            try:
                yield Request(
                    task=task,
                    row=id,
                    messages=messages if pictures is None else pictures.placed(messages, scan),
                    decode=call.decode,
                    options=options(row),
                    grammar=grammar(row),
                    form=None if form is None else form(row),
                    sample=sample,
                )
            except Misfit as error:
                raise _unwritten(plan, render, rows, id, error) from None


def _unwritten(plan: Plan, render: Render, rows: Rows, id: str, error: Exception) -> RowError:
    # Ids of private rows may be those of patients.
    name = "a row" if plan.scan(render.scan).private else f"row {id}"
    return RowError(f"{rows.file}, {name}: cannot write the prompt `{render.prompt}`: {error}")


def _no_grammar(row: dict[str, Any]) -> None:
    return None


def _grammar_maker(plan: Plan, call: Call) -> Callable[[dict[str, Any]], str | None]:
    """A function from one row to the grammar of its reply; to None where there is none that all readers of the call share."""
    uses = {digest([read.reader]): read.reader for read in plan.reads if read.call == call.id}
    if call.options is not None or len(uses) != 1:
        return _no_grammar
    [use] = uses.values()
    reader, answer, settings = find_reader(use.name), use.answer, dict(use.settings)
    return _no_grammar if reader is None else lambda row: grammar_of(reader, answer, row, settings)


def _option_maker(call: Call) -> Callable[[dict[str, Any]], tuple[str, ...] | None]:
    """A function from one row to the options that are scored; to None where text is asked for."""
    use = call.options
    if use is None:
        return lambda row: None
    reader = find_reader(use.name)
    if reader is None or reader.continuations is None:
        raise InternalError(f"the reader `{use.name}` names no options")
    continuations, answer, settings = reader.continuations, use.answer, dict(use.settings)
    return lambda row: continuations(answer, row, settings)


@attrs.define
class Caller:
    """Answers the requests of a run, from its journal, from `others`, and from the model.

    `asked` counts replies that this run got from the model, however often it was started; `reused` those that came from
    another run or from an equal call. `sources` says how many came from which run.
    """

    backend: Backend
    journal: Journal
    watch: Watch
    others: OtherRuns | None = None
    asked: int = 0
    reused: int = 0
    kept: int = 0
    """How many of `asked` were in the journal before."""
    sources: Counter[str] = attrs.field(factory=Counter)
    _counted: SeenKeys = attrs.field(factory=SeenKeys)

    def answer(self, requests: Sequence[Request]) -> list[Reply]:
        """One reply for every request, in order."""
        digest, by_row = self.backend.digest, self.backend.abilities.by_row
        # A draw belongs to its row: equal prompts of two rows are two draws, merged they would be one.
        keys = [request_key(digest, r, by_row=by_row or r.decode.temperature > 0) for r in requests]
        # A recording is read again whole: it costs nothing, and it counts for itself what nobody asked for.
        recorded = by_row and self.others is None
        replies = {} if recorded else self.journal.get_many(dict.fromkeys(keys))
        self.kept += len(replies)
        self._take_over(keys, replies)
        self.watch.advance(sum(key in replies for key in keys))
        first = dict(zip(reversed(keys), reversed(requests), strict=True))
        waiting = [key for key in dict.fromkeys(keys) if key not in replies]
        copies = Counter(keys)
        for start in range(0, len(waiting), CHUNK):
            chunk = waiting[start : start + CHUNK]
            replies.update(self._ask(chunk, [first[key] for key in chunk], copies))
        self._count(list(dict.fromkeys(keys)))
        return [replies[key] for key in keys]

    def _take_over(self, keys: Sequence[str], replies: dict[str, Reply]) -> None:
        """Add to `replies`, and to the journal, what other runs were answered."""
        missing = [key for key in dict.fromkeys(keys) if key not in replies]
        if self.others is None or not missing:
            return
        for run, found in self.others.get_many(missing):
            self.journal.put_lines(found.lines, origin=run)
            replies.update(found.replies)

    def _count(self, keys: Sequence[str]) -> None:
        """Count by where replies came from, so that a run that was stopped ends with the numbers of one that was not."""
        new = self._counted.add(keys)
        taken = self.journal.taken_over(new)
        self.sources.update(taken.values())
        self.asked += len(new) - len(taken)
        self.reused += len(keys) - len(new) + len(taken)

    def _ask(self, keys: Sequence[str], requests: Sequence[Request], copies: Counter[str]) -> dict[str, Reply]:
        found: dict[str, Reply] = {}
        pending: list[tuple[str, Reply]] = []
        since = time.monotonic()
        try:
            for index, reply in self.backend.answer(requests):
                found[keys[index]] = reply
                if reply.failure != UNREACHABLE:
                    pending.append((keys[index], reply))
                if len(pending) >= KEEP_EVERY or time.monotonic() - since > KEEP_SECONDS:
                    self._keep(pending)
                    since = time.monotonic()
                self.watch.advance(copies[keys[index]])
        finally:
            # Also when somebody presses Ctrl-C: what came back is paid for.
            self._keep(pending)
        if len(found) != len(keys):
            raise InternalError(f"the backend answered {len(found)} of {len(keys)} requests")
        return found

    def _keep(self, pending: list[tuple[str, Reply]]) -> None:
        if pending:
            self.journal.put_many(pending)
            pending.clear()
