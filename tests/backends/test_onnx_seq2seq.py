"""Encoder-decoder models: replies and option scores are those of transformers with the same weights, token for token."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_seq2seq import TinySeq2Seq, write_seq2seq

from medspec.backends import abilities_of
from medspec.backends.base import Decode, Message, Options, Reply, Request
from medspec.backends.onnx import SCHEME
from medspec.errors import BackendError, UsageError

PROMPTS = (
    "The patient was seen.",
    "A question about the heart: does the drug lower blood pressure? yes, no, maybe.",
    "Answer with one letter: A, B, C or D.",
    "no new complaints",
    "The fever and the cough and the fever and the cough and the fever.",
)
OPTIONS = (" yes", " no", " may be the blood pressure", "yes")
CASES = [(kind, layout) for kind in ("t5", "bart") for layout in ("merged", "pair", "plain")]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], TinySeq2Seq]:
    folder = tmp_path_factory.mktemp("seq2seq")
    return {case: write_seq2seq(folder / "-".join(case), kind=case[0], layout=case[1]) for case in CASES}


def ask(folder: Path, requests: list[Request], **options: Any) -> list[Reply]:
    backend = SCHEME.open(str(folder), {}, Options(device="cpu", **options))
    try:
        found = dict(backend.answer(requests))
    finally:
        backend.close()
    return [found[at] for at in range(len(requests))]


def request(text: str, *, at: int = 0, options: tuple[str, ...] | None = None, **decode: Any) -> Request:
    settings = Decode(**{"max_tokens": 12, **decode})
    return Request(task="t", row=f"r{at}", messages=(Message("user", text),), decode=settings, options=options)


def expected_texts(tiny: TinySeq2Seq, count: int) -> list[str]:
    texts = []
    for prompt in PROMPTS:
        ids = torch.tensor([tiny.tokenizer.encode(prompt).ids])
        # What is forced at the beginning is a token of its count; here it stands before the first.
        forced = tiny.reference.generation_config.forced_bos_token_id is not None
        written = tiny.reference.generate(ids, max_new_tokens=count + forced, do_sample=False, num_beams=1)
        texts.append(tiny.tokenizer.decode(written[0].tolist(), skip_special_tokens=True))
    return texts


@pytest.mark.parametrize("case", CASES, ids="-".join)
@pytest.mark.parametrize("batch", [1, 3])
def test_greedy_replies_are_those_of_transformers(tiny: Any, case: tuple[str, str], batch: int) -> None:
    one = tiny[case]
    expected = expected_texts(one, 12)
    assert len(set(expected)) > 2  # replies that depend on the prompt
    replies = ask(one.folder, [request(text, at=at) for at, text in enumerate(PROMPTS)], batch=batch)
    assert [reply.text for reply in replies] == expected
    assert {reply.failure for reply in replies} == {None}


@pytest.mark.parametrize("case", CASES, ids="-".join)
@pytest.mark.parametrize("batch", [1, 3])
def test_option_scores_are_those_of_transformers(tiny: Any, case: tuple[str, str], batch: int) -> None:
    one = tiny[case]
    replies = ask(one.folder, [request(text, options=OPTIONS) for text in PROMPTS], batch=batch)
    start = [one.reference.config.decoder_start_token_id]
    if one.reference.generation_config.forced_bos_token_id is not None:
        start.append(one.reference.generation_config.forced_bos_token_id)
    for prompt, reply in zip(PROMPTS, replies, strict=True):
        ids = torch.tensor([one.tokenizer.encode(prompt).ids])
        for option, score in zip(OPTIONS, reply.scores or (), strict=True):
            wanted = one.tokenizer.encode(option, add_special_tokens=False).ids
            with torch.no_grad():
                logits = one.reference(input_ids=ids, decoder_input_ids=torch.tensor([[*start, *wanted[:-1]]])).logits[
                    0
                ]
            rows = torch.log_softmax(logits[len(start) - 1 :], dim=-1)
            assert score == pytest.approx(sum(float(rows[at, id]) for at, id in enumerate(wanted)), abs=1e-4)


def test_draws_are_the_same_in_any_batch_and_differ_between_seeds(tiny: Any) -> None:
    folder = tiny["bart", "merged"].folder
    asked = [request(text, at=at, temperature=1.0) for at, text in enumerate(PROMPTS)]
    together, alone = (ask(folder, asked, batch=batch, seed=3) for batch in (8, 1))
    assert [reply.text for reply in together] == [reply.text for reply in alone]
    assert [reply.text for reply in together] != [reply.text for reply in ask(folder, asked, seed=4)]


def test_draws_follow_the_probabilities_of_the_model(tiny: Any) -> None:
    one = tiny["bart", "pair"]
    count = 400
    asked = [request("no", at=at, temperature=1.0, max_tokens=1) for at in range(count)]
    replies = ask(one.folder, asked, batch=64)
    ids = torch.tensor([one.tokenizer.encode("no").ids])
    with torch.no_grad():
        logits = one.reference(input_ids=ids, decoder_input_ids=torch.tensor([[2, 1]])).logits[0, -1]
    share = torch.softmax(logits, dim=-1)
    best = int(share.argmax())
    text = one.tokenizer.decode([best], skip_special_tokens=True)
    seen = sum(reply.text == text for reply in replies) / count
    same = sum(
        float(share[id]) for id in range(len(share)) if one.tokenizer.decode([id], skip_special_tokens=True) == text
    )
    assert abs(seen - same) < 4 * math.sqrt(same * (1 - same) / count)


def test_a_stop_text_ends_a_reply(tiny: Any) -> None:
    folder = tiny["bart", "merged"].folder
    [whole] = ask(folder, [request(PROMPTS[1])])
    stop = whole.text[3:5]
    [cut] = ask(folder, [request(PROMPTS[1], stop=(stop,))])
    assert cut.text == whole.text[: whole.text.index(stop)]
    assert (cut.finish, whole.finish) == ("stop", "length")


def test_a_prompt_that_is_too_long_is_a_failure_of_its_row(tiny: Any) -> None:
    long, short = ask(tiny["t5", "merged"].folder, [request("fever and cough " * 60), request("no")])
    assert long.failure == "too_long" and "the encoder takes 96" in str(long.detail)
    assert short.failure is None


def test_abilities_are_told_without_loading(tiny: Any) -> None:
    abilities = abilities_of(f"onnx:{tiny['t5', 'pair'].folder}")
    assert (abilities.text, abilities.logits, abilities.images, abilities.prefix) == (True, True, False, "none")


def test_the_report_says_what_was_run(tiny: Any) -> None:
    folder = tiny["bart", "pair"].folder
    backend = SCHEME.open(str(folder), {}, Options(device="cpu"))
    said = backend.describe()
    assert said["family"] == "encoder-decoder" and said["start"] == [2, 1]
    assert set(said["files"]) == {
        "encoder_model.onnx",
        "decoder_model.onnx",
        "decoder_with_past_model.onnx",
        "tokenizer.json",
    }
    digest = backend.digest
    assert digest != SCHEME.open(str(folder), {}, Options(device="cpu", seed=1)).digest
    backend.close()
    with pytest.raises(BackendError, match="was closed"):
        dict(backend.answer([request("no")]))


def test_an_encoder_alone_is_refused(tmp_path: Path) -> None:
    one = write_seq2seq(tmp_path, layout="plain")
    (one.folder / "decoder_model.onnx").unlink()
    with pytest.raises(BackendError, match="runs no encoder alone"):
        SCHEME.open(str(tmp_path), {}, Options())


def test_a_model_that_does_not_say_how_replies_begin_is_refused(tmp_path: Path) -> None:
    write_seq2seq(tmp_path, layout="plain")
    for name in ("config.json", "generation_config.json"):
        content = json.loads((tmp_path / name).read_text())
        content.pop("decoder_start_token_id", None)
        (tmp_path / name).write_text(json.dumps(content))
    with pytest.raises(BackendError, match="decoder_start_token_id"):
        SCHEME.open(str(tmp_path), {}, Options())


def test_a_decoder_that_takes_no_mask_fails_its_self_check(tmp_path: Path) -> None:
    import onnx

    write_seq2seq(tmp_path, layout="plain")
    path = tmp_path / "encoder_model.onnx"
    model = onnx.load(path)
    ones = onnx.helper.make_node(
        "ConstantOfShape", ["mask_shape"], ["seen"], value=onnx.helper.make_tensor("one", 7, [1], [1])
    )
    shape = onnx.helper.make_node("Shape", ["attention_mask"], ["mask_shape"])
    for node in model.graph.node:
        node.input[:] = ["seen" if name == "attention_mask" else name for name in node.input]
    model.graph.node.insert(0, ones)
    model.graph.node.insert(0, shape)
    onnx.save(model, path)
    with pytest.raises(BackendError, match="self-check: a prompt in a batch"):
        SCHEME.open(str(tmp_path), {}, Options())


def test_settings_and_chat_are_refused_where_there_are_none(tiny: Any) -> None:
    folder = str(tiny["t5", "plain"].folder)
    with pytest.raises(UsageError, match="no setting 'date'"):
        SCHEME.open(folder, {"date": "2026-01-31"}, Options())
    with pytest.raises(BackendError, match="no chat template"):
        SCHEME.open(folder, {}, Options(chat="on"))
