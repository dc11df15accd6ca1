"""The contract of the catalogue of readers: the only bridge between a model's reply and a typed answer.

A reader is a pair. `encode` writes a value as the model should write it, `decode` reads a reply; `decode(encode(x)) == x`.
`decode` never raises: what cannot be read is `Unread`, which is neither None nor a wrong answer.
A reader that asks for `logits` does not read text: it names the option texts to score (`continuations`) and reads the scores.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from medspec.types.base import Row, Type

Settings = Mapping[str, Any]
"""The reader's settings after defaults, by name."""


@attrs.frozen
class Unread:
    """A reply that could not be read. `reason` is a short stable word, `reply` the text."""

    reason: str
    reply: str


@attrs.frozen(kw_only=True)
class Setting:
    """One setting of a reader or a metric. `default` also fixes its type; `choices` is for words.

    `low` and `high` bound a number, both included. A setting of kind `case` names a value of the answer's type (a case of
    its enum, or true or false), which has no default: it must be given. One of kind `field` names a field of the row that holds
    a number of the answer's kind, so that it differs from row to row; it may be left out. One of kind `model` is the folder
    of a model below the data roots, and must be given.
    """

    name: str
    default: Any = None
    choices: tuple[str, ...] = ()
    summary: str = ""
    low: float | None = None
    high: float | None = None
    kind: str | None = None

    @property
    def required(self) -> bool:
        return self.kind in ("case", "model")


@attrs.frozen
class SettingProblem:
    """Settings that are no sense for a type: which one, the title of the message, and what to say at its place."""

    setting: str
    title: str
    label: str
    code: str = "E0301"


@attrs.frozen(kw_only=True)
class Reader:
    """A member of the catalogue.

    `kinds` are the type kinds it can produce (`accepts`, where there is one, looks at the whole type), `offers` the facets
    metrics may ask for (`confidence`), `asks` what the backend must give (`text` or `logits`). `version` is part of the
    score hash.

    `remarks` names what had to be done to read a reply, as short stable words that reports count: a repair, a quote that
    was left out. `format_words` is for readers that a model cannot guess: what a prompt must mention unless it mentions
    `answer_format`. `check` looks at the settings where a spec gives them.
    """

    name: str
    summary: str
    kinds: tuple[str, ...]
    asks: str
    encode: Callable[[Any, Type, Row, Settings], str]
    decode: Callable[[str, Type, Row, Settings], Any]
    answer_format: Callable[[Type, Settings], str]
    continuations: Callable[[Type, Row, Settings], tuple[str, ...]] | None = None
    decode_scores: Callable[[Sequence[float], Type, Row, Settings], Any] | None = None
    confidence: Callable[[Sequence[float], Type, Row, Settings], tuple[float, ...]] | None = None
    """For readers that offer `confidence`: the probability of every value of the type in the type's own order (false,
    true; the cases; the options), from scores that `decode_scores` can read. They sum to 1; the answer's is the highest."""
    settings: tuple[Setting, ...] = ()
    offers: frozenset[str] = frozenset()
    version: int = 1
    accepts: Callable[[Type], bool] | None = None
    remarks: Callable[[str, Type, Row, Settings], tuple[str, ...]] | None = None
    format_words: Callable[[Type, Settings], tuple[str, ...]] | None = None
    check: Callable[[Type, Settings], SettingProblem | None] | None = None
    inside: Callable[[str, Settings], str | None] | None = None
    """The part of a reply that holds the answer (None: there is none), for readers that look at no other."""
    around: Callable[[str, Settings], str] | None = None
    """A word as it stands in a reply in the place of an answer, where that is not the word alone."""

    def produces(self, type_: Type) -> bool:
        """Whether the reader can make values of `type_`."""
        if type_.kind == "unknown":
            return True
        if type_.kind == "abstain":
            # See `abstention.py`: an abstention is written in words.
            return self.asks == "text" and self.produces(type_.children[0])
        return type_.kind in self.kinds and (self.accepts is None or self.accepts(type_))

    @property
    def needs_format(self) -> bool:
        """Whether a model must be told the form of the answer, because no model could guess it."""
        return self.format_words is not None
