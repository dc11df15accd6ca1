"""The decoding loop equals transformers with the same weights: replies token for token, scores to rounding."""

from __future__ import annotations

import json
from functools import cache
from os.path import commonprefix
from pathlib import Path

import attrs
import numpy as np
import pytest
import torch
from tiny_graphs import Export
from tiny_models import TinyModel, write_llama

from medspec.backends.base import Decode, Message, Options, Reply, Request
from medspec.backends.onnx.backend import OnnxBackend, open_model
from medspec.backends.onnx.generate import WritingJob
from medspec.backends.onnx.room import room_for
from medspec.backends.onnx.sampling import log_likelihood, next_token, row_generator

STORIES = Path(__file__).parents[2].parent / "shared" / "data" / "stories260k_onnx"
STYLES = ("llama", "qwen2", "qwen3")
PROMPTS = (
    "The patient",
    "A question about the heart: does the drug lower blood pressure? yes, no, maybe.",
    "no",
    "Answer with one letter: é ß 漢字 🩺.",
    "The fever",
    "The cough",
)
ROOM = 24


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], TinyModel]:
    """One model of each style, written in both families with the same weights."""
    root = tmp_path_factory.mktemp("models")
    return {
        (style, family): write_llama(root / f"{style}_{family}", style=style, family=family, seed=11)
        for style in STYLES
        for family in ("generic", "gqa")
    }


@cache
def reference_of(tiny: TinyModel) -> torch.nn.Module:
    return tiny.reference()


def reference_greedy(tiny: TinyModel, ids: list[int], room: int, ends: list[int]) -> list[int]:
    """What transformers writes after `ids`, without the end token."""
    prompt = torch.tensor([ids])
    written = (
        reference_of(tiny)
        .generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            do_sample=False,
            max_new_tokens=room,
            eos_token_id=ends,
            pad_token_id=0,
        )[0, len(ids) :]
        .tolist()
    )
    return written[:-1] if written[-1] in ends else written


def reference_scores(tiny: TinyModel, ids: list[int], start: int) -> float:
    """The summed log-probability of `ids[start:]` by transformers' logits."""
    with torch.no_grad():
        logits = reference_of(tiny)(torch.tensor([ids])).logits[0]
    chosen = torch.log_softmax(logits.double(), dim=-1)[range(start - 1, len(ids) - 1), ids[start:]]
    return float(chosen.sum())


def plain_ids(tiny: TinyModel, text: str) -> list[int]:
    return [1] * (tiny.shape.style == "llama") + tiny.tokenizer.encode(text, add_special_tokens=False).ids


def write(
    tiny: TinyModel, ends: frozenset[int], batch: int, prompts: tuple[str, ...] = PROMPTS, way: str | None = None
) -> list[list[int]]:
    """The ids our loop writes after each prompt."""
    backend = open_model(str(tiny.folder), {}, Options(device="cpu"))
    jobs = [
        WritingJob(
            index=index,
            task="t",
            row=str(index),
            ids=tuple(plain_ids(tiny, text)),
            room=ROOM,
            ends=ends,
            decode=Decode(max_tokens=ROOM),
        )
        for index, text in enumerate(prompts)
    ]
    assert backend.engine is not None
    engine = attrs.evolve(
        backend.engine, room=room_for(backend.engine.decoder, Options(batch=batch)), way=way or backend.engine.way
    )
    written = engine.write(jobs)
    return [list(result.ids) for result in sorted(written, key=lambda result: result.job.index)]


@pytest.mark.parametrize("family", ["generic", "gqa"])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("batch", [1, 4])
def test_greedy_equals_transformers(
    models: dict[tuple[str, str], TinyModel], style: str, family: str, batch: int
) -> None:
    tiny = models[style, family]
    expected = [reference_greedy(tiny, plain_ids(tiny, text), ROOM, [2]) for text in PROMPTS]
    assert len({tuple(ids) for ids in expected}) == len(PROMPTS), "the model says the same to everything"
    assert write(tiny, frozenset({2}), batch) == expected


def test_rows_end_at_different_steps(models: dict[tuple[str, str], TinyModel]) -> None:
    """With many end tokens rows finish one after another, and the rest of the batch goes on unharmed."""
    tiny = models["llama", "generic"]
    ends = list(range(0, tiny.shape.vocabulary, 9))
    expected = [reference_greedy(tiny, plain_ids(tiny, text), ROOM, ends) for text in PROMPTS]
    assert len({len(ids) for ids in expected}) >= 3
    assert write(tiny, frozenset(ends), batch=6) == expected


