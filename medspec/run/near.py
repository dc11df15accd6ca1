"""Near-duplicates: rows whose texts are almost the same, found by shared runs of words.

The measure is the Jaccard index of the sets of word 5-grams (Broder, "On the resemblance and containment of documents",
1997), over all texts of a row in lower case; rows with fewer than 5 words are compared word by word. From `THRESHOLD` on
two rows count as nearly the same: one word changed in a text of 60 leaves about 0.84, a paraphrase far less.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

THRESHOLD = 0.8
LENGTH = 5

_WORD = re.compile(r"\w+")


def shingles(texts: Sequence[str]) -> frozenset[tuple[str, ...]]:
    """The runs of `LENGTH` words in `texts`, in lower case; of single words where there are fewer."""
    found: set[tuple[str, ...]] = set()
    for text in texts:
        words = _WORD.findall(text.casefold())
        length = LENGTH if len(words) >= LENGTH else 1
        found.update(zip(*(words[start:] for start in range(length)), strict=False))
    return frozenset(found)


def resemblance(left: frozenset[Any], right: frozenset[Any]) -> float:
    """The Jaccard index: shared shingles over all shingles, 0 where there are none."""
    union = len(left | right)
    return len(left & right) / union if union else 0.0


def near_pairs(
    few: Mapping[str, Sequence[str]], many: Iterable[tuple[str, Sequence[str]]]
) -> Iterator[tuple[str, str, float]]:
    """(id of `few`, id of `many`, resemblance) for every pair that is nearly the same; values are a row's texts."""
    known = {id: found for id, texts in few.items() if (found := shingles(texts))}
    telling = {id: _telling(found) for id, found in known.items()}
    vocabulary = {word for found in known.values() for run in found for word in run}
    smallest = min(map(len, known.values()), default=0)
    for other, texts in many:
        # Most rows end here: to look for a few words is much faster than to cut a text into all of its words.
        text = "\n".join(texts).casefold()
        close = [id for id, words in telling.items() if any(map(text.__contains__, words))]
        # A run that is shared begins with a word that is known, and enough runs must be shared.
        if not close or sum(map(vocabulary.__contains__, _WORD.findall(text))) < THRESHOLD * smallest:
            continue
        own = shingles(texts)
        for id in close:
            found = known[id]
            # Sizes bound the index from above: most pairs need no intersection.
            if min(len(own), len(found)) >= THRESHOLD * max(len(own), len(found), 1):
                value = resemblance(found, own)
                if value >= THRESHOLD:
                    yield id, other, value


def _telling(found: frozenset[tuple[str, ...]]) -> list[str]:
    """Long words of which every text that is nearly the same has one: without them it lacks too many of the runs."""
    left, words = found, []
    for word in sorted({word for run in found for word in run}, key=lambda word: (-len(word), word)):
        if len(left) / len(found) < THRESHOLD:
            break
        words.append(word)
        left = frozenset(run for run in left if word not in run)
    return words


def texts_of(value: Any) -> list[str]:
    """All texts inside a value, in order."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for entry in value.values() for text in texts_of(entry)]
    if isinstance(value, list | tuple):
        return [text for entry in value for text in texts_of(entry)]
    return []
