"""Specs of published image sets on their real rows: counts as published, places as the files have them, pycocotools' mAP."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
import random
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from shared_data import DATA, ROOT, needs

from medspec.cli.run import COMMAND


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Report and rows of one task when these are the replies, by row id; or with a model named as on the command line."""
    monkeypatch.chdir(ROOT)

    def run(task: str, replies: Iterable[tuple[str, Any]] | str, data: Path) -> tuple[dict[str, Any], list[Any]]:
        import polars as pl

        model = replies
        if not isinstance(replies, str):
            file = tmp_path / "replies.json"
            file.write_text(json.dumps({id: json.dumps(reply) for id, reply in replies}), "utf-8")
            model = f"replay:{file}"
        out = tmp_path / f"out{len(list(tmp_path.iterdir()))}"
        words = [task, "--model", str(model), "--data", str(data), "--out", str(out), "--quiet"]
        words += ["--dialect", "baseline"] if isinstance(replies, str) else []
        CliRunner().invoke(COMMAND, words, standalone_mode=False, catch_exceptions=False)
        report = json.loads((out / "report.json").read_text("utf-8"))["tasks"][task]
        return report, list(pl.read_parquet(out / "rows.parquet").iter_rows(named=True))

    return run


def values(report: dict[str, Any]) -> dict[str, float]:
    return {label: found["value"] for label, found in report["metrics"].items()}


Places = dict[str, list[dict[str, Any]]]
"""Labels and corners in pixels by image."""


def shaken(golds: Places, seed: int, sides: tuple[int, int]) -> Places:
    """Every gold box moved a little, some left out, some with another label."""
    rng = random.Random(seed)
    labels = sorted({box["label"] for boxes in golds.values() for box in boxes})
    found: Places = {}
    for id, boxes in golds.items():
        found[id] = []
        for box in boxes:
            x1, y1, x2, y2 = (number + rng.randint(-12, 12) for number in box["where"])
            x1, x2 = sorted(min(max(x, 0), sides[0]) for x in (x1, x2))
            y1, y2 = sorted(min(max(y, 0), sides[1]) for y in (y1, y2))
            label = box["label"] if rng.random() < 0.9 else rng.choice(labels)
            if rng.random() < 0.9:
                found[id].append({"label": label, "where": [x1, y1, x2, y2]})
    return found


def coco_map(golds: Places, said: Places, threshold: float | None = None) -> float:
    """Mean average precision by pycocotools, every box equally sure and in the order of the rows."""
    import numpy as np
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    labels = {label: number for number, label in enumerate(sorted({b["label"] for v in golds.values() for b in v}), 1)}

    def boxes(places: Places) -> list[dict[str, Any]]:
        found = []
        for image, entries in enumerate(places.values(), start=1):
            for entry in entries:
                x1, y1, x2, y2 = entry["where"]
                wide, high = x2 - x1, y2 - y1
                kind = labels.get(entry["label"], 0)
                found.append({"id": len(found) + 1, "image_id": image, "category_id": kind, "bbox": [x1, y1, wide, high],
                              "area": wide * high, "iscrowd": 0, "score": 1.0})  # fmt: skip
        return found

    with contextlib.redirect_stdout(io.StringIO()):
        images = [{"id": number} for number in range(1, len(golds) + 1)]
        truth = COCO()
        truth.dataset = {
            "images": images,
            "annotations": boxes(golds),
            "categories": [{"id": n} for n in labels.values()],
        }
        truth.createIndex()
        scorer = COCOeval(truth, truth.loadRes(boxes(said)), "bbox")
        scorer.params.maxDets = [10_000]
        scorer.params.areaRng, scorer.params.areaRngLbl = [[0, 1e10]], ["all"]
        if threshold is not None:
            scorer.params.iouThrs = np.array([threshold])
        scorer.evaluate()
        scorer.accumulate()
    found = scorer.eval["precision"]
    return float(found[found > -1].mean())


