"""`genai:` answers as `onnx:` and transformers do with the same weights, whatever rows stand beside a row."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import onnx
import pytest
import torch
from onnx import helper, numpy_helper
from shared_data import DATA, needs
from tiny_genai import genai_config, write_genai
from tiny_graphs import Export
from tiny_models import TinyModel, write_json, write_llama

from medspec.backends import SCHEMES
from medspec.backends.base import Backend, Decode, Message, Options, Reply, Request
from medspec.backends.genai import SCHEME
from medspec.backends.onnx import SCHEME as ONNX
from medspec.errors import BackendError, UsageError

pytest.importorskip("onnxruntime_genai", reason="needs the extra `genai`: onnxruntime-genai-cuda is not installed")

from medspec.backends.genai.backend import GenaiBackend, open_model
from medspec.backends.genai.library import Loaded
from medspec.backends.genai.row import OneRow
from medspec.backends.genai.self_check import Ways

PROMPTS = (
    "The patient",
    "A question about the heart: does the drug lower blood pressure? yes, no, maybe.",
    "no",
    "Answer with one letter: é ß 漢字 🩺.",
    "The fever",
    "The cough",
)
OPTIONS = (" yes", " no", " no, maybe", " the fever and the cough", " no")
PADDED = "The patient was seen<pad>"
"""A prompt that ends with the token that genai_config.json calls padding."""


def opened(tiny: TinyModel, **options: Any) -> GenaiBackend:
    return open_model(str(tiny.folder), {}, Options(**{"device": "cpu", **options}))


def request(prompt: str, *, row: str = "1", options: tuple[str, ...] | None = None, **decode: Any) -> Request:
    settings = Decode(**{"max_tokens": 16, **decode})
    return Request(task="t", row=row, messages=(Message("user", prompt),), decode=settings, options=options)


def answers(backend: Backend, requests: Sequence[Request]) -> list[Reply]:
    """The replies in the order of the requests; every request has one."""
    found = list(backend.answer(requests))
    assert sorted(index for index, _ in found) == list(range(len(requests)))
    return [reply for _, reply in sorted(found, key=lambda pair: pair[0])]


def texts(backend: Backend, requests: Sequence[Request]) -> list[tuple[str, str, int | None]]:
    replies = answers(backend, requests)
    assert all(reply.failure is None for reply in replies)
    return [(reply.text, reply.finish, reply.tokens_out) for reply in replies]


def written(**decode: Any) -> list[Request]:
    return [request(text, row=str(at), **decode) for at, text in enumerate((*PROMPTS, PADDED))]


def limited(backend: GenaiBackend, **ways: bool) -> GenaiBackend:
    """The same model where only these of the library's ways work."""
    assert backend.engine is not None
    backend.engine = attrs.evolve(backend.engine, ways=attrs.evolve(backend.engine.ways, **ways))
    return backend


@attrs.frozen
class Pair:
    """The same weights in both layouts."""

    genai: TinyModel
    onnx: TinyModel

    def other(self, **options: Any) -> Backend:
        return ONNX.open(str(self.onnx.folder), {}, Options(**{"device": "cpu", **options}))


