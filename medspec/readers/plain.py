"""`plain`: the reply is the answer itself: a text, a number, yes or no, or a case of an enum.

    text          the reply without thoughts and without spaces at its ends
    int, float    the one number in the reply; the type's unit may follow it; a score is such a number
    bool          yes or no, true or false, also 是 and 否
    enum          the text or the name of a case, `_` in it as a blank too: the whole reply, a line "Answer: ...", the first
                  line, the start ("Yes, because ..."), or the only case named in a short reply without a negation

Upper and lower case, emphasis, quotes and a final full stop make no difference. What cannot be read is `Unread`:

    empty  ambiguous  refused     as for `letter`
    no_case  not_yes_or_no        no case is named clearly enough
    no_number  not_exact          no number; a bound such as "more than 5"
    other_unit                    a number in a unit that is not the type's; nothing is converted
    not_whole  out_of_range       a number the type does not hold

    >>> from medspec.types import EnumCase, EnumType, FloatType
    >>> decision = EnumType("Decision", (EnumCase("yes", "yes"), EnumCase("no", "no"), EnumCase("maybe", "maybe")))
    >>> PLAIN.decode("**Yes**, the trial was positive.", decision, {}, {})
    'yes'
    >>> PLAIN.decode("There is no evidence for this.", decision, {}, {}).reason
    'no_case'
    >>> PLAIN.decode("It is 13.5 g/dL.", FloatType(unit="g/dL"), {}, {})
    13.5
"""

from __future__ import annotations

import math
import re
from typing import Any

from medspec.readers.base import Reader, Settings, Unread
from medspec.readers.quantities import AMBIGUOUS, OUT_OF_RANGE, read_number
from medspec.readers.wording import REFUSED, folded, narrowed, refuses, without_thoughts
from medspec.types.base import Row, Type

_YES_OR_NO = (
    (True, ("yes", "true", "是", "是的", "正确", "对")),
    (False, ("no", "false", "否", "不是", "不", "错误", "不对", "不正确")),
)
_SHORT = 12
"""Words up to which a reply is short enough to look for a case anywhere in it."""

_INTRODUCED = re.compile(
    r"(?:(?:so|thus|therefore|hence)\b[\s,]{0,3})?(?:(?:the|my)\s{1,3})?(?:(?:final|correct|best|right)\s{1,3})?"
    r"(?:answer|label|category|class|decision|result|output|conclusion)[*_`\"'\s]{0,5}(?:is\b|:|=)|答案\s{0,3}(?:是|为|:)",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|without|neither|nor|cannot|unlikely|less|rather|except|exclud\w{0,4}|rul\w{1,3})\b|n't\b"
)
_DENIAL_WORDS = frozenset({"no", "not", "none"})
_PAUSE = re.compile(r"[*_`\"')\]]{0,4}(?:[.,;:!?(\n—–]|\s{1,3}[-–—(]|\s{0,3}$)")
_BETWEEN = re.compile(
    r"[*_`\"')\]]{0,4}\s{0,3}(?:,\s{0,3}(?:(?:or|and)\b)?|/|&|\b(?:or|and)\b|或者?|和)\s{0,3}[*_`\"'(\[]{0,4}"
)

Wordings = tuple[tuple[Any, tuple[str, ...]], ...]
"""Each value with the texts that stand for it, the preferred one first."""


def encode(value: Any, type_: Type, row: Row, settings: Settings) -> str:
    """`value` as a model should write it; a number with its unit."""
    if type_.kind == "enum":
        return type_.text_of(value)  # type: ignore[attr-defined, no-any-return]
    if type_.kind == "bool":
        return "yes" if value else "no"
    if type_.kind == "float":
        return f"{value!r} {type_.unit}" if type_.unit else repr(value)  # type: ignore[attr-defined]
    return str(value)


def decode(reply: str, type_: Type, row: Row, settings: Settings) -> Any:
    """The value the reply states, or `Unread`."""
    text = without_thoughts(reply).strip()
    if not text:
        return Unread("empty", reply)
    if type_.kind in ("int", "float", "score"):
        return _number(text, type_.number if type_.kind == "score" else type_, reply)  # type: ignore[attr-defined]
    if type_.kind == "bool":
        return _one_of(_YES_OR_NO, text, "not_yes_or_no", reply)
    if type_.kind == "enum":
        return _one_of(_wordings(type_), text, "no_case", reply)
    return text


def answer_format(type_: Type, settings: Settings) -> str:
    """How to answer, in one sentence."""
    if type_.kind == "enum":
        return f"Answer with exactly one of: {', '.join(case.text for case in type_.cases)}."  # type: ignore[attr-defined]
    if type_.kind == "bool":
        return "Answer with yes or no and nothing else."
    if type_.kind in ("int", "float", "score"):
        return _number_format(type_.number if type_.kind == "score" else type_)  # type: ignore[attr-defined]
    bound = getattr(type_, "max_words", None)
    return "Answer with the text itself and nothing else." if bound is None else f"Answer in at most {bound} words."


