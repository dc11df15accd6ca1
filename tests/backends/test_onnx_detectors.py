"""Detectors against transformers: its image processors, and its own way from logits to boxes, on random numbers and models."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from PIL import Image
from tiny_tensors import TinyTensors, write_detector

from medspec.backends.base import Decode, Form, Message, Options, Picture, Reply, Request
from medspec.backends.onnx import SCHEME
from medspec.backends.onnx.tensors.answers import MOST_BOXES, boxes_of
from medspec.errors import BackendError

LABELS = ("tumour", "cyst", "node")
RULES = {"DetrImageProcessor": 1, "YolosImageProcessor": 1, "RTDetrImageProcessor": 0, "DeformableDetrImageProcessor": 0,
         "ConditionalDetrImageProcessor": 0}  # fmt: skip
"""Image processors of transformers, and how many logits more than labels their models have."""

SIZES = [(100, 60), (30, 90), (200, 17), (16, 150), (64, 64), (1, 1)]
Box = tuple[list[float], int, float]


def theirs(processor: Any, found: Any, threshold: float, size: tuple[int, int] = (1, 1)) -> list[Box]:
    """What transformers makes of a model's numbers, the likeliest first; `size` is height and width."""
    (made,) = processor.post_process_object_detection(found, threshold=threshold, target_sizes=[size])
    order = torch.argsort(made["scores"], descending=True, stable=True)
    scale = torch.tensor([size[1], size[0], size[1], size[0]])
    corners = (made["boxes"] / scale).clamp(0, 1)
    return [(corners[at].tolist(), int(made["labels"][at]), float(made["scores"][at])) for at in order]


def require_equal(found: Sequence[Any], expected: Sequence[Box], *, within: float = 1e-5) -> None:
    assert [label for _, label, _ in found] == [label for _, label, _ in expected]
    assert [sure for *_, sure in found] == pytest.approx([sure for *_, sure in expected], abs=within)
    np.testing.assert_allclose([box for box, *_ in found], [box for box, *_ in expected], atol=within)


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("name", RULES)
def test_boxes_are_those_of_transformers(name: str, threshold: float) -> None:
    """Also more boxes with their labels than are looked at, logits that overflow, and boxes that reach out of the image."""
    processor = getattr(transformers, f"{name}Pil")()
    for seed, (count, labels, spread) in enumerate([(50, 3, 2.0), (150, 1, 2.0), (7, 20, 5.0), (5, 2, 900.0)]):
        random = np.random.default_rng(seed)
        logits = (random.standard_normal((count, labels + RULES[name])) * spread).astype(np.float32)
        boxes = random.uniform(0, 1, (count, 4)).astype(np.float32)
        above = max(threshold, 0.01) if spread > 100 else threshold  # 32 bits know no chance of 1e-80
        found = boxes_of(
            logits, boxes, labels, wanted=tuple(range(labels)), threshold=above, one=False, most=MOST_BOXES.get(name)
        )
        given = SimpleNamespace(logits=torch.from_numpy(logits)[None], pred_boxes=torch.from_numpy(boxes)[None])
        expected = theirs(processor, given, above)
        if spread > 100:  # nor an order of those that are 1
            assert len(found) == len(expected)
        else:
            require_equal(found, expected)


def test_a_box_may_have_several_labels_and_one_may_be_asked_for() -> None:
    logits = np.array([[2.0, 1.0], [-1.0, 0.5]], dtype=np.float32)
    boxes = np.array([[0.5, 0.5, 0.2, 0.2], [0.3, 0.3, 0.2, 0.2]], dtype=np.float32)

    def labels(**more: Any) -> list[int]:
        found = boxes_of(logits, boxes, 2, **{"wanted": (0, 1), "threshold": 0.5, "one": False, "most": 4, **more})
        return [label for _, label, _ in found]

    assert labels() == [0, 1, 1]
    assert labels(most=2) == [0, 1]
    assert labels(wanted=(1,)) == [1, 1]
    assert labels(labelled=False) == [0, 1]
    assert labels(one=True, threshold=1.0) == [0]
    assert labels(one=True, wanted=(1,)) == [1]


RESIZING: dict[str, tuple[str, Mapping[str, Any]]] = {
    "detr": ("detr", {"image_processor_type": "DetrImageProcessor",
                      "size": {"shortest_edge": 48, "longest_edge": 96}}),
    "an older file": ("detr", {"feature_extractor_type": "DetrFeatureExtractor",
                               "size": {"shortest_edge": 48, "longest_edge": 96}}),
    "detr with padding": ("detr", {"image_processor_type": "DetrImageProcessor", "do_pad": True,
                                   "size": {"shortest_edge": 32, "longest_edge": 96},
                                   "pad_size": {"height": 96, "width": 96}}),
    "rt_detr": ("conditional_detr", {"image_processor_type": "RTDetrImageProcessor",
                                     "size": {"height": 64, "width": 64}, "do_normalize": False}),
    "conditional_detr": ("conditional_detr", {"image_processor_type": "ConditionalDetrImageProcessor",
                                              "size": {"shortest_edge": 40, "longest_edge": 80}}),
}  # fmt: skip
"""Kinds of models, and their preprocessor_config.json."""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Picture]:
    folder = tmp_path_factory.mktemp("images")
    found = []
    for at, (width, height) in enumerate(SIZES):
        values = np.random.default_rng(at).integers(0, 256, (height, width, 3), dtype=np.uint8)
        found.append(saved(folder, f"{at}.png", Image.fromarray(values)))
    return [*found, saved(folder, "grey.png", Image.open(found[0].file).convert("L"))]


