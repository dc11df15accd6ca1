"""Images on their way into a model, compared with transformers: pixels, and what a vision tower makes of them."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tiny_vision import TinyVision, write_llava

from medspec.backends.base import Picture
from medspec.backends.onnx.session import open_session
from medspec.backends.onnx.vision.encoder import Encoder
from medspec.backends.onnx.vision.features import Encoded, Features
from medspec.backends.onnx.vision.pixels import BadImage, inputs_of, load_processor, open_image
from medspec.errors import BackendError


def saved(folder: Path, name: str, image: Image.Image) -> Picture:
    image.save(folder / name)
    return Picture(name, str(folder / name), sha256((folder / name).read_bytes()).hexdigest())


def noise(width: int, height: int, *, seed: int = 0, mode: str = "RGB") -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values).convert(mode)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyVision:
    return write_llava(tmp_path_factory.mktemp("llava"), seed=3)


def settings_of(folder: Path, **settings: Any) -> dict[str, Any]:
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))
    return settings


@pytest.mark.parametrize("size", [(64, 64), (90, 50), (31, 200), (1, 1)])
@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "1", "CMYK"])
def test_pixels_are_those_of_transformers(tmp_path: Path, size: tuple[int, int], mode: str) -> None:
    from transformers import AutoImageProcessor

    settings = settings_of(
        tmp_path,
        image_processor_type="SiglipImageProcessor",
        size={"height": 48, "width": 32},
        resample=3,
        rescale_factor=1 / 255,
        image_mean=[0.48, 0.45, 0.4],
        image_std=[0.26, 0.25, 0.27],
        do_convert_rgb=True,
    )
    end = "jpg" if mode == "CMYK" else "png"
    picture = saved(tmp_path, f"a.{end}", noise(*size, mode=mode))
    found = load_processor(tmp_path, settings)(open_image(picture))
    theirs = AutoImageProcessor.from_pretrained(tmp_path, backend="pil")([open_image(picture)], return_tensors="np")
    np.testing.assert_allclose(found["pixel_values"], theirs["pixel_values"], atol=1e-6)


def faded(mode: str) -> Image.Image:
    """An image that is transparent from left to right; of palettes, one colour is."""
    image = noise(40, 30, seed=2)
    if mode == "P":
        return image.convert("P")
    image = image.convert("RGBA" if mode == "RGBA" else "LA")
    image.putalpha(Image.linear_gradient("L").rotate(90).resize(image.size))
    return image


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_becomes_white_as_in_transformers(tmp_path: Path, mode: str) -> None:
    from transformers import AutoImageProcessor

    settings_of(
        tmp_path, image_processor_type="SiglipImageProcessor", size={"height": 30, "width": 40}, do_convert_rgb=True
    )
    image = faded(mode)
    more = {"transparency": image.getpixel((5, 5))} if mode == "P" else {}
    image.save(tmp_path / "a.png", **more)
    shown = Image.open(tmp_path / "a.png")
    found = open_image(Picture("a.png", str(tmp_path / "a.png"), "0"))
    processor = AutoImageProcessor.from_pretrained(tmp_path, backend="pil")
    theirs = processor([shown], return_tensors="np", do_resize=False, do_normalize=False, do_rescale=False)
    np.testing.assert_array_equal(np.asarray(found).transpose(2, 0, 1)[None], theirs["pixel_values"])
    assert not np.array_equal(np.asarray(found), np.asarray(shown.convert("RGB")))


def test_an_image_that_a_processor_refuses_is_a_bad_image(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, image_processor_type="Qwen2VLImageProcessor", patch_size=14)
    picture = saved(tmp_path, "long.png", noise(3000, 2))
    with pytest.raises(BadImage, match=r"^long\.png: 3,000 x 2 pixels, refused by `Qwen2VLImageProcessor`: absolute"):
        inputs_of(picture, load_processor(tmp_path, settings))


def test_other_processors_are_those_of_transformers(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path, image_processor_type="Qwen2VLImageProcessorFast", min_pixels=784, max_pixels=50176, patch_size=14
    )
    found = load_processor(tmp_path, settings)(noise(90, 50))
    assert found["image_grid_thw"].tolist() == [[1, 4, 6]]
    assert found["pixel_values"].shape == (24, 3 * 2 * 14 * 14)


def test_the_tower_is_that_of_transformers(tiny: TinyVision, tmp_path: Path) -> None:
    import torch

    picture = saved(tmp_path, "a.png", noise(64, 64))
    encoder = encoder_of(tiny)
    found = encoder.encode(picture)
    pixels = torch.from_numpy(encoder.process(open_image(picture))["pixel_values"])
    with torch.no_grad():
        theirs = tiny.reference().model.get_image_features(pixel_values=pixels)
    vectors = theirs.pooler_output if hasattr(theirs, "pooler_output") else theirs
    expected = torch.cat(list(vectors)).reshape(-1, tiny.decoder.width).numpy()
    assert found.grid is None
    np.testing.assert_allclose(found.vectors, expected, atol=2e-5)


def encoder_of(tiny: TinyVision) -> Encoder:
    graph = tiny.folder / "onnx" / "vision_encoder.onnx"
    settings = json.loads((tiny.folder / "preprocessor_config.json").read_text())
    opened = open_session(graph, device="cpu", threads=1)
    return Encoder(graph=graph, opened=opened, process=load_processor(tiny.folder, settings), merge=1)


BAD = {
    "text": b"no image",
    "empty": b"",
    "cut": None,
    "bomb": None,
    "deep": None,
}


@pytest.mark.parametrize("kind", BAD)
def test_an_image_that_cannot_be_shown_is_told(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.png"
    if kind == "bomb":
        noise(200, 200).save(path)
        monkeypatch.setattr("medspec.backends.onnx.vision.pixels.MOST_PIXELS", 30_000)
    elif kind == "deep":
        Image.fromarray(np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000).save(path)
    elif kind == "cut":
        noise(50, 50).save(path)
        path.write_bytes(path.read_bytes()[:2000])
    else:
        path.write_bytes(BAD[kind] or b"")
    with pytest.raises(BadImage, match=r"^x\.png: "):
        open_image(Picture("x.png", str(path), "0"))


def test_each_image_is_encoded_once_while_there_is_room() -> None:
    def encode(picture: Picture) -> Encoded:
        seed = int(picture.path)
        return Encoded(vectors=np.full((2 + seed, 4), seed, dtype=np.float32))

    pictures = [Picture(str(n), "", f"digest {n}") for n in range(5)]
    features = Features(encode)
    placed = [features.place(picture) for picture in pictures]
    assert [one.ids for one in placed[:3]] == [(-1, -2), (-3, -4, -5), (-6, -7, -8, -9)]
    same = features.place(Picture("4", "elsewhere", "digest 4"))
    assert same.ids == placed[4].ids and features.encoded == 5
    ids = np.array([-9, -1, -3, -15, -2, -15])
    assert features.vectors(ids)[:, 0].tolist() == [2, 0, 1, 4, 0, 4]
    assert [features.image_of(-8)[1], features.image_of(-8)[0].picture.path] == [2, "2"]


def test_vectors_that_made_room_are_made_again() -> None:
    def encode(picture: Picture) -> Encoded:
        return Encoded(vectors=np.full((1, 4), int(picture.path), dtype=np.float32))

    features = Features(encode, budget=2 * 16)
    for n in range(6):
        features.place(Picture(str(n), "", str(n)))
    assert features.vectors(np.array([-1, -6, -1]))[:, 0].tolist() == [0, 5, 0]
    assert features.encoded == 7


def test_a_folder_without_a_processor_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="names no image processor"):
        load_processor(tmp_path, {})
    with pytest.raises(BackendError, match="no height and width"):
        load_processor(tmp_path, {"image_processor_type": "SiglipImageProcessor", "size": {"shortest_edge": 3}})
