"""Rows that hold what they begin with once: each gets the logits and replies it would get alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from tiny_graphs import Export
from tiny_models import TinyModel, write_llama

from medspec.backends.base import Decode, Message, Options, Reply, Request
from medspec.backends.onnx import engine as engine_module
from medspec.backends.onnx.backend import OnnxBackend, open_model
from medspec.backends.onnx.decoder import Decoder, StepFailed
from medspec.backends.onnx.engine import Engine
from medspec.backends.onnx.graph_edit import changed
from medspec.backends.onnx.prefixes import common_length, stretches
from medspec.backends.onnx.self_check import sharing_works
from medspec.backends.onnx.shared_rows import SharedRows
from medspec.backends.onnx.sharing import share_beginnings
from medspec.backends.onnx.slots import admit, make_slots

IDS = st.integers(5, 250)
SHOTS = "Question: does the drug lower blood pressure? yes, no, maybe. Answer: yes\n\nQuestion: is it a fever?"
PROMPTS = [
    SHOTS + rest for rest in (" The heart", " no", " The patient was seen in clinic", " The heart", " yes and no", "")
]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyModel:
    return write_llama(tmp_path_factory.mktemp("sharing"), seed=6, family="gqa", context=256)


@pytest.fixture(scope="module")
def engine(tiny: TinyModel) -> Engine:
    return engine_of(opened(tiny))


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiny models have short prompts, and share nevertheless."""
    monkeypatch.setattr(engine_module, "_WORTH_SHARING", 1)


def opened(tiny: TinyModel, **options: Any) -> OnnxBackend:
    backend = open_model(str(tiny.folder), {}, Options(device="cpu", **options))
    assert isinstance(backend, OnnxBackend)
    return backend


def engine_of(backend: OnnxBackend) -> Engine:
    assert backend.engine is not None
    return backend.engine


def replies(backend: OnnxBackend, prompts: list[str], **decode: Any) -> list[str]:
    found = answered(backend, prompts, **decode)
    assert all(reply.failure is None for reply in found), found
    return [reply.text for reply in found]


def answered(backend: OnnxBackend, prompts: list[str], **decode: Any) -> list[Reply]:
    asked = [
        Request(task="t", row=str(at), messages=(Message("user", text),), decode=Decode(**{"max_tokens": 12, **decode}))
        for at, text in enumerate(prompts)
    ]
    return [reply for _, reply in sorted(backend.answer(asked), key=lambda pair: pair[0])]


def alone(decoder: Decoder, ids: list[int]) -> np.ndarray[Any, Any]:
    row = np.array([ids])
    return decoder.step(row, np.ones_like(row), None, np.array([[0, len(ids) - 1]]))[0][0]


TAILS = st.lists(
    st.tuples(st.lists(IDS, min_size=1, max_size=7), st.lists(IDS, min_size=3, max_size=3)), min_size=1, max_size=4
)


@given(begin=st.lists(IDS, min_size=1, max_size=30), rows=TAILS)
@settings(max_examples=30)
def test_each_row_is_as_if_alone(engine: Engine, begin: list[int], rows: list[tuple[list[int], list[int]]]) -> None:
    """Rows of other lengths behind one beginning, three steps of all of them."""
    reader, own = make_slots(engine.decoder, 1, 64), make_slots(engine.decoder, len(rows), 32)
    slots = SharedRows(reader, own, len(begin))
    for at, (tail, _) in enumerate(rows):
        assert admit(slots, at, [*begin, *tail]) == pytest.approx(alone(engine.decoder, [*begin, *tail]), abs=1e-4)
    for step in range(3):
        found = slots.step(np.array([more[step] for _, more in rows]))
        for logits, (tail, more) in zip(found, rows, strict=True):
            expected = alone(engine.decoder, [*begin, *tail, *more[: step + 1]])
            assert logits == pytest.approx(expected, abs=1e-4)


@attrs.frozen
class Watching:
    """A decoder that notes which steps shared a beginning, and how long their caches are."""

    decoder: Decoder
    steps: list[tuple[int, int, int]] = attrs.field(factory=list)
    most: int = 100

    def step_in_place(self, ids: Any, mask: Any, held: Any, *rest: Any, beginning: Any = None, **more: Any) -> Any:
        rows, new = ids.shape
        if rows > self.most:
            raise StepFailed("Failed to allocate memory for requested buffer of size 4096")
        self.steps.append((rows, new, 0 if beginning is None else beginning.length))
        return self.decoder.step_in_place(ids, mask, held, *rest, beginning=beginning, **more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.decoder, name)


def watched(backend: OnnxBackend, **settings: Any) -> Watching:
    watching = Watching(engine_of(backend).decoder, **settings)
    backend.engine = attrs.evolve(engine_of(backend), decoder=watching)  # type: ignore[arg-type]
    return watching


