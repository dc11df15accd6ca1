"""Several continuations of one beginning in one row: each gets the logits it would get alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper
from tiny_graphs import Export
from tiny_models import TinyModel, write_llama

from medspec.backends.base import Decode, Message, Options, Reply, Request
from medspec.backends.onnx.backend import OnnxBackend, open_model
from medspec.backends.onnx.decoder import Decoder, StepFailed
from medspec.backends.onnx.engine import Engine
from medspec.backends.onnx.graph_edit import changed
from medspec.backends.onnx.score import OptionIds, ScoringJob, bundles
from medspec.backends.onnx.self_check import trees_work
from medspec.backends.onnx.slots import make_slots
from medspec.backends.onnx.trees import see_trees, tree_of

IDS = st.integers(5, 250)
OPTIONS = (" yes", " no, the fever", " maybe, the patient has a fever", " maybe, the patient was seen in clinic today")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyModel:
    return write_llama(tmp_path_factory.mktemp("trees"), seed=5, family="gqa", context=256)


@pytest.fixture(scope="module")
def engine(tiny: TinyModel) -> Engine:
    return opened(tiny)


def opened(tiny: TinyModel, **options: Any) -> Engine:
    backend = open_model(str(tiny.folder), {}, Options(device="cpu", **options))
    assert isinstance(backend, OnnxBackend) and backend.engine is not None
    return backend.engine


def scored(backend: OnnxBackend, prompts: list[str]) -> list[Reply]:
    asked = [
        Request(task="t", row=str(at), messages=(Message("user", text),), decode=Decode(), options=OPTIONS)
        for at, text in enumerate(prompts)
    ]
    return [reply for _, reply in sorted(backend.answer(asked), key=lambda pair: pair[0])]


def scores(tiny: TinyModel, prompts: list[str], **options: Any) -> list[Reply]:
    return scored(open_model(str(tiny.folder), {}, Options(device="cpu", **options)), prompts)


def test_the_tree_of_a_short_row() -> None:
    """Three tokens, of which one is known, and tails of two and one: written out by hand."""
    tree = tree_of(3, 1, [2, 1], "float32")
    assert tree.positions.tolist() == [[1, 2, 3, 4, 3]]
    hidden = (tree.seen[0, 0] < 0).astype(int)
    assert hidden.tolist() == [[0] * 6, [0] * 6, [0] * 6, [0] * 6, [0, 0, 0, 1, 1, 0]]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(IDS, min_size=2, max_size=20),
    st.integers(0, 19),
    st.lists(st.lists(IDS, min_size=1, max_size=7), min_size=2, max_size=5),
)
def test_each_tail_is_as_if_alone(engine: Engine, begin: list[int], done: int, tails: list[list[int]]) -> None:
    done = min(done, len(begin) - 1)
    slots = make_slots(engine.decoder, 1, 64)
    if done:
        slots.read(0, begin[:done], 0, np.array([], dtype=np.int64))
    ends = np.cumsum([len(begin), *map(len, tails)])
    found = slots.read(0, begin, done, ends - 1, tails)
    assert slots.held[0] == [*begin, *tails[0]]
    alone = make_slots(engine.decoder, 1, 64)
    whole = [[*begin], *([*begin, *tail] for tail in tails)]
    expected = [alone.read(0, ids, 0, np.array([len(ids) - 1]))[0] for ids in whole]
    assert found == pytest.approx(np.stack(expected), abs=1e-4)
    # What the row holds behind is the first tail: it goes on from there.
    after = slots.read(0, [*begin, *tails[0], 9], len(begin) + len(tails[0]), np.array([len(begin) + len(tails[0])]))
    again = alone.read(0, [*begin, *tails[0], 9], 0, np.array([len(begin) + len(tails[0])]))
    assert after == pytest.approx(again, abs=1e-4)


def test_a_row_with_options_is_one_run(tiny: TinyModel, monkeypatch: pytest.MonkeyPatch) -> None:
    prompts = ["A question about the heart.", "The patient was seen in clinic"]
    expected = [reply.scores for reply in scores(tiny, prompts, exact=True)]
    backend = open_model(str(tiny.folder), {}, Options(device="cpu"))
    assert backend.describe()["options"] == "in one run"
    trees: list[bool] = []
    before = Decoder.step_in_place

    def noted(self: Decoder, ids: Any, mask: Any, held: Any, places: Any, tree: Any = None) -> Any:
        trees.append(tree is not None)
        return before(self, ids, mask, held, places, tree)

    monkeypatch.setattr(Decoder, "step_in_place", noted)
    found = [reply.scores for reply in scored(backend, prompts)]
    assert np.array(found) == pytest.approx(np.array(expected), abs=1e-4)
    # A tree must not begin with the first token of all; the second prompt finds that one there.
    assert trees == [False, True, True]


def test_options_of_many_tokens_go_in_several_runs() -> None:
    job = ScoringJob(index=0, options=tuple(OptionIds((1, 2, at, *([7] * 200)), 2) for at in range(5)))
    assert [len(bundle) for bundle in bundles(job, trees=True)] == [2, 2, 1]
    assert [len(bundle) for bundle in bundles(job, trees=False)] == [1] * 5
    apart = ScoringJob(index=0, options=(OptionIds((1, 7, 8), 1), OptionIds((2, 7, 8), 1)))
    assert [len(bundle) for bundle in bundles(apart, trees=True)] == [1, 1], "no beginning is shared"


def test_a_tree_that_does_not_fit_the_graph_is_run_option_by_option(tmp_path: Path) -> None:
    """All options together are longer than the table of positions, and each alone is not."""
    short = write_llama(tmp_path, seed=5, family="gqa", context=36)
    expected, found = scores(short, ["the heart"], exact=True), scores(short, ["the heart"])
    assert found[0].failure is None and found[0].scores == pytest.approx(expected[0].scores, abs=1e-4)
    slots = make_slots(opened(short).decoder, 1, 64)
    with pytest.raises(StepFailed, match="cos_cache"):
        slots.read(0, [7] * 20, 0, np.array([19]), [[8] * 10, [9] * 10])


def test_long_prompts_are_told_of_in_pieces(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = list(range(10, 90))
    places = np.array([3, 50, 79])
    expected = make_slots(engine.decoder, 1, 128).read(0, ids, 0, places)
    monkeypatch.setattr("medspec.backends.onnx.slots._SEEN_AT_ONCE", 80 * 7)
    assert make_slots(engine.decoder, 1, 128).read(0, ids, 0, places) == pytest.approx(expected, abs=1e-4)


def test_a_check_finds_a_graph_that_does_not_listen(engine: Engine) -> None:
    ids = list(range(30, 50))
    assert trees_work(engine.decoder, ids)

    class Deaf(Decoder):
        def _feeds(self, *rest: Any, **settings: Any) -> dict[str, Any]:
            feeds = super()._feeds(*rest, **settings)
            return {**feeds, "medspec_seen": np.zeros_like(feeds["medspec_seen"])}

    assert not trees_work(Deaf(engine.decoder.signature, engine.decoder._opened), ids)


def test_graphs_that_are_left_alone(tmp_path: Path) -> None:
    assert changed(write_llama(tmp_path / "generic").graph, see_trees) is None
    for name, value in {"local_window_size": 8, "do_rotary": 0}.items():
        altered = write_llama(tmp_path / name, family="gqa")
        model = onnx.load(altered.graph)
        for node in model.graph.node:
            if node.op_type == "GroupQueryAttention":
                kept = [attribute for attribute in node.attribute if attribute.name != name]
                del node.attribute[:]
                node.attribute.extend([*kept, helper.make_attribute(name, value)])
        onnx.save(model, altered.graph)
        assert changed(altered.graph, see_trees) is None, name


def test_exact_says_that_options_run_each(tiny: TinyModel) -> None:
    backend = open_model(str(tiny.folder), {}, Options(device="cpu", exact=True))
    assert backend.describe()["options"] == "each"


@pytest.mark.parametrize("export", [Export(family="gqa", floats="float16"), Export(family="gqa", four_bits=True)])
def test_other_number_types(tmp_path: Path, export: Export) -> None:
    tiny = write_llama(tmp_path, seed=5, export=export, context=256)
    expected, found = scores(tiny, ["the heart"], exact=True)[0], scores(tiny, ["the heart"])[0]
    assert found.scores == pytest.approx(expected.scores, abs=0.2)
