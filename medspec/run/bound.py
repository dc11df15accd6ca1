"""A plan with its data, and its prompts written once: rows of which a prompt cannot be made are found before the first call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import attrs

from medspec.backends.base import Request
from medspec.errors import DataError
from medspec.files.problems import LIMIT
from medspec.plan.nodes import Call, Plan, Render
from medspec.run.calls import RowError, prompts_of, requests_of
from medspec.run.forms import form_maker
from medspec.run.pictures import Pictures
from medspec.run.quarantine import Quarantined
from medspec.run.render import Turns
from medspec.run.scan import Rows
from medspec.run.shots import PickedShots, only
from medspec.run.speech import Sizes as RowSizes
from medspec.run.speech import require_sizes
from medspec.run.spool import Budget, Spool
from medspec.types import Misfit
from medspec.types.image import Sizes, size_of

Item = TypeVar("Item")

Faults = dict[str, dict[int, list[str]]]
"""What is wrong with rows, by scan id and the row's place."""


@attrs.frozen
class Bound:
    """A plan with its data. `rows` are the scored rows by scan id, `shots` the picked rows by render id.

    `warnings` are sentences about data that can be used and deserve a look. `prompts` are the turns of each row by render
    id, where they were written already: what `requests_of` sends, without the shots.
    """

    plan: Plan
    rows: dict[str, Rows]
    shots: dict[str, PickedShots]
    warnings: tuple[str, ...] = ()
    pictures: Pictures | None = None
    """The files of the images that prompts show; None where the model opens none."""
    prompts: Mapping[str, Sequence[Turns]] = attrs.field(factory=dict, repr=False)
    graded: dict[str, Rows] = attrs.field(factory=dict)
    """The rows judges are calibrated on, by scan id, all of them whatever the limit."""
    sizes: Sizes = attrs.field(default=size_of, repr=False)
    """Width and height of an image by its path, for models that write boxes by it."""
    constrain: bool = False
    """Whether replies are held to the form of the answer."""
    forms: Plan | None = None
    """For a model that writes no text: the plan whose readers write its answers, that of the run that asked."""

    def shot_rows(self, render: Render) -> tuple[dict[str, Any], ...]:
        """The rows shown before each row of `render`; () where there are none."""
        found = self.shots.get(render.id)
        return () if found is None else found.rows

    def requests(self, call: Call, task: str = "", *, first: int = 0) -> Iterator[Request]:
        """What is asked for every row, see `requests_of`; `first` is the row to begin with."""
        render = self.plan.render(call.render)
        rows, prompts = self.rows[render.scan], self.prompts.get(render.id)
        if first:
            rows, prompts = only(rows, range(first, len(rows.ids))), None if prompts is None else prompts[first:]
        shots, constrain = self.shot_rows(render), self.constrain
        form = None if self.forms is None else form_maker(self.forms, self.plan, task)
        return requests_of(self.plan, call, rows, task, shots, self.pictures, prompts, constrain=constrain, form=form)


def written(bound: Bound, budget: Budget, *, keep_going: bool) -> Bound:
    """`bound` with its prompts. Rows that cannot be asked about are set aside.

    Raises `DataError` with these rows, unless `keep_going`.
    """
    prompts, faults = _written(bound, budget)
    if faults:
        bound = _set_aside(bound, faults, keep_going)
        prompts, _ = _written(bound, budget)
    bound = attrs.evolve(bound, prompts=prompts)
    faults = _request_faults(bound, pictures=keep_going)
    for scan, rows in _size_faults(bound).items():
        for index, told in rows.items():
            faults.setdefault(scan, {}).setdefault(index, []).extend(told)
    if faults:
        bound = _set_aside(bound, faults, keep_going)
        bound = attrs.evolve(bound, prompts=_written(bound, budget)[0])
    elif bound.pictures is not None:
        bound.pictures.require_all()
    return bound


