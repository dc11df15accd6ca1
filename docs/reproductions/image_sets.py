"""Image sets: how many images and boxes of which kind the specs read, beside the counts that were published with the data.

Nothing is looked at: every row gets the reply `[]`, and what is counted are the golds of the rows of a run.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from reproductions.base import Benchmark, Figure, answers, run

BCCD = "bccd"
NIH = "nih_cxr_boxes"
KINDS = (("RBC", "4155"), ("WBC", "372"), ("Platelets", "361"))
"""Boxes of the whole set, as the repository of BCCD counts them."""

SPLIT = "72"
"""Images of the test split, by its list."""


def _rows(data: Path, work: Path) -> Iterator[Figure]:
    with (data / BCCD / "test.csv").open(encoding="utf-8", newline="") as file:
        images = dict.fromkeys(row["filename"] for row in csv.DictReader(file))
    golds = _golds("bccd_cells", images, data / BCCD, work)
    yield Figure(of="BCCD: images", published="364", ours=len(golds))
    yield from _counts("BCCD", golds, KINDS)
    names = (data / BCCD / "BCCD/ImageSets/Main/test.txt").read_text("utf-8").split()
    golds = _golds("bccd_test_split", names, data / BCCD, work)
    yield Figure(of="BCCD: images of the test split", published=SPLIT, ours=len(golds))
    with gzip.open(data / NIH / "BBox_List_2017.csv.gz", "rt", newline="") as table:
        files = dict.fromkeys(row[0] for row in list(csv.reader(table))[1:])
    golds = _golds("nih_detection", files, data / NIH, work)
    yield Figure(of="NIH ChestX-ray14: images with boxes", published="880", ours=len(golds))
    boxes = sum(len(found) for found in golds)
    yield Figure(of="NIH ChestX-ray14: boxes", published="984", ours=boxes)
    labels = {box["label"] for found in golds for box in found}
    yield Figure(of="NIH ChestX-ray14: findings that have boxes", published="8", ours=len(labels))


def _golds(task: str, ids: Iterable[str], data: Path, work: Path) -> list[list[dict[str, object]]]:
    replies = work / f"{task}.json"
    replies.write_text(json.dumps(dict.fromkeys(ids, "[]")), "utf-8")
    run(task, "--data", data, "--model", f"replay:{replies}", out=work / task)
    return [json.loads(row["gold"]) for row in answers(work / task)]


def _counts(of: str, golds: list[list[dict[str, object]]], kinds: Iterable[tuple[str, str]]) -> Iterator[Figure]:
    found = Counter(str(box["label"]).upper() for boxes in golds for box in boxes)
    for kind, published in kinds:
        yield Figure(of=f"{of}: boxes of {kind}", published=published, ours=found[kind.upper()])


BENCHMARK = Benchmark(
    title="Image sets",
    needs=(f"{BCCD}/test.csv", f"{BCCD}/BCCD/ImageSets/Main/test.txt", f"{NIH}/BBox_List_2017.csv.gz"),
    rows=_rows,
    notes=(
        "No replies of a model are published for these sets, so what can be compared are the rows. That boxes are where the files have\n"
        "them, and that mean average precision of moved boxes is what pycocotools computes, is tested in\n"
        "`tests/specs/test_image_sets.py`."
    ),
)
