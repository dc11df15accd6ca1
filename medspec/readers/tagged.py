r"""`tagged`: the answer stands between two marks, and another reader reads it there.

    answer int via tagged(inner: number)                  <answer>42</answer>
    answer Verdict via tagged(tag: "result", inner: json)

The last complete pair of marks counts; a reply that ends after the opening mark is read from there to its end, as happens
where the closing mark is a stop text. What stands outside is not looked at, so a model may think aloud before it. The inner
reader has its usual settings. `no_tag` is the reason where there is no mark; all others are the inner reader's.

    >>> from medspec.types import IntegerType
    >>> TAGGED.decode("Three and four: <answer>7</answer>", IntegerType(), {}, {"tag": "answer", "inner": "number"})
    7
    >>> TAGGED.decode("7", IntegerType(), {}, {"tag": "answer", "inner": "number"}).reason
    'no_tag'
"""

from __future__ import annotations

import re
from typing import Any

import attrs

from medspec.readers.base import Reader, Setting, SettingProblem, Settings, Unread
from medspec.readers.boxes import BOXES
from medspec.readers.json import JSON
from medspec.readers.letter import LETTER
from medspec.readers.number import NUMBER
from medspec.readers.plain import PLAIN
from medspec.readers.quotes import QUOTES
from medspec.readers.wording import without_thoughts
from medspec.types.base import Misfit, Row, Type

INNER = {reader.name: reader for reader in (PLAIN, JSON, LETTER, NUMBER, QUOTES, BOXES)}

SETTINGS = (
    Setting(name="tag", default="answer", summary="the name of the mark: <answer> ... </answer>"),
    Setting(name="inner", default="plain", choices=tuple(INNER), summary="the reader of what stands inside"),
)
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,30}")


def encode(value: Any, type_: Type, row: Row, settings: Settings) -> str:
    """The inner reader's text between the marks. Raises `Misfit` for a text that holds such a mark itself."""
    inner = INNER[settings["inner"]]
    text = inner.encode(value, type_, row, _settings_of(inner))
    if _mark(settings["tag"]).search(text):
        raise Misfit(f"the text holds the mark <{settings['tag']}> itself")
    return f"<{settings['tag']}>{text}</{settings['tag']}>"


def decode(reply: str, type_: Type, row: Row, settings: Settings) -> Any:
    """What the inner reader reads between the marks, or `Unread`."""
    text = _inside(reply, settings["tag"])
    if text is None:
        return Unread("no_tag" if without_thoughts(reply).strip() else "empty", reply)
    inner = INNER[settings["inner"]]
    found = inner.decode(text, type_, row, _settings_of(inner))
    return attrs.evolve(found, reply=reply) if isinstance(found, Unread) else found


def remarks(reply: str, type_: Type, row: Row, settings: Settings) -> tuple[str, ...]:
    """Those of the inner reader."""
    inner, text = INNER[settings["inner"]], _inside(reply, settings["tag"])
    return () if text is None or inner.remarks is None else inner.remarks(text, type_, row, _settings_of(inner))


def answer_format(type_: Type, settings: Settings) -> str:
    """The inner reader's sentence, and where to put the answer."""
    inner = INNER[settings["inner"]]
    said = inner.answer_format(type_, _settings_of(inner)).replace(" and nothing else", "")
    return f"{said} Put the answer between <{settings['tag']}> and </{settings['tag']}>."


def check(type_: Type, settings: Settings) -> SettingProblem | None:
    """The inner reader must produce the type, and the mark must be a name."""
    inner = INNER[settings["inner"]]
    if not inner.produces(type_):
        able = ", ".join(name for name, reader in INNER.items() if reader.produces(type_)) or "none"
        title = f"the reader `{inner.name}` inside `tagged` cannot produce `{type_.spelled}`"
        return SettingProblem("inner", title, f"readers that can: {able}", code="E0304")
    if not _TAG.fullmatch(settings["tag"]):
        return SettingProblem("tag", "`tag` is a name", "letters, digits, _ and -, without the angle brackets")
    return None


def _inside(reply: str, tag: str) -> str | None:
    """The text of the last complete pair of marks, else what follows the last opening one."""
    marks = list(_mark(tag).finditer(without_thoughts(reply)))
    text = without_thoughts(reply)
    for place in range(len(marks) - 1, 0, -1):
        if marks[place][1] and not marks[place - 1][1]:
            return text[marks[place - 1].end() : marks[place].start()]
    opened = [mark for mark in marks if not mark[1]]
    return text[opened[-1].end() :] if opened else None


def _mark(tag: str) -> re.Pattern[str]:
    return re.compile(rf"<(/?){re.escape(tag)}>", re.IGNORECASE)


def _settings_of(reader: Reader) -> dict[str, Any]:
    return {setting.name: setting.default for setting in reader.settings}


TAGGED = Reader(
    name="tagged",
    summary="the answer stands between <answer> and </answer>",
    kinds=tuple(dict.fromkeys(kind for reader in INNER.values() for kind in reader.kinds)),
    asks="text",
    encode=encode,
    decode=decode,
    answer_format=answer_format,
    settings=SETTINGS,
    accepts=lambda type_: any(reader.produces(type_) for reader in INNER.values()),
    remarks=remarks,
    format_words=lambda type_, settings: (f"<{settings['tag']}>",),
    check=check,
    inside=lambda reply, settings: _inside(reply, settings["tag"]),
    around=lambda word, settings: f"<{settings['tag']}>{word}</{settings['tag']}>",
)