def golds_of(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The gold boxes of a row of a run, where cases stand by their names."""
    return [{**box, "label": TEXTS.get(box["label"], box["label"].capitalize())} for box in json.loads(row["gold"])]


TEXTS = {"rbc": "RBC", "wbc": "WBC"}


def bccd_lines() -> list[dict[str, str]]:
    with (DATA / "bccd/test.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def places_of(lines: Iterable[dict[str, str]], key: str) -> Places:
    found: Places = {}
    for line in lines:
        where = [int(line[name]) for name in ("xmin", "ymin", "xmax", "ymax")]
        found.setdefault(line[key], []).append({"label": line["cell_type"], "where": where})
    return found


@needs("bccd")
def test_all_cells_of_blood_smears(run: Any) -> None:
    """364 images and 4,888 boxes; the whole golds as replies are all right; without the two points, as pycocotools has it."""
    golds = places_of(bccd_lines(), "filename")
    report, rows = run("bccd_cells", golds.items(), DATA / "bccd")
    assert (report["rows"], report["unread"], report["failed"]) == (364, 0, 0)
    read = [box for row in rows for box in golds_of(row)]
    assert {row["row_id"]: golds_of(row) for row in rows} == golds
    assert Counter(box["label"] for box in read) == {"WBC": 372, "RBC": 4155, "Platelets": 361}
    points = {id for id, boxes in golds.items() for b in boxes if b["where"][:2] == b["where"][2:]}
    assert points == {"BloodImage_00338.jpg", "BloodImage_00343.jpg"}
    assert values(report)["kinds_f1"] == 1.0
    assert values(report)["mean_average_precision"] == 1.0 > coco_map(golds, golds)
    seen = {id: [box for box in boxes if box["where"][:2] != box["where"][2:]] for id, boxes in golds.items()}
    report, _ = run("bccd_cells", seen.items(), DATA / "bccd")
    assert 0.99 < values(report)["mean_average_precision"] == pytest.approx(coco_map(golds, seen), abs=1e-9)


@needs("bccd")
def test_shaken_cells_score_as_pycocotools_has_it(run: Any) -> None:
    golds = places_of(bccd_lines(), "filename")
    said = shaken(golds, 5, (640, 480))
    report, _ = run("bccd_cells", said.items(), DATA / "bccd")
    assert 0.1 < values(report)["mean_average_precision"] < 0.9
    # pycocotools takes equally sure boxes in the order of the rows; here they stand together, whatever the order.
    assert values(report)["mean_average_precision"] == pytest.approx(coco_map(golds, said), abs=0.03)
    assert values(report)["at_50"] == pytest.approx(coco_map(golds, said, 0.5), abs=0.03)
    assert values(report)["at_75"] == pytest.approx(coco_map(golds, said, 0.75), abs=0.03)


@needs("bccd")
def test_cells_of_one_kind(run: Any) -> None:
    lines = bccd_lines()
    numbers = {key: f"{n:04}" for n, key in enumerate(dict.fromkeys((o["filename"], o["cell_type"]) for o in lines))}
    golds = places_of([{**o, "row": numbers[o["filename"], o["cell_type"]]} for o in lines], "row")
    report, rows = run("bccd_kind", golds.items(), DATA / "bccd")
    assert (report["rows"], report["unread"]) == (908, 0)
    assert {row["row_id"]: golds_of(row) for row in rows} == golds
    assert sum(len(boxes) for boxes in golds.values()) == 4888


@needs("bccd")
def test_the_copied_part_of_the_smears(run: Any) -> None:
    """Of 160 images there are files: 1,782 red cells, 159 white cells, 154 platelets."""
    here = {path.name for path in (DATA / "bccd/BCCD/JPEGImages").iterdir()}
    _, rows = run("bccd_cells", places_of(bccd_lines(), "filename").items(), DATA / "bccd")
    found = Counter(b["label"] for row in rows if row["row_id"] in here for b in golds_of(row))
    assert (len(here), found) == (160, {"WBC": 159, "RBC": 1782, "Platelets": 154})


@needs("bccd")
def test_the_splits_of_the_annotations(run: Any) -> None:
    """72 images of the test split as Pascal VOC: the boxes of the table, and those that xml.etree finds in the files."""
    from xml.etree import ElementTree

    ids = (DATA / "bccd/BCCD/ImageSets/Main/test.txt").read_text("utf-8").split()
    golds: Places = {}
    for id in ids:
        root = ElementTree.parse(DATA / f"bccd/BCCD/Annotations/{id}.xml").getroot()
        golds[id] = [
            {"label": one.findtext("name"),
             "where": [int(one.findtext(f"bndbox/{corner}") or "") for corner in ("xmin", "ymin", "xmax", "ymax")]}
            for one in root.iter("object")
        ]  # fmt: skip
    report, rows = run("bccd_test_split", golds.items(), DATA / "bccd")
    assert (report["rows"], report["unread"], report["failed"], len(ids)) == (72, 0, 0, 72)
    assert {row["row_id"]: golds_of(row) for row in rows} == golds
    assert values(report)["mean_average_precision"] == pytest.approx(coco_map(golds, golds)) == 1.0
    table = places_of(bccd_lines(), "filename")
    order = lambda boxes: sorted(json.dumps(box, sort_keys=True) for box in boxes)  # noqa: E731
    assert {id: order(boxes) for id, boxes in golds.items()} == {id: order(table[f"{id}.jpg"]) for id in ids}


def nih_lines() -> list[list[str]]:
    with gzip.open(DATA / "nih_cxr_boxes/BBox_List_2017.csv.gz", "rt", newline="") as file:
        return list(csv.reader(file))[1:]


def corners(cells: list[str]) -> list[float]:
    x, y, w, h = map(float, cells[2:])
    return [x / 1024, y / 1024, (x + w) / 1024, (y + h) / 1024]


@needs("nih_cxr_boxes")
def test_boxes_of_chest_radiographs(run: Any) -> None:
    """984 boxes: the gold is the gold, and that of the whole image overlaps by its area."""
    lines = nih_lines()
    report, rows = run("nih_grounding", ((f"{n:04}", corners(o)) for n, o in enumerate(lines)), DATA / "nih_cxr_boxes")
    assert (report["rows"], report["unread"]) == (984, 0)
    assert values(report) == pytest.approx({"box_iou": 1.0, "acc_50": 1.0})
    assert [json.loads(row["gold"]) for row in rows] == [pytest.approx(corners(line)) for line in lines]
    report, _ = run("nih_grounding", ((f"{n:04}", [0, 0, 1, 1]) for n in range(984)), DATA / "nih_cxr_boxes")
    areas = [float(line[4]) * float(line[5]) / 1024**2 for line in lines]
    assert values(report)["box_iou"] == pytest.approx(sum(areas) / 984)


@needs("nih_cxr_boxes")
def test_radiographs_with_all_their_boxes(run: Any) -> None:
    golds: Places = {}
    for line in nih_lines():
        golds.setdefault(line[0], []).append({"label": line[1], "where": corners(line)})
    report, rows = run("nih_detection", golds.items(), DATA / "nih_cxr_boxes")
    assert (report["rows"], report["unread"]) == (880, 0)
    assert values(report) == pytest.approx({"mean_average_precision": 1.0, "at_50": 1.0, "findings_f1": 1.0})
    assert Counter(box["label"] for row in rows for box in golds_of(row)) == {
        "Atelectasis": 180, "Effusion": 153, "Cardiomegaly": 146, "Infiltrate": 123,
        "Pneumonia": 120, "Pneumothorax": 98, "Mass": 85, "Nodule": 79,
    }  # fmt: skip
    report, _ = run("nih_findings", ((id, [b["label"] for b in boxes]) for id, boxes in golds.items()),
                    DATA / "nih_cxr_boxes")  # fmt: skip
    assert (report["rows"], values(report)["multilabel_f1"]) == (880, 1.0)


@needs("sam_med2d_demo")
def test_organs_by_their_masks(run: Any, tmp_path: Path) -> None:
    """Boxes are those that numpy finds around the pixels, and the whole image overlaps them by their area."""
    import numpy as np
    from PIL import Image

    root = tmp_path / "data"
    shutil.copytree(DATA / "sam_med2d_demo", root / "data_demo", copy_function=shutil.copyfile)
    masks = json.loads((root / "data_demo/label2image_test.json").read_text("utf-8"))
    listed = json.loads((root / "data_demo/image2label_train.json").read_text("utf-8"))
    report, rows = run("organ_grounding", "baseline:whole_image", root)
    assert (report["rows"], report["unread"], len(masks)) == (11, 0, 11)
    trained, others = run("training_organ_grounding", "baseline:whole_image", root)
    assert (trained["rows"], trained["unread"]) == (19, 0)
    assert [row["row_id"] for row in others] == [mask for image in listed.values() for mask in image]
    assert len({row["row_id"] for row in (*rows, *others)}) == len(list((root / "data_demo/masks").iterdir())) == 30
    areas = []
    for row in (*rows, *others):
        pixels = np.asarray(Image.open(root / row["row_id"])) > 0
        high, wide = pixels.shape
        down, across = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
        box = [across[0] / wide, down[0] / high, (across[-1] + 1) / wide, (down[-1] + 1) / high]
        assert json.loads(row["gold"]) == pytest.approx(box)
        areas.append((box[2] - box[0]) * (box[3] - box[1]))
    assert values(report)["box_iou"] == pytest.approx(sum(areas[:11]) / 11)
    assert values(trained)["box_iou"] == pytest.approx(sum(areas[11:]) / 19)