@pytest.mark.parametrize("batch", [1, 3, 8])
def test_replies_are_those_of_rows_alone(tiny: TinyModel, batch: int) -> None:
    expected = replies(opened(tiny, exact=True), PROMPTS)
    assert len(set(expected)) >= 5
    backend = opened(tiny, batch=batch)
    watching = watched(backend)
    for prompts in (PROMPTS, PROMPTS[::-1]):
        assert replies(backend, prompts) == (expected if prompts is PROMPTS else expected[::-1])
    shared = {begun for rows, new, begun in watching.steps if new == 1 and rows > 1}
    assert (shared == {len(backend.tokens.encode(SHOTS, chat=False)) - 1}) == (batch > 1)


def test_a_row_that_is_no_number_leaves_its_neighbours_alone(tiny: TinyModel, tmp_path: Path) -> None:
    """The embedding of one letter is no number; rows attend to the beginning in one product."""
    embedding = tiny.weights["model.embed_tokens.weight"].copy()
    embedding[tiny.tokenizer.token_to_id("z")] = np.nan
    change = {"model.embed_tokens.weight": embedding}
    poisoned = opened(write_llama(tmp_path, seed=6, family="gqa", context=256, change=change))
    prompts = [PROMPTS[0], SHOTS + " z", *PROMPTS[1:]]
    expected = [answered(opened(tiny, exact=True), [prompt])[0] for prompt in prompts]
    watching = watched(poisoned)
    for prompt, reply, good in zip(prompts, answered(poisoned, prompts), expected, strict=True):
        if "z" in prompt:
            assert (reply.failure, reply.detail) == ("model_error", "the model's logits are not finite numbers")
        elif "z" not in good.text:
            assert (reply.failure, reply.text) == (None, good.text)
    assert any(begun for _, _, begun in watching.steps)


def test_draws_from_one_prompt_hold_it_once(tiny: TinyModel) -> None:
    """All of a prompt but its last token is a beginning."""
    expected = replies(opened(tiny, exact=True), PROMPTS[:1] * 5, temperature=1.0)
    backend = opened(tiny, batch=5)
    watching = watched(backend)
    assert replies(backend, PROMPTS[:1] * 5, temperature=1.0) == expected and len(set(expected)) > 1
    length = len(backend.tokens.encode(PROMPTS[0], chat=False))
    assert {begun for _, new, begun in watching.steps[1:] if new == 1} - {0} == {length - 1}


@pytest.mark.parametrize("most", [1, 2])
def test_little_memory_changes_no_reply(tiny: TinyModel, most: int) -> None:
    backend = opened(tiny, batch=6)
    watching = watched(backend, most=most)
    assert replies(backend, PROMPTS) == replies(opened(tiny, exact=True), PROMPTS)
    assert max(rows for rows, _, _ in watching.steps) <= most < 6


