r"""Abstentions, for every reader that reads text: the model writes one word in the place of the answer.

    answer Decision or abstain via plain             abstain        Answer: abstain
    answer Finding[] or abstain via json             "abstain"
    answer choice of options or abstain via tagged   <answer>abstain</answer>

The word is the type's (`or abstain("not enough information")`). It is an abstention where it is the whole reply; for a value
as short as a case or a number also where it is the last line, or what the last line gives as the answer; and where the reader
finds no answer, also where the reply begins with it. A reply that says it cannot help is no abstention but a refusal, which
is `Unread`.

A text that is this very word cannot be told from an abstention and is read as one. `likelihood` compares the options that
there are, so it cannot read an abstention.

    >>> from medspec.types import AbstainType, IntegerType
    >>> from medspec.readers import find_reader
    >>> number, type_ = find_reader("number"), AbstainType(IntegerType(0, 4), "unclear")
    >>> number.decode("The note does not say.\nAnswer: unclear", type_, {}, {})
    Abstained()
    >>> number.decode("3", type_, {}, {}), number.encode(3, type_, {}, {})
    (3, '3')
    >>> number.answer_format(type_, {}).partition(". ")[2]
    'If it cannot be told, write only: unclear.'
"""

from __future__ import annotations

import re
from typing import Any

import attrs

from medspec.readers.base import Reader, Settings, Unread
from medspec.readers.wording import folded, narrowed, without_thoughts
from medspec.types.abstention import ABSTAINED, AbstainType
from medspec.types.base import Misfit, Row, Type

_INTRODUCED = re.compile(
    r"(?:^|[.:;,!]\s{1,3})[*_`\"'\s]{0,5}(?:(?:so|thus|therefore|hence)\b[\s,]{0,3})?(?:(?:the|my)\s{1,3})?(?:final\s{1,3})?"
    r"(?:answer|label|category|class|decision|result|output|conclusion)[*_`\"'\s]{0,5}(?:is\b|:|=)|答案\s{0,3}(?:是|为|:)",
    re.IGNORECASE,
)
_PAUSE = re.compile(r"[*_`\"')\]]{0,4}(?:[.,;:!?(\n—–]|\s{1,3}[-–—(]|\s{0,3}$)")
_LONGEST_LINE = 1_000
_SHORT_KINDS = ("bool", "enum", "choice", "int", "float", "score")
"""Kinds of answers that a reply may end with. In a text or a list, a last line is a part of the answer."""


def abstaining(reader: Reader) -> Reader:
    """`reader` for types `T or abstain` as well: for a plain `T` it does what it did."""
    if reader.asks != "text":
        return reader
    return _Abstaining(reader).reader()


@attrs.frozen
class _Abstaining:
    """The functions of `inner` with abstentions in them."""

    inner: Reader

    def reader(self) -> Reader:
        inner = self.inner
        return attrs.evolve(
            inner,
            encode=self.encode,
            decode=self.decode,
            answer_format=self.answer_format,
            remarks=None if inner.remarks is None else self.remarks,
            format_words=None if inner.format_words is None else self.format_words,
            check=None if inner.check is None else self.check,
        )

    def encode(self, value: Any, type_: Type, row: Row, settings: Settings) -> str:
        """`value` as the reader writes it. Raises `Misfit` for an answer that would be read as an abstention."""
        if not isinstance(type_, AbstainType):
            return self.inner.encode(value, type_, row, settings)
        if value == ABSTAINED:
            return self._written(type_, settings)
        text = self.inner.encode(value, type_.item, row, settings)
        if self._states(text, type_, settings):
            raise Misfit(f'this answer is written like an abstention: "{type_.word}"')
        return text

    def decode(self, reply: str, type_: Type, row: Row, settings: Settings) -> Any:
        if not isinstance(type_, AbstainType):
            return self.inner.decode(reply, type_, row, settings)
        if self._states(reply, type_, settings):
            return ABSTAINED
        found = self.inner.decode(reply, type_.item, row, settings)
        return ABSTAINED if isinstance(found, Unread) and self._begins(reply, type_, settings) else found

    def answer_format(self, type_: Type, settings: Settings) -> str:
        if not isinstance(type_, AbstainType):
            return self.inner.answer_format(type_, settings)
        said = self.inner.answer_format(type_.item, settings).replace(" and nothing else", "")
        return f"{said} If it cannot be told, write only: {self._written(type_, settings)}."

    def remarks(self, reply: str, type_: Type, row: Row, settings: Settings) -> tuple[str, ...]:
        assert self.inner.remarks is not None
        if not isinstance(type_, AbstainType):
            return self.inner.remarks(reply, type_, row, settings)
        if self._states(reply, type_, settings):
            return ()
        return self.inner.remarks(reply, type_.item, row, settings)

    def format_words(self, type_: Type, settings: Settings) -> tuple[str, ...]:
        assert self.inner.format_words is not None
        return self.inner.format_words(type_.item if isinstance(type_, AbstainType) else type_, settings)

    def check(self, type_: Type, settings: Settings) -> Any:
        assert self.inner.check is not None
        return self.inner.check(type_.item if isinstance(type_, AbstainType) else type_, settings)

    def _written(self, type_: AbstainType, settings: Settings) -> str:
        around = self.inner.around
        return type_.word if around is None else around(type_.word, settings)

    def _states(self, reply: str, type_: AbstainType, settings: Settings) -> bool:
        """Whether the reply, or the last line of it, is an abstention."""
        text = self._looked_at(reply, settings)
        if text is None:
            return False
        words = {folded(type_.word), folded(self._written(type_, settings))}
        if folded(text) in words:
            return True
        if type_.item.kind not in _SHORT_KINDS:
            return False
        last = text.rstrip().rpartition("\n")[2][-_LONGEST_LINE:]
        introduced = list(_INTRODUCED.finditer(last))
        return folded(last) in words or (bool(introduced) and folded(last[introduced[-1].end() :]) in words)

    def _begins(self, reply: str, type_: AbstainType, settings: Settings) -> bool:
        text = self._looked_at(reply, settings)
        if text is None:
            return False
        text = text.lstrip("*_`\"'([")
        word = narrowed(type_.word)
        return text[: len(word)].casefold() == word.casefold() and _PAUSE.match(text, len(word)) is not None

    def _looked_at(self, reply: str, settings: Settings) -> str | None:
        """The part of a reply that holds the answer; None where there is none."""
        text = reply if self.inner.inside is None else self.inner.inside(reply, settings)
        if text is None:
            return None
        text = narrowed(without_thoughts(text)).strip()
        if text.startswith("```") and text.endswith("```") and "\n" in text:
            text = text.partition("\n")[2].removesuffix("```").strip()
        return text
