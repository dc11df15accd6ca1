"""Judges and people: the published judge of MLB, the annotators of PubMedQA, the dermatologists of CRAFT-MD.

All figures come out of `medspec judge agreement`. Of MLB's judge only three figures are published; the labels are written
from the one table that has them.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from reproductions.base import Benchmark, Figure, agreement

PUBMEDQA = "pubmedqa/ori_pqal.json"
TEST = "pubmedqa/test_ground_truth.json"
GRADES = "craft_md_derm_grades/validation_graderai.csv"

MLB = {("yes", "yes"): 6596, ("yes", "no"): 394, ("no", "yes"): 393, ("no", "no"): 2617}
"""Of 10,000 pairs, by what people and the judge say: the sizes follow from accuracy and F1, the halves of the errors from kappa."""

FEW = ("--resamples", "1")
"""The page shows no intervals."""


def _rows(data: Path, work: Path) -> Iterator[Figure]:
    yield from _mlb(work)
    yield from _pubmedqa(data, work)
    yield from _craft_md(data, work)


def _write(file: Path, rows: Iterable[dict[str, Any]]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return file


def _mlb(work: Path) -> Iterator[Figure]:
    pairs = [{"gold": gold, "said": said} for (gold, said), count in MLB.items() for _ in range(count)]
    found = agreement(_write(work / "mlb.jsonl", pairs), "--positive", "yes", *FEW)["statistics"]
    for name, shown, published in (
        ("accuracy", "accuracy", "92.13"),
        ("f1", "F1", "94.37"),
        ("cohen_kappa", "Cohen's kappa", "81.3"),
    ):
        yield Figure(of=f"MLB's judge and experts: {shown}, %", published=published, ours=100 * found[name]["value"])


def _pubmedqa(data: Path, work: Path) -> Iterator[Figure]:
    answers = json.loads((data / PUBMEDQA).read_text("utf-8"))
    rows = [answers[key] for key in json.loads((data / TEST).read_text("utf-8"))]
    labels = _write(work / "pubmedqa.jsonl", rows)
    for column, shown, published in (
        ("reasoning_free_pred", "who saw the conclusion", "452"),
        ("reasoning_required_pred", "who did not", "390"),
    ):
        found = agreement(labels, "--gold", "final_decision", "--said", column, *FEW)
        same = sum(row[place] for place, row in enumerate(found["table"]))
        yield Figure(of=f"PubMedQA, annotator {shown}: right answers of 500", published=published, ours=same)


def _craft_md(data: Path, work: Path) -> Iterator[Figure]:
    """A judge that compares words stands in for the model; the sums are those of the people's side of the table."""
    with (data / GRADES).open(encoding="utf-8", newline="") as file:
        cells = {row[0]: row[1:] for row in csv.reader(file) if any(row[1:])}
    right = [text.strip().casefold() for text in cells["correct_ans"]]
    trials = [[text.strip().casefold() for text in cells[f"trial_{number}"]] for number in range(5)]
    rows = [
        {"said": sum(trial[case] == right[case] for trial in trials), "gold": people}
        for case, people in enumerate(cells["dermatologist_accuracy"])
    ]
    found = agreement(_write(work / "craft_md.jsonl", rows), *FEW)
    yield Figure(of="CRAFT-MD, skin: cases that dermatologists graded", published="310", ours=found["pairs"])
    points = sum(label * sum(row) for label, row in zip(found["classes"], found["table"], strict=True))
    yield Figure(of="CRAFT-MD, skin: right diagnoses of 1,550", published="994", ours=points)


BENCHMARK = Benchmark(
    title="Judges and people",
    needs=(PUBMEDQA, TEST, GRADES),
    rows=_rows,
    notes=(
        "MLB publishes no table of its judge. Accuracy and F1 of 10,000 pairs leave 6,596 right yes and 2,617 right no; kappa says\n"
        "that the 787 errors are shared about evenly, and the row above is computed from such a table. The figures of PubMedQA and\n"
        "CRAFT-MD are counts of the released labels. For the scores that experts gave to the summaries of MTS-Dialog see the task\n"
        "`note_study`: the correlations of ROUGE with them are tested against other libraries, and stand here once their published\n"
        "values can be had."
    ),
)
