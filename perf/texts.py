"""How long ROUGE and BLEU take, against the fastest library that gives the same number for the same texts.

    python perf/texts.py [--rows 3000] [--rounds 3] [--format json]

Texts of 60 invented words, of which 6 in 10 are shared. Beside ours stand rouge-score without stemming and sacrebleu with its
defaults; the numbers must agree. CPU time, the least of the rounds, both in turn.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from measuring import arguments, in_turn, show

from medspec.metrics import find_metric
from medspec.metrics.base import Batch
from medspec.metrics.words import bleu_words
from medspec.types import TextType


def texts(rows: int) -> tuple[list[str], list[str]]:
    rng = random.Random(0)
    known = ["".join(rng.choices("abcdefghijklmnop", k=rng.randint(2, 9))) for _ in range(3000)]
    golds = [" ".join(rng.choices(known, k=60)) + "." for _ in range(rows)]
    answers = [" ".join(word if rng.random() < 0.6 else rng.choice(known) for word in gold.split()) for gold in golds]
    return answers, golds


def libraries(answers: list[str], golds: list[str]) -> dict[str, Callable[[], float]]:
    """Name of the case -> what the library makes of it, from 0 to 1."""
    import sacrebleu
    from rouge_score import rouge_scorer

    def rouge(kind: str) -> Callable[[], float]:
        scorer = rouge_scorer.RougeScorer([kind], use_stemmer=False)
        pairs = list(zip(answers, golds, strict=True))
        return lambda: sum(scorer.score(gold, answer)[kind].fmeasure for answer, gold in pairs) / len(pairs)

    def sentences() -> float:
        pairs = zip(answers, golds, strict=True)
        return sum(sacrebleu.sentence_bleu(answer, [gold]).score for answer, gold in pairs) / len(answers) / 100

    return {
        "rouge 1": rouge("rouge1"),
        "rouge 2": rouge("rouge2"),
        "rouge l": rouge("rougeL"),
        "bleu": lambda: sacrebleu.corpus_bleu(answers, [golds]).score / 100,
        "sentence_bleu": sentences,
    }


def ours(case: str, answers: list[str], golds: list[str]) -> Callable[[], float]:
    name, _, variant = case.partition(" ")
    metric = find_metric(name)
    assert metric is not None, name
    settings = {"variant": variant} if variant else {"order": 4}

    def compute() -> float:
        bleu_words.cache_clear()
        return metric.compute(Batch(TextType(), answers, golds), settings)

    return compute


def measure(rows: int, rounds: int) -> dict[str, dict[str, float]]:
    """Milliseconds of both, and how many times as fast ours is."""
    answers, golds = texts(rows)
    found = {}
    for case, theirs in libraries(answers, golds).items():
        (own, value), (other, expected) = in_turn([ours(case, answers, golds), theirs], rounds)
        assert abs(value - expected) < 1e-9, (case, value, expected)
        found[case] = {"ms": own * 1000, "library": other * 1000, "times as fast": other / own}
    return found


def main() -> None:
    given = arguments(__doc__, rows=3000, rounds=3)
    show(f"over {given.rows:,} rows", measure(given.rows, given.rounds), given.format)


if __name__ == "__main__":
    main()