def _number_format(type_: Any) -> str:
    kind = "one whole number" if type_.kind == "int" else "one number"
    if type_.low is not None and type_.high is not None:
        kind += f" from {type_.low:g} to {type_.high:g}"
    unit = getattr(type_, "unit", None)
    return f"Answer with {kind}{f' in {unit}' if unit else ''} and nothing else."


def _number(text: str, type_: Any, reply: str) -> Any:
    number = read_number(text, getattr(type_, "unit", None))
    if isinstance(number, str):
        return Unread(REFUSED if number == "no_number" and refuses(narrowed(text)) else number, reply)
    value: int | float = float(number)
    if type_.kind == "int":
        if number != number.to_integral_value():
            return Unread("not_whole", reply)
        value = int(number)
    elif not math.isfinite(value):
        return Unread(OUT_OF_RANGE, reply)
    if (type_.low is not None and value < type_.low) or (type_.high is not None and value > type_.high):
        return Unread(OUT_OF_RANGE, reply)
    return value


def _wordings(type_: Any) -> Wordings:
    """Each case with its text, its name, and its name in words unless another case is written so."""
    taken = {folded(written) for case in type_.cases for written in (case.text, case.name)}
    return tuple(
        (case.name, (case.text, case.name, *([spaced] if spaced not in taken else [])))
        for case in type_.cases
        for spaced in [case.name.replace("_", " ").casefold()]
    )


def _one_of(cases: Wordings, text: str, otherwise: str, reply: str) -> Any:
    """The value of the case that `text` names."""
    text = narrowed(text)
    found = _named(text, cases)
    for line in (text.rsplit("\n", 1)[-1], text.split("\n", 1)[0]):
        introduced = None if found else _INTRODUCED.search(line)
        if introduced is not None:
            found = _stated(line[introduced.end() :], cases)
    found = found or _stated(text, cases) or _mentioned(text, cases)
    if len(found) == 1:
        return found[0]
    return Unread(AMBIGUOUS if found else REFUSED if refuses(text) else otherwise, reply)


def _named(text: str, cases: Wordings) -> list[Any]:
    """The values of the cases that `text` as a whole is: by exact text, then by name, then after folding."""
    whole, wanted = text.strip(), folded(text)
    found = [value for value, (first, *_) in cases if narrowed(first).strip() == whole]
    found = found or [value for value, (_, *names) in cases if whole in names]
    if wanted and not found:
        found = [value for value, (first, *_) in cases if folded(first) == wanted]
        found = found or [value for value, (_, *names) in cases if wanted in map(folded, names)]
    return found


def _stated(text: str, cases: Wordings) -> list[Any]:
    """The cases `text` begins with: its first line as a whole, or a case before a comma, a full stop or a bracket."""
    text = text.lstrip(" \t\r\n*_`\"'([")
    found = _named(text.split("\n", 1)[0], cases)
    if found:
        return found
    spotted = _starting(text, cases)
    if spotted is None:
        return []
    value, end = spotted
    between = _BETWEEN.match(text, end)
    beside = text[between.end() :] if between else ""
    other = _starting(beside, cases)
    if other is not None and other[0] != value and _PAUSE.match(beside, other[1]):
        return [value, other[0]]
    return [value] if _PAUSE.match(text, end) else []


def _starting(text: str, cases: Wordings) -> tuple[Any, int] | None:
    """The case with the longest wording at the start of `text`, and where that ends."""
    best: tuple[Any, int] | None = None
    for value, wordings in cases:
        for wording in map(narrowed, wordings):
            end = len(wording)
            if (
                wording
                and text[:end].casefold() == wording.casefold()
                and not text[end : end + 1].isalnum()
                and (best is None or end > best[1])
            ):
                best = (value, end)
    return best


def _mentioned(text: str, cases: Wordings) -> list[Any]:
    """The cases that occur as whole words in a short reply. One alone does not count beside a negation."""
    if len(text.split(maxsplit=_SHORT + 1)) > _SHORT:
        return []
    left = folded(text)
    found: list[Any] = []
    wordings = {folded(wording): value for value, its in cases for wording in its}
    for wording in sorted(filter(None, wordings), key=len, reverse=True):
        if wording not in left:
            continue
        at_end = r"\W*$" if wording in _DENIAL_WORDS else ""
        left, count = re.subn(rf"(?<!\w){re.escape(wording)}(?!\w){at_end}", " ", left)
        found += [wordings[wording]] if count else []
    found = list(dict.fromkeys(found))
    return [] if len(found) == 1 and _NEGATION.search(left) else found


PLAIN = Reader(
    name="plain",
    summary="the reply is the answer: a text, a number, yes or no, a case of an enum",
    kinds=("text", "int", "float", "score", "bool", "enum"),
    asks="text",
    encode=encode,
    decode=decode,
    answer_format=answer_format,
)
