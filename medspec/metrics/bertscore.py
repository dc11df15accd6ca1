"""BERTScore: how near the words of an answer are to those of the gold in meaning, by the vectors of a local encoder.

    bertscore(model: "encoders/clinical-bert")
    bertscore(model: "encoders/clinical-bert", layer: "hidden_states.9", idf: true, value: recall, baseline: 0.83)

Zhang et al., BERTScore: Evaluating Text Generation with BERT, ICLR 2020. Every token of the answer is matched with the
token of the gold whose vector has the greatest cosine with its own, and the other way round; precision is the mean over
the answer's tokens, recall over the gold's. The tokens around a text ([CLS], [SEP]) can be matched and are not counted.
With `idf` tokens are weighed by how rare they are among all golds of the task, log((N + 1) / (n + 1)); a text all of
whose tokens weigh nothing is counted without weights. With a `baseline` b, the value of unrelated texts for this encoder
and layer, a value x becomes (x - b) / (1 - b), never below -1.

`model` is the folder of an encoder in ONNX form, below the data roots or where medspec runs; `layer` is the output of its
graph that holds the vectors. A text longer than the encoder's context is cut there, and the report counts such texts.
An unread row counts as an empty text does: 0 before the baseline.

The tests compare with the authors' package `bert-score`. It lets the padding of a batch take part as a vector with cosine
0, which matters where every cosine is negative; here nothing depends on other rows. torchmetrics wants a model of
transformers, and leaves the tokens around a text out of the matching.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from medspec.errors import InternalError
from medspec.metrics.base import Metric, Range, Setting, Settings, Signature, Unread, mean_of_rows
from medspec.metrics.batch import Batch
from medspec.metrics.encoded import Corpus, Encoded
from medspec.metrics.patterns import TEXT

if TYPE_CHECKING:
    import numpy as np

_TOGETHER = 32
"""So many pairs are encoded together: enough for full batches, few enough that their vectors need little memory."""


def rows(batch: Batch, settings: Settings) -> np.ndarray:
    """The value of every row, float64 of shape [rows]."""
    import numpy as np

    corpus = batch.encoders.get(settings["model"])
    if corpus is None:
        raise InternalError(f"bertscore is computed without its encoder {settings['model']!r}")
    read = [place for place, answer in enumerate(batch.answers) if not isinstance(answer, Unread)]
    both = np.zeros((len(batch), 2))
    if read:
        pairs = [(batch.answers[place], batch.golds[place]) for place in read]
        both[read] = _matched(corpus, pairs, settings["layer"], idf=settings["idf"])
    precision, recall = both.T
    if settings["value"] == "f1":
        total = precision + recall
        value = np.divide(2 * precision * recall, total, out=np.zeros(len(batch)), where=total != 0)
    else:
        value = precision if settings["value"] == "precision" else recall
    found: np.ndarray = np.clip((value - settings["baseline"]) / (1 - settings["baseline"]), -1.0, 1.0)
    return found


def _matched(corpus: Corpus, pairs: Sequence[tuple[str, str]], layer: str, *, idf: bool) -> list[tuple[float, float]]:
    """Precision and recall of each pair of answer and gold; every pair is worked out once for a task."""
    known = corpus.kept.setdefault(("bertscore", layer, idf), {})
    # Texts of one length together, so that a batch of them has little padding.
    new = sorted({pair for pair in pairs if pair not in known}, key=lambda pair: (len(pair[1]), pair[1], pair[0]))
    for start in range(0, len(new), _TOGETHER):
        some = new[start : start + _TOGETHER]
        texts = list(dict.fromkeys(text for pair in some for text in pair))
        encoded = dict(zip(texts, corpus.encoder.encode(texts, layer), strict=True))
        for answer, gold in some:
            known[answer, gold] = match(encoded[answer], encoded[gold], corpus if idf else None)
    return [known[pair] for pair in pairs]


def match(answer: Encoded, gold: Encoded, corpus: Corpus | None) -> tuple[float, float]:
    """Precision and recall of one answer, both -1 to 1; 0 and 0 where one side is empty. `corpus` weighs tokens."""
    import numpy as np

    if not answer.content.any() or not gold.content.any():
        return 0.0, 0.0
    ours, theirs = _unit(answer.vectors), _unit(gold.vectors)
    cosines = np.clip(ours @ theirs.T, -1.0, 1.0)
    precision = np.average(cosines.max(axis=1), weights=_weights(answer, corpus))
    recall = np.average(cosines.max(axis=0), weights=_weights(gold, corpus))
    return float(precision), float(recall)


def _unit(vectors: np.ndarray) -> np.ndarray:
    """The vectors with length 1, in 64 bits: a text matched with itself has a cosine of 1, and not nearly 1."""
    import numpy as np

    wide = vectors.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    found: np.ndarray = wide / np.where(lengths == 0, 1.0, lengths)
    return found


def _weights(text: Encoded, corpus: Corpus | None) -> np.ndarray:
    import numpy as np

    plain = text.content.astype(np.float64)
    if corpus is None:
        return plain
    rare = np.array(corpus.rarity(text.ids)) * plain
    return rare if rare.any() else plain


BERTSCORE = Metric(
    name="bertscore",
    summary="greedy matching of tokens by the vectors of a local encoder: precision, recall or f1",
    unread="counts as an empty text: 0, before a baseline",
    signature=Signature(pred=TEXT, gold=TEXT, yields=Range(-1.0, 1.0), grain="per row", empty=None),
    compute=mean_of_rows(rows),
    rows=rows,
    settings=(
        Setting(name="model", kind="model", summary="the folder of the encoder"),
        Setting(name="layer", default="last_hidden_state", summary="the output of its graph that holds the vectors"),
        Setting(name="value", default="f1", choices=("precision", "recall", "f1"), summary="which of the three"),
        Setting(name="idf", default=False, summary="weigh tokens by how rare they are among the golds"),
        Setting(name="baseline", default=0.0, low=0.0, high=0.99, summary="what unrelated texts get, which becomes 0"),
    ),
)
