"""Numbers in a reply: the one number it holds, with the unit it is given in.

Nothing is converted and nothing is chosen: two numbers, a range, a fraction or a bound ("more than 5") cannot be read.
Digits inside a word ("B12", "COVID-19", "2nd") are no numbers.

    >>> read_number("About 1,250.5 mg/dL.", "mg/dL")
    Decimal('1250.5')
    >>> read_number("5-10 mg", "mg"), read_number("7 mmol/L", "mg/dL"), read_number("none", None)
    ('ambiguous', 'other_unit', 'no_number')
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache

import attrs

from medspec.readers.wording import narrowed

AMBIGUOUS = "ambiguous"
NOT_EXACT = "not_exact"
NO_NUMBER = "no_number"
OTHER_UNIT = "other_unit"
OUT_OF_RANGE = "out_of_range"

_NUMBER = re.compile(
    r"(?<![\w.,^/])(?P<sign>[+-]?)(?P<digits>(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+)"
    r"(?P<exponent>[eE][+-]?[0-9]+)?"
)
_GOES_ON = re.compile(r"[.,/^:][0-9]|\s{0,2}[±^]")
_BOUND = re.compile(r"(?:[<>≤≥±]=?|\b(?:negative|than|least|most|over|under|up\s{1,3}to))\s{0,3}$", re.IGNORECASE)
_MINUS = re.compile(r"\bminus\s{1,3}$", re.IGNORECASE)
_WORD = re.compile(r"(\s{0,3})([A-Za-zµμ°%‰][^\s,;:!?()\[\]{}\"'*_]{0,30})")
_LONGEST = 400
"""Numbers with more digits, or a larger exponent, are out of every range; converting them could take long."""

# Thin spaces group digits; an en dash joins the ends of a range.
_TYPOGRAPHY = {0x2009: None, 0x202F: None, 0x2013: "-", 0x2014: " - "}

# Signs that a word after a number is a unit, where the type has none to compare it with.
_UNITS = frozenset(
    "g kg mg mcg ug µg μg ng pg l dl ml ul µl μl mol mmol umol µmol μmol nmol pmol meq iu miu u mmhg kpa cm mm nm km m"
    " mcmol kcal kj bpm hz kg/m2 percent".split()
)
_PLAIN_WORDS = frozenset(
    "in for at on is was are which that as with and or but because since based after before if when given of".split()
)


def prepared(text: str) -> str:
    """`text` with the typography of numbers made plain; places of quantities are places in this."""
    return narrowed(text.translate(_TYPOGRAPHY))


@attrs.frozen
class Quantity:
    """A number as it stands in a prepared text from `start` to `end`, its unit included.

    `value` is the number, or why it cannot be taken as it is; `bare` is the number without a look at what follows it.
    """

    value: Decimal | str
    start: int
    end: int
    bare: Decimal | str


def read_number(text: str, unit: str | None) -> Decimal | str:
    """The one number in `text`, or why there is none: a reason of an `Unread`.

    With a `unit` the number may stand alone or be followed by that unit. Without one, whatever is recognised as a unit
    is refused; other words ("3 children") may follow.
    """
    found = [quantity.value for _, quantity in zip(range(2), scan_numbers(text, unit), strict=False)]
    if not found:
        return NO_NUMBER
    return AMBIGUOUS if len(found) > 1 else found[0]


def scan_numbers(text: str, unit: str | None, factors: Mapping[str, Decimal] | None = None) -> Iterator[Quantity]:
    """Every number in `text`, in order. A number in one of the units of `factors` is multiplied by its factor."""
    text = prepared(text)
    units = {**(factors or {}), **({unit: Decimal(1)} if unit else {})}
    done = 0
    for match in _NUMBER.finditer(text):
        if match.start() < done or _is_in_word(text, match):
            continue
        end, factor = _measure(text, match.end(), units)
        done = max(done, end)
        word = None if factor is not None else _WORD.match(text, match.end())
        if word is not None and not word[1] and not _is_unit(word[2]) and unit is None:
            continue  # "2nd", "3D"
        value = _value(text, match, word, unit, measured=factor is not None)
        bare = _value(text, match, None, unit, measured=True)
        if factor is not None and isinstance(value, Decimal):
            value *= factor
        yield Quantity(value, match.start(), end, bare)


def _measure(text: str, end: int, units: Mapping[str, Decimal]) -> tuple[int, Decimal | None]:
    """Where the longest unit after a number ends, and its factor; None where no unit of `units` follows."""
    found = [(match.end(), factor) for unit, factor in units.items() if (match := _unit_pattern(unit).match(text, end))]
    return max(found, key=lambda pair: pair[0]) if found else (end, None)


def _is_in_word(text: str, match: re.Match[str]) -> bool:
    start = match.start()
    return start >= 2 and text[start - 1] == "-" and text[start - 2].isalpha()


def _value(
    text: str, match: re.Match[str], word: re.Match[str] | None, unit: str | None, *, measured: bool
) -> Decimal | str:
    before = text[max(0, match.start() - 12) : match.start()]
    if not measured and _GOES_ON.match(text, match.end()):
        return AMBIGUOUS
    if _BOUND.search(before):
        return NOT_EXACT
    if word is not None:
        said = word[2].rstrip(".")
        foreign = _is_unit(said) if unit is None else said.casefold() not in _PLAIN_WORDS
        if foreign:
            return OTHER_UNIT
    digits, exponent = match["digits"].replace(",", ""), match["exponent"] or ""
    if len(digits) > _LONGEST or len(exponent) > 6 or abs(int(exponent[1:] or 0)) > _LONGEST:
        return OUT_OF_RANGE
    value = Decimal(f"{match['sign']}{digits}{exponent}")
    return -value if _MINUS.search(before) else value


def _is_unit(word: str) -> bool:
    said = word.rstrip(".").casefold()
    return said in _UNITS or said[0] in "%‰°µμ" or re.search(r"[a-z%]/[a-z]", said) is not None


@lru_cache(maxsize=256)
def _unit_pattern(unit: str) -> re.Pattern[str]:
    """Matches `unit` after a number in its usual spellings: spaces, mcg for µg, percent for %, m2 for m²."""
    spelled = {
        "/": r"\s{0,2}(?:/|per\s)\s{0,2}",
        "%": r"(?:%|percent|per\scent)",
        "²": r"(?:²|\^?2)",
        "³": r"(?:³|\^?3)",
    }
    spelled |= dict.fromkeys("µμ", "(?:µ|μ|u|mc)")
    written = narrowed(unit).strip()
    is_word = re.search(r"[a-z]{3,}$", written) is not None
    singular = written[:-1] if re.search(r"[a-z]{3,}s$", written) else written
    body = "".join(spelled.get(sign, r"\s{1,3}" if sign.isspace() else re.escape(sign)) for sign in singular)
    times = r"(?:[x×*·]\s{0,2})?" if written.startswith("10^") else ""
    plural = "s?" if is_word else ""
    return re.compile(rf"\s{{0,3}}{times}{body}{plural}(?![A-Za-z0-9/^%µμ°])", re.IGNORECASE)
