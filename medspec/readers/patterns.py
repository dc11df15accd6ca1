r"""Which regular expressions are quick on every text: time at most the square of a line's length.

Python's `re` tries every way to match before it gives up, and cannot be interrupted. Three things make the number of ways
grow without measure, and each is refused: a repetition inside an unbounded repetition, `(a+)*`; alternatives inside one,
`(a|ab)*`; and two unbounded repetitions that can take the same letters with nothing between them that ends the first,
`\d+\d+` or `.*x.*`. What ends a repetition is something that must match and that it cannot take: `[^:]*:.*`.

    >>> find_danger(r"answer\s*[:=]\s*(\w+)", 0) is None
    True
    >>> find_danger(r"(a+)*b", 0)
    'a repetition stands inside a repetition'
    >>> find_danger(r"(.*): (.*)", 0)
    'two repetitions can take the same letters; let the first exclude what comes after it, as in `[^:]*:`'
"""

from __future__ import annotations

import re
from re import _constants, _parser
from typing import Any

import attrs

SHORT = 16
"""Repetitions up to this often are counted as bounded."""

_MOST_WAYS = 1000
_UNIVERSE = frozenset([chr(code) for code in range(128)] + list("éß中一：，。　“”ΩЖ\u00a0"))
_NESTED = "a repetition stands inside a repetition"
_BRANCHES = "alternatives stand inside a repetition"
_SHARED = "two repetitions can take the same letters; let the first exclude what comes after it, as in `[^:]*:`"
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")


@attrs.frozen
class _Step:
    """One part of an expression: the letters it takes (None: not known), whether it must match, whether it is unbounded."""

    letters: frozenset[str] | None
    must: bool
    long: bool


class _Danger(Exception):
    """Says why."""


def find_danger(regex: str, flags: int) -> str | None:
    """Why a sound expression could be slow; None for a quick one."""
    parsed = _parser.parse(regex, flags)
    try:
        ways = [1]
        steps = _steps(parsed, ways, ignore_case=bool(parsed.state.flags & re.IGNORECASE))
    except _Danger as danger:
        return str(danger)
    if ways[0] > _MOST_WAYS:
        return "its bounded repetitions can be combined in too many ways"
    for place, first in enumerate(steps):
        if not first.long or first.letters is None:
            continue
        for second in steps[place + 1 :]:
            if second.long and second.letters is not None and first.letters & second.letters:
                return _SHARED
            if second.must and second.letters is not None and not first.letters & second.letters:
                break
    return None


def _steps(parsed: Any, ways: list[int], *, ignore_case: bool) -> list[_Step]:
    found: list[_Step] = []
    for operation, argument in parsed:
        name = str(operation)
        if name in _REPEATS:
            low, high, body = argument
            found.append(_repeat(low, high, body, ways, ignore_case=ignore_case))
        elif name == "SUBPATTERN":
            found += _steps(argument[3], ways, ignore_case=ignore_case)
        elif name == "ATOMIC_GROUP":
            found += _steps(argument, ways, ignore_case=ignore_case)
        elif name == "BRANCH":
            bodies = [_steps(body, ways, ignore_case=ignore_case) for body in argument[1]]
            if any(step.long for body in bodies for step in body):
                raise _Danger("a repetition stands inside alternatives")
            found.append(_Step(None, False, False))
        elif name == "AT":
            continue
        elif name in ("LITERAL", "NOT_LITERAL", "ANY", "IN"):
            found.append(_Step(_letters(name, argument, ignore_case=ignore_case), True, False))
        else:
            raise _Danger("look-around and references to groups are not allowed")
    return found


def _repeat(low: int, high: Any, body: Any, ways: list[int], *, ignore_case: bool) -> _Step:
    inner = _steps(body, [1], ignore_case=ignore_case)
    varies = any(_varies(operation, argument) for operation, argument in body)
    long = high is _constants.MAXREPEAT or high > SHORT
    if high != low and (long or high > 1) and varies:
        raise _Danger(_NESTED)
    if long and any(step.letters is None for step in inner):
        raise _Danger(_BRANCHES)
    if not long:
        ways[0] *= int(high) - int(low) + 1
        # What stands in an optional group varies as it does outside of it.
        for operation, argument in body:
            if _varies(operation, argument):
                _steps([(operation, argument)], ways, ignore_case=ignore_case)
                if any(step.long for step in inner):
                    raise _Danger(_NESTED)
    taken = [step.letters for step in inner if step.letters is not None]
    letters = frozenset().union(*taken) if taken and len(taken) == len(inner) else None
    return _Step(letters, low > 0 and letters is not None, long)


def _varies(operation: Any, argument: Any) -> bool:
    """Whether a part can match texts of several lengths."""
    name = str(operation)
    if name in _REPEATS:
        return bool(argument[0] != argument[1]) or any(_varies(*part) for part in argument[2])
    if name == "SUBPATTERN":
        return any(_varies(*part) for part in argument[3])
    return name == "ATOMIC_GROUP"


def _letters(name: str, argument: Any, *, ignore_case: bool) -> frozenset[str]:
    if name == "ANY":
        return _UNIVERSE - {"\n"}
    if name == "IN":
        found = _class(argument)
    else:
        found = frozenset({chr(argument)})
    if ignore_case:
        found |= {letter.lower() for letter in found} | {letter.upper() for letter in found}
    return _UNIVERSE - found if name == "NOT_LITERAL" else found


def _class(items: Any) -> frozenset[str]:
    found: set[str] = set()
    negated = False
    for operation, argument in items:
        name = str(operation)
        if name == "NEGATE":
            negated = True
        elif name == "LITERAL":
            found.add(chr(argument))
        elif name == "RANGE":
            low, high = argument
            found |= {letter for letter in _UNIVERSE if low <= ord(letter) <= high} | {chr(low), chr(high)}
        else:
            sign = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}[str(argument).rsplit("_", 1)[1]]
            inside = {letter for letter in _UNIVERSE if re.match(sign, letter)}
            found |= _UNIVERSE - inside if "_NOT_" in str(argument) else inside
    return _UNIVERSE - found if negated else frozenset(found)
