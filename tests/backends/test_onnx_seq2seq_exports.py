"""Encoder-decoder models in other number formats, held to a form, and short of memory: what they write does not depend on it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from tiny_seq2seq import HEAD_SIZE, HEADS, TinySeq2Seq, write_seq2seq

from medspec.backends.base import Decode, Message, Options, Reply, Request
from medspec.backends.onnx import SCHEME
from medspec.backends.onnx.decoder import StepFailed
from medspec.backends.onnx.seq2seq.graphs import Graph
from medspec.errors import BackendError
from medspec.readers import find_reader
from medspec.readers.base import Unread
from medspec.readers.grammars import grammar_of
from medspec.types import BooleanType, ChoiceType, EnumCase, EnumType, IntegerType

LAYOUTS = ("merged", "pair", "plain")
SUFFIXES = {"fp16": "_fp16", "q8": "_quantized"}
START = (2, 1)
PROMPTS = (
    "The patient was seen.",
    "A question about the heart: does the drug lower blood pressure? yes, no, maybe.",
    "Answer with one letter: A, B, C or D.",
    "no new complaints",
    "The fever and the cough and the fever and the cough and the fever.",
)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> dict[str, TinySeq2Seq]:
    """A model in each layout, every graph of it in three number formats."""
    folder = tmp_path_factory.mktemp("seq2seq")
    found = {}
    for layout in LAYOUTS:
        found[layout] = write_seq2seq(folder / layout, kind="bart", layout=layout, seed=2)
        for path in sorted((folder / layout).glob("*.onnx")):
            write_other_formats(path)
    return found


def write_other_formats(path: Path) -> None:
    from onnxruntime.quantization import quantize_dynamic
    from onnxruntime.transformers.float16 import convert_float_to_float16

    onnx.save(convert_float_to_float16(onnx.load(path)), path.with_name(f"{path.stem}_fp16.onnx"))
    other = path.with_name(f"{path.stem}_quantized.onnx")
    quantize_dynamic(path, other, op_types_to_quantize=["MatMul"], extra_options={"EnableSubgraph": True})


def written_plainly(folder: Path, suffix: str, ids: list[int], count: int) -> list[int]:
    """The greedy tokens by the graphs alone, one prompt at a time, with the cache they have."""
    sessions = {
        path.stem.removesuffix(suffix): onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        for path in folder.glob(f"*{suffix}.onnx")
    }
    hidden = sessions["encoder_model"].run(None, {"input_ids": [ids], "attention_mask": [[1] * len(ids)]})[0]
    reply, caches = list(START), {}
    for _ in range(count):
        merged, first = "decoder_model_merged" in sessions, not caches
        name = "decoder_model_merged" if merged else "decoder_model" if first else "decoder_with_past_model"
        session = sessions[name]
        empty = np.zeros((1, HEADS, 0, HEAD_SIZE), dtype=hidden.dtype)
        given = {
            "input_ids": np.array([reply if first else reply[-1:]], dtype=np.int64),
            "encoder_attention_mask": np.ones((1, len(ids)), dtype=np.int64),
            "encoder_hidden_states": hidden,
            "use_cache_branch": np.array([not first]),
            **caches,
        }
        feeds = {item.name: given.get(item.name, empty) for item in session.get_inputs()}
        names = [item.name for item in session.get_outputs()]
        found = dict(zip(names, session.run(None, feeds), strict=True))
        if merged or "decoder_with_past_model" in sessions:
            fresh = {
                name.replace("present", "past_key_values"): value
                for name, value in found.items()
                if name.startswith("present") and (first or ".decoder." in name)
            }
            caches = {**caches, **fresh}
        reply.append(int(found["logits"][0, -1].argmax()))
        if reply[-1] == START[0]:
            break
    return reply[len(START) :]


def ask(folder: Path, requests: list[Request], **options: Any) -> list[Reply]:
    backend = SCHEME.open(str(folder), {}, Options(device="cpu", **options))
    found = dict(backend.answer(requests))
    return [found[at] for at in range(len(requests))]


def asked(**more: Any) -> list[Request]:
    decode = Decode(**{"max_tokens": 12, **more.pop("decode", {})})
    return [
        Request(task="t", row=f"r{at}", messages=(Message("user", text),), decode=decode, **more)
        for at, text in enumerate(PROMPTS)
    ]


@pytest.mark.parametrize("dtype", SUFFIXES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_other_number_formats_write_what_their_graphs_say(tiny: Any, layout: str, dtype: str) -> None:
    one = tiny[layout]
    expected = [
        one.tokenizer.decode(
            written_plainly(one.folder, SUFFIXES[dtype], one.tokenizer.encode(text).ids, 12), skip_special_tokens=True
        )
        for text in PROMPTS
    ]
    assert len(set(expected)) > 2
    for batch in (1, 3):
        assert [reply.text for reply in ask(one.folder, asked(), dtype=dtype, batch=batch)] == expected
    said = SCHEME.open(str(one.folder), {}, Options(device="cpu", dtype=dtype, batch=3)).describe()
    assert said["dtype"] == dtype
    assert said["batch"] == (1 if dtype == "q8" else 3), "scales are taken over the whole batch"
    assert all(name.endswith((f"{SUFFIXES[dtype]}.onnx", ".json")) for name in said["files"])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_scores_of_half_precision_are_near_those_of_transformers(tiny: Any, layout: str) -> None:
    one, options = tiny[layout], (" yes", " no", " may be the blood pressure")
    for text, reply in zip(PROMPTS, ask(one.folder, asked(options=options), dtype="fp16", batch=3), strict=True):
        ids = torch.tensor([one.tokenizer.encode(text).ids])
        for option, score in zip(options, reply.scores or (), strict=True):
            wanted = one.tokenizer.encode(option, add_special_tokens=False).ids
            before = torch.tensor([[*START, *wanted[:-1]]])
            with torch.no_grad():
                logits = one.reference(input_ids=ids, decoder_input_ids=before).logits[0]
            rows = torch.log_softmax(logits[len(START) - 1 :], dim=-1)
            assert score == pytest.approx(sum(float(rows[at, id]) for at, id in enumerate(wanted)), abs=0.1)


def test_a_quantised_encoder_alone_is_enough_for_rows_to_run_alone(tiny: Any, tmp_path: Path) -> None:
    """Its scales are taken over the batch, too, whatever the decoder beside it is."""
    folder = shutil.copytree(tiny["pair"].folder, tmp_path / "mixed")
    for path in folder.glob("*.onnx"):
        if path.name != "encoder_model_quantized.onnx" and (path.stem.endswith("d") or "fp16" in path.name):
            path.unlink()
    (folder / "encoder_model.onnx").unlink()
    shutil.copyfile(tiny["pair"].folder / "decoder_with_past_model.onnx", folder / "decoder_with_past_model.onnx")
    said = SCHEME.open(str(folder), {}, Options(device="cpu", batch=3)).describe()
    assert set(said["files"]) == {
        "decoder_model.onnx", "decoder_with_past_model.onnx", "encoder_model_quantized.onnx", "tokenizer.json",
    }  # fmt: skip
    assert said["batch"] == 1


FINDING = EnumType("Finding", (EnumCase("effusion", 'Pleural "effusion"'), EnumCase("none", "Kein Befund: é")))
ROW = {"options": ["Gout", "Sepsis", "Nothing"]}
FORMS: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "letter of a choice": ("letter", ChoiceType("options"), {}),
    "text of an enum": ("plain", FINDING, {}),
    "a number of few": ("plain", IntegerType(0, 10), {}),
    "in a tag": ("tagged", BooleanType(), {"tag": "answer", "inner": "plain"}),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", FORMS)
def test_replies_that_are_held_to_a_form_can_be_read(tiny: Any, name: str, layout: str) -> None:
    reader_name, type_, settings = FORMS[name]
    reader = find_reader(reader_name)
    assert reader is not None
    grammar, folder = grammar_of(reader, type_, ROW, settings), tiny[layout].folder
    free = ask(folder, asked(grammar=grammar))
    assert any(isinstance(reader.decode(reply.text, type_, ROW, settings), Unread) for reply in free)
    for temperature in (0.0, 1.5):
        requests = asked(grammar=grammar, decode={"max_tokens": 80, "temperature": temperature})
        held, alone = (ask(folder, requests, constrain=True, batch=batch) for batch in (3, 1))
        assert [reply.text for reply in held] == [reply.text for reply in alone]
        for reply in held:
            assert (reply.failure, reply.finish) == (None, "stop")
            assert not isinstance(reader.decode(reply.text, type_, ROW, settings), Unread), reply.text


def test_the_likeliest_of_the_allowed_is_written(tiny: Any) -> None:
    """Held to letters of one token each, the reply is the letter with the highest score."""
    folder, letters = tiny["merged"].folder, tuple("ABCD")
    held = ask(folder, asked(grammar='start: "A" | "B" | "C" | "D"'), constrain=True, batch=3)
    scored = ask(folder, asked(options=letters))
    for reply, other in zip(held, scored, strict=True):
        scores = other.scores or ()
        assert reply.text == letters[scores.index(max(scores))]


def test_a_tokenizer_of_pieces_with_chances_holds_no_replies(tmp_path: Path) -> None:
    """T5's own kind: the library that holds replies knows byte-level tokenizers only, and says so."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    one = write_seq2seq(tmp_path, kind="t5", layout="plain")
    letters = sorted({letter for text in PROMPTS for letter in text.replace(" ", "▁")} | {"▁"})
    pieces = Tokenizer(models.Unigram([("<unk>", 0.0), *((letter, -3.0) for letter in letters)], unk_id=0))
    pieces.pre_tokenizer, pieces.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    pieces.save(str(one.folder / "tokenizer.json"))
    backend = SCHEME.open(str(tmp_path), {}, Options(device="cpu", constrain=True))
    with pytest.raises(
        BackendError, match="cannot be held to a form with this tokenizer.*\n?.*run without --constrain"
    ):
        dict(backend.answer(asked(grammar='start: "A"')))
    assert len(dict(backend.answer(asked()))) == len(PROMPTS)


