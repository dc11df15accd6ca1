r"""`json`: the reply holds the answer as JSON, whatever the type: records, lists, sets and all that stands in them.

Strict JSON is tried first; what is repaired, and how it is counted, says `json_text.py`. How each type is written says
`reply_values.py`. What cannot be read is `Unread`:

    empty  refused  not_json  cut_off  too_deep  duplicate_key       there is no JSON value, or not one
    wrong_type  unknown_key  missing_key  wrong_length                another form than the type's
    no_case  no_letter  not_an_option  not_a_ranking  no_image        a name for something that is not there
    out_of_range  not_whole  corners  outside_frame                   a number the type does not hold
    not_found  ambiguous                                              a quote that cannot be located

A record with one bad field, or a list with one bad entry, is unread as a whole: half an answer is never scored.

    answer bool via json(field: "criteria_met")      {"explanation": "It does.", "criteria_met": true}

With `field` the answer is what one field of an object holds; what stands in its other fields is not looked at.

    >>> from medspec.types import EnumCase, EnumType, SetType
    >>> findings = EnumType("Finding", (EnumCase("effusion", "Pleural effusion"), EnumCase("none", "No finding")))
    >>> JSON.decode('Here you are:\n["pleural effusion",]', SetType(findings), {}, {})
    frozenset({'effusion'})
    >>> JSON.remarks('Here you are:\n["pleural effusion",]', SetType(findings), {}, {})
    ('surrounding_text', 'trailing_comma')
    >>> JSON.decode('["pneumonia"]', SetType(findings), {}, {}).reason
    'no_case'
    >>> JSON.decode('{"why": "Fluid is seen.", "finding": "Pleural effusion"}', findings, {}, {"field": "finding"})
    'effusion'
"""

from __future__ import annotations

import json
from typing import Any

from medspec.readers.base import Reader, Setting, Settings, Unread
from medspec.readers.json_text import Found, find_json
from medspec.readers.reply_values import KINDS, Wrong, from_reply, is_writable, to_reply
from medspec.readers.schema_words import form_of, notes_on
from medspec.readers.wording import REFUSED, narrowed, refuses, without_thoughts
from medspec.types.base import Row, Type

FIELD = Setting(name="field", default="", summary="the field of an object that holds the answer; none: all of it does")


def encode(value: Any, type_: Type, row: Row, settings: Settings) -> str:
    """`value` as JSON in one line. Raises `Misfit` for an option that has no letter."""
    plain, field = to_reply(value, type_, row), _field(settings)
    return json.dumps({field: plain} if field else plain, ensure_ascii=False, allow_nan=False)


def decode(reply: str, type_: Type, row: Row, settings: Settings) -> Any:
    """The value the reply holds, or `Unread`."""
    found, field = find_json(reply, _opening(type_, settings)), _field(settings)
    if isinstance(found, str):
        if found == "not_json" and refuses(narrowed(without_thoughts(reply).strip())):
            found = REFUSED
        return Unread(found, reply)
    if field and not isinstance(found.value, dict):
        return Unread("wrong_type", reply)
    if field and field not in found.value:
        return Unread("missing_key", reply)
    try:
        return from_reply(found.value[field] if field else found.value, type_, row)
    except Wrong as wrong:
        return Unread(wrong.reason, reply)


def remarks(reply: str, type_: Type, row: Row, settings: Settings) -> tuple[str, ...]:
    """The repairs without which the reply could not have been read."""
    found = find_json(reply, _opening(type_, settings))
    return found.repairs if isinstance(found, Found) else ()


def answer_format(type_: Type, settings: Settings) -> str:
    """The form of the answer, and what its parts mean."""
    if field := _field(settings):
        form = f"{{{json.dumps(field, ensure_ascii=False)}: {form_of(type_)}}}"
        return " ".join([f"Answer with a JSON object that holds {form}.", *notes_on(type_)])
    return " ".join([f"Answer with JSON of this form and nothing else: {form_of(type_)}.", *notes_on(type_)])


def inside(reply: str, settings: Settings) -> str | None:
    """What the field holds, as JSON; the reply where there is no such field."""
    field = _field(settings)
    found = find_json(reply, "{") if field else ""
    if isinstance(found, str) or not isinstance(found.value, dict) or field not in found.value:
        return reply
    return json.dumps(found.value[field], ensure_ascii=False)


def words(type_: Type, settings: Settings) -> tuple[str, ...]:
    """What a prompt that explains the form itself would hold: the keys, or else the word JSON."""
    if field := _field(settings):
        return (field,)
    while type_.kind in ("list", "optional"):
        type_ = type_.children[0]
    return tuple(field.name for field in type_.fields) if type_.kind == "record" else ("JSON",)  # type: ignore[attr-defined]


def _field(settings: Settings) -> str:
    return str(settings.get("field", ""))


def _opening(type_: Any, settings: Settings) -> str | None:
    if _field(settings):
        return "{"
    while type_.kind == "optional":
        type_ = type_.item
    if type_.kind in ("record", "span") or (type_.kind == "box" and type_.many):
        return "{"
    return "[" if type_.kind in ("list", "set", "ranking", "box") else None


JSON = Reader(
    name="json",
    summary="the reply holds the answer as JSON, or in one field of an object",
    kinds=KINDS,
    asks="text",
    encode=encode,
    decode=decode,
    answer_format=answer_format,
    accepts=is_writable,
    remarks=remarks,
    format_words=words,
    around=lambda word, settings: json.dumps(
        {field: word} if (field := _field(settings)) else word, ensure_ascii=False
    ),
    inside=inside,
    settings=(FIELD,),
)
