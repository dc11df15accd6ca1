"""Whether two runs measured the same thing: rows, files, errata, prompts, readers, metrics, judges and encoders must agree.

What belongs to a model may be its own where the models differ: how it samples, and the dialect its family is spoken to in. Both
are told, and so is everything else that a reader of a comparison has to know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from medspec.errors import UsageError
from medspec.plan.state import state_of_plan
from medspec.run.stored import StoredRun, ids_of
from medspec.run.stored_report import DialectEntry, ErrataEntry, JudgeEntry, ModelEntry, TaskEntry


def refuse_different(one: StoredRun, other: StoredRun, names: Sequence[str]) -> None:
    """Raise `UsageError` with everything in which the runs differ and must not, with both hashes."""
    faults = [fault for name in names for fault in _faults(one, other, name)]
    faults += _models("judge", _judges(one), _judges(other))
    faults += _models("encoder", one.result.encoders, other.result.encoders)
    if faults:
        lines = "\n".join(f"  {fault}" for fault in faults)
        raise UsageError(f"the runs measured different things:\n{lines}")


def remarks(one: StoredRun, other: StoredRun, names: Sequence[str]) -> Iterator[str]:
    """What may differ and does, and what both runs left out."""
    sampled = [name for name in names if "decode" in _other_parts(one, other, name)]
    yield from (f"{name}: the models sample differently (decode)" for name in sampled)
    if any("dialect" in _other_parts(one, other, name) for name in names):
        spoken = " and ".join(_dialect(run.result.model.dialect) for run in (one, other))
        yield f"the models are spoken to in dialects of their own: {spoken}"
    for name in names:
        mine, theirs = one.result.tasks[name], other.result.tasks[name]
        if mine.draws != theirs.draws:
            yield f"{name}: {mine.draws} and {theirs.draws} draws for each row"
        if mine.quarantined.rows:
            yield f"{name}: {_aside(mine)} in both runs, so these are fewer rows than the task has"
        if mine.data.images != theirs.data.images:  # both known: these are refused
            yield f"{name}: only one of the models was shown the images"
    if _same_model(one, other):
        yield "both runs are of the same model"


def _faults(one: StoredRun, other: StoredRun, name: str) -> Iterator[str]:
    mine, theirs = one.result.tasks[name], other.result.tasks[name]
    yield from _data_faults(one, other, name)
    before, after = state_of_plan(one.plan).tasks[name], state_of_plan(other.plan).tasks[name]
    if mine.score_hash != theirs.score_hash:
        wrong = [part for part in before.score if before.score[part] != after.score.get(part)]
        wrong += [part for part in after.score if part not in before.score]
        if not wrong or not _is_own_reading(one, other, name, wrong):
            why = ", ".join(wrong) or "made by another version, or with another encoder"
            yield f"{name}: score hash {mine.score_hash} and {theirs.score_hash} ({why})"
    wrong = _other_parts(one, other, name)
    # How a model draws and is spoken to may be its own; everything else that is sent may not.
    wrong = [part for part in wrong if part not in ("decode", "dialect") or _same_model(one, other)]
    if wrong:
        yield f"{name}: call hash {mine.call_hash} and {theirs.call_hash} ({', '.join(wrong)})"


def _data_faults(one: StoredRun, other: StoredRun, name: str) -> Iterator[str]:
    mine, theirs = one.result.tasks[name], other.result.tasks[name]
    if mine.data.sha256 != theirs.data.sha256:
        yield f"{name}: data {mine.data.sha256[:12]} and {theirs.data.sha256[:12]}"
    elif ids_of(one, name) != ids_of(other, name):
        aside = mine.quarantined.rows or theirs.quarantined.rows
        why = f"{_aside(mine)} and {_aside(theirs)}" if aside else "runs with different `--limit` have different rows"
        yield f"{name}: {mine.rows:,} rows and {theirs.rows:,} rows; {why}"
    if mine.data.others != theirs.data.others and None not in (mine.data.others, theirs.data.others):
        files = "files beside the rows (lists of ids, masks)"
        yield f"{name}: {files} {_short(mine.data.others)} and {_short(theirs.data.others)}"
    if mine.data.images != theirs.data.images and None not in (mine.data.images, theirs.data.images):
        yield f"{name}: images {_short(mine.data.images)} and {_short(theirs.data.images)}"
    if mine.errata != theirs.errata:
        yield f"{name}: errata {_errata(mine.errata)} and {_errata(theirs.errata)}"
    if mine.shots != theirs.shots:
        yield f"{name}: other rows were shown as examples"
    elif mine.shots_sha256 != theirs.shots_sha256 and None not in (mine.shots_sha256, theirs.shots_sha256):
        shown = f"{_short(mine.shots_sha256)} and {_short(theirs.shots_sha256)}"
        yield f"{name}: the rows shown as examples hold something else: shots {shown}"


def _other_parts(one: StoredRun, other: StoredRun, name: str) -> list[str]:
    """The parts of the call hash that differ."""
    if one.result.tasks[name].call_hash == other.result.tasks[name].call_hash:
        return []
    before, after = state_of_plan(one.plan).tasks[name].call, state_of_plan(other.plan).tasks[name].call
    parts = [part for part in {**before, **after} if before.get(part) != after.get(part)]
    return parts or ["made by another version"]


def _is_own_reading(one: StoredRun, other: StoredRun, name: str, wrong: Sequence[str]) -> bool:
    """Whether replies are read otherwise only because the models speak other dialects."""
    if _same_model(one, other) or not set(wrong) <= {"dialect", "reader"}:
        return False
    uses = [run.plan.read(run.plan.task(name).read).reader for run in (one, other)]
    # The style boxes are written in is the one setting of a reader that a dialect has a word on.
    bare = [attrs.evolve(use, settings=tuple(pair for pair in use.settings if pair[0] != "style")) for use in uses]
    return "dialect" in wrong and bare[0] == bare[1]


def _judges(run: StoredRun) -> Mapping[str, ModelEntry]:
    judges: Mapping[str, JudgeEntry] = run.result.judges
    return {name: judge.model for name, judge in judges.items()}


def _models(what: str, mine: Mapping[str, ModelEntry], theirs: Mapping[str, ModelEntry]) -> Iterator[str]:
    for name in mine:
        if name in theirs and mine[name].digest != theirs[name].digest:
            yield f"{what} `{name}`: models {mine[name].digest[:12]} and {theirs[name].digest[:12]}"


def _same_model(one: StoredRun, other: StoredRun) -> bool:
    return one.result.model.digest == other.result.model.digest


def _short(digest: str | None) -> str:
    return "none" if digest is None else digest[:12]


def _errata(errata: ErrataEntry | None) -> str:
    return "none" if errata is None else f"version {errata.version} {errata.sha256[:12]}"


def _aside(task: TaskEntry) -> str:
    count = task.quarantined.rows
    return f"{count:,} row{'' if count == 1 else 's'} set aside"


def _dialect(dialect: DialectEntry | None) -> str:
    return "none" if dialect is None else f"{dialect.name} ({dialect.hash[:12]})"
