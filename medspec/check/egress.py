"""What may not leave: data under an agreement, or marked private, and models that are somewhere else (E0609).

A label belongs to a dataset. Whatever is made of its rows has it: prompts, shots, answers, what a judge is shown of them.
Here is also the other flow to a judge: rows it is calibrated on are not scored with its help (E0608).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from medspec.check.shots import same_rows
from medspec.check.spec import DatasetSpec, RowsRef
from medspec.check.verdicts import JudgeUse
from medspec.check.waivers import Waivers
from medspec.plan.nodes import Constant
from medspec.text.diagnostic import Report
from medspec.text.source import Place

CREDENTIALED = ("physionet", "mimic", "eicu", "n2c2", "i2b2", "credentialed", "restricted", "data use", "dua")
"""Words in a licence that say: whoever gets the data has signed for them. `physionet-credentialed-1.5` has two of them."""

_WORDS = re.compile(rf"\b(?:{'|'.join(word.replace(' ', '[ -]') for word in CREDENTIALED[:-1])}|dua\b)")


def why_kept(dataset: DatasetSpec) -> str | None:
    """Why rows of `dataset` may not be sent away, in words; None where they may."""
    if dataset.private:
        return "`private = true`"
    return f"its license is `{dataset.license}`" if is_credentialed(dataset.license) else None


def is_credentialed(license: str | None) -> bool:
    """Whether a licence is one of those that must be signed."""
    return license is not None and _WORDS.search(license.lower().replace("_", "-")) is not None


def kept_datasets(*rows: RowsRef | None) -> tuple[DatasetSpec, ...]:
    """The datasets among these whose rows may not be sent away, each once."""
    datasets = [one.dataset for one in rows if one is not None and one.dataset is not None]
    return tuple({one.qualified: one for one in datasets if why_kept(one) is not None}.values())


def check_judged(
    uses: Iterable[JudgeUse], rows: RowsRef, shots: RowsRef | None, data: Place, waivers: Waivers, report: Report
) -> bool:
    """Whether the judges of a task may be asked about its `rows`, which it names at `data`. Each judge is reported once."""
    kept = kept_datasets(rows, shots)
    # The model under test may turn out to be remote, so a waiver of a task over such data always waives something.
    allowed = bool(kept) and waivers.allows("E0609")
    clean = True
    seen: set[str] = set()
    for use in uses:
        if use.judging.qualified in seen:
            continue
        seen.add(use.judging.qualified)
        clean &= _check_overlap(use, rows, data, waivers, report)
        flowing = [*kept, *_calibration_data(use)] if _shows_rows(use) else list(_calibration_data(use))
        if flowing and not allowed and not _stays(use) and not waivers.allows("E0609"):
            _report_leaving(use, flowing[0], data, report)
            clean = False
    return clean


def _shows_rows(use: JudgeUse) -> bool:
    return not all(isinstance(given, Constant) for _, given in use.value.arguments)


def _stays(use: JudgeUse) -> bool:
    return not any(judge.node.model.remote for judge in use.judging.members)


def _calibration_data(use: JudgeUse) -> Iterator[DatasetSpec]:
    for judge in use.judging.members:
        if judge.node.model.remote and judge.calibration is not None:
            yield from kept_datasets(judge.calibration.rows)


def _report_leaving(use: JudgeUse, dataset: DatasetSpec, data: Place, report: Report) -> None:
    remote = next(judge for judge in use.judging.members if judge.node.model.remote)
    model = remote.node.model
    report.add(
        "E0609",
        f"rows of `{dataset.name}` would be sent to the remote model `{model.name}`",
        (use.place, f"asks `{model.place}` at {model.url}"),
        (data, "about these rows"),
        (dataset.place, f"{why_kept(dataset)}: its rows stay on this machine"),
        helps=[
            "judge with a model that runs here: `artifact = onnx(...)`",
            'or, where the agreement allows it: `waive E0609 because "..."`',
        ],
    )


def _check_overlap(use: JudgeUse, rows: RowsRef, data: Place, waivers: Waivers, report: Report) -> bool:
    for judge in use.judging.members:
        calibration = judge.calibration
        if calibration is None or not _overlap(calibration.rows, rows) or waivers.allows("E0608"):
            continue
        assert rows.dataset is not None
        others = [f"`{split}`" for split in rows.dataset.splits if split != rows.split]
        declares = f"use another split: `{rows.dataset.name}` declares {', '.join(others)} too"
        report.add(
            "E0608",
            f"`{judge.name}` is calibrated on the rows that it judges here",
            (use.place, "judges"),
            (data, "these rows"),
            (calibration.place, "calibrated on them"),
            helps=[declares if others else "calibrate it on rows that no task scores"],
        )
        return False
    return True


def _overlap(one: RowsRef, other: RowsRef) -> bool:
    """Whether two references have rows in common, as far as their names tell."""
    if not same_rows(one, other):
        return False
    left, right = one.part, other.part
    apart = left is not None and right is not None and left.held != right.held
    return not (apart and (left.count, left.seed) == (right.count, right.seed))  # type: ignore[union-attr]
