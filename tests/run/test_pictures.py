"""Images on their way to a model: found below the data root, known by their bytes, and told before anything is asked."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest
from planned_specs import plan_of, run_plan, write_lines
from watched_models import Watched

from medspec.backends.base import Abilities
from medspec.errors import DataError

SPEC = """
edition 2026
import std.metrics { accuracy }
enum Side { left right }
record Row { id : text  scans : image[1..3]  gold : Side }
dataset chest : Row { source = jsonl("rows.jsonl")  splits = [test] }
prompt look(scans: image[1..3]) {
  user "{% for scan in scans %}{{ scan }} {% endfor %}Which side?"
}
task side { data = chest.test  prompt = look  answer Side via plain  metrics { primary accuracy } }
"""


def png(width: int = 2, height: int = 1) -> bytes:
    """A black image, written after the PNG specification."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + b"\0" * 3 * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def seeing(*, by_row: bool = False) -> Watched:
    """A model that says `left` to everything."""
    return Watched(reply=lambda request: "left", abilities=Abilities(images=True, by_row=by_row))


def data(folder: Path, *, images: dict[str, bytes], shown: Sequence[Sequence[str]]) -> Path:
    for name, content in images.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    lines = [{"id": str(n), "scans": list(paths), "gold": "left"} for n, paths in enumerate(shown)]
    write_lines(folder / "rows.jsonl", lines)
    return folder


def test_a_model_that_opens_images_gets_their_files(tmp_path: Path) -> None:
    one, two = png(2, 1), png(3, 5)
    root = data(tmp_path / "data", images={"a.png": one, "deep/b.png": two}, shown=[["a.png", "deep/b.png"], ["a.png"]])
    model = seeing()
    run_plan(plan_of(SPEC, "side"), tmp_path / "run", model, data=root)
    pictures = [picture for request in model.requests for message in request.messages for picture in message.images]
    assert [picture.path for picture in pictures] == ["a.png", "deep/b.png", "a.png"]
    assert [Path(picture.file).read_bytes() for picture in pictures] == [one, two, one]
    assert [picture.sha256 for picture in pictures] == [sha256(content).hexdigest() for content in (one, two, one)]
    assert model.requests[0].messages[0].text == "<image> <image> Which side?"


def test_equal_images_under_two_names_are_asked_once(tmp_path: Path) -> None:
    root = data(tmp_path / "data", images={"a.png": png(), "b.png": png()}, shown=[["a.png"], ["b.png"]])
    model = seeing()
    run_plan(plan_of(SPEC, "side"), tmp_path / "run", model, data=root)
    assert len(model.requests) == 1


def test_an_image_that_changed_is_asked_again(tmp_path: Path) -> None:
    root = data(tmp_path / "data", images={"a.png": png()}, shown=[["a.png"]])
    for content in (png(), png(4, 4)):
        (root / "a.png").write_bytes(content)
        model = seeing()
        run_plan(plan_of(SPEC, "side"), tmp_path / "run", model, data=root)
        assert len(model.requests) == 1


def test_every_bad_image_is_told_before_the_model_is_asked(tmp_path: Path) -> None:
    images = {"text.png": b"no image at all", "good.png": png(), "cut.png": png()[:20]}
    shown = [["gone.png"], ["text.png", "good.png"], ["../secret.png"], ["/etc/passwd"], ["cut.png"]]
    root = data(tmp_path / "data", images=images, shown=shown)
    (tmp_path / "secret.png").write_bytes(png())
    model = seeing()
    with pytest.raises(DataError) as caught:
        run_plan(plan_of(SPEC, "side"), tmp_path / "run", model, data=root)
    assert model.requests == []
    said = str(caught.value)
    assert said.startswith("5 images that the model would be shown cannot be used")
    assert [line.split(":")[0].strip() for line in said.splitlines()[1:]] == [
        "gone.png",
        "text.png",
        "../secret.png",
        "/etc/passwd",
        "cut.png",
        f"looked for below ., {root}",
    ]
    assert not (tmp_path / "run").exists()


def test_a_model_that_opens_none_needs_none(tmp_path: Path) -> None:
    root = data(tmp_path / "data", images={}, shown=[["gone.png"]])
    model = seeing(by_row=True)
    run_plan(plan_of(SPEC, "side"), tmp_path / "run", model, data=root)
    assert model.requests[0].messages[0].images[0].file == ""
