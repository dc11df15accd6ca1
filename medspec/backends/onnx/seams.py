"""Texts that begin alike are cut into tokens there once.

A text may be cut in two and the tokens of its parts joined only where that provably gives the tokens of the whole. Here
such a place is behind a line's end that stands between a printable ASCII character and an ASCII letter or digit, and
only for tokenizers that split texts into words by one of the patterns below:

    Answer: B\\n|Question: ...        `|` is a seam

The patterns never look back, and ahead by one character at most (`\\s+(?!\\S)`; a single line's end is a word of its own
at the end of a text as well as before a letter); none of them joins a line's end with a letter or digit behind it. NFC
changes nothing across an ASCII letter. Other tokenizers, such as those that put a mark before the first word of a text,
are given whole texts.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import attrs

from medspec.backends.onnx.prefixes import common_length

if TYPE_CHECKING:
    import tokenizers

_SEAM = re.compile(r"[!-~]\n[A-Za-z0-9]")

_PATTERNS = frozenset(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
    + digits
    + r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    for digits in (r"\p{N}", r"\p{N}{1,3}")
)
"""The patterns of Qwen 2 and of Llama 3; GPT-2's is inside `ByteLevel`."""


def has_seams(tokenizer: tokenizers.Tokenizer) -> bool:
    """Whether texts may be cut at seams for this tokenizer."""
    if not _keeps_letters(_state(tokenizer.normalizer)) or not _splits_lines(_state(tokenizer.pre_tokenizer)):
        return False
    if getattr(tokenizer.model, "dropout", None):
        return False
    # Added tokens are looked for before a text is split into words, and some eat the spaces beside them.
    added = tokenizer.get_added_tokens_decoder().values()
    return not any(token.lstrip or token.rstrip or "\n" in token.content for token in added)


@attrs.frozen
class _Cut:
    """A text that was cut into tokens: its parts up to each seam, as where they end and the ids of everything so far."""

    text: str
    ids: tuple[int, ...]
    heads: tuple[tuple[int, tuple[int, ...]], ...] = ()


@attrs.define
class Seams:
    """Cuts texts into tokens for a tokenizer for which `has_seams` says yes. Remembers the text before."""

    _tokenizer: tokenizers.Tokenizer
    _before: _Cut = _Cut("", ())

    def encode(self, text: str) -> list[int]:
        """The ids of `text`, the same as of the whole at once. What it has in common with the text before is not cut again."""
        before = self._before
        if text == before.text:
            return list(before.ids)
        same = common_length(before.text, text)
        heads = tuple(head for head in before.heads if head[0] < same)
        done, ids = heads[-1] if heads else (0, ())
        seam = _last_seam(text, done, same)
        if seam > done:
            done, ids = seam, (*ids, *self._cut(text[done:seam]))
            heads = (*heads, (done, ids))
        ids = (*ids, *self._cut(text[done:]))
        self._before = _Cut(text, ids, heads)
        return list(ids)

    def _cut(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids


def _last_seam(text: str, start: int, end: int) -> int:
    """The last seam between the two places, both it and the character behind it before `end`; `start` without any."""
    at = text.rfind("\n", start, end)
    while at > start:
        if at + 1 < end and _SEAM.match(text, at - 1):
            return at + 1
        at = text.rfind("\n", start, at)
    return start


def _state(part: Any) -> Any:
    """A part of a tokenizer as its JSON; None for none."""
    return None if part is None else json.loads(part.__getstate__())


def _keeps_letters(normalizer: Any) -> bool:
    return normalizer is None or normalizer["type"] == "NFC"


def _splits_lines(splitter: Any) -> bool:
    """Whether a line's end and the letter behind it never come into one word, whatever stands around them."""
    parts = splitter["pretokenizers"] if splitter is not None and splitter["type"] == "Sequence" else [splitter]
    if not all(part is not None and part["type"] in ("ByteLevel", "Split", "Digits") for part in parts):
        return False
    if any(part["type"] == "ByteLevel" and part["add_prefix_space"] for part in parts):
        return False
    splits = [part for part in parts if part["type"] == "Split"]
    if not all(_known(part) for part in splits):
        return False
    return bool(splits) or any(part["type"] == "ByteLevel" and part["use_regex"] for part in parts)


def _known(split: Any) -> bool:
    known = split["pattern"].get("Regex") in _PATTERNS
    return known and split["behavior"] == "Isolated" and not split["invert"]
