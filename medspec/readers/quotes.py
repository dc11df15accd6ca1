r"""`quotes`: the model quotes the text and says what each quote is; the quotes become spans of the row's field.

No model can count characters, but every model can copy words. `encode` writes one line for each span,

    problem: "chest pain"
    treatment: "aspirin" (2)          the second place where these words stand

and `none` for an empty list. `decode` reads such lines, with or without list marks and quotation marks, and a JSON list of
objects with `label`, `text` and `occurrence` as well. Each quote is looked for in the field (`locate.py`).

A quote that is not in the field, stands there several times, or has a label that is none, cannot be scored: the span is
left out and counted (`not_found`, `ambiguous`, `no_case` among the remarks of the report), never guessed. This spares the
model a false alarm: look at the count beside the precision, or say `lost: unread`, with which one such quote makes the whole
reply unread. A reply is `Unread` for these reasons:

    empty  refused  no_quotes          nothing is quoted, and it does not say that there is none
    not_found  ambiguous  no_case      something is quoted, and nothing of it can be located
    wrong_length                       fewer or more spans than the type allows

    >>> from medspec.types import EnumCase, EnumType, ListType, SpanType
    >>> entity = EnumType("Entity", (EnumCase("problem", "problem"), EnumCase("drug", "drug")))
    >>> spans, row = ListType(SpanType(entity, "note")), {"note": "Fever. Aspirin given, aspirin stopped."}
    >>> QUOTES.decode('- problem: "fever"\n- drug: "aspirin" (2)', spans, row, {"lost": "leave_out"})
    (Span(start=0, end=5, label='problem'),)
    >>> QUOTES.remarks('- problem: "fever"\n- drug: "aspirin" (2)', spans, row, {"lost": "leave_out"})
    ('not_found',)
    >>> QUOTES.decode('drug: "aspirin"', spans, row, {"lost": "leave_out"})
    (Span(start=22, end=29, label='drug'),)
"""

from __future__ import annotations

import json
import re
from typing import Any

import attrs

from medspec.readers.base import Reader, Setting, Settings, Unread
from medspec.readers.json_text import Found, find_json
from medspec.readers.reply_values import Wrong, span_from_reply, span_to_reply
from medspec.readers.wording import REFUSED, folded, narrowed, refuses, without_thoughts
from medspec.types.base import Row, Type
from medspec.types.span import Span

SETTINGS = (
    Setting(
        name="lost",
        default="leave_out",
        choices=("leave_out", "unread"),
        summary="what a quote does that cannot be located: it is left out, or makes the reply unread",
    ),
)
_NONE = frozenset({"none", "no", "nothing", "none found", "n/a", "[]", "not found", "无", "没有"})
_LIST_MARK = re.compile(r"[ \t]*(?:[-*•·–]|\(?[0-9]{1,3}[.)])[ \t]+")
_NUMBER = re.compile(
    r"[ \t]*[(#\[][ \t]*(?:occurrence[ \t]*)?([0-9]{1,5})[ \t]*[)\]]?[ \t]*[.,;]?[ \t]*$", re.IGNORECASE
)
_PAIRS = {'"': '"', "“": "”", "”": "”", "'": "'", "‘": "’", "«": "»", "「": "」", "`": "`"}
_LABELLED = re.compile(r'[ \t]*[*_]{0,3}([^":：\n]{1,60}?)[*_]{0,3}[ \t]*[:：][*_]{0,3}[ \t]*(?=\S)')
_MOST_LINES = 2000


@attrs.frozen
class _Items:
    """What a reply quotes: the spans that were located, and a reason for each of the others."""

    spans: list[Span]
    lost: list[str]


def encode(value: Any, type_: Any, row: Row, settings: Settings) -> str:
    """One line for each span; a JSON list where a label holds a line break."""
    items = [span_to_reply(span, type_.item, row) for span in value]
    if not items:
        return "none"
    if any("\n" in item.get("label", "") for item in items):
        return json.dumps(items, ensure_ascii=False)
    return "\n".join(_line(item) for item in items)


def decode(reply: str, type_: Any, row: Row, settings: Settings) -> Any:
    """The located spans in the order of the reply, or `Unread`."""
    items = _items(reply, type_.item, row)
    if isinstance(items, str):
        return Unread(items, reply)
    if items.lost and (not items.spans or settings["lost"] == "unread"):
        return Unread(items.lost[0], reply)
    count = len(items.spans)
    if (type_.low is not None and count < type_.low) or (type_.high is not None and count > type_.high):
        return Unread("wrong_length", reply)
    return tuple(items.spans)


def remarks(reply: str, type_: Any, row: Row, settings: Settings) -> tuple[str, ...]:
    """Why quotes were left out, one word for each of them."""
    items = _items(reply, type_.item, row)
    return () if isinstance(items, str) else tuple(items.lost)


