"""Reading a graph's declared inputs and outputs, and refusing graphs that a text prompt cannot feed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest

from medspec.backends.onnx.signature import Signature, read_signature
from medspec.errors import BackendError

GRAPH = Path("some/model.onnx")
CONFIG = {"num_attention_heads": 8, "num_key_value_heads": 2, "hidden_size": 64, "vocab_size": 500}


@attrs.frozen
class Item:
    name: str
    type: str = "tensor(int64)"
    shape: list[Any] = attrs.field(factory=lambda: ["batch", "length"])


def cache(prefix: str, *, type: str = "tensor(float)", shape: tuple[Any, ...] = ("b", 2, "p", 16)) -> list[Item]:
    return [Item(f"{prefix}.0.{part}", type, list(shape)) for part in ("key", "value")]


INPUTS = [Item("input_ids"), Item("attention_mask"), Item("position_ids")]
LOGITS = Item("logits", "tensor(float)", ["b", "s", 300])


def read(
    inputs: list[Item] | None = None, outputs: list[Item] | None = None, operators: tuple[str, ...] = (), **config: Any
) -> Signature:
    inputs = [*INPUTS, *cache("past_key_values")] if inputs is None else inputs
    outputs = [LOGITS, *cache("present")] if outputs is None else outputs
    return read_signature(GRAPH, inputs, outputs, operators, {**CONFIG, **config})


def test_a_usual_graph() -> None:
    found = read()
    assert (found.family, found.cache_type, found.logits_type, found.vocabulary) == (
        "generic",
        "float32",
        "float32",
        300,
    )
    assert [(slot.past, slot.present, slot.heads, slot.head_size) for slot in found.cache] == [
        ("past_key_values.0.key", "present.0.key", 2, 16),
        ("past_key_values.0.value", "present.0.value", 2, 16),
    ]
    assert list(found.inputs) == ["input_ids", "attention_mask", "position_ids"]
    assert found.pads_left


@pytest.mark.parametrize(
    ("inputs", "operators"),
    [
        (INPUTS, ("GroupQueryAttention",)),  # a mask reduced to lengths, whatever the inputs are called
        (INPUTS[:2], ()),  # positions that the graph counts by itself, padding included
        (INPUTS[:1] + INPUTS[2:], ()),  # nothing that tells padding from text
    ],
)
def test_graphs_whose_rows_must_be_equally_long(inputs: list[Item], operators: tuple[str, ...]) -> None:
    assert not read([*inputs, *cache("past_key_values")], operators=operators).pads_left


def test_sizes_the_graph_leaves_open_come_from_the_config() -> None:
    shape = ("b", "heads", "p", "size")
    inputs = [*INPUTS, *cache("past_key_values", shape=shape)]
    outputs = [Item("logits", "tensor(float16)", ["b", "s", "v"]), *cache("present", shape=shape)]
    found = read(inputs, outputs)
    assert {(slot.heads, slot.head_size) for slot in found.cache} == {(2, 8)}
    assert (found.vocabulary, found.logits_type) == (500, "float16")
    assert {slot.head_size for slot in read(inputs, outputs, head_dim=32).cache} == {32}
    nested = {"text_config": {**CONFIG, "vocab_size": 77}}
    assert read_signature(GRAPH, inputs, outputs, (), nested).vocabulary == 77
    with pytest.raises(BackendError, match=r"neither the graph nor config\.json says"):
        read_signature(GRAPH, inputs, outputs, (), {})


@pytest.mark.parametrize(
    ("inputs", "outputs", "words"),
    [
        ([Item("tokens"), *cache("past_key_values")], None, "one input of input_ids and inputs_embeds; it has past.*, tokens"),
        ([*INPUTS, Item("pixel_values"), *cache("past_key_values")], None, "cannot feed .*: pixel_values"),
        ([*INPUTS, Item("past_conv.0"), *cache("past_key_values")], None, "cannot feed .*: past_conv.0"),
        (INPUTS, None, "no key-value cache .*text-generation-with-past"),
        (None, [Item("last_hidden_state")], "no output `logits`; it has last_hidden_state"),
        (None, [LOGITS], "the cache input past_key_values.0.key has no output present.0.key"),
        ([*INPUTS, *cache("past_key_values", type="tensor(bfloat16)")], None, "has the type tensor.bfloat16."),
        ([*INPUTS, *cache("past_key_values", shape=(2, "b", 4, "p", 16))], None, "has the shape .2, b, 4, p, 16."),
        ([*INPUTS, *cache("past_key_values", shape=("b", 4, "p", 16))], None,
         "past_key_values.0.key has 4 heads, and config.json says 2 or 8"),
        ([*INPUTS, cache("past_key_values")[0], cache("past_key_values", type="tensor(float16)")[1]], None,
         "mixes number types: float16, float32"),
    ],
)  # fmt: skip
def test_graphs_that_cannot_be_run(inputs: list[Item] | None, outputs: list[Item] | None, words: str) -> None:
    with pytest.raises(BackendError, match=rf"some/model\.onnx: .*{words}"):
        read(inputs, outputs)


def test_packed_and_quantised_graphs_are_known_by_their_operators() -> None:
    assert read(operators=("DynamicQuantizeLinear", "MatMulInteger")).activations_quantised
    assert read(operators=("MatMulNBits",)).weights_blocked
    assert not read().activations_quantised and not read().weights_blocked
