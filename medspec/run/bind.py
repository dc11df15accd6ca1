"""A plan meets its data: rows read, shots picked, texts from files in their place, every prompt written once.

All of it happens before a model is asked anything, and all of it can fail with a `DataError` that names file and row.
"""

from __future__ import annotations

from collections.abc import Iterator

from medspec.errors import DataError
from medspec.plan.fold import fold, names_of
from medspec.plan.nodes import Constant, FieldRef, Plan, Render
from medspec.run.bound import Bound, written
from medspec.run.cut_golds import cut_golds
from medspec.run.judging.apart import check_calibrations
from medspec.run.missing_files import refuse_missing
from medspec.run.pictures import ImageSizes, Pictures
from medspec.run.roots import DataRoots
from medspec.run.scan import Rows, read_scan
from medspec.run.shots import PickedShots, check_apart, near_shots, only, part_of, pick_shots
from medspec.run.slices import groups_of
from medspec.run.spool import Budget
from medspec.run.text_files import resolve_texts
from medspec.run.unseen_words import unseen_words
from medspec.types.image import sizes_from


def bind(
    plan: Plan, roots: DataRoots, *, limit: int | None = None, images: bool = False, keep_going: bool = False
) -> Bound:
    """Read everything `plan` needs. `limit` is the largest number of scored rows per split.

    With `images` the files of the images that prompts show are looked for, too. With `keep_going` rows that cannot be used
    are set aside: they are in `Rows.quarantined`, and nowhere else.

    Raises one `DataError` with the problems of all files.
    """
    refuse_missing(plan, roots)
    resolved = resolve_texts(plan, roots)
    budget = Budget()
    whole = _read(resolved, roots, limit, budget, keep_going)
    scored = {id: _limited(rows, limit) for id, rows in whole.items()}
    shots: dict[str, PickedShots] = {}
    warnings = [*(line for rows in scored.values() for line in rows.warnings), *_empty_slices(resolved, scored)]
    warnings += [*unseen_words(resolved, scored), *cut_golds(resolved, scored)]
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
    sizes = ImageSizes(resolved, roots)
    bound = Bound(resolved, scored, shots, tuple(dict.fromkeys(warnings)), pictures, graded=graded, sizes=sizes)
    with sizes_from(sizes):
        return written(bound, budget, keep_going=keep_going)


def _read(plan: Plan, roots: DataRoots, limit: int | None, budget: Budget, keep_going: bool) -> dict[str, Rows]:
    """Every scan, read as far as it is needed: whole where shots or parts are chosen from it."""
    chosen_from = {render.shots.scan for render in plan.renders if render.shots is not None}
    chosen_from |= {one.scan for task in plan.tasks for one in task.calibrations}
    found: dict[str, Rows] = {}
    faults: list[DataError] = []
    for scan in plan.scans:
        needs_all = scan.part is not None or scan.id in chosen_from
        try:
            rows = read_scan(scan, roots, limit=None if needs_all else limit, budget=budget, keep_going=keep_going)
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
