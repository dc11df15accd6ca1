"""A plan meets its data: rows read, shots picked, texts from files in their place, every prompt written once.

All of it happens before a model is asked anything, and all of it can fail with a `DataError` that names file and row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from medspec.backends.base import Request
from medspec.errors import DataError
from medspec.plan.fold import fold, names_of
from medspec.plan.nodes import Call, Constant, FieldRef, Plan, Render
from medspec.run.calls import prompts_of, requests_of
from medspec.run.judging.apart import check_calibrations
from medspec.run.pictures import Pictures
from medspec.run.render import Turns
from medspec.run.roots import DataRoots
from medspec.run.scan import Rows, read_scan
from medspec.run.shots import PickedShots, check_apart, near_shots, only, part_of, pick_shots
from medspec.run.slices import groups_of
from medspec.run.spool import Budget, Spool
from medspec.run.text_files import resolve_texts


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

    def shot_rows(self, render: Render) -> tuple[dict[str, Any], ...]:
        """The rows shown before each row of `render`; () where there are none."""
        found = self.shots.get(render.id)
        return () if found is None else found.rows

    def requests(self, call: Call, task: str = "") -> Iterator[Request]:
        """What is asked for every row, see `requests_of`."""
        render = self.plan.render(call.render)
        return requests_of(
            self.plan,
            call,
            self.rows[render.scan],
            task,
            self.shot_rows(render),
            self.pictures,
            self.prompts.get(render.id),
        )


def bind(plan: Plan, roots: DataRoots, *, limit: int | None = None, images: bool = False) -> Bound:
    """Read everything `plan` needs. `limit` is the largest number of scored rows per split.

    With `images` the files of the images that prompts show are looked for, too.

    Raises one `DataError` with the problems of all files.
    """
    resolved = resolve_texts(plan, roots)
    budget = Budget()
    whole = _read(resolved, roots, limit, budget)
    scored = {id: _limited(rows, limit) for id, rows in whole.items()}
    shots: dict[str, PickedShots] = {}
    warnings = [*_empty_slices(resolved, scored)]
    for render in resolved.renders:
        if render.shots is None:
            continue
        picked = pick_shots(render.shots, whole[render.shots.scan])
        shots[render.id] = picked
        if not _waived(resolved, render):
            rows, scan = scored[render.scan], resolved.scan(render.scan)
            shown = shown_fields(render)
            check_apart(rows, whole[render.shots.scan], picked, scan, shown)
            warnings += near_shots(rows, picked, scan, shown)
    pictures = Pictures(roots) if images else None
    graded = {one.scan: whole[one.scan] for task in resolved.tasks for one in task.calibrations}
    check_calibrations(resolved, scored, graded)
    bound = Bound(resolved, scored, shots, tuple(dict.fromkeys(warnings)), pictures, graded=graded)
    bound = attrs.evolve(bound, prompts=_written(bound, budget))
    _check_requests(bound)
    return bound


def _written(bound: Bound, budget: Budget) -> dict[str, Sequence[Turns]]:
    """The turns of every row of every prompt, written once: to find those that cannot be, and to be sent later."""
    found: dict[str, Sequence[Turns]] = {}
    for render in bound.plan.renders:
        turns: Spool[Turns] = Spool(budget)
        turns.extend(prompts_of(bound.plan, render, bound.rows[render.scan], bound.shot_rows(render)))
        found[render.id] = turns.done()
    return found


def _check_requests(bound: Bound) -> None:
    """Raises `DataError` for rows whose shots, options or images cannot be sent."""
    for call in bound.plan.calls:
        render = bound.plan.render(call.render)
        requests = bound.requests(call)
        if call.options is None and bound.pictures is None and render.shots is None:
            continue
        if call.options is None and bound.pictures is None:
            next(requests, None)  # the shots are the same for every row
            continue
        for _ in requests:
            pass
    if bound.pictures is not None:
        bound.pictures.require_all()


def _read(plan: Plan, roots: DataRoots, limit: int | None, budget: Budget) -> dict[str, Rows]:
    """Every scan, read as far as it is needed: whole where shots or parts are chosen from it."""
    chosen_from = {render.shots.scan for render in plan.renders if render.shots is not None}
    chosen_from |= {one.scan for task in plan.tasks for one in task.calibrations}
    found: dict[str, Rows] = {}
    faults: list[DataError] = []
    for scan in plan.scans:
        needs_all = scan.part is not None or scan.id in chosen_from
        try:
            rows = read_scan(scan, roots, limit=None if needs_all else limit, budget=budget)
            found[scan.id] = rows if scan.part is None else part_of(rows, scan.part)
        except DataError as error:
            faults.append(error)
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise DataError("\n".join(str(fault) for fault in faults))
    return found


def shown_fields(render: Render) -> list[str]:
    """The fields of a row that its prompt shows, or decides by; no pass changes what they are."""
    known = {name: bound.value for name, bound in render.bindings if isinstance(bound, Constant)}
    names = set().union(*(names_of(fold(turn.pieces, known)) for turn in render.turns))
    return [bound.field for name, bound in render.bindings if isinstance(bound, FieldRef) and name in names]


def _limited(rows: Rows, limit: int | None) -> Rows:
    return rows if limit is None or len(rows.ids) <= limit else only(rows, range(limit))


def _empty_slices(plan: Plan, scored: dict[str, Rows]) -> Iterator[str]:
    for scan in plan.scans:
        for rule in scan.slices:
            if scan.id in scored and not groups_of(rule, scored[scan.id].rows):
                yield f"{scored[scan.id].file}: the slice `{rule.name}` holds no row"


def _waived(plan: Plan, render: Render) -> bool:
    """Whether every task that uses the render says why its shots may be scored."""
    tasks = [task for task in plan.tasks if task.render == render.id]
    return all(any(code == "E0604" for code, _ in task.waivers) for task in tasks)
