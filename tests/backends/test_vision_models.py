"""Models that see images, against transformers with the same weights: tokens, likelihoods, batches, caches."""

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
from tiny_vision import TinyVision, write_llava

from medspec.backends import abilities_of, open_model
from medspec.backends.base import Decode, Message, Options, Picture, Reply, Request
from medspec.demo.vision.words import IMAGE as TOKEN
from medspec.errors import BackendError


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyVision:
    return write_llava(tmp_path_factory.mktemp("llava"), seed=5)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Picture]:
    folder = tmp_path_factory.mktemp("images")
    found = []
    for seed in range(5):
        values = np.random.default_rng(seed).integers(0, 256, (40 + 10 * seed, 64, 3), dtype=np.uint8)
        path = folder / f"{seed}.png"
        Image.fromarray(values).save(path)
        found.append(Picture(path.name, str(path), sha256(path.read_bytes()).hexdigest()))
    return found


def asked(row: str, text: str, shown: Sequence[Picture], *, tokens: int = 12, **more: Any) -> Request:
    message = Message("user", "<image>" * len(shown) + text, tuple(shown))
    return Request(task="t", row=row, messages=(message,), decode=Decode(max_tokens=tokens), **more)


def requests_for(pictures: list[Picture]) -> list[Request]:
    a, b, c, d, e = pictures
    return [
        asked("1", "\nLocate the ring.\nAnswer:", [a, b]),
        asked("2", "\nLocate the difference of the two images.\nAnswer:", [c]),
        asked("3", "\nLocate the ring.\nAnswer:", [b, a]),
        asked("4", "\nLocate the disc.\nAnswer:", [a, b]),
        asked("5", "\nFollow the marked object.\nAnswer:", [d, e, a, c]),
        asked("6", "Locate the square.\nAnswer:", []),
    ]


def expected(tiny: TinyVision, request: Request, *, tokens: int = 12) -> list[int]:
    """The greedy tokens of the transformers model."""
    import torch
    from transformers import AutoImageProcessor

    (message,) = request.messages
    places = tiny.tower.places
    ids = tiny.tokenizer.encode(message.text.replace("<image>", TOKEN)).ids
    image = tiny.tokenizer.token_to_id(TOKEN)
    ids = [id for token in ids for id in ([token] * places if token == image else [token])]
    given: dict[str, Any] = {
        "input_ids": torch.tensor([ids]),
        "attention_mask": torch.ones(1, len(ids), dtype=torch.long),
    }
    if message.images:
        processor = AutoImageProcessor.from_pretrained(tiny.folder, backend="pil")
        shown = [Image.open(picture.file).convert("RGB") for picture in message.images]
        given["pixel_values"] = torch.from_numpy(processor(shown, return_tensors="np")["pixel_values"])
    with torch.no_grad():
        out = tiny.reference().generate(**given, max_new_tokens=tokens, do_sample=False)
    found = out[0, len(ids) :].tolist()
    return found[: found.index(1)] if 1 in found else found


def answers(tiny: TinyVision, requests: Sequence[Request], **options: Any) -> list[Reply]:
    backend = open_model(f"onnx:{tiny.folder}", Options(device="cpu", **options))
    found = dict(backend.answer(requests))
    backend.close()
    return [found[index] for index in range(len(requests))]


@pytest.mark.parametrize("options", [{"batch": 1}, {"batch": 4}, {"exact": True}], ids=str)
def test_greedy_replies_are_those_of_transformers(
    tiny: TinyVision, pictures: list[Picture], options: dict[str, Any]
) -> None:
    requests = requests_for(pictures)
    texts = [reply.text for reply in answers(tiny, requests, **options)]
    theirs = [expected(tiny, request) for request in requests]
    assert texts == [tiny.tokenizer.decode(ids, skip_special_tokens=True) for ids in theirs]
    assert len(set(texts)) > 3, "the images should make a difference"


def test_option_scores_are_those_of_transformers(tiny: TinyVision, pictures: list[Picture]) -> None:
    import torch

    options = (" [1, 2, 3, 4]", " [1, 2, 3, 5]", " ring")
    requests = [attrs.evolve(request, options=options) for request in requests_for(pictures)[:4]]
    for request, reply in zip(requests, answers(tiny, requests, batch=4), strict=True):
        model, image = tiny.reference(), tiny.tokenizer.token_to_id(TOKEN)
        (message,) = request.messages
        from transformers import AutoImageProcessor

        processor = AutoImageProcessor.from_pretrained(tiny.folder, backend="pil")
        shown = [Image.open(picture.file).convert("RGB") for picture in message.images]
        pixels = torch.from_numpy(processor(shown, return_tensors="np")["pixel_values"])
        prompt = message.text.replace("<image>", TOKEN)
        sums = []
        for option in options:
            ids = tiny.tokenizer.encode(prompt + option).ids
            ids = [id for token in ids for id in ([token] * tiny.tower.places if token == image else [token])]
            count = len(tiny.tokenizer.encode(option).ids)
            with torch.no_grad():
                logits = model(input_ids=torch.tensor([ids]), pixel_values=pixels).logits[0].double()
            chances = torch.log_softmax(logits, dim=-1)
            sums.append(sum(float(chances[at - 1, ids[at]]) for at in range(len(ids) - count, len(ids))))
        np.testing.assert_allclose(reply.scores or (), sums, atol=1e-4)


