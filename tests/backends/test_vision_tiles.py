"""Models that cut images into tiles (Idefics3, SmolVLM), against transformers with the same weights: prompts, vectors, tokens."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from PIL import Image
from tiny_idefics import PLACES, TILE, TinyIdefics, write_idefics

from medspec.backends import open_model
from medspec.backends.base import Decode, Message, Options, Picture, Reply, Request
from medspec.errors import BackendError

SIZES = [(100, 60), (30, 90), (200, 7), (5, 300), (32, 32), (64, 64), (1, 1), (128, 127)]
MODES = ["L", "RGBA", "P", "1", "CMYK", "LA"]


@pytest.fixture(scope="module", params=["idefics3", "smolvlm"])
def tiny(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TinyIdefics:
    return write_idefics(tmp_path_factory.mktemp(request.param), family=request.param, seed=3)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> TinyIdefics:
    """One of the two families, for what does not depend on which."""
    return write_idefics(tmp_path_factory.mktemp("small"), seed=4, template=True)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Picture]:
    """Images of several shapes, and then of several modes; those with an alpha channel are half transparent."""
    folder = tmp_path_factory.mktemp("images")
    found = [saved(folder, f"{width}x{height}.png", noise(width, height)) for width, height in SIZES]
    for mode in MODES:
        image = noise(50, 40, seed=MODES.index(mode) + 1).convert(mode)
        if "A" in mode:
            image.putalpha(Image.linear_gradient("L").resize(image.size))
        found.append(saved(folder, f"{mode}.{'tiff' if mode == 'CMYK' else 'png'}", image))
    return found


def noise(width: int, height: int, *, seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def saved(folder: Path, name: str, image: Image.Image) -> Picture:
    image.save(folder / name)
    return Picture(name, str(folder / name), sha256((folder / name).read_bytes()).hexdigest())


def asked(row: str, text: str, shown: Sequence[Picture], **more: Any) -> Request:
    return Request(
        task="t", row=row, messages=(Message("user", text, tuple(shown)),), decode=Decode(max_tokens=12), **more
    )


def requests_for(pictures: Sequence[Picture]) -> list[Request]:
    """A row for each image, rows of several, one image twice, the other order, and a row without."""
    a, b, c, *_ = pictures
    found = [asked(picture.path, "Look: <image>\nWhat is it? Answer:", [picture]) for picture in pictures]
    return [
        *found,
        asked("ab", "First<image> and<image>. Which one?", [a, b]),
        asked("ba", "First<image> and<image>. Which one?", [b, a]),
        asked("cac", "<image><image>\n\n<image>", [c, a, c]),
        asked("none", "Fever and cough. Answer:", []),
    ]


def opened(request: Request) -> list[Image.Image]:
    return [Image.open(picture.file) for message in request.messages for picture in message.images]


def answers(tiny: TinyIdefics | Path, requests: Sequence[Request], **options: Any) -> list[Reply]:
    folder = tiny if isinstance(tiny, Path) else tiny.folder
    backend = open_model(f"onnx:{folder}", Options(device="cpu", chat="off", **options))
    found = dict(backend.answer(requests))
    backend.close()
    return [found[index] for index in range(len(requests))]


def ids_of(tiny: TinyIdefics, request: Request) -> list[int]:
    """The ids of a prompt, with the image token for every place of an image."""
    backend = open_model(f"onnx:{tiny.folder}", Options(device="cpu", chat="off"))
    assert backend.vision is not None
    shown = [picture for message in request.messages for picture in message.images]
    ids = backend.vision.placed(backend.tokens.encode(request.plain_prompt, chat=False), shown)
    return [backend.vision.token.id if id < 0 else id for id in ids]


@pytest.mark.parametrize("options", [{"batch": 4}, {"exact": True}], ids=str)
def test_greedy_replies_are_those_of_transformers(
    tiny: TinyIdefics, pictures: list[Picture], options: dict[str, Any]
) -> None:
    requests = requests_for(pictures)
    texts = [reply.text for reply in answers(tiny, requests, **options)]
    theirs = [tiny.expected(request.plain_prompt, opened(request)) for request in requests]
    assert texts == [tiny.tokenizer.decode(ids, skip_special_tokens=True) for ids in theirs]
    assert len(set(texts)) > len(texts) * 0.8, "the images should make a difference"


@pytest.mark.parametrize("changed", [
    {},
    {"size": {"longest_edge": TILE}},
    {"size": {"longest_edge": 6 * TILE}},
    {"do_image_splitting": False},
    {"do_resize": False},
    {"size": {"height": 40, "width": 70}},
], ids=str)  # fmt: skip
def test_prompts_are_those_of_transformers(tmp_path: Path, pictures: list[Picture], changed: dict[str, Any]) -> None:
    """Also of tiles whose marks are no tokens: the tokenizer knows four rows and columns."""
    tiny = write_idefics(tmp_path, seed=3, **changed)
    requests = requests_for(pictures)
    counts = set()
    for request in [*requests[:3], *requests[-4:]]:
        theirs = tiny.inputs(request.plain_prompt, opened(request))["input_ids"][0].tolist()
        assert ids_of(tiny, request) == theirs
        counts.add(len(theirs))
    assert len(counts) > 3


def test_vectors_are_those_of_transformers(tiny: TinyIdefics, pictures: list[Picture]) -> None:
    import torch

    backend = open_model(f"onnx:{tiny.folder}", Options(device="cpu", chat="off"))
    assert backend.vision is not None
    for picture in pictures:
        given = tiny.inputs("<image>", [Image.open(picture.file)])
        with torch.no_grad():
            found = tiny.model.model.get_image_features(given["pixel_values"], given["pixel_attention_mask"])
        expected = torch.cat(list(found.pooler_output)).numpy()
        placed = backend.vision.features.place(picture)
        np.testing.assert_allclose(backend.vision.features.vectors(np.array(placed.ids)), expected, atol=1e-4)
        assert placed.tiles is not None and placed.count == (placed.tiles[0] * placed.tiles[1] + 1) * PLACES


def test_option_scores_are_those_of_transformers(tiny: TinyIdefics, pictures: list[Picture]) -> None:
    import torch

    options = (" A", " the fever and the cough", " yes, no, maybe")
    requests = [attrs.evolve(request, options=options) for request in requests_for(pictures[:3])]
    for request, reply in zip(requests, answers(tiny, requests, batch=4), strict=True):
        sums = []
        for option in options:
            given = tiny.inputs(request.plain_prompt + option, opened(request))
            count = len(tiny.tokenizer.encode(option).ids)
            with torch.no_grad():
                logits = tiny.model(**given).logits[0].double()
            chances, ids = torch.log_softmax(logits, dim=-1), given["input_ids"][0].tolist()
            sums.append(sum(float(chances[at - 1, ids[at]]) for at in range(len(ids) - count, len(ids))))
        np.testing.assert_allclose(reply.scores or (), sums, atol=1e-3)


def test_turns_are_written_by_the_chat_template(small: TinyIdefics, pictures: list[Picture]) -> None:
    """The template knows no turns that are texts, and would leave out what the first turn says."""
    messages = (
        Message("system", "Answer with one letter."),
        Message("user", "<image>What is it?", (pictures[0],)),
        Message("assistant", "The heart."),
        Message("user", "And <image>?", (pictures[1],)),
    )
    parts = [
        [{"type": "text", "text": "Answer with one letter."}],
        [{"type": "image"}, {"type": "text", "text": "What is it?"}],
        [{"type": "text", "text": "The heart."}],
        [{"type": "text", "text": "And "}, {"type": "image"}, {"type": "text", "text": "?"}],
    ]
    turns = [{"role": message.role, "content": content} for message, content in zip(messages, parts, strict=True)]
    request = Request(task="t", row="1", messages=messages, decode=Decode(max_tokens=12))
    text = small.processor.apply_chat_template(turns, add_generation_prompt=True)
    assert "Answer with one letter." in text and text.count("<image>") == 2
    backend = open_model(f"onnx:{small.folder}", Options(device="cpu"))
    (found,) = dict(backend.answer([request])).values()
    shown = opened(request)
    assert found.text == small.tokenizer.decode(small.expected(text, shown), skip_special_tokens=True)
    assert found.tokens_in == small.inputs(text, shown)["input_ids"].shape[1]


def test_each_image_is_encoded_once(small: TinyIdefics, pictures: list[Picture]) -> None:
    backend = open_model(f"onnx:{small.folder}", Options(device="cpu", chat="off"))
    for _ in range(2):
        list(backend.answer(requests_for(pictures)))
    assert backend.describe()["images_encoded"] == len(pictures)


def test_a_bad_image_fails_its_row_only(
    small: TinyIdefics, pictures: list[Picture], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("medspec.backends.onnx.vision.pixels.MOST_PIXELS", 30_000)
    cut = tmp_path / "cut.png"
    cut.write_bytes(Path(pictures[0].file).read_bytes()[:300])
    deep = Image.fromarray(np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000)
    bad = [
        Picture("cut.png", str(cut), "0"),
        saved(tmp_path, "deep.png", deep),
        saved(tmp_path, "huge.png", noise(300, 200)),
    ]
    requests = [*(asked(one.path, "Look: <image>", [one]) for one in bad), requests_for(pictures)[0]]
    *failed, other = answers(small, requests)
    assert [reply.failure for reply in failed] == ["bad_image"] * 3
    assert [str(reply.detail) for reply in failed[1:]] == [
        "deep.png: more than 8 bits a channel; save it with a window of 8 bits",
        "huge.png: 300 x 200 pixels; at most 30,000 are opened",
    ]
    assert str(failed[0].detail).startswith("cut.png: damaged: ")
    assert other.failure is None


def test_a_prompt_of_too_many_tiles_is_too_long(tmp_path: Path, pictures: list[Picture]) -> None:
    tiny = write_idefics(tmp_path, seed=3)
    requests = [asked("many", "<image>" * 12 + "Answer:", [pictures[5]] * 12), requests_for(pictures)[0]]
    many, one = answers(tiny, requests)
    assert many.failure == "too_long" and "context 1,024" in str(many.detail)
    assert one.failure is None


def test_a_text_that_spells_the_image_token_is_not_an_image(small: TinyIdefics, pictures: list[Picture]) -> None:
    requests = [asked("1", "Locate the <image> ring.", []), requests_for(pictures)[0]]
    one, other = answers(small, requests)
    assert one.failure == "model_error" and "1 image tokens (`<image>`) and 0 images" in str(one.detail)
    assert other.failure is None


def changed(small: TinyIdefics, folder: Path, name: str, settings: dict[str, Any]) -> Path:
    """A copy of the folder whose file `name` has other settings."""
    copy = shutil.copytree(small.folder, folder / "copy")
    found = json.loads((copy / name).read_text())
    (copy / name).write_text(json.dumps({**found, **settings}))
    return copy


def test_a_folder_that_contradicts_its_encoder_is_refused(
    small: TinyIdefics, pictures: list[Picture], tmp_path: Path
) -> None:
    copy = changed(small, tmp_path, "processor_config.json", {"image_seq_len": 9})
    with pytest.raises(BackendError, match=r"gives 52 vectors for 13 tiles of 9, as image_seq_len says"):
        answers(copy, requests_for(pictures)[:1])


def test_a_tokenizer_without_the_mark_around_images_is_refused(small: TinyIdefics, tmp_path: Path) -> None:
    copy = changed(small, tmp_path, "tokenizer_config.json", {"fake_image_token": {"content": "<around>"}})
    with pytest.raises(BackendError, match="`<around>`, which stands around images, is no special token"):
        open_model(f"onnx:{copy}", Options(device="cpu"))


def test_a_processor_that_makes_no_tiles_is_refused(
    small: TinyIdefics, pictures: list[Picture], tmp_path: Path
) -> None:
    plain = {"image_processor_type": "SiglipImageProcessor", "size": {"height": TILE, "width": TILE}}
    copy = changed(small, tmp_path, "preprocessor_config.json", plain)
    with pytest.raises(BackendError, match="`SiglipImageProcessor` does not cut images into tiles"):
        open_model(f"onnx:{copy}", Options(device="cpu"))
    assert len(pictures) > 3


def test_the_processor_may_stand_in_processor_config(
    small: TinyIdefics, pictures: list[Picture], tmp_path: Path
) -> None:
    settings = json.loads((small.folder / "preprocessor_config.json").read_text())
    copy = changed(small, tmp_path, "processor_config.json", {"image_processor": settings})
    (copy / "preprocessor_config.json").unlink()
    requests = requests_for(pictures)[:2]
    assert [reply.text for reply in answers(copy, requests)] == [reply.text for reply in answers(small, requests)]
