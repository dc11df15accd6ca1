"""What the backend does with rows and models that are not as they should be, and what it promises about replies."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from numpy.typing import NDArray
from tiny_models import SPECIALS, TinyModel, write_json, write_llama

from medspec.backends import SCHEMES
from medspec.backends.base import Decode, Message, Options, Reply, Request
from medspec.backends.onnx import SCHEME
from medspec.backends.onnx.backend import OnnxBackend, open_model
from medspec.backends.onnx.decoder import Cache, Decoder, StepFailed, last_places
from medspec.backends.onnx.signature import Signature
from medspec.errors import BackendError

PROMPTS = ("The patient", "A question about the heart: does the drug lower blood pressure?", "no", "The fever", "yes")


def opened(tiny: TinyModel, **options: Any) -> OnnxBackend:
    return open_model(str(tiny.folder), {}, Options(device="cpu", **options))


def request(prompt: str, *, row: str = "1", options: tuple[str, ...] | None = None, **decode: Any) -> Request:
    settings = Decode(**{"max_tokens": 16, **decode})
    return Request(task="t", row=row, messages=(Message("user", prompt),), decode=settings, options=options)


def answers(backend: OnnxBackend, requests: Sequence[Request]) -> list[Reply]:
    """The replies in the order of the requests; every request has one."""
    found = list(backend.answer(requests))
    assert sorted(index for index, _ in found) == list(range(len(requests)))
    return [reply for _, reply in sorted(found, key=lambda pair: pair[0])]


def answer(backend: OnnxBackend, prompt: str, **settings: Any) -> Reply:
    [reply] = answers(backend, [request(prompt, **settings)])
    return reply


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyModel:
    return write_llama(tmp_path_factory.mktemp("tiny"), seed=21)


@pytest.fixture(scope="module")
def backend(tiny: TinyModel) -> OnnxBackend:
    return opened(tiny)


def test_the_scheme_is_in_the_catalogue(backend: OnnxBackend) -> None:
    assert SCHEME in SCHEMES and SCHEME.name == "onnx"
    assert backend.abilities == SCHEME.abilities


def test_texts_and_scores_of_one_call_go_to_their_rows(backend: OnnxBackend) -> None:
    mixed = [request(text, row=str(at), options=(" yes", " no") if at % 2 else None) for at, text in enumerate(PROMPTS)]
    together = answers(backend, mixed)
    for one, reply in zip(mixed, together, strict=True):
        [alone] = answers(backend, [one])
        assert (reply.text, reply.finish, reply.prompt_sha256) == (alone.text, alone.finish, alone.prompt_sha256)
        assert (reply.scores is None) == (alone.scores is None) == (one.options is None)
        assert reply.scores is None or reply.scores == pytest.approx(alone.scores)
        assert reply.seconds is not None and reply.seconds > 0


# Length and context.


def test_a_prompt_longer_than_the_context_is_a_failure(tmp_path: Path) -> None:
    short = opened(write_llama(tmp_path, context=16))
    length = len(short.tokens.encode("no " * 20, chat=False))
    reply = answer(short, "no " * 20)
    assert length > 16
    assert (reply.failure, reply.text, reply.tokens_in) == ("too_long", "", length)
    assert reply.detail == f"prompt {length} tokens, context 16"


def test_the_context_is_used_to_its_last_place(tmp_path: Path) -> None:
    """15 tokens leave room for one, 16 for none; a reply that reaches the end of the context is cut off there."""
    short = opened(write_llama(tmp_path, context=16))
    by_length = {len(short.tokens.encode("n" * count, chat=False)): "n" * count for count in range(20)}
    for length, finish, count in ((10, "length", 6), (15, "length", 1)):
        reply = answer(short, by_length[length], max_tokens=50)
        assert (reply.failure, reply.finish, reply.tokens_out) == (None, finish, count)
    assert answer(short, by_length[16]).failure == "too_long"


def test_a_row_that_is_done_does_not_run_on_past_the_context(tmp_path: Path) -> None:
    """It stays in its batch for a while; its position must not go where the model has none."""
    tiny = write_llama(tmp_path, context=16)
    short = opened(tiny, batch=4)
    watched = watch(short, 4, -1)
    by_length = {len(short.tokens.encode("n" * count, chat=False)): "n" * count for count in range(20)}
    lengths = (15, 3, 3, 4)
    replies = answers(short, [request(by_length[length], row=str(length), max_tokens=50) for length in lengths])
    assert [reply.tokens_out for reply in replies] == [16 - length for length in lengths]
    assert watched.tried == [4] * 12 + [2], "a step failed and the batch was run again in parts"


def test_prompt_and_longest_option_fit_together_or_not_at_all(tmp_path: Path) -> None:
    short = opened(write_llama(tmp_path, context=16))
    by_length = {len(short.tokens.encode("n" * count, chat=False)): "n" * count for count in range(20)}
    fits = answer(short, by_length[14], options=("?", "??"))
    assert fits.failure is None and len(fits.scores or ()) == 2
    reply = answer(short, by_length[15], options=("?", "??"))
    assert (reply.failure, reply.scores) == ("too_long", None)
    assert reply.detail == "prompt and longest option 17 tokens, context 16"


def test_a_tokenizer_that_cuts_is_not_allowed_to(tmp_path: Path) -> None:
    tiny = write_llama(tmp_path)
    tiny.tokenizer.enable_truncation(4)
    tiny.tokenizer.enable_padding(length=30)
    tiny.tokenizer.save(str(tmp_path / "tokenizer.json"))
    assert answer(opened(tiny), "The patient").tokens_in == 6  # one more than its words: the beginning token


# Ends.


def test_stop_texts_cut_the_reply(backend: OnnxBackend) -> None:
    whole = answer(backend, "The patient", max_tokens=30)
    assert whole.finish == "length" and whole.tokens_out == 30
    for place in (0, 3, len(whole.text) // 2):
        stop = whole.text[place : place + 2]
        reply = answer(backend, "The patient", max_tokens=30, stop=("never said", stop))
        assert reply.text == whole.text.split(stop)[0]
        assert reply.finish == "stop" and (reply.tokens_out or 0) < 30


def first_ids(tiny: TinyModel, prompt: str, count: int) -> list[int]:
    """What transformers writes after a prompt, with no end token."""
    import torch

    ids = torch.tensor([[1, *tiny.tokenizer.encode(prompt, add_special_tokens=False).ids]])
    model = tiny.reference()
    model.generation_config.eos_token_id = None
    written = model.generate(ids, do_sample=False, max_new_tokens=count, pad_token_id=0)
    return written[0, ids.shape[1] :].tolist()


def test_end_tokens_of_all_places_end_a_reply(tmp_path: Path) -> None:
    tiny = write_llama(tmp_path, seed=22)
    ids = first_ids(tiny, "The patient", 12)
    assert len(set(ids[:8])) == 8
    word = tiny.tokenizer.id_to_token(ids[2])
    write_json(tmp_path / "generation_config.json", {"eos_token_id": [ids[6], 340]})
    write_json(tmp_path / "tokenizer_config.json", {"eos_token": word})
    config = json.loads((tmp_path / "config.json").read_text())
    for place, in_config, count in ((2, 2, 2), (4, ids[4], 2), (1, ids[1], 1)):
        write_json(tmp_path / "config.json", {**config, "eos_token_id": in_config})
        reply = answer(opened(tiny), "The patient", max_tokens=12)
        assert (reply.tokens_out, reply.finish) == (count, "stop"), place
    write_json(tmp_path / "tokenizer_config.json", {})
    reply = answer(opened(tiny), "The patient", max_tokens=12)
    assert reply.tokens_out == 1
    write_json(tmp_path / "config.json", {**config, "eos_token_id": None})
    assert answer(opened(tiny), "The patient", max_tokens=12).tokens_out == 6


def test_a_stop_text_that_is_a_special_token(tmp_path: Path) -> None:
    """Its text never shows in a decoded reply, so it ends a reply by its id."""
    weights = np.zeros((343, 64), dtype=np.float32)
    weights[SPECIALS.index("<|end|>")] = 1.0
    constant = write_llama(tmp_path, change={"lm_head.weight": weights, "model.norm.weight": np.ones(64, np.float32)})
    backend = opened(constant)
    replies = [answer(backend, text, stop=("<|end|>",)) for text in PROMPTS]
    assert any(reply.tokens_out == 0 and reply.finish == "stop" for reply in replies)


# Faults of a row.


def with_poisoned_word(tmp_path: Path, family: str) -> TinyModel:
    """A model whose embedding of the letter `z` is no number."""
    plain = write_llama(tmp_path / "plain", seed=23, family=family)
    embedding = plain.weights["model.embed_tokens.weight"].copy()
    embedding[plain.tokenizer.token_to_id("z")] = np.nan
    return write_llama(tmp_path / "poisoned", seed=23, family=family, change={"model.embed_tokens.weight": embedding})


@pytest.mark.parametrize("family", ["generic", "gqa"])
def test_logits_that_are_no_numbers_fail_their_row_alone(tmp_path: Path, family: str) -> None:
    backend = opened(with_poisoned_word(tmp_path, family))
    healthy = opened(write_llama(tmp_path / "healthy", seed=23, family=family))
    prompts = ("The patient", "z", "The z", "no", "The fever")
    for options in (None, (" yes", " no")):
        requests = [request(text, row=str(at), options=options) for at, text in enumerate(prompts)]
        expected = answers(healthy, requests)
        for text, reply, good in zip(prompts, answers(backend, requests), expected, strict=True):
            if "z" in text:
                assert (reply.failure, reply.scores, reply.text) == ("model_error", None, "")
                assert reply.detail == "the model's logits are not finite numbers"
            elif "z" not in good.text:
                assert (reply.failure, reply.text) == (None, good.text)
                assert (reply.scores or ()) == pytest.approx(good.scores or ())


def test_an_option_that_adds_nothing(backend: OnnxBackend) -> None:
    reply = answer(backend, "The patient", options=(" yes", ""))
    assert reply.failure == "model_error"
    assert reply.detail == "the option '' adds no token to the prompt"


def test_an_empty_prompt_without_any_beginning(tmp_path: Path) -> None:
    tiny = write_llama(tmp_path, style="qwen2")
    write_json(tmp_path / "generation_config.json", {})
    write_json(tmp_path / "tokenizer_config.json", {})
    write_json(tmp_path / "config.json", {"max_position_embeddings": 128})
    backend = opened(tiny)
    assert backend.describe()["ends"] == []
    assert answer(backend, "").failure == "model_error"
    assert answer(backend, "", options=("yes", "no")).failure == "model_error"
    assert answer(backend, "The").failure is None


@attrs.frozen
class Scarce:
    """A decoder that does not run more than `most` rows, nor prompts with the token `never`.

    Notes how many rows were tried.
    """

    decoder: Decoder
    most: int
    never: int
    tried: list[int] = attrs.field(factory=list)

    @property
    def signature(self) -> Signature:
        return self.decoder.signature

    def step(self, ids: NDArray[Any], mask: NDArray[Any], cache: Cache | None, places: NDArray[Any]) -> Any:
        self.tried.append(len(ids))
        if len(ids) > self.most or (cache is None and self.never in ids):
            raise StepFailed("Failed to allocate memory for requested buffer of size 4096")
        return self.decoder.step(ids, mask, cache, places)

    def step_in_place(self, ids: NDArray[Any], mask: NDArray[Any], held: Any, places: NDArray[Any]) -> Any:
        self.tried.append(len(ids))
        if len(ids) > self.most or self.never in ids:
            raise StepFailed("Failed to allocate memory for requested buffer of size 4096")
        return self.decoder.step_in_place(ids, mask, held, places)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.decoder, name)


def watch(backend: OnnxBackend, most: int, never: int) -> Scarce:
    """Let the backend run with little memory."""
    assert backend.engine is not None
    fake = Scarce(backend.engine.decoder, most, never)
    backend.engine = attrs.evolve(backend.engine, decoder=fake)  # type: ignore[arg-type]
    return fake


def test_too_little_memory_halves_the_batch(tiny: TinyModel, backend: OnnxBackend) -> None:
    requests = [request(text, row=str(at)) for at, text in enumerate((*PROMPTS, "The z", "and z"))]
    expected = answers(backend, requests)
    scarce = opened(tiny, batch=7)
    fake = watch(scarce, 2, tiny.tokenizer.token_to_id("z"))
    replies = answers(scarce, requests)
    assert [reply.text for reply in replies[:5]] == [reply.text for reply in expected[:5]]
    assert [reply.failure for reply in replies] == [None] * 5 + ["model_error"] * 2
    assert replies[5].detail == "Failed to allocate memory for requested buffer of size 4096"
    assert fake.tried[:3] == [7, 4, 2]


def test_what_the_graph_refuses_is_a_failed_step(backend: OnnxBackend) -> None:
    assert backend.engine is not None
    decoder = backend.engine.decoder
    ids = np.array([[1, 10**6]])
    with pytest.raises(StepFailed, match="indices element out of data bounds"):
        decoder.step(ids, np.ones_like(ids), None, last_places(1, 2))


def test_scores_of_a_step_that_fails(tiny: TinyModel) -> None:
    failing = opened(tiny)
    watch(failing, 2, tiny.tokenizer.token_to_id("z"))
    good, bad = answers(failing, [request("The", options=(" yes",)), request("The z", options=(" yes",))])
    assert (good.failure, bad.failure, bad.scores) == (None, "model_error", None)


# Sampling.


def test_a_sampled_row_does_not_depend_on_its_neighbours(tiny: TinyModel) -> None:
    requests = [request(text, row=f"row {at}", temperature=1.0) for at, text in enumerate(PROMPTS)]
    alone = [answers(opened(tiny), [one])[0].text for one in requests]
    assert [reply.text for reply in answers(opened(tiny, batch=5), requests)] == alone
    assert [reply.text for reply in answers(opened(tiny, batch=2), requests[::-1])] == alone[::-1]


def test_a_sampled_row_depends_on_row_and_seed(tiny: TinyModel, backend: OnnxBackend) -> None:
    def texts(seed: int) -> list[str]:
        same_prompt = [request("The patient", row=str(row), temperature=1.0) for row in range(6)]
        return [reply.text for reply in answers(opened(tiny, seed=seed), same_prompt)]

    assert texts(1) == texts(1)
    assert len({*texts(1), *texts(2)}) == 12
    assert answer(backend, "The patient", temperature=1e-6).text == answer(backend, "The patient").text


# Packed weights.


def test_activations_that_are_quantised_run_alone(tmp_path: Path) -> None:
    """Their rounding depends on the whole batch, so every row is run by itself, and the reply is the same in any."""
    from onnxruntime.quantization import quantize_dynamic

    tiny = write_llama(tmp_path, seed=24)
    quantize_dynamic(tiny.graph, tmp_path / "model_quantized.onnx", op_types_to_quantize=["MatMul"])
    backend = opened(tiny, dtype="q8", batch=4)
    described = backend.describe()
    assert (described["batch"], described["dtype"]) == (1, "q8")
    requests = [request(text, row=str(at)) for at, text in enumerate(PROMPTS)]
    alone = [answers(backend, [one])[0].text for one in requests]
    assert [reply.text for reply in answers(backend, requests)] == alone


# Digest, description, end.


def test_the_digest_names_what_can_change_a_reply(tmp_path: Path) -> None:
    def digest(name: str, options: dict[str, Any] | None = None, **settings: Any) -> str:
        return opened(write_llama(tmp_path / name, **settings), **(options or {})).digest

    first = digest("a")
    assert first == digest("b") == digest("a", {"batch": 2})
    template = "x {{ messages[0].content }}"
    others = [
        digest("c", seed=2),
        digest("d", style="qwen2"),
        digest("e", context=64),
        digest("f", data_files=1),
        digest("g", chat_template=template),
        digest("a", {"seed": 5}),
    ]
    assert len({first, *others}) == 7
    assert digest("g", {"chat": "off"}, chat_template=template) == first


def test_what_is_described_is_json(backend: OnnxBackend, tiny: TinyModel) -> None:
    described = json.loads(json.dumps(backend.describe()))
    assert described["family"] == "generic"
    assert described["context"] == 128
    assert described["vocabulary"] == tiny.shape.vocabulary
    assert described["ends"] == [2]
    assert set(described["files"]) == {"model.onnx", "tokenizer.json"}


def test_a_closed_model_answers_no_more(tiny: TinyModel) -> None:
    backend = opened(tiny)
    backend.close()
    with pytest.raises(BackendError, match="was closed"):
        list(backend.answer([request("x")]))
