"""However rows are run - alone, in slots, in batches after shared beginnings - they get the same replies and scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tiny_graphs import Export
from tiny_models import TinyModel, write_llama

from medspec.backends.base import Decode, Message, Options, Reply, Request
from medspec.backends.onnx.backend import OnnxBackend, open_model
from medspec.backends.onnx.decoder import Cache, Decoder, StepFailed
from medspec.backends.onnx.prefixes import Prefixes, branches, common_length
from medspec.backends.onnx.slots import make_slots

SHOTS = "Question: does the drug lower blood pressure? yes, no, maybe. Answer: yes\n\nQuestion: is it a fever?"
QUESTIONS = (
    SHOTS + " The patient was seen in clinic.",
    SHOTS + " The patient was seen today and had no new complaints, and the cough? Answer:",
    SHOTS + " The patient was seen in clinic.",
    SHOTS,
    "A question about the heart.",
    "no",
    SHOTS + " no",
    "A question about the fever, and the cough",
)
OPTIONS = (" yes", " no", " maybe, the patient has a fever", " maybe, the patient was seen", " yes")
EXPORTS = {
    "generic": Export(),
    "gqa": Export(family="gqa"),
    "generic, no positions": Export(position_ids=False),
    "gqa, last logits": Export(family="gqa", keep=True),
    "branch": Export(branch=True),
}


@cache
def model(folder: Path, name: str) -> TinyModel:
    return write_llama(folder / name.replace(", ", "_"), seed=41, export=EXPORTS[name], context=256)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


def opened(tiny: TinyModel, way: str | None = None, **options: Any) -> OnnxBackend:
    backend = open_model(str(tiny.folder), {}, Options(device="cpu", **options))
    if way is not None:
        assert backend.engine is not None
        backend.engine.way = way
    return backend


def requests(options: tuple[str, ...] | None, prompts: Sequence[str] = QUESTIONS, room: int = 12) -> list[Request]:
    return [
        Request(
            task="t", row=str(at), messages=(Message("user", text),), decode=Decode(max_tokens=room), options=options
        )
        for at, text in enumerate(prompts)
    ]


def answers(backend: OnnxBackend, asked: Sequence[Request]) -> list[Reply]:
    found = sorted(backend.answer(asked), key=lambda pair: pair[0])
    assert [index for index, _ in found] == list(range(len(asked)))
    assert all(reply.failure is None for _, reply in found), found
    return [reply for _, reply in found]


@pytest.mark.parametrize("name", EXPORTS)
@pytest.mark.parametrize("batch", [1, 3, 8])
def test_every_way_writes_the_same(folder: Path, name: str, batch: int) -> None:
    tiny = model(folder, name)
    expected = [reply.text for reply in answers(opened(tiny, exact=True), requests(None))]
    assert len(set(expected)) >= 6
    for way in (None, "growing"):
        backend = opened(tiny, way, batch=batch)
        for _ in range(2):  # again, with what was kept
            assert [reply.text for reply in answers(backend, requests(None))] == expected
        backwards = answers(backend, requests(None)[::-1])
        assert [reply.text for reply in backwards] == expected[::-1]


@pytest.mark.parametrize("name", EXPORTS)
@pytest.mark.parametrize("options", [OPTIONS, OPTIONS[:2], (" A", "wer", " yes"), (", the fever and the cough",)])
def test_every_way_scores_the_same(folder: Path, name: str, options: tuple[str, ...]) -> None:
    tiny = model(folder, name)
    expected = [reply.scores for reply in answers(opened(tiny, exact=True), requests(options))]
    for way in (None, "growing"):
        for batch in (1, 8):
            backend = opened(tiny, way, batch=batch)
            for _ in range(2):
                found = [reply.scores for reply in answers(backend, requests(options))]
                assert np.array(found) == pytest.approx(np.array(expected), abs=1e-4)
            texts = [reply.text for reply in answers(backend, requests(None))]  # slots used by both kinds of work
            assert len(texts) == len(QUESTIONS)


def test_the_way_is_told_by_the_graph(folder: Path) -> None:
    ways = {name: opened(model(folder, name)).describe()["caches"] for name in EXPORTS}
    assert ways == {name: "slots" if "gqa" in name else "growing" for name in EXPORTS}
    described = opened(model(folder, "gqa"), exact=True).describe()
    assert (described["caches"], described["batch"], described["exact"]) == ("exact", 1, True)


def test_rows_at_a_time_suit_the_way_or_are_those_asked_for(folder: Path) -> None:
    found = {name: opened(model(folder, name)).describe()["batch"] for name in ("generic", "gqa")}
    assert found == {"generic": 8, "gqa": 32}
    assert [opened(model(folder, "gqa"), batch=count).describe()["batch"] for count in (1, 5, 64)] == [1, 5, 64]


def test_exact_is_another_model(folder: Path) -> None:
    """What was answered in one way is not taken for the other's."""
    tiny = model(folder, "gqa")
    assert opened(tiny, exact=True).digest != opened(tiny).digest


