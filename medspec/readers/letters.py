r"""`letters`: the reply names one or more of a fixed set of letters, for questions with several right options.

    enum Option { A  B  C  D  E }
    answer set<Option> via letters

The cases of the enum are single capital letters. `encode` writes "A, D". `decode` takes the first of these forms that
names any letter:

    1. letters before a colon                       The right answer is B: Gout      Les bonnes réponses sont A: ..., D: ...
    2. what stands behind a word for "answer"       Answer: A and D     正确答案是 BD     Ответ: C     Réponses : A, D
    3. the whole first or last line                 (B)     A, C and D     ABD

Letters beyond those of the enum make the reply unread. What cannot be read is `Unread`: `empty`, `refused`, `no_letter`,
`not_an_option`. For one option out of a list in the row, `choice of options via letter` reads far more forms.

    >>> from medspec.types import EnumCase, EnumType, SetType
    >>> options = SetType(EnumType("Option", tuple(EnumCase(letter, letter) for letter in "ABCDE")))
    >>> sorted(LETTERS.decode("Les bonnes réponses sont A: fer, D: zinc", options, {}, {}))
    ['A', 'D']
    >>> LETTERS.decode("It depends on the patient.", options, {}, {}).reason
    'no_letter'
"""

from __future__ import annotations

import re
from typing import Any

from medspec.readers.base import Reader, Settings, Unread
from medspec.readers.wording import REFUSED, narrowed, refuses, without_thoughts
from medspec.types.base import Row
from medspec.types.set import letters_before_colons

_ANSWER = re.compile(
    r"\b(?:answers?|options?|choices?|réponses?|respuestas?|ответы?|варианты?)\b|答案|正解|答え|回答|選択肢|选项",
    re.IGNORECASE,
)
_BETWEEN = (
    r"(?:[\s*_`\"'()\[\].,:;&/和与及或是为はと]"
    r"|\b(?:and|or|et|ou|y|o|и|или|is|are|est|sont|es|son|correctas?|correctes?|correct|the)\b)"
)
_STATED = re.compile(
    rf"{_BETWEEN}{{0,20}}(?<![A-Za-zÀ-ÿ])([A-Z](?:{_BETWEEN}{{0,8}}+[A-Z])*+)"
    r"(?=\s*(?:$|[.,;:!?()\n*\"'])|[^\x00-\x7f])"
)
_LINE = re.compile(rf"{_BETWEEN}{{0,4}}[A-Z](?:{_BETWEEN}{{0,8}}+[A-Z])*+{_BETWEEN}{{0,4}}")
_WORD = re.compile(r"[A-Za-zÀ-ÿ]+")
_REACH = 60
NO_LETTER = "None"
"""What is written for the empty set."""


def encode(value: frozenset[str], type_: Any, row: Row, settings: Settings) -> str:
    """The letters in order, with commas between them; `None` for no letter at all."""
    return ", ".join(type_.item.text_of(name) for name in type_.ordered(value)) or NO_LETTER


def decode(reply: str, type_: Any, row: Row, settings: Settings) -> Any:
    """The set of cases that the reply names, or `Unread`."""
    text = narrowed(without_thoughts(reply)).strip()
    if not text:
        return Unread("empty", reply)
    if text.rstrip(".") == NO_LETTER:
        return frozenset()
    named = _named(text)
    if not named:
        return Unread(REFUSED if refuses(text) else "no_letter", reply)
    names = {case.text: case.name for case in type_.item.cases}
    if not named <= names.keys():
        return Unread("not_an_option", reply)
    return frozenset(names[letter] for letter in named)


def _named(text: str) -> frozenset[str]:
    before_colon = letters_before_colons(text)
    if before_colon:
        return frozenset(before_colon)
    for found in reversed(list(_ANSWER.finditer(text))):
        stated = _STATED.match(text[found.end() : found.end() + _REACH])
        if stated is not None:
            return _letters(stated[1])
    for line in (text.split("\n", 1)[0], text.rsplit("\n", 1)[-1]):
        if len(line) <= _REACH and _LINE.fullmatch(line.strip()):
            return _letters(line)
    return frozenset()


def _letters(text: str) -> frozenset[str]:
    """The capital letters of a list: those alone, and those of a run such as ABD, but not of words."""
    runs = (word for word in _WORD.findall(text) if word.isupper() and word == "".join(sorted(set(word))))
    return frozenset("".join(runs))


def answer_format(type_: Any, settings: Settings) -> str:
    """How to answer, in one sentence."""
    letters = ", ".join(case.text for case in type_.item.cases)
    return f"Answer with the letters of all correct options, out of {letters}, with commas between them."


def accepts(type_: Any) -> bool:
    """Whether the type is a set of an enum whose cases are single capital letters."""
    return type_.item.kind == "enum" and all(
        len(case.text) == 1 and "A" <= case.text <= "Z" for case in type_.item.cases
    )


LETTERS = Reader(
    name="letters",
    summary="the reply names one or more letters",
    kinds=("set",),
    asks="text",
    encode=encode,
    decode=decode,
    answer_format=answer_format,
    accepts=accepts,
)
