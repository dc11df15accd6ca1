"""Few-shot examples: the rows that are picked, once for each task.

Shots are never rows that are scored too, unless the task waives that rule: a row with the id of a shot, or with the very
same prompt, is a `DataError`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import attrs

from medspec.errors import DataError
from medspec.plan.nodes import Part, Scan, Shots
from medspec.run.near import near_pairs, texts_of
from medspec.run.scan import Rows
from medspec.run.spool import Budget, Spool


@attrs.frozen
class PickedShots:
    """The rows of the shots of one prompt, in the order in which they are shown, with their ids."""

    ids: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]


def part_of(rows: Rows, part: Part) -> Rows:
    """The rows of `part`, in the order of the file. Raises `DataError` when there are not enough."""
    if part.count >= len(rows.ids):
        raise DataError(f"{rows.file}: {part.count} rows are to be held out of {len(rows.ids)}; that leaves none")
    held = set(ranked(rows.ids, part.seed)[: part.count])
    return only(rows, [index for index, id in enumerate(rows.ids) if (id in held) is part.held])


def ranked(ids: Sequence[str], seed: int) -> list[str]:
    """`ids` in an order that depends on the seed and on each id alone: rows may come, go and move, the others stay."""
    return sorted(ids, key=lambda id: sha256(f"{seed}:{id}".encode()).digest())


def only(rows: Rows, indexes: Sequence[int]) -> Rows:
    """The rows at `indexes`."""
    kept: Spool[dict[str, Any]] = Spool(Budget())
    kept.extend(rows.rows[index] for index in indexes)
    return attrs.evolve(rows, rows=kept.done(), ids=[rows.ids[index] for index in indexes])


def pick_shots(shots: Shots, rows: Rows) -> PickedShots:
    """The rows that are shown. Raises `DataError` when there are fewer than asked for."""
    place = {id: index for index, id in enumerate(rows.ids)}
    if shots.pick == "ids":
        missing = [id for id in shots.ids if id not in place]
        if missing:
            raise DataError(f"{rows.file}: there is no row with the id of this shot: {', '.join(missing[:5])}")
        order: Sequence[str] = shots.ids
    else:
        order = ranked(rows.ids, shots.seed) if shots.pick == "seeded" else rows.ids
    chosen: list[str] = []
    seen: set[Any] = set()
    for id in order:
        if shots.distinct_by is not None:
            value = repr(rows.rows[place[id]][shots.distinct_by])
            if value in seen:
                continue
            seen.add(value)
        chosen.append(id)
        if len(chosen) == shots.count:
            break
    if len(chosen) < shots.count:
        distinct = f" with different `{shots.distinct_by}`" if shots.distinct_by else ""
        raise DataError(f"{rows.file}: {shots.count} shots are asked for, there are {len(chosen)} rows{distinct}")
    return PickedShots(tuple(chosen), tuple(rows.rows[place[id]] for id in chosen))


def check_apart(scored: Rows, shot_rows: Rows, picked: PickedShots, scan: Scan, fields: Sequence[str]) -> None:
    """Raise `DataError` when a shot is also a scored row: the same id in the same file, or the same prompt.

    `fields` are what the prompt shows of a row. Others are not looked at: whether they are read is the optimiser's choice.
    """
    ids = set(picked.ids) & set(scored.ids) if scored.file == shot_rows.file else set()
    shown = {id: index for index, id in enumerate(scored.ids) if id in ids}
    if not shown and fields:
        contents = {_content(row, fields): id for id, row in zip(picked.ids, picked.rows, strict=True)}
        for id, row in zip(scored.ids, scored.rows, strict=True):
            if (shot := contents.get(_content(row, fields))) is not None:
                shown[id] = 0
                ids.add(f"{shot} (scored as {id})" if shot != id else id)
    if shown:
        which = "" if scan.private else f": {', '.join(sorted(ids)[:5])}"
        raise DataError(
            f"{shot_rows.file}: {len(shown)} of the rows shown as shots are scored too{which}; "
            "take the shots from another split, or hold them out with `.holdout(64)`"
        )


def near_shots(scored: Rows, picked: PickedShots, scan: Scan, fields: Sequence[str]) -> list[str]:
    """One sentence for each shot that is nearly the same as a scored row, as far as the prompt shows them in `fields`."""

    def texts(row: dict[str, Any]) -> list[str]:
        return texts_of([row[name] for name in fields if name != scan.id_field])

    few = {id: texts(row) for id, row in zip(picked.ids, picked.rows, strict=True)}
    # One after another: the texts of all scored rows would be in memory twice.
    many = ((id, texts(row)) for id, row in zip(scored.ids, scored.rows, strict=True))
    found: dict[str, list[tuple[float, str]]] = {}
    for shot, other, value in near_pairs(few, many):
        found.setdefault(shot, []).append((value, other))
    lines = []
    for number, (shot, others) in enumerate(found.items(), start=1):
        value, other = max(others)
        name, row = ("", "a scored row") if scan.private else (f" {shot}", f"the scored row {other}")
        more = f", and {len(others) - 1} more" if len(others) > 1 else ""
        name = name or f" number {number}"
        lines.append(f"{scored.file}: the shot{name} is nearly the same as {row} (resemblance {value:.2f}{more})")
    return lines


def content_digest(picked: PickedShots, fields: Sequence[str]) -> str:
    """Hex sha256 of what the shots show: their values of `fields`, row by row, whatever their ids."""
    shown = repr([[_in_order(row[name]) for name in fields] for row in picked.rows])
    return sha256(shown.encode("utf-8", "surrogatepass")).hexdigest()


def _in_order(value: Any) -> Any:
    """`value` with the members of sets in an order that is the same in every process."""
    if isinstance(value, frozenset):
        return ["set", *sorted(map(repr, value))]
    if isinstance(value, Mapping):
        return [[name, _in_order(member)] for name, member in value.items()]
    return [_in_order(member) for member in value] if isinstance(value, tuple | list) else value


def _content(row: dict[str, Any], fields: Sequence[str]) -> str:
    return repr([row[name] for name in fields])
