"""The invented image sequences: files are what the script draws, boxes hold what they should, and the graphs are the network."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from medspec.demo.vision.make_data import DATA_FOLDER, ROWS, make_files
from medspec.demo.vision.scenes import KINDS, SIZE, Thing, draw
from medspec.demo.vision.sequences import TASKS

TASK_NAMES = pytest.mark.parametrize("task", TASKS)


def lines_of(task: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA_FOLDER / f"{task}.jsonl").read_text("utf-8").splitlines()]


def pixels_of(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(content)))


def test_the_files_are_what_the_script_draws() -> None:
    written = dict(make_files())
    there = {str(path.relative_to(DATA_FOLDER)) for path in DATA_FOLDER.rglob("*.*")}
    assert there == set(written)
    for name, content in written.items():
        found = (DATA_FOLDER / name).read_bytes()
        # How a PNG is packed depends on a library's version; what it shows does not.
        same = found == content if name.endswith(".jsonl") else (pixels_of(found) == pixels_of(content)).all()
        assert same, f"{name}: run python -m medspec.demo.vision.make_data"


@TASK_NAMES
def test_rows_are_whole(task: str) -> None:
    lines = lines_of(task)
    assert len(lines) == len({line["id"] for line in lines}) == ROWS
    for line in lines:
        left, top, right, bottom = line["answer"]
        assert 0 <= left < right <= SIZE and 0 <= top < bottom <= SIZE
        assert line["target"] in line["images"]
        for name in line["images"]:
            image = Image.open(DATA_FOLDER.parent / name)
            assert (image.size, image.mode) == ((SIZE, SIZE), "L")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(9, 9), (9, 18), (18, 11)])
def test_an_object_fills_its_box_to_every_side(kind: str, size: tuple[int, int]) -> None:
    image = np.zeros((SIZE, SIZE), dtype=np.float32)
    draw(image, Thing(kind=kind, box=(10, 20, 10 + size[0], 20 + size[1]), bright=0.5))
    rows, columns = np.nonzero(image)
    assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == (10, 20, 10 + size[0], 20 + size[1])


def test_the_difference_is_where_the_answer_says() -> None:
    """Found with a subtraction, not with the code that drew it."""
    for line in lines_of("registered_difference"):
        one, other = (np.asarray(Image.open(DATA_FOLDER.parent / name), dtype=int) for name in line["images"])
        rows, columns = np.nonzero(one != other)
        assert [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1] == line["answer"]


def test_the_region_is_what_was_enlarged() -> None:
    for line in lines_of("patch"):
        source, *crops = (np.asarray(Image.open(DATA_FOLDER.parent / name)) for name in line["images"])
        left, top, right, bottom = line["answer"]
        region = source[top:bottom, left:right]
        shown = [np.isin(np.unique(crop), np.unique(region)).all() for crop in crops]
        assert shown["first second".split().index(line["question"].split()[2])]


def test_the_graphs_are_the_network() -> None:
    import onnxruntime
    import torch

    from medspec.demo.vision.export import make_graphs
    from medspec.demo.vision.network import TowerShape, decoder_shape, new_model
    from medspec.demo.vision.train import make_batch, run
    from medspec.demo.vision.words import IMAGE, make_tokenizer

    tokenizer = make_tokenizer()
    tower, decoder = TowerShape(), decoder_shape(tokenizer.get_vocab_size())
    weights = {name: weight.detach() for name, weight in new_model(tower, decoder, 1).items()}
    rng = np.random.default_rng(0)
    rows = [TASKS["referring"](rng) for _ in range(2)]
    batch = make_batch(tokenizer, rows, tower)
    with torch.no_grad():
        expected = run(weights, tower, decoder, tokenizer.token_to_id(IMAGE), batch)[0].numpy()
    graphs = make_graphs(tower, decoder, {name: weight.numpy() for name, weight in weights.items()})
    open_ = {name: onnxruntime.InferenceSession(graph.SerializeToString()) for name, graph in graphs.items()}
    vectors = open_["vision_encoder"].run(None, {"pixel_values": np.ascontiguousarray(batch.pixels.numpy())})[0]
    ids = batch.ids.numpy()
    x = np.array(open_["embed_tokens"].run(None, {"input_ids": ids})[0])
    x[ids == tokenizer.token_to_id(IMAGE)] = vectors.reshape(-1, vectors.shape[-1])
    empty = np.zeros((len(rows), decoder.kv_heads, 0, decoder.head_size), dtype=np.float32)
    past = {f"past_key_values.{n}.{part}": empty for n in range(decoder.layers) for part in ("key", "value")}
    positions = np.tile(np.arange(ids.shape[1]), (len(rows), 1))
    given = {"inputs_embeds": x, "attention_mask": np.ones_like(ids), "position_ids": positions, **past}
    logits = open_["decoder_model_merged"].run(["logits"], given)[0]
    found = logits[batch.wanted[0].numpy(), batch.wanted[1].numpy()]
    np.testing.assert_allclose(found, expected, atol=2e-4)


def test_the_script_lies_beside_its_suite() -> None:
    assert Path("specs/grounding/data") == DATA_FOLDER.relative_to(Path(__file__).parents[2])