def test_each_image_is_encoded_once(tiny: TinyVision, pictures: list[Picture]) -> None:
    backend = open_model(f"onnx:{tiny.folder}", Options(device="cpu"))
    for _ in range(2):
        list(backend.answer(requests_for(pictures)))
    assert backend.describe()["images_encoded"] == 5


def test_a_bad_image_fails_its_row_only(tiny: TinyVision, pictures: list[Picture], tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(Path(pictures[0].file).read_bytes()[:300])
    bad = Picture("bad.png", str(tmp_path / "bad.png"), "0" * 64)
    requests = [asked("1", "\nLocate the ring.\nAnswer:", [bad]), requests_for(pictures)[0]]
    one, other = answers(tiny, requests)
    assert one.failure == "bad_image" and str(one.detail).startswith("bad.png: damaged")
    assert other.failure is None


def test_a_text_that_spells_the_image_token_is_not_an_image(tiny: TinyVision, pictures: list[Picture]) -> None:
    requests = [asked("1", "\nLocate the <image> ring.\nAnswer:", []), requests_for(pictures)[0]]
    one, other = answers(tiny, requests)
    assert one.failure == "model_error" and "1 image tokens (`<image>`) and 0 images" in str(one.detail)
    assert other.failure is None


def test_images_can_be_shown_where_there_is_an_encoder(tiny: TinyVision, tmp_path: Path) -> None:
    assert abilities_of(f"onnx:{tiny.folder}").images
    blind = shutil.copytree(tiny.folder, tmp_path / "blind")
    (blind / "onnx" / "vision_encoder.onnx").unlink()
    assert not abilities_of(f"onnx:{blind}").images
    text = requests_for([Picture("a")] * 5)[5]
    seeing = answers(tiny, [text])
    found = dict(open_model(f"onnx:{blind}", Options(device="cpu")).answer([text]))
    assert found[0].text == seeing[0].text


def test_a_decoder_of_vectors_needs_their_table(tiny: TinyVision, tmp_path: Path) -> None:
    broken = shutil.copytree(tiny.folder, tmp_path / "broken")
    (broken / "onnx" / "embed_tokens.onnx").unlink()
    with pytest.raises(BackendError, match="embed_tokens"):
        open_model(f"onnx:{broken}", Options(device="cpu"))


def test_a_family_that_places_images_otherwise_is_refused(tiny: TinyVision, tmp_path: Path) -> None:
    other = shutil.copytree(tiny.folder, tmp_path / "other")
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps({**config, "model_type": "paligemma"}))
    with pytest.raises(BackendError, match="how `paligemma` places images is not known; known are llava"):
        open_model(f"onnx:{other}", Options(device="cpu"))


def test_the_digest_covers_every_graph(tiny: TinyVision, tmp_path: Path) -> None:
    first = open_model(f"onnx:{tiny.folder}", Options(device="cpu")).digest
    other = write_llava(tmp_path / "other", seed=6)
    shutil.copyfile(other.folder / "onnx" / "vision_encoder.onnx", tmp_path / "encoder.onnx")
    changed = shutil.copytree(tiny.folder, tmp_path / "changed")
    shutil.copyfile(tmp_path / "encoder.onnx", changed / "onnx" / "vision_encoder.onnx")
    assert open_model(f"onnx:{changed}", Options(device="cpu")).digest != first


def test_the_digest_covers_how_images_are_prepared(tiny: TinyVision, tmp_path: Path) -> None:
    """A reply that is kept belongs to images of one size, and not to those of another."""
    first = open_model(f"onnx:{tiny.folder}", Options(device="cpu"))
    copy = shutil.copytree(tiny.folder, tmp_path / "copy")
    assert open_model(f"onnx:{copy}", Options(device="cpu")).digest == first.digest
    settings = json.loads((copy / "preprocessor_config.json").read_text())
    (copy / "preprocessor_config.json").write_text(json.dumps({**settings, "resample": 0}))
    assert open_model(f"onnx:{copy}", Options(device="cpu")).digest != first.digest
    assert str(first.describe()["images_prepared_by"]).startswith("pillow ")
