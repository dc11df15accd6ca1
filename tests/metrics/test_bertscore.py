"""`bertscore` against the authors' package, with a tiny random BERT exported to ONNX."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_encoders import TinyEncoder, write_bert, write_roberta

from medspec.backends.base import Options
from medspec.backends.onnx.encoder import TextEncoder, TextVectors, encoder_digest, open_encoder
from medspec.errors import InternalError
from medspec.metrics import find_metric
from medspec.metrics.base import Batch, Unread
from medspec.metrics.bertscore import match
from medspec.metrics.encoded import Corpus
from medspec.types import TextType

WORDS = "the patient has fever and cough pneumonia chest pain no since days improved on".split()
BERTSCORE = find_metric("bertscore")
assert BERTSCORE is not None


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyEncoder:
    return write_bert(tmp_path_factory.mktemp("encoder"), WORDS)


@pytest.fixture(scope="module")
def encoder(tiny: TinyEncoder) -> TextEncoder:
    return open_encoder(tiny.folder, Options(device="cpu"))


def texts(seed: int, count: int = 30) -> list[str]:
    rng = random.Random(seed)
    made = [" ".join(rng.choices([*WORDS, "Xray", "37.5"], k=rng.randint(1, 12))) + "." for _ in range(count)]
    return [*made, "The patient has a fever, and no cough!"]


def ours(encoder: Any, answers: list[Any], golds: list[str], **given: Any) -> np.ndarray:
    settings = {**BERTSCORE.defaults, "model": "it", **given}
    batch = Batch(TextType(), answers, golds, encoders={"it": Corpus(encoder, golds)})
    found = BERTSCORE.row_values(batch, settings)
    assert found is not None
    return found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("idf", [False, True])
@pytest.mark.parametrize(
    ("layer", "number"), [("last_hidden_state", 2), ("hidden_states.2", 2), ("hidden_states.1", 1)]
)
def test_precision_recall_and_f1_are_those_of_the_authors_package(
    tiny: TinyEncoder, encoder: TextEncoder, layer: str, number: int, idf: bool
) -> None:
    import bert_score

    answers, golds = texts(1), texts(2)
    ways = {"model_type": str(tiny.original), "num_layers": number, "use_fast_tokenizer": True, "nthreads": 0}
    # One pair in a batch: in larger ones the package lets padding take part in the matching.
    theirs = bert_score.score(answers, golds, idf=idf, batch_size=1, device="cpu", **ways)
    # Where every token of a text is in every gold, the package divides by 0, and makes an f1 of 0 of that.
    known = ~np.isnan((theirs[0] + theirs[1]).numpy())
    for value, expected in zip(("precision", "recall", "f1"), theirs, strict=True):
        found = ours(encoder, answers, golds, layer=layer, idf=idf, value=value)
        assert known.sum() >= len(golds) - 2 and (idf or known.all())
        assert found[known] == pytest.approx(np.clip(expected.numpy()[known], -1, 1), abs=1e-5), value
        assert np.ptp(found) > 0.05, "texts that all score alike show nothing"


@pytest.mark.filterwarnings("ignore")
def test_byte_level_tokens_begin_with_a_space_as_in_the_authors_package(tmp_path: Path) -> None:
    """And a family that counts positions from behind the padding token sees two tokens fewer than it has positions."""
    import bert_score

    tiny = write_roberta(tmp_path, texts(11, 100))
    encoder = open_encoder(tiny.folder, Options(device="cpu"))
    answers, golds = texts(12, 10), texts(13, 10)
    ways = {"model_type": str(tiny.original), "num_layers": 2, "use_fast_tokenizer": True, "nthreads": 0}
    theirs = bert_score.score(answers, golds, batch_size=1, device="cpu", **ways)[2].numpy()
    assert ours(encoder, answers, golds) == pytest.approx(np.clip(theirs, -1, 1), abs=1e-5)
    assert encoder.context == 60 and ours(encoder, ["fever and cough " * 20], ["fever"]).shape == (1,)
    assert encoder.describe()["cut"] == 1


def test_three_vectors_matched_by_hand() -> None:
    """Answer (1, 0), (0, 1); gold (1, 0), (0.6, 0.8): cosines 1, 0.6 and 0, 0.8."""
    answer = TextVectors(np.array([1, 2]), np.array([[2.0, 0.0], [0.0, 3.0]], np.float32), np.ones(2, bool))
    gold = TextVectors(np.array([1, 3]), np.array([[1.0, 0.0], [0.6, 0.8]], np.float32), np.ones(2, bool))
    assert match(answer, gold, None) == pytest.approx((0.9, 0.9))
    counted = TextVectors(gold.ids, gold.vectors, np.array([True, False]))
    assert match(answer, counted, None) == pytest.approx((0.9, 1.0))


def test_idf_is_that_of_the_golds_whichever_rows_are_looked_at(encoder: TextEncoder) -> None:
    answers, golds = texts(5, 6), texts(6, 6)
    corpus = Corpus(encoder, golds)
    settings = {**BERTSCORE.defaults, "model": "it", "idf": True}
    whole = BERTSCORE.row_values(Batch(TextType(), answers, golds, encoders={"it": corpus}), settings)
    part = BERTSCORE.row_values(Batch(TextType(), answers[:2], golds[:2], encoders={"it": corpus}), settings)
    assert whole is not None and part is not None and part.tolist() == whole[:2].tolist()
    alone = ours(encoder, answers[:2], golds[:2], idf=True)
    assert alone.tolist() != part.tolist()


def test_empty_texts_and_unread_rows_count_nothing(encoder: TextEncoder) -> None:
    unread = Unread("empty", "")
    answers, golds = ["", "fever", unread, "", "fever"], ["fever", "", "fever", "", "fever"]
    assert ours(encoder, answers, golds).tolist() == pytest.approx([0, 0, 0, 0, 1])
    assert ours(encoder, answers, golds, baseline=0.4).tolist() == pytest.approx([-2 / 3] * 4 + [1])
    assert ours(encoder, answers, golds, baseline=0.8).tolist() == pytest.approx([-1] * 4 + [1])


def test_a_text_without_a_rare_token_is_counted_without_weights(encoder: TextEncoder) -> None:
    assert ours(encoder, ["no fever"], ["no fever"], idf=True).tolist() == pytest.approx([1.0])
    assert ours(encoder, ["fever and cough"], ["no fever"], idf=True, value="recall").tolist() == pytest.approx(
        ours(encoder, ["fever and cough"], ["no fever"], value="recall").tolist()
    )


@pytest.mark.filterwarnings("ignore")
def test_a_text_beyond_the_context_is_cut_as_the_package_cuts_it_and_counted(tiny: TinyEncoder) -> None:
    import bert_score

    encoder = open_encoder(tiny.folder, Options(device="cpu"))
    long = " ".join(WORDS * 3)
    answers, golds = [long, "fever", long], ["no cough", long, "pain"]
    ways = {"model_type": str(tiny.original), "num_layers": 2, "use_fast_tokenizer": True, "nthreads": 0}
    theirs = bert_score.score(answers, golds, batch_size=1, device="cpu", **ways)[2].numpy()
    assert ours(encoder, answers, golds) == pytest.approx(np.clip(theirs, -1, 1), abs=1e-5)
    told = encoder.describe()
    assert (told["context"], told["texts"], told["cut"]) == (24, 4, 1)


def test_a_text_is_encoded_once(tiny: TinyEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = open_encoder(tiny.folder, Options(device="cpu"))
    seen: list[tuple[int, ...]] = []
    run = TextEncoder._run

    def watched(self: TextEncoder, batch: list[Any], layer: str) -> Any:
        seen.extend(map(tuple, batch))
        return run(self, batch, layer)

    monkeypatch.setattr(TextEncoder, "_run", watched)
    answers, golds = [*texts(7), *texts(7)], [*texts(8), *texts(8)]
    ours(encoder, answers, golds)
    ours(encoder, golds, answers, value="recall")
    assert len(seen) == len(set(seen)) == len({*texts(7), *texts(8)})


def test_a_batch_without_its_encoder_is_refused() -> None:
    with pytest.raises(InternalError, match="without its encoder 'it'"):
        BERTSCORE.compute(Batch(TextType(), ["a"], ["b"]), {**BERTSCORE.defaults, "model": "it"})


def test_the_folder_of_an_encoder_is_part_of_the_digest(tiny: TinyEncoder, tmp_path: Path) -> None:
    known = encoder_digest(tiny.folder)
    assert open_encoder(tiny.folder, Options(device="cpu")).digest == known
    for name in ("onnx/model.onnx", "tokenizer.json", "tokenizer_config.json"):
        other = tmp_path / name.replace("/", "_")
        shutil.copytree(tiny.folder, other)
        changed = (other / name).read_bytes().replace(b": 24", b": 20") + b" " * (name != "onnx/model.onnx")
        (other / name).write_bytes(changed if name != "onnx/model.onnx" else changed + b"\x82\x01\x00")
        assert encoder_digest(other) != known, name