def test_equal_lengths_share_a_batch_in_the_gqa_family(models: dict[tuple[str, str], TinyModel]) -> None:
    tiny = models["qwen3", "gqa"]
    prompts = ("The drug", "The heart", "The cough", "The fever no")
    length = {len(plain_ids(tiny, text)) for text in prompts}
    assert len(length) == 1
    ends = list(range(0, tiny.shape.vocabulary, 9))
    expected = [reference_greedy(tiny, plain_ids(tiny, text), ROOM, ends) for text in prompts]
    assert len({len(ids) for ids in expected}) >= 2
    assert write(tiny, frozenset(ends), batch=4, prompts=prompts) == expected


EXPORTS = {
    "int32 ids": Export(ids="int32"),
    "last logits": Export(keep=True),
    "branch": Export(branch=True),
    "no positions": Export(position_ids=False),
    "four bits": Export(four_bits=True),
    "gqa, four bits": Export(family="gqa", four_bits=True),
    "gqa, int32, last logits": Export(family="gqa", ids="int32", keep=True),
}


def ask(backend: OnnxBackend, prompt: str, options: tuple[str, ...] | None = None, room: int = ROOM) -> Reply:
    request = Request(
        task="t", row="1", messages=(Message("user", prompt),), decode=Decode(max_tokens=room), options=options
    )
    [(_, reply)] = backend.answer([request])
    return reply


@pytest.mark.parametrize("name", EXPORTS)
def test_every_kind_of_graph_equals_transformers(tmp_path: Path, name: str) -> None:
    tiny = write_llama(tmp_path, seed=12, export=EXPORTS[name])
    expected = [reference_greedy(tiny, plain_ids(tiny, text), ROOM, [2]) for text in PROMPTS]
    assert write(tiny, frozenset({2}), batch=4) == expected
    backend = open_model(str(tmp_path), {}, Options(device="cpu"))
    [score] = ask(backend, "The patient", (" was seen",)).scores or ()
    whole = plain_ids(tiny, "The patient was seen")
    assert score == pytest.approx(reference_scores(tiny, whole, len(plain_ids(tiny, "The patient"))), abs=1e-4)


def test_positions_are_counted_from_zero_and_not_over_padding(tmp_path: Path) -> None:
    """Learned positions, which show what rotary ones hide; the reference runs everything anew at every step."""
    table = np.random.default_rng(0).standard_normal((128, 64)).astype(np.float32)
    export = Export(learned_positions=True)
    tiny = write_llama(tmp_path, seed=13, export=export, change={"model.embed_positions.weight": table})
    model = attrs.evolve(
        tiny, weights={name: value for name, value in tiny.weights.items() if "positions" not in name}
    ).reference()
    expected = []
    for text in PROMPTS:
        ids = plain_ids(tiny, text)
        for _ in range(8):
            embedded = model.model.embed_tokens(torch.tensor([ids])) + torch.from_numpy(table[: len(ids)])
            with torch.no_grad():
                ids = [*ids, int(model(inputs_embeds=embedded).logits[0, -1].argmax())]
        expected.append(ids[-8:])
    assert [ids[:8] for ids in write(tiny, frozenset(), batch=6)] == expected


@pytest.mark.parametrize("family", ["generic", "gqa"])
def test_half_precision_is_near(tmp_path: Path, family: str) -> None:
    export = Export(family=family, floats="float16")
    tiny = write_llama(tmp_path, seed=12, export=export, graph="model_fp16.onnx")
    backend = open_model(str(tmp_path), {}, Options(device="cpu"))
    assert backend.describe()["dtype"] == "fp16"
    options = (" was", " has", " lower")
    scores = ask(backend, "The patient", options).scores or ()
    prompt = plain_ids(tiny, "The patient")
    expected = [reference_scores(tiny, plain_ids(tiny, "The patient" + text), len(prompt)) for text in options]
    assert scores == pytest.approx(expected, abs=0.1)