# What is run.


@attrs.frozen
class Counting:
    """A decoder that notes how many tokens each step takes, for how many rows, and may refuse some."""

    decoder: Decoder
    refuses: Callable[[NDArray[Any]], bool] = lambda ids: False
    steps: list[tuple[int, int]] = attrs.field(factory=list)

    def step(self, ids: NDArray[Any], mask: NDArray[Any], cache: Cache | None, places: NDArray[Any]) -> Any:
        self._note(ids)
        return self.decoder.step(ids, mask, cache, places)

    def step_in_place(self, ids: NDArray[Any], *rest: Any, **more: Any) -> Any:
        self._note(ids)
        return self.decoder.step_in_place(ids, *rest, **more)

    def _note(self, ids: NDArray[Any]) -> None:
        self.steps.append(ids.shape)
        if self.refuses(ids):
            raise StepFailed("Failed to allocate memory for requested buffer of size 4096")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.decoder, name)

    @property
    def tokens(self) -> int:
        return sum(rows * new for rows, new in self.steps)


def counted(backend: OnnxBackend, **settings: Any) -> Counting:
    assert backend.engine is not None
    counting = Counting(backend.engine.decoder, **settings)
    backend.engine = attrs.evolve(backend.engine, decoder=counting)  # type: ignore[arg-type]
    return counting


ALIKE = tuple(f"{SHOTS} {word}" for word in ("The heart", "The fever", "The cough and the fever", "no", "yes and no"))


@pytest.mark.parametrize("name", ["generic", "gqa"])
@pytest.mark.parametrize("options", [None, (" A", " B", " C", " D")])
def test_a_shared_beginning_is_run_once(folder: Path, name: str, options: tuple[str, ...] | None) -> None:
    backend = opened(model(folder, name))
    lengths = [len(backend.tokens.encode(text, chat=False)) for text in ALIKE]
    shared = len(backend.tokens.encode(SHOTS, chat=False))
    assert shared > 50 and max(lengths) - shared < 12
    counting = counted(backend)
    answers(backend, requests(options, ALIKE, room=1))
    assert counting.tokens < shared + 12 * len(ALIKE)
    if options is not None:
        assert len(counting.steps) <= 1 + len(ALIKE)
    counting.steps.clear()
    answers(backend, requests(options, tuple(text + " of the drug" for text in ALIKE), room=1))
    assert counting.tokens < 20 * len(ALIKE), "the beginning was run again for the next call"


def test_options_of_one_token_need_no_step_of_their_own(folder: Path) -> None:
    for name, steps in (("gqa", 1), ("generic", 1)):
        counting = counted(opened_backend := opened(model(folder, name)))
        [reply] = answers(opened_backend, requests((" A", " B", " C", " D"), ("The heart",)))
        assert len(reply.scores or ()) == 4 and len(counting.steps) == steps


def test_long_options_of_a_growing_cache_are_one_batch(folder: Path) -> None:
    counting = counted(backend := opened(model(folder, "generic")))
    answers(backend, requests(OPTIONS, ("The heart",)))
    longer = {text for text in OPTIONS if len(backend.tokens.encode(text, chat=True)) > 1}
    assert [rows for rows, _ in counting.steps] == [1, len(longer)] and len(longer) >= 2


def test_slots_are_refilled(folder: Path) -> None:
    """Six prompts in two slots: never more than two rows, and hardly a step with only one."""
    counting = counted(backend := opened(model(folder, "gqa"), batch=2))
    prompts = ("no", "yes", "The heart", "The fever", "A question", "maybe")
    replies = answers(backend, requests(None, prompts, room=10))
    assert {reply.tokens_out for reply in replies} == {10}
    together = [rows for rows, new in counting.steps if new == 1 and rows > 1]
    assert max(rows for rows, _ in counting.steps) == 2 and len(together) == 27  # 6 replies, 9 more tokens, 2 rows


