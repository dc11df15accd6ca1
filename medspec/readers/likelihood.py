"""`likelihood`: no text is read; the option that the model finds most likely after the prompt is the answer.

The continuation of an option is `before` and its text (or its letter). The backend gives the summed log-likelihood of
each, and the highest wins, the first of equal ones. `normalise` divides by the option's length in characters or in
UTF-8 bytes, both without `before`, so that long options are not at a disadvantage.

For an enum the options are the case texts; for bool they are "yes" and "no", in this order (A is yes, B is no).
Scores that cannot be compared (NaN, or no option with a finite score) are `Unread("not_a_number")`; another number of
scores than options is `Unread("wrong_count")`; text where scores are due is `Unread("needs_scores")`.

    >>> from medspec.types import ChoiceType
    >>> row = {"options": ["Gout", "Septic arthritis"]}
    >>> settings = {"score": "text", "before": " ", "normalise": "none"}
    >>> continuations(ChoiceType("options"), row, settings)
    (' Gout', ' Septic arthritis')
    >>> decode_scores([-6.0, -16.0], ChoiceType("options"), row, settings)
    0
    >>> decode_scores([-6.0, -16.0], ChoiceType("options"), row, {**settings, "normalise": "characters"})
    1
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from medspec.readers.base import Reader, Setting, Settings, Unread
from medspec.types.base import Misfit, Row, Type
from medspec.types.choice import LETTERS

_LETTERS = tuple(LETTERS)

SETTINGS = (
    Setting(
        name="score",
        default="text",
        choices=("text", "letter"),
        summary="what is scored: the option's text or its letter",
    ),
    Setting(name="before", default=" ", summary="what stands between the prompt and the option"),
    Setting(
        name="normalise",
        default="none",
        choices=("none", "characters", "bytes"),
        summary="divide each score by the option's length, not counting `before`",
    ),
)


def continuations(type_: Type, row: Row, settings: Settings) -> tuple[str, ...]:
    """What the backend scores after the prompt, one text per option. Raises `Misfit` for a 27th letter."""
    return tuple(settings["before"] + option for option in _options(type_, row, settings))


def decode_scores(scores: Sequence[float], type_: Type, row: Row, settings: Settings) -> Any:
    """The option with the highest of `scores` (natural log-likelihoods, in the order of `continuations`)."""
    options = _options(type_, row, settings)
    if len(scores) != len(options):
        return Unread("wrong_count", _written(scores))
    weighed = _weighed(scores, options, settings)
    if any(math.isnan(score) for score in weighed) or not weighed or not math.isfinite(max(weighed)):
        return Unread("not_a_number", _written(scores))
    place = weighed.index(max(weighed))
    if type_.kind == "enum":
        return type_.cases[place].name  # type: ignore[attr-defined]
    return place == 0 if type_.kind == "bool" else place


def confidence(scores: Sequence[float], type_: Type, row: Row, settings: Settings) -> tuple[float, ...]:
    """The softmax of the scores as they are compared, after `normalise`: how the model divides its belief among the options.

    With `normalise: none` and every option given, this is the probability of each option given that the reply is one of
    them. In the order of the type: for bool false comes first.

        scores of yes and no  [0.0, -1.0986]      confidence (false, true)  (0.25, 0.75)
    """
    weighed = _weighed(scores, _options(type_, row, settings), settings)
    highest = max(weighed)
    shares = [math.exp(score - highest) for score in weighed]
    total = math.fsum(shares)
    found = tuple(share / total for share in shares)
    return found[::-1] if type_.kind == "bool" else found


def _weighed(scores: Sequence[float], options: Sequence[str], settings: Settings) -> list[float]:
    if settings["normalise"] == "none":
        return list(scores)
    return [score / _length(option, settings) for score, option in zip(scores, options, strict=True)]


def decode(reply: str, type_: Type, row: Row, settings: Settings) -> Any:
    """Always `Unread`: this reader does not read text."""
    return Unread("needs_scores", reply)


def encode(value: Any, type_: Type, row: Row, settings: Settings) -> str:
    """The text (or letter) of `value` as it is scored, without `before`."""
    place: int = value
    if type_.kind == "enum":
        place = type_.index_of(value)  # type: ignore[attr-defined]
    elif type_.kind == "bool":
        place = 0 if value else 1
    return _options(type_, row, settings)[place]


def answer_format(type_: Type, settings: Settings) -> str:
    """How to answer, in one sentence."""
    if settings["score"] == "letter":
        return "Answer with the letter of the one correct option and nothing else."
    if type_.kind == "choice":
        return "Answer with the text of the one correct option and nothing else."
    return f"Answer with exactly one of: {', '.join(_options(type_, {}, settings))}."


def _options(type_: Type, row: Row, settings: Settings) -> tuple[str, ...]:
    values: Sequence[Any] = ("yes", "no")
    if type_.kind != "bool":
        values = type_.cases if type_.kind == "enum" else row[type_.of]  # type: ignore[attr-defined]
    if settings["score"] == "text":
        return tuple(case.text for case in values) if type_.kind == "enum" else tuple(map(str, values))
    if len(values) > len(LETTERS):
        raise Misfit(f"there are {len(values)} options and only {len(LETTERS)} letters")
    return _LETTERS[: len(values)]


def _length(option: str, settings: Settings) -> int:
    """What the option's score is divided by; never 0, so that an empty option keeps its score."""
    measured = option if settings["normalise"] == "characters" else option.encode("utf-8", "surrogatepass")
    return max(1, len(measured))


def _written(scores: Sequence[float]) -> str:
    return " ".join(f"{score:g}" for score in scores)


LIKELIHOOD = Reader(
    name="likelihood",
    summary="the option the model finds most likely",
    kinds=("choice", "enum", "bool"),
    asks="logits",
    encode=encode,
    decode=decode,
    answer_format=answer_format,
    continuations=continuations,
    decode_scores=decode_scores,
    confidence=confidence,
    settings=SETTINGS,
    offers=frozenset({"confidence"}),
)
