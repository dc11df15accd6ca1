r"""`letter`: the reply names one option by its letter, A for the first.

`encode` writes the bare letter. `decode` looks for a statement, from the most explicit form to the least, and takes the
last one of the first form that states anything:

    1. a JSON key           {"answer_choice": "B"}, "answer": "B. Gout"
    2. a stated answer      ANSWER: B     the answer is (B)     答案：Ｂ     \boxed{B}     Option B is correct
    3. a letter in bold     **B**, when no other letter is in bold
    4. a last line          B     (B)     **B.**     Option B     B. <the option's own text>
    5. the start            B. Gout     B) because ...     when the reply is not a list of all options
    6. the whole reply      equals the text of one option, and of only one

`<think>` blocks are cut off first. In 1 and 2 an option may be named by its whole text. It never falls back to some
letter; what cannot be read is `Unread` with one of these reasons:

    empty            nothing is there (or nothing but a thought)
    ambiguous        the statement names two options: "A or B", "B, C"
    not_an_option    a letter beyond the row's options
    refused          no letter, and the model says that it will not answer
    no_letter        no statement, or one that names no option: "None of the above"

    >>> from medspec.types import ChoiceType
    >>> row = {"options": ["Gout", "Pseudogout", "Septic arthritis"]}
    >>> LETTER.decode("Crystals make (A) less likely. The answer is B.", ChoiceType("options"), row, {})
    1
    >>> LETTER.decode("A 45-year-old man has a swollen knee.", ChoiceType("options"), row, {}).reason
    'no_letter'
    >>> LETTER.encode(2, ChoiceType("options"), row, {})
    'C'
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from medspec.readers.base import Reader, Settings, Unread
from medspec.readers.statements import (
    AMBIGUOUS,
    NO_LETTER,
    NOT_AN_OPTION,
    WINDOW,
    Options,
    Verdict,
    read_statement,
)
from medspec.readers.wording import REFUSED, folded, narrowed, refuses, without_thoughts
from medspec.types.base import Misfit, Row, Type
from medspec.types.choice import LETTERS

# Every repetition below is bounded: replies are untrusted, and time must stay linear in their length.
_JSON_KEY = re.compile(
    r"""["'](?:(?:final|correct)[_ ])?(?:answer|choice|option|letter|答案)(?:[_ ](?:choice|option|letter|idx))?["']
        \s{0,9}:\s{0,9}(?:"(?P<text>[^"]{0,400})|(?P<list>\[[^\]]{0,400}\])|(?P<bare>[^\n,}]{1,80}))""",
    re.VERBOSE | re.IGNORECASE,
)
_IS = r"(?:is|was|(?:would|will|should|must)\s{1,3}be)(?![A-Za-z])"
_STATED = re.compile(
    rf"""(?<![A-Za-z])answer (?:\s{{1,3}}(?:choice|option|letter))?
            (?:\s{{1,3}}to\s{{1,3}}(?:the|this)\s{{1,3}}question)?
            [*_`"'\s]{{0,5}} (?:(?P<spoken>{_IS})|:|=|->|[→–—]|-(?=\s))
        |(?<![A-Za-z])(?:correct|right|best|final|likely|appropriate|suitable|accurate)\s{{1,3}}
            (?:option|choice|response|selection) [*_`"'\s]{{0,5}} (?:{_IS}|:)
        |(?<![A-Za-z])I(?:\s{{1,3}}would|'d)?\s{{1,3}}(?:choose|select|pick|go\s{{1,3}}with)(?![A-Za-z])
        |\\boxed\s{{0,3}}(?=\{{) |<answer>
        |(?:答案|正确选项|正确的选项)(?:选项)?\s{{0,3}}(?:应该|应)?(?:是|为|选择|选|:)
        |(?:故|因此|所以|应该|应|本题|我)选(?:择)?""",
    re.VERBOSE | re.IGNORECASE,
)
_SAID_OF_LETTER = re.compile(
    r"""(?:^|[.!?;:,]\s{1,3}|\b(?i:option|choice|answer|letter|therefore|thus|hence|so|that)[\s,]{1,3})
        [*_("\[]{0,4}(?P<letter>[A-Z])[)\].*_":]{0,4}(?:\s{0,3}\([^()\n]{0,80}\))?\s{1,3}is\s{1,3}(?:the\s{1,3})?
        (?: (?:correct|right)(?![-\w]|\s{1,3}(?:in|that|about|for|only|when|if))
          | (?:(?:most|best|single|correct|right|likely|appropriate)\s{1,3}){0,3}(?:answer|choice|option)(?!\w))""",
    re.VERBOSE | re.MULTILINE,
)
_TAKEN_BACK = re.compile(
    r"(?:wrong|incorrect|false|not|n't|nor|neither|if|whether|why|second|next|another)"
    r"(?:\s{1,3}(?:the|an?|your|this|that))?(?:\s{1,3}(?:correct|best|right|final|most|likely))?\s{0,3}$",
    re.IGNORECASE,
)
_BOLD_LETTER = re.compile(r"(\*\*|__)\s?[(\[]?(?:(?:option|choice|answer)\s)?([A-Z])[)\].:]{0,2}\s?\1", re.IGNORECASE)
_LETTER_LINE = re.compile(
    r"[(\[<]?(?:(?:option|choice|answer)\s{1,3})?[(\[<*_]{0,4}([A-Za-z])([)\]>.:*_]{0,4})", re.IGNORECASE
)
_LIST_LINE = re.compile(r"(?m)^[ \t*_#>-]{0,8}[(\[]?([A-Z])[)\].:]")
_STATEMENTS = 1000
"""How many statements of one form are looked at, from the last one back."""


def encode(value: Any, type_: Type, row: Row, settings: Settings) -> str:
    """The letter of `value`. Raises `Misfit` for an option beyond the 26 letters."""
    place = type_.index_of(value) if type_.kind == "enum" else value  # type: ignore[attr-defined]
    if place >= len(LETTERS):
        raise Misfit(f"option {place + 1} has no letter: there are only {len(LETTERS)} letters")
    return LETTERS[place]


def decode(reply: str, type_: Type, row: Row, settings: Settings) -> Any:
    """The option `reply` names: an index for a choice, a case name for an enum, or `Unread`."""
    options = Options(_texts(type_, row))
    text = narrowed(without_thoughts(reply)).strip()
    if not text:
        return Unread("empty", reply)
    verdict: Verdict = None
    for form in (_from_json, _from_stated, _from_bold, _from_last_line, _from_start, _from_whole):
        verdict = form(text, options)
        if verdict is not None:
            break
    if verdict is None:
        verdict = REFUSED if refuses(text) else NO_LETTER
    if isinstance(verdict, str):
        return Unread(verdict, reply)
    return type_.cases[verdict].name if type_.kind == "enum" else verdict  # type: ignore[attr-defined]


def answer_format(type_: Type, settings: Settings) -> str:
    """How to answer, in one sentence."""
    if type_.kind == "enum":
        named = ", ".join(f"{letter} ({case.text})" for letter, case in zip(LETTERS, type_.cases, strict=False))  # type: ignore[attr-defined]
        return f"Answer with one letter and nothing else: {named}."
    return "Answer with the letter of the one correct option and nothing else."


def _texts(type_: Type, row: Row) -> tuple[str, ...]:
    if type_.kind == "enum":
        return tuple(case.text for case in type_.cases)  # type: ignore[attr-defined]
    return tuple(str(option) for option in row[type_.of])  # type: ignore[attr-defined]


def _last(verdicts: Iterable[Verdict]) -> Verdict:
    """The first verdict that says something, of verdicts given from the last to the first."""
    return next((verdict for verdict in verdicts if verdict is not None), None)


def _from_json(text: str, options: Options) -> Verdict:
    text = text.replace('\\"', '"')
    keys = deque(_JSON_KEY.finditer(text), maxlen=_STATEMENTS)
    if not keys:
        return None
    found = _last(_json_value(key, options) for key in reversed(keys))
    # A key that names no option is an answer too; the thoughts beside it are not.
    return NO_LETTER if found is None else found


def _json_value(key: re.Match[str], options: Options) -> Verdict:
    value = next(value for value in (key["text"], key["list"], key["bare"]) if value is not None)
    value = value.replace("\\n", "\n")
    stated = read_statement(value.replace("[", " ").replace("]", " ") if key["list"] else value, options)
    return _from_stated(value, options) if stated is None else stated


def _from_stated(text: str, options: Options) -> Verdict:
    matches = [match for form in (_STATED, _SAID_OF_LETTER) for match in deque(form.finditer(text), maxlen=_STATEMENTS)]
    matches.sort(key=lambda match: match.end(), reverse=True)
    return _last(_statements(text, matches, options))


def _statements(text: str, matches: Iterable[re.Match[str]], options: Options) -> Iterator[Verdict]:
    for match in matches:
        if _TAKEN_BACK.search(text[max(0, match.start() - 40) : match.start()]):
            continue
        if match.re is _SAID_OF_LETTER:
            place = options.place(match["letter"])
            yield NOT_AN_OPTION if place is None else place
        else:
            value = text[match.end() : match.end() + WINDOW]
            yield read_statement(value, options, spoken=match["spoken"] is not None)


def _from_bold(text: str, options: Options) -> Verdict:
    letters = {match[2].upper() for match in _BOLD_LETTER.finditer(text)}
    if len(letters) != 1:
        return None
    return options.place(letters.pop())


def _from_last_line(text: str, options: Options) -> Verdict:
    lines = text.rsplit("\n", 1)
    line = lines[-1].strip(" \t\r*_`\"'#$")
    letter = _LETTER_LINE.fullmatch(line)
    if letter is None:
        named = re.match(r"[(\[]?([A-Z])[)\].:]{1,2}\s{1,3}", line)
        place = options.place(named[1]) if named else None
        if named is None or place is None or folded(line[named.end() :]) != options.folded[place]:
            return None
        return place
    before = [] if len(lines) == 1 else _LIST_LINE.findall(lines[0])
    if letter[2] and before and ord(letter[1].upper()) == ord(before[-1]) + 1:
        return None  # "A. ...", "B. ...", "C.": a list of the options that was cut off
    place = options.place(letter[1])
    return NOT_AN_OPTION if place is None else place


def _from_start(text: str, options: Options) -> Verdict:
    verdict = read_statement(text, options, bare=True)
    if isinstance(verdict, str):
        return verdict if verdict == AMBIGUOUS else None
    if verdict is None:
        return None
    listed = {letter for letter in _LIST_LINE.findall(text) if options.place(letter) is not None}
    return None if listed - {LETTERS[verdict]} else verdict


def _from_whole(text: str, options: Options) -> Verdict:
    return options.named(text)


LETTER = Reader(
    name="letter",
    summary="reads the letter of one option: B, (b), Answer: B",
    kinds=("choice", "enum"),
    asks="text",
    encode=encode,
    decode=decode,
    answer_format=answer_format,
)