@pytest.fixture
def scarce(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets graphs run for so many rows of so many prompt tokens only, and keeps the sizes that were tried."""

    def call(most: int, error: Exception, *, at: str = "decoder", longest: int = 10**9) -> list[int]:
        tried: list[int] = []
        run = Graph.run

        def limited(graph: Graph, feeds: Any) -> Any:
            if at in graph.path.name:
                rows = len(feeds["input_ids"])
                mask = feeds.get("encoder_attention_mask", feeds.get("attention_mask"))
                tried.append(rows)
                if rows > most or mask.shape[1] > longest:
                    raise error
            return run(graph, feeds)

        monkeypatch.setattr(Graph, "run", limited)
        return tried

    return call


SHORT = [StepFailed("Failed to allocate memory for requested buffer of size 4194304"), MemoryError()]


@pytest.mark.parametrize("error", SHORT, ids=["the runtime says so", "Python says so"])
@pytest.mark.parametrize("at", ["encoder", "decoder"])
@pytest.mark.parametrize("options", [None, (" yes", " no", " may be")], ids=["writing", "scoring"])
def test_batches_are_halved_where_memory_runs_out(
    tiny: Any, scarce: Any, error: Exception, at: str, options: tuple[str, ...] | None
) -> None:
    folder = tiny["merged"].folder
    backend = SCHEME.open(str(folder), {}, Options(device="cpu", batch=5))
    whole = dict(backend.answer(asked(options=options)))
    limit = backend.room.limit
    tried = scarce(3 if options is None or at == "encoder" else 4, error, at=at)
    for _ in range(2):
        found = dict(backend.answer(asked(options=options)))
        for at_row, reply in whole.items():
            assert (found[at_row].text, found[at_row].failure) == (reply.text, None)
            assert found[at_row].scores == (None if options is None else pytest.approx(reply.scores, abs=1e-4))
    assert max(tried) > 3, "it was too much once"
    assert backend.room.limit is not None and (limit is None or backend.room.limit < limit), "and learnt from that"


def test_a_row_that_does_not_run_alone_takes_no_other_with_it(tiny: Any, scarce: Any) -> None:
    folder = tiny["pair"].folder
    lengths = [len(tiny["pair"].tokenizer.encode(text).ids) for text in PROMPTS]
    longest = lengths.index(max(lengths))
    backend = SCHEME.open(str(folder), {}, Options(device="cpu", batch=5))
    scarce(10, StepFailed("not enough memory"), longest=max(lengths) - 1)
    for options in (None, (" yes", " no")):
        found = dict(backend.answer(asked(options=options)))
        failed = [at for at, reply in found.items() if reply.failure is not None]
        assert failed == [longest] and found[longest].failure == "model_error"
        assert "not enough memory" in str(found[longest].detail)