# Memory.


@pytest.mark.parametrize("name", ["generic", "gqa"])
@pytest.mark.parametrize("options", [None, OPTIONS])
def test_little_memory_changes_no_reply(folder: Path, name: str, options: tuple[str, ...] | None) -> None:
    tiny = model(folder, name)
    expected = answers(opened(tiny, exact=True), requests(options))
    backend = opened(tiny, batch=8)
    counted(backend, refuses=lambda ids: len(ids) > 3)
    for reply, one in zip(answers(backend, requests(options)), expected, strict=True):
        assert reply.text == one.text
        assert reply.scores == pytest.approx(one.scores or (), abs=1e-4) or options is None


def test_slots_keep_what_they_held_when_they_grow(folder: Path) -> None:
    tiny = model(folder, "gqa")
    engine = opened(tiny).engine
    assert engine is not None
    ids = list(range(5, 45))
    last = np.array([len(ids) - 1])
    small = make_slots(engine.decoder, 2, 50)
    expected = small.read(1, ids, 0, last)
    large = make_slots(engine.decoder, 4, 200, small)
    assert large is not small and large.length >= 200
    assert make_slots(engine.decoder, 3, 180, large) is large
    assert make_slots(engine.decoder, 3, 20, large) is not large, "far too long buffers are given back"
    done = large.reach(3, ids)
    assert done == len(ids)
    assert large.read(3, ids, done - 1, last) == pytest.approx(expected, abs=1e-4)


# Beginnings.

PROMPTS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 60), st.lists(st.integers(0, 1), min_size=1, max_size=4)).map(
        lambda made: (7,) * (made[0] * 20) + tuple(range(made[1])) + tuple(made[2])
    ),
    max_size=12,
)


@given(PROMPTS)
def test_branches_hold_every_prompt_once(prompts: list[tuple[int, ...]]) -> None:
    found = branches(prompts)
    assert sorted(at for branch in found for at in branch.members) == list(range(len(prompts)))
    for branch in found:
        beginnings = {prompts[at][: branch.shared] for at in branch.members}
        assert len(beginnings) == 1
        assert all(branch.shared < len(prompts[at]) for at in branch.members)


@given(PROMPTS)
def test_branches_cost_no_more_than_prompts_alone(prompts: list[tuple[int, ...]]) -> None:
    found = branches(prompts)
    begun = {prompts[branch.members[0]][: branch.shared] for branch in found} - {()}
    run = sum(len(prompts[at]) - branch.shared for branch in found for at in branch.members)
    run += sum(
        len(one) - max((len(other) for other in begun if other != one and one[: len(other)] == other), default=0)
        for one in begun
    )
    assert run <= sum(map(len, prompts))


def test_branches_nest() -> None:
    """Two topics after one instruction, each with its own shots."""
    instruction, first, second = (1,) * 60, (2,) * 60, (3,) * 60
    prompts = [
        instruction + topic + (row, row) for topic in (second, first) for row in range(10, 13)
    ]  # fmt: skip
    found = [(branch.shared, sorted(branch.members)) for branch in branches(prompts)]
    assert found == [(120, [3, 4, 5]), (120, [0, 1, 2])]


@given(st.lists(st.integers(0, 1)), st.lists(st.integers(0, 1)))
def test_common_length(one: list[int], other: list[int]) -> None:
    length = common_length(one, other)
    assert one[:length] == other[:length]
    assert length == min(len(one), len(other)) or one[length] != other[length]


def test_prefixes_take_over_part_of_a_longer_beginning(folder: Path) -> None:
    engine = opened(model(folder, "generic")).engine
    assert engine is not None
    counting = Counting(engine.decoder)
    prefixes = Prefixes(counting)  # type: ignore[arg-type]
    long, short, other = tuple(range(5, 45)), tuple(range(5, 25)), (*range(5, 25), 100, 101)
    fresh = [Prefixes(engine.decoder).cache_of(ids) for ids in (long, short, other)]
    for ids, expected in zip((long, short, other), fresh, strict=True):
        found = prefixes.cache_of(ids)
        assert found is not None and expected is not None and found.length == len(ids)
        for one, two in zip(found.values, expected.values, strict=True):
            assert one.numpy() == pytest.approx(two.numpy(), abs=1e-4)
    assert counting.tokens == 40 + 0 + 2
    assert prefixes.cache_of(()) is None
