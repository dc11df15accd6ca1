"""Few-shot examples of a task: how many, from which rows, picked how. Never from the rows that are scored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from medspec.check.arguments import ABSENT, Rule, Symbol, read_arguments, read_value
from medspec.check.rows import read_rows, swallowed
from medspec.check.scope import Scope, settings_of
from medspec.check.spec import RowsRef, ShotsSpec
from medspec.syntax import tree
from medspec.text.suggest import nearest

if TYPE_CHECKING:
    from medspec.check.checker import Checker
    from medspec.check.tasks import Clause
    from medspec.check.waivers import Waivers

MOST = 1000
_PICKS: dict[str, tuple[Rule, ...]] = {
    "first": (),
    "seeded": (Rule("seed", "int"),),
    "ids": (Rule("ids", "texts"),),
}


@attrs.frozen
class NoShots:
    """There is no such clause, or it asks for none."""


NO_SHOTS = NoShots()


def read_shots(
    clause: Clause | None, data: Clause | None, scored: RowsRef | None, waivers: Waivers, checker: Checker
) -> ShotsSpec | NoShots | None:
    """The shots of a task; None after reporting."""
    if clause is None:
        return NO_SHOTS
    node, scope = clause.node, clause.scope
    assert isinstance(node, tree.Shots)
    count = read_value(node.count, Rule("shots", "int"), scope.report, values=scope.values)
    rows = read_rows(node.rows, checker, scope)
    # Where the split is missing the braces are those of the next clause.
    own = () if rows is None and swallowed(node.rows) is not None else node.settings
    settings = settings_of(own, ("pick", "distinct_by"), "shots", scope.report)
    picked = _read_pick(settings.get("pick"), scope)
    distinct_by = _read_distinct(settings.get("distinct_by"), rows, scope)
    if count is ABSENT or rows is None or picked is None or distinct_by is None or scored is None:
        return None
    if isinstance(count, Symbol) or rows.dataset is None or scored.dataset is None:
        return NO_SHOTS  # in a template; checked again for each task made from it
    if not 0 <= count <= MOST:
        scope.report.add("E0309", f"the number of shots lies between 0 and {MOST}", node.count.place)
        return None
    if count == 0:
        return NO_SHOTS
    if not _check_rows(node, rows, scored, data, waivers, scope):
        return None
    pick, seed, ids = picked
    if pick == "ids" and len(ids) != count:
        title = f"{len(ids)} ids are given for {count} shots"
        scope.report.add("E0301", title, settings["pick"].value.place, (node.count.place, "the number of shots"))
        return None
    return ShotsSpec(rows=rows, count=count, pick=pick, seed=seed, ids=ids, distinct_by=distinct_by or None)


def _check_rows(
    node: tree.Shots, rows: RowsRef, scored: RowsRef, data: Clause | None, waivers: Waivers, scope: Scope
) -> bool:
    assert rows.record is not None and scored.record is not None
    if rows.record.qualified != scored.record.qualified:
        title = f"shots are rows of `{rows.record.name}`, scored rows of `{scored.record.name}`"
        scope.report.add("E0301", title, node.rows.place, helps=["a shot is a row like the one that is asked"])
        return False
    if not same_rows(rows, scored) or rows.part is not None or waivers.allows("E0604"):
        return True
    assert rows.dataset is not None
    others = [split for split in rows.dataset.splits if split != rows.split]
    helps = []
    if others:
        names = " and ".join(f"`{split}`" for split in (*others, rows.split))
        helps.append(f"use another split: `{rows.dataset.name}` declares {names}")
    helps.append(f"or hold rows out: `{_written(rows)}.holdout(64, seed: 13)`")
    labels = [(data.node.value.place, "scored rows")] if data is not None else []  # type: ignore[union-attr]
    scope.report.add(
        "E0604",
        "few-shot examples come from the rows being scored",
        (node.rows.place, "examples"),
        *labels,
        helps=helps,
    )
    return False


def same_rows(left: RowsRef, right: RowsRef) -> bool:
    """Whether two references name the same split, whatever part of it."""
    if left.dataset is None or right.dataset is None:
        return False
    names = (left.dataset.qualified, left.subset, left.split)
    return names == (right.dataset.qualified, right.subset, right.split)


def _written(rows: RowsRef) -> str:
    assert rows.dataset is not None
    return ".".join([rows.dataset.name, *([rows.subset] if rows.subset else []), rows.split])


def _read_pick(setting: tree.Setting | None, scope: Scope) -> tuple[str, int, tuple[str, ...]] | None:
    if setting is None:
        return "first", 0, ()
    value = setting.value
    name = value.path.dotted if isinstance(value, tree.Call) else ""
    if name not in _PICKS or not isinstance(value, tree.Call):
        close = nearest(name, _PICKS) if name else None
        helps = [f"did you mean `{close}`?"] if close else ['write `first`, `seeded(13)` or `ids(["a", "b"])`']
        scope.report.add("E0201", "shots cannot be picked like this", value.place, helps=helps)
        return None
    found = read_arguments(value, _PICKS[name], scope.report, values=scope.values)
    if ABSENT in found.values():
        return None
    seed = found.get("seed", 0)
    return name, 0 if isinstance(seed, Symbol) else seed, found.get("ids", ())


def _read_distinct(setting: tree.Setting | None, rows: RowsRef | None, scope: Scope) -> str | None:
    """The field name, "" where there is none, None after reporting."""
    if setting is None:
        return ""
    value = setting.value
    name = value.path.dotted if isinstance(value, tree.Call) and value.arguments is None else ""
    if rows is None or rows.record is None:
        return name
    if rows.record.type.field(name) is None:
        close = nearest(name, [field.name for field in rows.record.type.fields]) if name else None
        helps = [f"did you mean `{close}`?"] if close else []
        scope.report.add("E0408", f"`{rows.record.name}` has no field `{name}`", value.place, helps=helps)
        return None
    return name
