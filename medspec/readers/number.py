r"""`number`: one number out of a longer reply, for answers that come at the end of some reasoning.

The number after the last "answer:", "answer is", `####` or `\boxed{` counts; without such a mark it is the `last` number of
the reply, the `first`, or the `only` one (`which`). Nothing is converted unless the spec says so:

    also: ["g = 1000", "µg = 0.001"]     for a type in mg: a number in one of these units is multiplied
    percent: fraction                    "85%" is 0.85; else a percentage is another unit
    range: middle                        "5-10" is 7.5; else a range is `range`

Whatever else is no plain number is `Unread` for the reasons of `plain`: `no_number`, `not_exact` (a bound), `other_unit`,
`ambiguous`, `not_whole`, `out_of_range`, and `empty` and `refused`.

    >>> from medspec.types import FloatType, IntegerType
    >>> settings = {"which": "last", "also": ("g = 1000",), "percent": "refuse", "range": "refuse"}
    >>> NUMBER.decode("2 tablets of 0.25 g, so the answer is 0.5 g a day.", FloatType(unit="mg"), {}, settings)
    500.0
    >>> NUMBER.decode("3 + 4 = 7", IntegerType(), {}, settings)
    7
    >>> NUMBER.decode("about 5-10", IntegerType(), {}, settings).reason
    'range'
"""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from medspec.readers import plain
from medspec.readers.base import Reader, Setting, SettingProblem, Settings, Unread
from medspec.readers.quantities import AMBIGUOUS, OUT_OF_RANGE, Quantity, prepared, scan_numbers
from medspec.readers.wording import REFUSED, refuses, without_thoughts
from medspec.types.base import Row, Type

SETTINGS = (
    Setting(
        name="which",
        default="last",
        choices=("last", "first", "only"),
        summary="which number counts where no answer is announced",
    ),
    Setting(name="also", default=(), summary='further units, as "UNIT = FACTOR": the number times the factor'),
    Setting(
        name="percent",
        default="refuse",
        choices=("refuse", "fraction"),
        summary="what becomes of 85% in a type without unit",
    ),
    Setting(name="range", default="refuse", choices=("refuse", "middle"), summary="what becomes of 5-10"),
)
_STATED = re.compile(
    r"(?<![A-Za-z])(?:answer|result|total)[*_`\"'\s]{0,5}(?:(?:is|was)(?![A-Za-z])|[:=])|####|\\boxed\s{0,3}\{|答案\s{0,3}[是为:]",
    re.IGNORECASE,
)
_WINDOW = 200
_JOINED = re.compile(r"\s{0,3}(?:-|to|–|—)\s{0,3}")
_FACTOR = re.compile(r"\s*(\S.{0,40}?)\s*=\s*([0-9.eE+-]{1,30})\s*")


def decode(reply: str, type_: Any, row: Row, settings: Settings) -> Any:
    """The number the reply states, as the type has it, or `Unread`."""
    text = prepared(without_thoughts(reply)).strip()
    if not text:
        return Unread("empty", reply)
    numbers = type_.number if type_.kind == "score" else type_
    found = _stated(text, numbers, settings)
    if isinstance(found, str):
        return Unread(REFUSED if found == "no_number" and refuses(text) else found, reply)
    if numbers.kind == "int":
        if found != found.to_integral_value():
            return Unread("not_whole", reply)
        value: int | float = int(found)
    else:
        value = float(found)
    if not math.isfinite(value) or _outside(value, numbers):
        return Unread(OUT_OF_RANGE, reply)
    return value


def check(type_: Any, settings: Settings) -> SettingProblem | None:
    """Every entry of `also` must be a unit and a factor; a percentage is a fraction only of a number without unit."""
    for entry in settings["also"]:
        if _factor(entry) is None:
            return SettingProblem("also", f'`{entry}` is no "UNIT = FACTOR"', 'write for example "g = 1000"')
    if settings["also"] and getattr(type_, "unit", None) is None:
        return SettingProblem("also", "units are converted to the unit of the type", f"`{type_.spelled}` has none")
    if settings["percent"] == "fraction" and (type_.kind != "float" or type_.unit is not None):
        return SettingProblem("percent", "a percentage is a fraction of a `float` without unit", f"`{type_.spelled}`")
    return None


def _stated(text: str, type_: Any, settings: Settings) -> Decimal | str:
    factors = dict(filter(None, map(_factor, settings["also"])))
    if settings["percent"] == "fraction":
        factors["%"] = Decimal("0.01")
    unit = getattr(type_, "unit", None)
    marks = list(_STATED.finditer(text))
    for mark in reversed(marks[-50:]):
        window = text[mark.end() : mark.end() + _WINDOW]
        first = _grouped(list(scan_numbers(window, unit, factors))[:2], window, settings)
        if first:
            return first[0]
    found = _grouped(list(scan_numbers(text, unit, factors)), text, settings)
    if not found:
        return "no_number"
    if settings["which"] == "only" and len(found) > 1:
        return AMBIGUOUS
    return found[0 if settings["which"] == "first" else -1]


def _grouped(numbers: list[Quantity], text: str, settings: Settings) -> list[Decimal | str]:
    """The values, two ends of a range as one."""
    found: list[Decimal | str] = []
    place = 0
    while place < len(numbers):
        one = numbers[place]
        two = numbers[place + 1] if place + 1 < len(numbers) else None
        if two is None or not _JOINED.fullmatch(text, one.end, two.start):
            found.append(one.value)
            place += 1
            continue
        values = (one.value, two.value)
        if isinstance(values[1], Decimal) and values[0] in ("other_unit", AMBIGUOUS):
            values = (one.bare, values[1])  # "5-10 mg": the unit is said once
        low, high = values
        if settings["range"] == "middle" and isinstance(low, Decimal) and isinstance(high, Decimal):
            found.append((low + high) / 2)
        else:
            found.append("range")
        place += 2
    return found


def _factor(entry: str) -> tuple[str, Decimal] | None:
    match = _FACTOR.fullmatch(entry)
    if match is None:
        return None
    try:
        factor = Decimal(match[2])
    except InvalidOperation:
        return None
    return (match[1], factor) if factor.is_finite() and factor > 0 and abs(factor.adjusted()) < 30 else None


def _outside(value: float, type_: Any) -> bool:
    return (type_.low is not None and value < type_.low) or (type_.high is not None and value > type_.high)


def _answer_format(type_: Type, settings: Settings) -> str:
    return plain.answer_format(type_, {})


NUMBER = Reader(
    name="number",
    summary="one number out of a longer reply",
    kinds=("int", "float", "score"),
    asks="text",
    encode=plain.encode,
    decode=decode,
    answer_format=_answer_format,
    settings=SETTINGS,
    check=check,
)
