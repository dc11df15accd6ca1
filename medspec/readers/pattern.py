r"""`pattern`: a regular expression finds the answer in the reply, for published scorers that are defined by one.

    answer Grade via pattern(regex: "grade:? *([0-4])")
    answer text  via pattern(regex: "^Dose: (.*)$", which: first, write: "Dose: {}")

The expression is Python's (`re`), with `^` and `$` at the ends of lines and upper and lower case made equal. It is matched
within single lines, in the last 20,000 characters of the reply and the first 1,000 of each line. The text of `group` (the
whole match, where the expression has no groups) of the `last` (or `first`) match is the answer; numbers, yes or no and cases
are read from it as by `plain`. `write` is how a shot shows an answer, with `{}` for the answer itself. No match is
`Unread("no_match")`; other reasons are those of `plain`.

Replies are not trusted, so an expression whose time could grow faster than the square of a line is refused when the spec is
checked: repetitions inside repetitions, and two unbounded repetitions that can take the same letters (`patterns.py`).

    >>> from medspec.types import IntegerType
    >>> settings = {"regex": "grade:? *([0-9])", "group": 1, "which": "last", "write": "Grade: {}"}
    >>> PATTERN.decode("Grade 2 at first.\nFinal grade: 3.", IntegerType(0, 4), {}, settings)
    3
    >>> PATTERN.encode(3, IntegerType(0, 4), {}, settings)
    'Grade: 3'
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import attrs

from medspec.readers import plain
from medspec.readers.base import Reader, Setting, SettingProblem, Settings, Unread
from medspec.readers.patterns import find_danger
from medspec.readers.wording import REFUSED, narrowed, refuses, without_thoughts
from medspec.types.base import Misfit, Row, Type

SETTINGS = (
    Setting(name="regex", default="", summary="the regular expression"),
    Setting(
        name="group",
        default=1,
        summary="which group holds the answer; 0 (and 1 where there is none) is the whole match",
    ),
    Setting(name="which", default="last", choices=("last", "first"), summary="which match counts"),
    Setting(name="write", default="{}", summary="how an answer is written in a shot, {} for the answer"),
)
_REACH = 20_000
_LONGEST_LINE = 1_000


def encode(value: Any, type_: Type, row: Row, settings: Settings) -> str:
    """The answer as `write` has it. Raises `Misfit` for a value that the expression would not find in it."""
    text = settings["write"].replace("{}", plain.encode(value, type_, row, {}))
    if decode(text, type_, row, settings) != value:
        raise Misfit("the expression does not find this answer as `write` writes it")
    return str(text)


def decode(reply: str, type_: Type, row: Row, settings: Settings) -> Any:
    """What the expression finds, as the type has it, or `Unread`."""
    text = without_thoughts(reply)[-_REACH:]
    if not text.strip():
        return Unread("empty", reply)
    lines = text.split("\n")
    for line in reversed(lines) if settings["which"] == "last" else lines:
        matches = _compiled(settings["regex"]).finditer(line[:_LONGEST_LINE])
        found = [match[_group(settings)] for match in matches]
        found = [text for text in found if text is not None]
        if found:
            chosen = found[-1 if settings["which"] == "last" else 0]
            value = plain.decode(chosen, type_, row, {})
            return attrs.evolve(value, reply=reply) if isinstance(value, Unread) else value
    return Unread(REFUSED if refuses(narrowed(text)) else "no_match", reply)


def answer_format(type_: Type, settings: Settings) -> str:
    """The sentence of `plain`, and the form where `write` gives one."""
    said = plain.answer_format(type_, {})
    if settings["write"] == "{}":
        return said
    return f"{said.replace(' and nothing else', '')} Write it in this form: {settings['write'].replace('{}', '...')}."


def check(type_: Any, settings: Settings) -> SettingProblem | None:
    """The expression must be sound and quick, have the group, and find every case as `write` writes it."""
    if not settings["regex"]:
        return SettingProblem("regex", "`pattern` needs a regular expression", 'write `pattern(regex: "...")`')
    try:
        compiled = _compiled(settings["regex"])
    except (re.error, OverflowError, RecursionError) as error:
        return SettingProblem("regex", "this is no regular expression", str(error))
    if not 0 <= _group(settings) <= compiled.groups:
        has = f"the expression has {compiled.groups}"
        return SettingProblem("group", f"there is no group {settings['group']}", has)
    danger = find_danger(settings["regex"], re.IGNORECASE | re.MULTILINE)
    if danger is not None:
        return SettingProblem("regex", "this expression could take very long on some replies", danger)
    if settings["write"].count("{}") != 1:
        return SettingProblem("write", "`write` holds `{}` once, where the answer stands", 'such as "Answer: {}"')
    for value in _tried(type_):
        try:
            encode(value, type_, {}, settings)
        except Misfit:
            written = settings["write"].replace("{}", plain.encode(value, type_, {}, {}))
            return SettingProblem(
                "regex", "the expression does not find an answer as `write` writes it", f"it writes {written!r}"
            )
    return None


def _group(settings: Settings) -> int:
    """The group that holds the answer: an expression without groups is the answer as a whole."""
    return 0 if settings["group"] == 1 and not _compiled(settings["regex"]).groups else int(settings["group"])


def _tried(type_: Any) -> tuple[Any, ...]:
    if type_.kind == "enum":
        return tuple(case.name for case in type_.cases)
    return (True, False) if type_.kind == "bool" else ()


@lru_cache(maxsize=64)
def _compiled(regex: str) -> re.Pattern[str]:
    return re.compile(regex, re.IGNORECASE | re.MULTILINE)


PATTERN = Reader(
    name="pattern",
    summary="a regular expression finds the answer",
    kinds=("text", "int", "float", "score", "bool", "enum"),
    asks="text",
    encode=encode,
    decode=decode,
    answer_format=answer_format,
    settings=SETTINGS,
    check=check,
    around=lambda word, settings: settings["write"].replace("{}", word),
)