def answer_format(type_: Any, settings: Settings) -> str:
    """How to quote, in a few sentences."""
    label = type_.item.label
    if label is None:
        return (
            "Answer with the words you mean, copied exactly and in quotation marks, one quote on each line. If the same "
            'words stand in the text several times, add which one you mean: "words" (2). If there is none, write: none.'
        )
    cases = ", ".join(case.text for case in label.cases)
    return (
        'Answer with one line for each finding, in the form label: "words", and copy the words exactly. The labels are: '
        f'{cases}. If the same words stand in the text several times, add which one you mean: "words" (2). '
        "If there is none, write: none."
    )


def _line(item: dict[str, Any]) -> str:
    quote = json.dumps(item["text"], ensure_ascii=False)
    if "think" in quote.lower():
        quote = quote.replace("<", "\\u003c")  # else it might be taken for the mark of a thought
    label = f"{item['label']}: " if "label" in item else ""
    number = f" ({item['occurrence']})" if "occurrence" in item else ""
    return f"{label}{quote}{number}"


def _items(reply: str, type_: Any, row: Row) -> _Items | str:
    """What the reply quotes, or why it quotes nothing."""
    text = without_thoughts(reply).strip()
    if not text:
        return "empty"
    whole = find_json(reply, "[")
    if isinstance(whole, Found) and not whole.repairs and isinstance(whole.value, list):
        return _located(whole.value, type_, row)
    if folded(text) in _NONE:
        return _Items([], [])
    quoted = [item for line in text.split("\n")[:_MOST_LINES] if (item := _read_line(line, type_)) is not None]
    if quoted:
        return _located(quoted, type_, row)
    if isinstance(whole, Found) and isinstance(whole.value, list):
        return _located(whole.value, type_, row)
    if folded(text.rsplit("\n", 1)[-1]) in _NONE:
        return _Items([], [])
    return REFUSED if refuses(narrowed(text)) else "no_quotes"


def _located(items: list[Any], type_: Any, row: Row) -> _Items:
    found = _Items([], [])
    for item in items:
        try:
            found.spans.append(span_from_reply(item, type_, row))
        except Wrong as wrong:
            found.lost.append(wrong.reason)
    return found


def _read_line(line: str, type_: Any) -> dict[str, Any] | None:
    """The label, words and number of a line; None for a line that quotes nothing."""
    if type_.label is None:
        return _words(_without_mark(line), marked=True)
    for text in (line, _without_mark(line)):
        for name, wording in _wordings(type_.label):
            if text[: len(wording)].casefold() == wording.casefold():
                after = re.match(r"[ \t]*[:：][ \t]*", text[len(wording) :])
                item = None if after is None else _words(text[len(wording) + after.end() :], marked=False)
                if item is not None:
                    return {"label": name, **item}
    labelled = _LABELLED.match(_without_mark(line))
    if labelled is None:
        return None
    label = folded(labelled[1])
    known = [name for name, wording in _wordings(type_.label) if folded(wording) == label]
    item = _words(_without_mark(line)[labelled.end() :], marked=not known)
    return None if item is None else {"label": known[0] if known else labelled[1], **item}


def _wordings(label: Any) -> list[tuple[str, str]]:
    """(case text, wording) of every case, the longest wording first."""
    found = [(case.text, wording) for case in label.cases for wording in (case.text, case.name)]
    return sorted(found, key=lambda pair: -len(pair[1]))


def _without_mark(line: str) -> str:
    mark = _LIST_MARK.match(line)
    return (line if mark is None else line[mark.end() :]).strip(" \t\r")


def _words(text: str, *, marked: bool) -> dict[str, Any] | None:
    """The quoted words and the number behind them. With `marked`, words without quotation marks do not count."""
    text = text.strip(" \t\r")
    if text.startswith('"'):
        try:
            quote, end = json.JSONDecoder().raw_decode(text)
        except ValueError:
            pass
        else:
            number = _NUMBER.fullmatch(text, end)
            if number is not None or not text[end:].strip(" \t.,;"):
                return _item(quote, number)
    closing = _PAIRS.get(text[:1])
    if closing is not None:
        end = text.rfind(closing)
        number = _NUMBER.fullmatch(text, end + 1)
        if end > 0 and (number is not None or not text[end + 1 :].strip(" \t.,;")):
            return _item(text[1:end], number)
    return None if marked or not text else {"text": text.rstrip(".,;")}


def _item(quote: str, number: re.Match[str] | None) -> dict[str, Any]:
    return {"text": quote} if number is None else {"text": quote, "occurrence": int(number[1])}


def _accepts(type_: Type) -> bool:
    return type_.kind == "list" and type_.children[0].kind == "span"


QUOTES = Reader(
    name="quotes",
    summary="the model quotes the text; the quotes become spans",
    kinds=("list",),
    asks="text",
    encode=encode,
    decode=decode,
    answer_format=answer_format,
    settings=SETTINGS,
    accepts=_accepts,
    remarks=remarks,
    format_words=lambda type_, settings: ("quote",),
)