def _written(bound: Bound, budget: Budget) -> tuple[dict[str, Sequence[Turns]], Faults]:
    """The turns of every row of every prompt, written once: to find those that cannot be, and to be sent later."""
    found: dict[str, Sequence[Turns]] = {}
    faults: Faults = {}
    for render in bound.plan.renders:
        rows, shots = bound.rows[render.scan], bound.shot_rows(render)

        def turns(first: int, render: Render = render, rows: Rows = rows, shots: Any = shots) -> Iterator[Turns]:
            left = only(rows, range(first, len(rows.ids))) if first else rows
            return prompts_of(bound.plan, render, left, shots)

        kept: Spool[Turns] = Spool(budget)
        kept.extend(_sound(turns, len(rows.ids), faults, render.scan))
        found[render.id] = kept.done()
    return found, faults


def _request_faults(bound: Bound, *, pictures: bool) -> Faults:
    """Rows whose options cannot be sent and, with `pictures`, those whose images cannot be used."""
    faults: Faults = {}
    for call in bound.plan.calls:
        render = bound.plan.render(call.render)
        if call.options is None and bound.pictures is None:
            if render.shots is not None:
                next(bound.requests(call), None)  # the shots are the same for every row
            continue
        rows = bound.rows[render.scan]
        once = attrs.evolve(call, repeats=1)

        def requests(first: int, call: Call = once) -> Iterator[Request]:
            return bound.requests(call, first=first)

        for index, request in enumerate(_sound(requests, len(rows.ids), faults, render.scan, padded=True)):
            if pictures and request is not None and bound.pictures is not None:
                told = bound.pictures.problems_of(request.messages, bound.plan.scan(render.scan))
                if told:
                    faults.setdefault(render.scan, {}).setdefault(index, []).extend(told)
    return faults


def _size_faults(bound: Bound) -> Faults:
    """Rows about which a box in a reply could not be turned back into the answer's frame."""
    plan, faults = bound.plan, Faults()
    for task in plan.tasks:
        read, scan, rows = plan.read(task.read), plan.scan(task.scan), bound.rows[task.scan]
        if read.dialect is None or read.dialect.boxes is None:
            continue
        known = RowSizes(scan.record)
        for index, (id, row) in enumerate(zip(rows.ids, rows.rows, strict=True)):
            try:
                require_sizes(read.reader.answer, read.dialect.boxes, row, known)
            except Misfit as error:
                name = "a row" if scan.private else f"row {id}"
                told = f"{rows.file}, {name}: a reply to `{task.name}` could not be read: {error}"
                faults.setdefault(scan.id, {}).setdefault(index, []).append(told)
    return faults


def _sound(
    make: Callable[[int], Iterator[Item]], count: int, faults: Faults, scan: str, *, padded: bool = False
) -> Iterator[Item]:
    """What `make` gives for each row, going on behind rows that it cannot be made of; these are noted in `faults`.

    With `padded` there is None in their place.
    """
    place = 0
    while place < count:
        try:
            for item in make(place):
                yield item
                place += 1
            return
        except RowError as error:
            faults.setdefault(scan, {}).setdefault(place, []).append(str(error))
            place += 1
            if padded:
                yield None  # type: ignore[misc]


def _set_aside(bound: Bound, faults: Faults, keep_going: bool) -> Bound:
    """`bound` without the rows at fault. Raises `DataError` with all of them unless `keep_going`, or where none is left."""
    told = [line for rows in faults.values() for lines in rows.values() for line in lines]
    if not keep_going and len(told) == 1:
        raise DataError(told[0])
    if not keep_going:
        shown = f"; the first {LIMIT} are" if len(told) > LIMIT else ""
        raise DataError(f"{len(told):,} rows cannot be asked about{shown}:", problems=told[:LIMIT])
    rows = dict(bound.rows)
    for id, wrong in faults.items():
        before, scan = rows[id], bound.plan.scan(id)
        where = {"dataset": scan.dataset, "subset": scan.subset, "split": scan.split, "file": before.file.name}
        aside = tuple(
            Quarantined(
                number=None,
                line=None,
                id=None if scan.private else before.ids[index],
                problems=tuple(dict.fromkeys(lines)),
                **where,  # type: ignore[arg-type]
            )
            for index, lines in sorted(wrong.items())
        )
        left = only(before, [index for index in range(len(before.ids)) if index not in wrong])
        if not left.ids:
            raise DataError(f"{before.file}: none of its rows can be asked about: {aside[0].problems[0]}")
        rows[id] = attrs.evolve(left, quarantined=(*before.quarantined, *aside))
    return attrs.evolve(bound, rows=rows)
