"""Positions of three parts, as the Qwen-VL family counts them, against transformers: positions, replies, batches, caches."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tiny_graphs import Export, Shape, make_decoder
from tiny_models import make_tokenizer

from medspec.backends.base import Decode, Picture
from medspec.backends.onnx.decoder import Decoder
from medspec.backends.onnx.engine import Engine
from medspec.backends.onnx.generate import WritingJob
from medspec.backends.onnx.room import Room
from medspec.backends.onnx.session import open_session
from medspec.backends.onnx.signature import read_signature
from medspec.backends.onnx.tokens import Tokens
from medspec.backends.onnx.vision.embedder import Embedder
from medspec.backends.onnx.vision.features import Encoded, Features

IMAGE, BEGINS, ENDS = 10, 12, 13
SECTIONS = (2, 3, 3)
GRIDS = {"a": (4, 6), "b": (2, 2), "c": (8, 4), "d": (2, 10)}
"""Patches in rows and columns; two by two of them become one vector."""


@attrs.frozen(eq=False)
class TinyQwen:
    """A random model of transformers, and the engine that runs its decoder as a graph."""

    model: Any
    engine: Engine
    pixels: dict[str, Any]

    def expected(self, ids: Sequence[int], shown: Sequence[str], tokens: int) -> list[int]:
        """The greedy tokens of the transformers model."""
        import torch

        given: dict[str, Any] = {"input_ids": torch.tensor([ids])}
        if shown:
            given["pixel_values"] = torch.cat([self.pixels[name] for name in shown])
            given["image_grid_thw"] = torch.tensor([(1, *GRIDS[name]) for name in shown])
            given["mm_token_type_ids"] = (given["input_ids"] == IMAGE).int()
        with torch.no_grad():
            out = self.model.generate(**given, max_new_tokens=tokens, do_sample=False)
        found = out[0, len(ids) :].tolist()
        return found[: found.index(2)] if 2 in found else found


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyQwen:
    import torch
    import transformers

    tokenizer = make_tokenizer(begins=False)
    shape = Shape(
        style="qwen2", layers=2, hidden=64, inner=96, heads=4, kv_heads=2, head_size=16,
        vocabulary=tokenizer.get_vocab_size(), context=256,
    )  # fmt: skip
    text = {
        "vocab_size": shape.vocabulary, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 256, "rms_norm_eps": 1e-6,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": list(SECTIONS)},
        "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0, "tie_word_embeddings": False,
    }  # fmt: skip
    vision = {"depth": 1, "embed_dim": 32, "hidden_size": 64, "num_heads": 2, "mlp_ratio": 2, "patch_size": 14}
    config = transformers.Qwen2VLConfig(
        text_config=text, vision_config=vision, image_token_id=IMAGE, video_token_id=11,
        vision_start_token_id=BEGINS, vision_end_token_id=ENDS, tie_word_embeddings=False,
    )  # fmt: skip
    torch.manual_seed(3)
    model = transformers.Qwen2VLForConditionalGeneration(config).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(6 if weight.ndim == 2 else 1)
    pixels = {name: torch.randn(rows * columns, 3 * 2 * 14 * 14) for name, (rows, columns) in GRIDS.items()}
    return TinyQwen(model, _engine(tmp_path_factory.mktemp("qwen"), model, shape, tokenizer, pixels), pixels)


def _engine(folder: Path, model: Any, shape: Shape, tokenizer: Any, pixels: dict[str, Any]) -> Engine:
    import torch

    state = {name: value.numpy() for name, value in model.state_dict().items()}
    weights = {name.replace("model.language_model.", "model."): value for name, value in state.items()}
    export = Export(vectors=True, sections=SECTIONS)
    onnx.save(make_decoder(shape, export, weights), folder / "decoder.onnx")
    table = numpy_helper.from_array(weights["model.embed_tokens.weight"], "table")
    node = helper.make_node("Gather", ["table", "input_ids"], ["inputs_embeds"])
    ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["rows", "length"])
    out = helper.make_tensor_value_info("inputs_embeds", TensorProto.FLOAT, ["rows", "length", 64])
    graph = helper.make_graph([node], "embed_tokens", [ids], [out], [table])
    embed = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(embed, folder / "embed.onnx")

    def encode(picture: Picture) -> Encoded:
        rows, columns = GRIDS[picture.path]
        with torch.no_grad():
            found = model.model.visual(pixels[picture.path], torch.tensor([[1, rows, columns]]))
        vectors = found.pooler_output if hasattr(found, "pooler_output") else found
        return Encoded(vectors=vectors.numpy(), grid=(rows // 2, columns // 2))

    embedder = Embedder(open_session(folder / "embed.onnx", device="cpu", threads=1), Features(encode))
    opened = open_session(folder / "decoder.onnx", device="cpu", threads=1)
    session = opened.session
    signature = read_signature(folder, session.get_inputs(), session.get_outputs(), (), {})
    assert signature.takes_vectors and signature.has_grid_positions and signature.pads_left
    tokens = Tokens(tokenizer=tokenizer, leading=(), fallback=(), ends=frozenset({2}), size=shape.vocabulary)
    return Engine(
        decoder=Decoder(signature, opened, embedder), tokens=tokens, way="growing", room=Room(4, None, 0), seed=0
    )


PROMPTS: list[list[int | str]] = [
    [20, 21, "a", 22, 23],
    ["b", 30, 31, 32],
    [20, 21, "a", 22, "c", 40, 41, 42, 43],
    [20, 21, "a", 22, "d", 50],
    ["d", "c", "a", 60, 61],
    [*range(20, 45), "a", 22, "b", 70],
    [*range(20, 45), "a", 22, "b", 71, 72],
    [20, 21, 22, 23],
]
"""Token ids, and images by name."""


def tokens_of(prompt: Sequence[int | str]) -> tuple[list[int], list[str]]:
    """The ids with image tokens, each image between its two marks, and the images."""
    ids: list[int] = []
    for piece in prompt:
        if isinstance(piece, str):
            rows, columns = GRIDS[piece]
            ids += [BEGINS, *[IMAGE] * (rows * columns // 4), ENDS]
        else:
            ids.append(piece)
    return ids, [piece for piece in prompt if isinstance(piece, str)]


def placed(engine: Engine, prompt: Sequence[int | str]) -> tuple[int, ...]:
    """The same with the places of the images."""
    embedder = engine.decoder.embedder
    assert embedder is not None
    ids: list[int] = []
    for piece in prompt:
        if isinstance(piece, str):
            ids += [BEGINS, *embedder.features.place(Picture(piece, piece, piece)).ids, ENDS]
        else:
            ids.append(piece)
    return tuple(ids)


def test_positions_are_those_of_transformers(tiny: TinyQwen) -> None:
    import torch

    decoder = tiny.engine.decoder
    assert decoder.embedder is not None
    for prompt in PROMPTS:
        ids, shown = tokens_of(prompt)
        grids = torch.tensor([(1, *GRIDS[name]) for name in shown]) if shown else None
        types = (torch.tensor([ids]) == IMAGE).int()
        theirs, _ = tiny.model.model.get_rope_index(
            torch.tensor([ids]), mm_token_type_ids=types, image_grid_thw=grids, attention_mask=torch.ones(1, len(ids))
        )
        own = np.array([placed(tiny.engine, prompt)])
        found = decoder.embedder.positions(own, decoder.marks(own.tolist()))
        np.testing.assert_array_equal(found, theirs.reshape(3, 1, -1).numpy())


@pytest.mark.parametrize("way", ["exact", "growing"])
@pytest.mark.parametrize("batch", [1, 4])
def test_replies_are_those_of_transformers(tiny: TinyQwen, way: str, batch: int) -> None:
    engine = attrs.evolve(tiny.engine, way=way, room=Room(batch, None, 0))
    jobs = [
        WritingJob(
            index=at, task="t", row=str(at), ids=placed(engine, prompt), room=12, ends=frozenset({2}), decode=Decode()
        )
        for at, prompt in enumerate(PROMPTS)
    ]
    found = {written.job.index: list(written.ids) for written in engine.write(jobs)}
    expected = [tiny.expected(*tokens_of(prompt), tokens=12) for prompt in PROMPTS]
    assert [found[at] for at in range(len(PROMPTS))] == expected
    assert len({tuple(ids) for ids in expected}) > 5, "images and texts should make a difference"