OPTIONS = {
    "letters": ("Answer with one letter:", (" A", " B", " C", " D")),
    "words": ("does the drug lower blood pressure?", (" yes", " no", " maybe")),
    "one begins another": ("The answer is", (" no", " no, maybe", " no, maybe not", " yes")),
    "the same twice": ("The answer is", (" no", " no")),
    "space at the end": ("The answer is ", ("no", "yes", "the fever and the cough")),
    "line break at the end": ("The answer is\n\n", ("no", "yes")),
    "joined across the border": ("The ans", ("wer", "wer is", "x")),
    "joined, one begins another": ("The ans", ("wer", "wer is")),
    "nothing before": ("", ("yes", "no", "yes, no")),
    "spaces before": ("  ", ("yes", "no")),
    "letters of several bytes": ("漢", ("字", "é🩺", "字字")),
}


@pytest.mark.parametrize("family", ["generic", "gqa"])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", OPTIONS)
def test_option_scores_equal_transformers(
    models: dict[tuple[str, str], TinyModel], style: str, family: str, name: str
) -> None:
    """The rule of lm-evaluation-harness, written out again: spaces move, one encoding, cut at the prompt's length.

    It has no rule for an option that adds no token; ours is to score from the first token that differs.
    """
    tiny = models[style, family]
    prompt, options = OPTIONS[name]
    expected = []
    for option in options:
        spaces = len(prompt) - len(prompt.rstrip())
        context, continuation = prompt[: len(prompt) - spaces], prompt[len(prompt) - spaces :] + option
        before, whole = plain_ids(tiny, context), plain_ids(tiny, context + continuation)
        if not before:  # a tokenizer without a beginning token: the model still has one
            before, whole = [1], [1, *whole]
        start = len(before) if len(whole) > len(before) else len(commonprefix([before, whole]))
        expected.append(reference_scores(tiny, whole, start))
    reply = ask(open_model(str(tiny.folder), {}, Options(device="cpu")), prompt, options)
    assert reply.finish == "scored"
    assert reply.scores == pytest.approx(expected, abs=1e-4)


@pytest.mark.skipif(not STORIES.is_dir(), reason="needs shared/data/stories260k_onnx")
def test_a_trained_model_writes_its_known_story() -> None:
    """256 greedy tokens from the beginning token: the 565 characters that llama2.c's documentation prints."""
    expected = json.loads((STORIES / "expected_greedy.json").read_text(encoding="utf-8"))
    backend = open_model(str(STORIES), {}, Options(device="cpu"))
    reply = ask(backend, "", room=256)
    assert len(expected["text"]) == 565
    assert reply.text == expected["text"]
    assert (reply.tokens_in, reply.tokens_out, reply.finish) == (1, 256, "length")


@pytest.mark.skipif(not STORIES.is_dir(), reason="needs shared/data/stories260k_onnx")
def test_a_trained_model_finds_its_own_words_likelier() -> None:
    backend = open_model(str(STORIES), {}, Options(device="cpu"))
    scores = ask(backend, "Once upon a time, there was a little girl named", (" Lily", " ylLi", " qqqq")).scores or ()
    assert max(scores) == scores[0] and scores[0] > -2


def test_log_likelihood_is_that_of_log_softmax() -> None:
    logits = (np.random.default_rng(5).standard_normal((7, 300)) * 30).astype(np.float32)
    ids = np.array([0, 299, 5, 5, 17, 100, 1])
    expected = torch.log_softmax(torch.from_numpy(logits).double(), dim=-1)[range(7), ids].sum()
    assert log_likelihood(logits, ids) == pytest.approx(float(expected), rel=1e-6)
    for value in (np.nan, np.inf, -np.inf):
        broken = logits.copy()
        broken[3, 200] = value  # not the logit of the token that is asked for
        assert np.isnan(log_likelihood(broken, ids))


def test_sampling_follows_the_probabilities() -> None:
    logits = np.log(np.array([0.5, 0.3, 0.15, 0.05], dtype=np.float32))
    drawn = [next_token(logits, 1.0, row_generator(0, "t", str(row))) for row in range(4000)]
    assert np.bincount(drawn, minlength=4) / 4000 == pytest.approx([0.5, 0.3, 0.15, 0.05], abs=0.03)
    cold = [next_token(logits, 0.5, row_generator(0, "t", str(row))) for row in range(4000)]
    squared = np.array([0.5, 0.3, 0.15, 0.05]) ** 2  # temperature 1/2 squares the probabilities
    assert np.bincount(cold, minlength=4) / 4000 == pytest.approx(squared / squared.sum(), abs=0.03)
    assert next_token(np.array([1.0, 3.0, 3.0], dtype=np.float32), 0.0, None) == 1