def saved(folder: Path, name: str, image: Image.Image) -> Picture:
    image.save(folder / name)
    return Picture(name, str(folder / name), sha256((folder / name).read_bytes()).hexdigest())


def asked(picture: Picture) -> Request:
    """A request whose reply is the boxes themselves."""
    names = tuple((label,) for label in LABELS)
    form = Form(
        "boxes", "boxes", names, lambda found: json.dumps([(one.numbers, one.place, one.probability) for one in found])
    )
    return Request(
        task="t", row=picture.path, messages=(Message("user", "<image>", (picture,)),), decode=Decode(), form=form
    )


def answers(folder: Path, pictures: Sequence[Picture], **settings: str) -> list[Reply]:
    backend = SCHEME.open(str(folder), settings, Options(device="cpu"))
    found = dict(backend.answer([asked(picture) for picture in pictures]))
    return [found[at] for at in range(len(pictures))]


def expected(tiny: TinyTensors, picture: Picture, threshold: float) -> list[Box]:
    processor = transformers.AutoImageProcessor.from_pretrained(tiny.folder, backend="pil")
    image = Image.open(picture.file).convert("RGB")
    given = dict(processor(image, return_tensors="pt").items())
    given.setdefault("pixel_mask", torch.ones(1, *given["pixel_values"].shape[-2:], dtype=torch.int64))
    with torch.no_grad():
        found = tiny.reference(**given)
    return theirs(processor, found, threshold, (image.height, image.width))


@pytest.mark.parametrize("name", RESIZING)
def test_a_detector_answers_as_transformers(tmp_path: Path, pictures: list[Picture], name: str) -> None:
    kind, processor = RESIZING[name]
    tiny = write_detector(tmp_path, kind=kind, labels=LABELS, processor=processor, seed=3)
    likely = [sure for picture in pictures for *_, sure in expected(tiny, picture, 0.0)]
    threshold = round(float(np.median(likely)), 4)
    counts = set()
    for picture, reply in zip(pictures, answers(tmp_path, pictures, threshold=str(threshold)), strict=True):
        wanted = expected(tiny, picture, threshold)
        require_equal(json.loads(reply.text), wanted, within=1e-4)
        counts.add(len(wanted))
    assert len(counts) > 2, "images should make a difference"


def test_a_graph_may_take_masks_of_one_size_only(tmp_path: Path, pictures: list[Picture]) -> None:
    """As exports of DETR that want 64 x 64, whatever the size of the image."""
    tiny = write_detector(tmp_path, kind="detr", labels=LABELS, processor=RESIZING["detr"][1], mask_size=64, seed=1)
    for picture, reply in zip(pictures, answers(tmp_path, pictures, threshold="0.1"), strict=True):
        require_equal(json.loads(reply.text), expected(tiny, picture, 0.1), within=1e-4)


def test_an_image_that_cannot_be_prepared_fails_its_row(
    tmp_path: Path, pictures: list[Picture], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("medspec.backends.onnx.vision.pixels.MOST_PIXELS", 30_000)
    write_detector(tmp_path / "model", kind="detr", labels=LABELS, processor=RESIZING["detr"][1])
    cut = tmp_path / "cut.png"
    cut.write_bytes(Path(pictures[0].file).read_bytes()[:300])
    bad = [
        Picture("cut.png", str(cut), "0"),
        saved(tmp_path, "deep.png", Image.fromarray(np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000)),
        saved(tmp_path, "huge.png", Image.new("RGB", (300, 200))),
        saved(tmp_path, "strip.png", Image.new("RGB", (20_000, 1))),
    ]
    replies = answers(tmp_path / "model", [*bad, pictures[0]])
    assert [reply.failure for reply in replies] == ["bad_image"] * 4 + [None]
    for picture, reply in zip(bad, replies, strict=False):
        assert str(reply.detail).startswith(f"{picture.path}: ")


def test_a_label_for_nothing_is_refused(tmp_path: Path) -> None:
    """Without focal loss the last logit of RT-DETR means that there is nothing, whatever config.json calls it."""
    write_detector(tmp_path, kind="conditional_detr", labels=LABELS, processor=RESIZING["rt_detr"][1])
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "use_focal_loss": False}))
    with pytest.raises(BackendError, match="leave the last one out of `id2label`"):
        SCHEME.open(str(tmp_path), {}, Options())
    labels = {str(at): label for at, label in enumerate(LABELS[:-1])}
    (tmp_path / "config.json").write_text(json.dumps({**config, "use_focal_loss": False, "id2label": labels}))
    assert SCHEME.open(str(tmp_path), {}, Options()).describe()["labels"] == list(LABELS[:-1])