@pytest.fixture(scope="module", params=["llama gqa", "qwen3 gqa", "qwen2 generic", "llama generic"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    style, family = request.param.split()
    root = tmp_path_factory.mktemp("pair")
    how: dict[str, Any] = {"style": style, "family": family, "seed": 21}
    return Pair(write_genai(root / "genai", **how), write_llama(root / "onnx", **how))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyModel:
    return write_genai(tmp_path_factory.mktemp("tiny"), seed=21)


def test_the_scheme_is_in_the_catalogue(tiny: TinyModel) -> None:
    assert SCHEME in SCHEMES and SCHEME.name == "genai"
    assert opened(tiny).abilities == SCHEME.abilities


@pytest.mark.parametrize("batch", [1, 3, 8])
def test_greedy_replies_are_those_of_the_other_loop(pair: Pair, batch: int) -> None:
    expected = texts(pair.other(), written())
    assert len(set(expected)) == len(expected), "the model says the same to everything"
    backend = opened(pair.genai, batch=batch)
    assert texts(backend, written()) == expected
    assert backend.describe()["batches"] == "padded"


def test_greedy_replies_are_those_of_transformers(pair: Pair) -> None:
    model, tokenizer = pair.genai.reference(), pair.genai.tokenizer
    found = texts(opened(pair.genai), written())
    for text, (reply, finish, count) in zip((*PROMPTS, PADDED), found, strict=True):
        begin = [1] * (pair.genai.shape.style == "llama")
        ids = torch.tensor([[*begin, *tokenizer.encode(text, add_special_tokens=False).ids]])
        whole = model.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=16, eos_token_id=2, pad_token_id=0
        )
        new = whole[0, ids.shape[1] :].tolist()
        ended = new[-1] == 2
        expected = new[:-1] if ended else new
        assert (reply, count) == (tokenizer.decode(expected, skip_special_tokens=True), len(expected))
        assert finish == ("stop" if ended else "length")


def test_drawn_replies_are_those_of_the_other_loop(pair: Pair) -> None:
    """One stream of numbers for each row, so that the same tokens are drawn in any order and beside any neighbours."""
    drawn = written(temperature=1.0)
    expected = texts(pair.other(seed=5), drawn)
    assert texts(opened(pair.genai, seed=5), drawn) == expected
    assert texts(opened(pair.genai, seed=5, batch=1), drawn[::-1]) == expected[::-1]
    assert texts(opened(pair.genai, seed=6), drawn) != expected


@pytest.mark.parametrize("options", [{}, {"exact": True}])
def test_option_scores_are_those_of_the_other_loop(pair: Pair, options: dict[str, Any]) -> None:
    asked = [request(text, row=str(at), options=OPTIONS) for at, text in enumerate((*PROMPTS, PADDED))]
    expected = answers(pair.other(**options), asked)
    for reply, other in zip(answers(opened(pair.genai, **options), asked), expected, strict=True):
        assert reply.scores == pytest.approx(other.scores, abs=1e-4)
        assert (reply.finish, reply.tokens_in) == ("scored", other.tokens_in)


def test_replies_that_end_at_different_steps(tmp_path: Path) -> None:
    """The library stops a row of a batch at an end token by itself; the others go on unharmed."""
    ends = list(range(0, 343, 9))
    tiny = write_genai(tmp_path / "genai", seed=21, extra={"eos_token_id": ends})
    plain = write_llama(tmp_path / "onnx", seed=21, family="gqa")
    write_json(plain.folder / "generation_config.json", {"eos_token_id": ends})
    asked = [one for one in written() if one.messages[0].text != PADDED]
    expected = texts(ONNX.open(str(plain.folder), {}, Options(device="cpu")), asked)
    assert len({count for _, _, count in expected}) >= 3
    assert texts(opened(tiny), asked) == expected == texts(opened(tiny, batch=1), asked)


def test_stop_texts_cut_the_reply(pair: Pair) -> None:
    free = texts(pair.other(), written())
    stops = tuple(dict.fromkeys(text[3:5] for text, _, _ in free if len(text) > 5))
    expected = texts(pair.other(), written(stop=stops))
    assert expected != free
    assert texts(opened(pair.genai), written(stop=stops)) == expected


@pytest.mark.parametrize("temperature", [0.0, 1.5])
def test_replies_held_to_a_grammar_are_those_of_the_other_loop(pair: Pair, temperature: float) -> None:
    grammar = 'start: ("yes" | "no") (", " /[a-z]{2,9}/)? "."'
    asked = [attrs.evolve(one, grammar=grammar) for one in written(temperature=temperature)]
    held = opened(pair.genai, constrain=True)
    assert (held.abilities.constrain, opened(pair.genai).abilities.constrain) == (True, False)
    expected = texts(pair.other(constrain=True), asked)
    assert all(re.fullmatch(r"(yes|no)(, [a-z]{2,9})?\.", text) for text, _, _ in expected)
    assert texts(held, asked) == expected
    assert texts(opened(pair.genai), asked) == texts(opened(pair.genai), written(temperature=temperature)) != expected


# The library's ways, and what is done where one of them does not work.


@pytest.mark.parametrize(
    "ways",
    [{"padded": False}, {"padded": False, "equal": False}, {"rewinds": False}, {"all_logits": False}],
    ids=lambda ways: ", ".join(ways),
)
def test_a_way_that_does_not_work_is_not_taken(tiny: TinyModel, ways: dict[str, bool]) -> None:
    asked = [*written(), *(request(text, row=text, options=OPTIONS) for text in PROMPTS)]
    replies = answers(limited(opened(tiny), **ways), asked)
    for reply, other in zip(replies, answers(opened(tiny), asked), strict=True):
        assert (reply.text, reply.finish) == (other.text, other.finish)
        assert reply.scores == (None if other.scores is None else pytest.approx(other.scores, abs=1e-4))


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many tokens each step of a single row takes, from now on."""
    steps: list[int] = []
    append = OneRow._append

    def count(row: OneRow, ids: Sequence[int]) -> None:
        steps.append(len(ids))
        append(row, ids)

    monkeypatch.setattr(OneRow, "_append", count)
    return steps


def test_a_common_beginning_is_read_once(tiny: TinyModel, monkeypatch: pytest.MonkeyPatch) -> None:
    backend, steps = opened(tiny), counted(monkeypatch)
    begin = "The patient was seen in clinic today and had no new complaints. " * 3
    asked = [request(begin + text, row=text, options=(" yes", " no")) for text in ("A", "B", "C", "D")]
    lengths = [reply.tokens_in or 0 for reply in answers(backend, asked)]
    assert sum(steps) < max(lengths) + 4 * 8 < sum(lengths) / 2
    steps.clear()
    assert answers(backend, asked[:1])[0].failure is None  # what the last call read is still there
    assert sum(steps) < 8
    steps.clear()
    answers(opened(tiny, exact=True), asked)
    assert sum(steps) >= sum(lengths)


def test_long_beginnings_or_many_steps_decide_on_the_way(tiny: TinyModel, monkeypatch: pytest.MonkeyPatch) -> None:
    backend, steps = opened(tiny), counted(monkeypatch)
    begin = "The patient was seen in clinic today and had no new complaints. " * 3
    alike = [request(begin + text, row=text, max_tokens=1) for text in ("A", "B", "C", "D")]
    unlike = [request(text, row=text, max_tokens=30) for text in PROMPTS]
    texts(backend, alike)
    assert steps, "prompts that begin alike and short replies: one row"
    steps.clear()
    texts(backend, unlike)
    assert not steps, "prompts that differ and long replies: side by side"


def test_rows_that_find_no_memory_are_run_in_halves(tiny: TinyModel, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = texts(opened(tiny), written())
    backend, tried = opened(tiny, batch=7), list[int]()
    generator = Loaded.generator

    def scarce(loaded: Loaded, rows: int, length: int) -> Any:
        tried.append(rows)
        if rows > 2:
            raise RuntimeError("Failed to allocate memory for requested buffer of size 4096")
        return generator(loaded, rows, length)

    monkeypatch.setattr(Loaded, "generator", scarce)
    assert texts(backend, written()) == expected
    assert tried[:3] == [7, 4, 2]


def test_a_row_that_does_not_run_takes_no_neighbour_with_it(tiny: TinyModel, monkeypatch: pytest.MonkeyPatch) -> None:
    backend, append = limited(opened(tiny), padded=False, equal=False), OneRow._append
    never = tiny.tokenizer.token_to_id("z")

    def refuse(row: OneRow, ids: Sequence[int]) -> None:
        append(row, ids)
        if never in ids:
            raise RuntimeError("the graph said no")

    asked = [request(text, row=text) for text in ("The fever", "The z", "The cough")]
    asked += [request(text, row=text, options=(" yes",)) for text in ("The fever", "The z", "The cough")]
    expected = answers(backend, asked)
    monkeypatch.setattr(OneRow, "_append", refuse)
    found = answers(backend, asked)
    assert [reply.failure for reply in found] == [None, "model_error", None] * 2
    assert (found[1].detail, found[4].scores) == ("the graph said no", None)
    for at in (0, 2, 3, 5):
        assert (found[at].text, found[at].scores) == (expected[at].text, expected[at].scores)


def test_a_graph_with_logits_of_the_last_token_only(tmp_path: Path) -> None:
    """As the builder writes with `prune_lm_head`: options of several tokens are read token by token."""
    tiny = write_genai(tmp_path / "last", seed=21)
    asked = [*written(), *(request(text, row=text, options=OPTIONS) for text in PROMPTS)]
    expected = answers(opened(tiny), asked)
    model = onnx.load(tiny.graph)
    [head] = [node for node in model.graph.node if node.output[0] == "logits"]
    head.output[0] = "all_logits"
    ends = {"start": -1, "end": 2**62, "axis": 1}
    model.graph.initializer.extend(numpy_helper.from_array(np.array([value]), name) for name, value in ends.items())
    model.graph.node.append(helper.make_node("Slice", ["all_logits", *ends], ["logits"]))
    [value] = [value for value in model.graph.output if value.name == "logits"]
    value.type.tensor_type.shape.dim[1].dim_value = 1
    onnx.save(model, tiny.graph)
    backend = opened(tiny)
    # Behind the padding of a shorter row stands no last token, which the library does not notice.
    assert backend.engine is not None and backend.engine.ways.batches == "of equal length"
    assert not backend.engine.ways.all_logits
    for reply, other in zip(answers(backend, asked), expected, strict=True):
        assert (reply.text, reply.finish) == (other.text, other.finish)
        assert reply.scores == (None if other.scores is None else pytest.approx(other.scores, abs=1e-4))


def test_half_precision_and_four_bits_are_near(tmp_path: Path) -> None:
    for name, export in (
        ("half", Export(family="gqa", floats="float16")),
        ("four", Export(family="gqa", four_bits=True)),
    ):
        how: dict[str, Any] = {"seed": 12, "export": export}
        tiny, plain = write_genai(tmp_path / name, **how), write_llama(tmp_path / f"{name}_onnx", **how)
        asked = [request(text, row=text, options=OPTIONS) for text in PROMPTS]
        expected = answers(ONNX.open(str(plain.folder), {}, Options(device="cpu")), asked)
        for reply, other in zip(answers(opened(tiny), asked), expected, strict=True):
            assert reply.scores == pytest.approx(other.scores, abs=0.1)


def test_packed_weights_that_are_multiplied_in_eight_bits(tmp_path: Path) -> None:
    """Neighbours move the logits of such a graph by tenths, of some by chance: its rows are run one after another."""
    export = Export(family="gqa", four_bits=True, eight_bit_sums=True)
    for seed in range(3):
        tiny = write_genai(tmp_path / str(seed), seed=seed, layers=4, hidden=512, export=export)
        backend = opened(tiny)
        assert backend.engine is not None and backend.engine.ways == Ways(343, True, True, True, True)
        assert backend.describe()["batch"] == 1
        assert texts(backend, written()) == texts(opened(tiny, exact=True), written())


# What is refused, and what is said.


def test_a_graph_that_counts_positions_wrong_is_refused(tmp_path: Path) -> None:
    tiny = write_genai(tmp_path, family="generic", export=Export(family="generic", position_shift=1))
    with pytest.raises(BackendError, match="self-check: a prompt in several parts gets other logits than at once"):
        opened(tiny)


def test_logits_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    broken = np.full((343, 64), np.nan, dtype=np.float32)
    tiny = write_genai(tmp_path, change={"lm_head.weight": broken})
    with pytest.raises(BackendError, match="self-check: the logits of a short prompt are not finite numbers"):
        opened(tiny)


def test_what_the_library_refuses_is_said_with_the_folder(tmp_path: Path) -> None:
    tiny = write_genai(tmp_path, extra={"type": "nonesuch"})
    with pytest.raises(BackendError, match=f"{tmp_path}: onnxruntime-genai .* cannot load this model: .*nonesuch"):
        opened(tiny)


def test_a_tokenizer_that_does_not_belong_to_the_model(tmp_path: Path) -> None:
    tiny = write_genai(tmp_path)
    tiny.tokenizer.add_tokens([f"word{at}" for at in range(4)])
    tiny.tokenizer.save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(BackendError, match="the tokenizer has 344 ids and the model knows 343"):
        opened(tiny)


def test_devices_and_settings(tiny: TinyModel, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"device 'cpu,cpu': `genai:` runs on one device; several are for `onnx:`"):
        opened(tiny, device="cpu,cpu")
    with pytest.raises(UsageError, match="`genai:` has no setting 'dtype'; it has date"):
        open_model(str(tiny.folder), {"dtype": "fp16"}, Options())
    other = write_genai(tmp_path, providers=("dml",))
    described = opened(other, device="auto").describe()
    assert (described["device"], described["why_cpu"]) == ("cpu", "the graph was made for dml")
    assert opened(tiny, device="auto").describe()["why_cpu"] is None


def test_a_prompt_longer_than_the_context_is_a_failure(tmp_path: Path) -> None:
    short = opened(write_genai(tmp_path, context=16))
    fits, cut, too_long = answers(short, [request("no " * count, row=str(count)) for count in (4, 12, 20)])
    assert (fits.failure, too_long.failure) == (None, "too_long")
    assert cut.failure is None or cut.failure == "too_long"
    assert (fits.tokens_in or 0) + (fits.tokens_out or 0) <= 16
    assert too_long.detail is not None and "context 16" in too_long.detail


def test_the_digest_is_that_of_what_decides_on_replies(tiny: TinyModel, tmp_path: Path) -> None:
    backend = opened(tiny)
    assert backend.digest == opened(tiny, batch=2, threads=2).digest
    assert len({backend.digest, opened(tiny, seed=1).digest, opened(tiny, exact=True).digest}) == 3
    other = tmp_path / "other"
    shutil.copytree(tiny.folder, other)
    config = json.loads((other / "genai_config.json").read_text(encoding="utf-8"))
    config["model"]["eos_token_id"] = [2, 3]
    write_json(other / "genai_config.json", config)
    assert open_model(str(other), {}, Options(device="cpu")).digest != backend.digest


def test_what_is_described_is_json(tiny: TinyModel) -> None:
    backend = opened(tiny, threads=2)
    said = json.loads(json.dumps(backend.describe()))
    assert (said["scheme"], said["threads"], said["caches"], said["ends"]) == ("genai", 2, "taken back", [2])
    assert said["runtime"].startswith("onnxruntime-genai ") and ", onnxruntime " in said["runtime"]
    backend.close()
    with pytest.raises(BackendError, match="the model was closed"):
        list(backend.answer([request("no")]))


@needs("stories260k_onnx")
def test_a_trained_model_writes_its_known_story(tmp_path: Path) -> None:
    """256 greedy tokens from the beginning token: the 565 characters that llama2.c's documentation prints."""
    stories = DATA / "stories260k_onnx"
    for name in ("model.onnx", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(stories / name, tmp_path / name)
    like = write_llama(tmp_path / "like", family="generic")
    config = genai_config(like, family="generic", extra={"context_length": 512, "vocab_size": 512})
    config["model"]["decoder"].update(
        filename="model.onnx",
        head_size=8,
        hidden_size=64,
        num_attention_heads=8,
        num_hidden_layers=5,
        num_key_value_heads=4,
    )
    write_json(tmp_path / "genai_config.json", config)
    expected = json.loads((stories / "expected_greedy.json").read_text(encoding="utf-8"))
    [reply] = answers(open_model(str(tmp_path), {}, Options(device="cpu")), [request("", max_tokens=256)])
    assert len(expected["text"]) == 565
    assert (reply.text, reply.tokens_out, reply.finish) == (expected["text"], 256, "length")