def test_little_is_not_shared(tiny: TinyModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    backend = opened(tiny)
    watching = watched(backend)
    replies(backend, PROMPTS)
    assert {begun for _, _, begun in watching.steps} == {0}


def test_the_report_says_so(tiny: TinyModel) -> None:
    assert opened(tiny).describe()["beginnings"] == "shared"
    assert opened(tiny, exact=True).describe()["beginnings"] == "of each row"


# Graphs that are written in other ways.


def attentions(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    return [node for node in model.graph.node if node.op_type == "GroupQueryAttention"]


def put(node: onnx.NodeProto, name: str, value: Any) -> None:
    kept = [attribute for attribute in node.attribute if attribute.name != name]
    del node.attribute[:]
    node.attribute.extend([*kept, helper.make_attribute(name, value)])


def with_number(name: str, value: Any) -> Callable[[onnx.ModelProto], None]:
    def change(model: onnx.ModelProto) -> None:
        for node in attentions(model):
            put(node, name, value)

    return change


def packed(model: onnx.ModelProto) -> None:
    """Queries, keys and values as one input."""
    for number, node in enumerate(attentions(model)):
        at = list(model.graph.node).index(node)
        joined = helper.make_node("Concat", list(node.input[:3]), [f"joined_{number}"], axis=2)
        node.input[0], node.input[1], node.input[2] = f"joined_{number}", "", ""
        model.graph.node.insert(at, joined)


def partly_turned(model: onnx.ModelProto) -> None:
    """Two heads of 32 in place of four of 16; of each vector the first half is turned, the rest stays."""
    for node in attentions(model):
        put(node, "num_heads", 2)
        put(node, "kv_num_heads", 1)
    for value in (*model.graph.input, *model.graph.output):
        if value.name.startswith(("past_key_values.", "present.")):
            value.type.tensor_type.shape.dim[1].dim_value = 1
            value.type.tensor_type.shape.dim[3].dim_value = 32


def turned_before(model: onnx.ModelProto) -> None:
    """The graph turns queries and keys by its own `position_ids`."""
    for number, node in enumerate(attentions(model)):
        at = list(model.graph.node).index(node)
        for place, heads in ((0, 4), (1, 2)):
            made = helper.make_node(
                "RotaryEmbedding",
                [node.input[place], "position_ids", *node.input[7:9]],
                [f"turned_{number}_{place}"],
                domain="com.microsoft",
                num_heads=heads,
            )
            node.input[place] = f"turned_{number}_{place}"
            model.graph.node.insert(at, made)
        put(node, "do_rotary", 0)
        del node.input[7:]
    model.graph.input.append(helper.make_tensor_value_info("position_ids", TensorProto.INT64, ["rows", "new"]))


def of_opset_17(model: onnx.ModelProto) -> None:
    for node in model.graph.node:
        if node.op_type == "ReduceMean":
            del node.input[1]
            node.attribute.append(helper.make_attribute("axes", [-1]))
    model.opset_import[0].version = 17


WAYS: dict[str, Callable[[onnx.ModelProto], None]] = {
    "a scale": with_number("scale", 0.4),
    "interleaved": with_number("rotary_interleaved", 1),
    "packed": packed,
    "partly turned": partly_turned,
    "turned before": turned_before,
    "opset 17": of_opset_17,
}


def altered(folder: Path, change: Callable[[onnx.ModelProto], None], **settings: Any) -> TinyModel:
    tiny = write_llama(folder, seed=6, family="gqa", context=256, **settings)
    model = onnx.load(tiny.graph)
    change(model)
    onnx.save(model, tiny.graph)
    return tiny


@pytest.mark.parametrize("style", ["llama", "qwen2", "qwen3"])
def test_other_styles(tmp_path: Path, style: str) -> None:
    tiny = write_llama(tmp_path, seed=6, family="gqa", context=256, style=style)
    backend = opened(tiny)
    assert backend.describe()["beginnings"] == "shared"
    assert replies(backend, PROMPTS) == replies(opened(tiny, exact=True), PROMPTS)


@pytest.mark.parametrize("way", WAYS)
def test_other_graphs(tmp_path: Path, way: str) -> None:
    tiny = altered(tmp_path / "other", WAYS[way])
    backend = opened(tiny)
    assert backend.describe()["beginnings"] == "shared"
    expected = replies(opened(tiny, exact=True), PROMPTS)
    assert replies(backend, PROMPTS) == expected
    usual = replies(opened(write_llama(tmp_path / "usual", seed=6, family="gqa", context=256), exact=True), PROMPTS)
    same = way in ("packed", "turned before", "opset 17")
    assert (expected == usual) == same, "the change of the graph changes what it says, or should not"


@pytest.mark.parametrize(
    "change", [with_number("softcap", 5.0), with_number("smooth_softmax", 1), with_number("local_window_size", 8)]
)
def test_graphs_that_are_left_alone(tmp_path: Path, change: Callable[[onnx.ModelProto], None]) -> None:
    tiny = altered(tmp_path, change)
    assert changed(tiny.graph, share_beginnings) is None
    backend = opened(tiny)
    assert backend.describe()["beginnings"] == "of each row"
    assert replies(backend, PROMPTS) == replies(opened(tiny, exact=True), PROMPTS)


def test_caches_of_16_bits_are_left_alone(tmp_path: Path) -> None:
    tiny = write_llama(tmp_path, seed=6, export=Export(family="gqa", floats="float16"), context=256)
    assert changed(tiny.graph, share_beginnings) is None
    assert opened(tiny).describe()["beginnings"] == "of each row"


def test_a_check_finds_a_graph_that_does_not_listen(engine: Engine) -> None:
    ids = list(range(20, 40))
    assert sharing_works(engine.decoder, ids)

    class Deaf(Decoder):
        def _feeds(self, *rest: Any, **settings: Any) -> dict[str, Any]:
            return {**super()._feeds(*rest, **settings), "medspec_shares": np.array(False)}

    assert not sharing_works(Deaf(engine.decoder.signature, engine.decoder._opened), ids)


# Which rows share.

MANY = st.lists(
    st.tuples(st.integers(0, 3), st.lists(st.integers(0, 2), min_size=1, max_size=6)).map(
        lambda made: (7,) * (made[0] * 3) + tuple(made[1])
    ),
    max_size=14,
)


@given(MANY, st.integers(1, 5))
def test_stretches_hold_every_prompt_once(prompts: list[tuple[int, ...]], least: int) -> None:
    found = stretches(prompts, least)
    assert sorted(at for branch in found for at in branch.members) == list(range(len(prompts)))
    for branch in found:
        members = [prompts[at] for at in branch.members]
        assert all(common_length(members[0], one) >= branch.shared < len(one) for one in members)
    assert len(found) <= 1 + len(prompts) // least * 2


def test_a_task_is_a_stretch_and_a_few_rows_are_none() -> None:
    """Two tasks of one instruction, each with its own shots, and within one of them two rows about one text."""
    instruction, first, second, text = (1,) * 30, (2,) * 60, (3,) * 60, (4,) * 50
    prompts = [instruction + shots + (row,) for shots in (first, second) for row in range(10, 16)]
    prompts += [instruction + first + text + (row,) for row in (20, 21)]
    both = sorted((branch.shared, len(branch.members)) for branch in stretches(prompts, 4))
    assert both == [(90, 6), (90, 8)]
    assert [(branch.shared, len(branch.members)) for branch in stretches(prompts, 9)] == [(30, 14)]
