"""Sizes of images from the first bytes of their files, written by hand after the formats, and where a box needs them."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from medspec.api import compile_specs
from medspec.errors import DataError
from medspec.files.image_size import image_size
from medspec.run.roots import DataRoots
from medspec.run.scan import read_scan
from medspec.types import Box

SPEC = """edition 2026

import std.metrics { box_iou }

record Study { id : text  scan : image  gold : box(xyxy, unit) in scan from box(xywh, pixel) }
dataset studies : Study { source = jsonl("studies.jsonl")  splits = [test]  license = "cc0-1.0" }
prompt ask() { user \"\"\"Where? {{ answer_format }}\"\"\" }
task locate { data = studies.test  prompt = ask  answer box(xyxy, unit) in scan via boxes  metrics { primary box_iou } }
"""


def png(width: int, height: int) -> bytes:
    """A whole PNG file of one black channel."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    rows = zlib.compress(b"".join(b"\0" + bytes(width) for _ in range(height)))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0) + b";"


def bmp(width: int, height: int) -> bytes:
    """Stored from the top, which is written as a negative height."""
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, width, -height, 1, 24, *[0] * 6)


def jpeg(width: int, height: int) -> bytes:
    """A picture with a thumbnail in its Exif part, filling bytes, a table that looks like a frame, a progressive frame."""

    def segment(mark: int, body: bytes) -> bytes:
        return bytes((0xFF, mark)) + struct.pack(">H", len(body) + 2) + body

    thumbnail = b"\xff\xd8" + segment(0xC0, struct.pack(">BHHB", 8, 7, 9, 1))
    parts = [segment(0xE0, b"JFIF\0"), segment(0xE1, b"Exif\0\0" + thumbnail), segment(0xC4, bytes(19)), b"\xff\xff"]
    return b"\xff\xd8" + b"".join(parts) + segment(0xC2, struct.pack(">BHHB", 8, height, width, 1))


@pytest.mark.parametrize("form", [png, jpeg, gif, bmp])
@pytest.mark.parametrize("size", [(1, 1), (640, 3), (300, 400)])
def test_the_size_is_read(tmp_path: Path, form: Callable[[int, int], bytes], size: tuple[int, int]) -> None:
    (tmp_path / "picture").write_bytes(form(*size))
    assert image_size(tmp_path / "picture") == size


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
    gold = read_scan(plan.scans[0], DataRoots(given=(folder,))).rows[0]["gold"]
    assert isinstance(gold, Box)
    return gold


def test_pixels_become_fractions_by_the_size_of_the_image(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").write_bytes(png(100, 200))
    assert read_one(tmp_path, "images/a.png").numbers == pytest.approx((0.1, 0.1, 0.4, 0.3))


@pytest.mark.parametrize("scan", ["absent.png", "../outside.png", "studies.jsonl"])
def test_an_image_without_a_size_is_a_fault_that_names_the_row(tmp_path: Path, scan: str) -> None:
    with pytest.raises(DataError, match="studies.jsonl:1: field `gold`.*image"):
        read_one(tmp_path, scan)
