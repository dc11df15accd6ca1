"""Sizes of images from the first bytes of their files, against Pillow, and where a box needs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medspec.api import compile_specs
from medspec.errors import DataError
from medspec.files.image_size import image_size
from medspec.run.roots import DataRoots
from medspec.run.scan import read_scan
from medspec.types import Box

Image = pytest.importorskip("PIL.Image", reason="Pillow writes the images of these tests")

SPEC = """edition 2026

import std.metrics { box_iou }

record Study { id : text  scan : image  gold : box(xyxy, unit) in scan from box(xywh, pixel) }
dataset studies : Study { source = jsonl("studies.jsonl")  splits = [test]  license = "cc0-1.0" }
prompt ask() { user \"\"\"Where? {{ answer_format }}\"\"\" }
task locate { data = studies.test  prompt = ask  answer box(xyxy, unit) in scan via boxes  metrics { primary box_iou } }
"""


@pytest.mark.parametrize("form", ["png", "jpeg", "gif", "bmp"])
@pytest.mark.parametrize("size", [(1, 1), (640, 3), (300, 400)])
def test_sizes_are_those_of_pillow(tmp_path: Path, form: str, size: tuple[int, int]) -> None:
    path = tmp_path / "picture"
    extra = {"exif": b"Exif\0\0" + b"x" * 500, "progressive": True} if form == "jpeg" else {}
    Image.new("L", size).save(path, form, **extra)
    assert image_size(path) == size == Image.open(path).size


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"plain text", b"\xff" * 99]
)
def test_what_is_no_image_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(ValueError, match="image"):
        image_size(tmp_path / "x")


def read_one(folder: Path, scan: str) -> Box:
    row = {"id": "s1", "scan": scan, "gold": [10, 20, 30, 40]}
    (folder / "studies.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    (folder / "main.medspec").write_text(SPEC, encoding="utf-8")
    plan = compile_specs([folder], "locate")
    gold = read_scan(plan.scans[0], DataRoots((folder,))).rows[0]["gold"]
    assert isinstance(gold, Box)
    return gold


def test_pixels_become_fractions_by_the_size_of_the_image(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    Image.new("L", (100, 200)).save(tmp_path / "images" / "a.png")
    assert read_one(tmp_path, "images/a.png").numbers == pytest.approx((0.1, 0.1, 0.4, 0.3))


@pytest.mark.parametrize("scan", ["absent.png", "../outside.png", "studies.jsonl"])
def test_an_image_without_a_size_is_a_fault_that_names_the_row(tmp_path: Path, scan: str) -> None:
    with pytest.raises(DataError, match="studies.jsonl:1: field `gold`.*image"):
        read_one(tmp_path, scan)
