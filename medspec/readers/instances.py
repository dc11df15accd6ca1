"""`instances`: JSON of any form as the set of things that it states, for extraction that is scored strictly.

    {"药物": ["阿司匹林"], "疾病": []}                      药物: 阿司匹林
    {"关系": [{"关系": "病因", "头实体": "a", "尾实体": "b"}]}     关系: {"关系": "病因", "头实体": "a", "尾实体": "b"}
    [{"主体词": "咳嗽", "描述词": ["突发"]}]                    {"主体词": "咳嗽", "描述词": ["突发"]}
    {"诊断": "肺炎"}                                    诊断: 肺炎

Data are read likewise: `set<text> from instances`. `set_f1` of such sets is the strict micro-F1 of mentions, triples and
events. Objects are compared as JSON with sorted keys; the order of a list inside of one counts, as it does in the evaluation
of PromptCBLUE. With `split: "##"` the reply is no JSON but a text with that between its parts.

What cannot be read is `Unread`: `empty`, `no_json`, `refused`.

    >>> from medspec.types import SetType, TextType
    >>> INSTANCES.decode('{"药物": ["阿司匹林", "阿司匹林"]}', SetType(TextType()), {}, {"split": ""})
    frozenset({'药物: 阿司匹林'})
"""

from __future__ import annotations

import json
from typing import Any

from medspec.readers.base import Reader, Setting, Settings, Unread
from medspec.readers.wording import REFUSED, narrowed, refuses, without_thoughts
from medspec.types.base import Misfit, Row
from medspec.types.set import instances_of

SETTINGS = (Setting(name="split", default="", summary="what stands between the parts of a reply that is no JSON"),)


def encode(value: frozenset[str], type_: Any, row: Row, settings: Settings) -> str:
    """The parts with the separator between them, or as one JSON list. Raises `Misfit` where they would not be read back."""
    parts = sorted(value)
    split = settings["split"]
    text = split.join(parts) if split else json.dumps(parts, ensure_ascii=False)
    if decode(text, type_, row, settings) != value:
        raise Misfit("these parts cannot be written so that they are read back")
    return text


def decode(reply: str, type_: Any, row: Row, settings: Settings) -> Any:
    """The set of instances, or `Unread`."""
    text = without_thoughts(reply).strip()
    if not text:
        return Unread("empty", reply)
    if settings["split"]:
        return frozenset(part.strip() for part in text.split(settings["split"]) if part.strip())
    # What begins first is the whole; the other mark is inside of it.
    places = sorted((text.find(opens), text.rfind(closes)) for opens, closes in ("{}", "[]"))
    for start, end in places:
        if 0 <= start < end:
            try:
                return frozenset(instances_of(json.loads(text[start : end + 1])))
            except (ValueError, RecursionError):
                continue
    return Unread(REFUSED if refuses(narrowed(text)) else "no_json", reply)


def answer_format(type_: Any, settings: Settings) -> str:
    """How to answer, in one sentence."""
    if settings["split"]:
        return f"Answer with the parts alone, with {settings['split']} between them."
    return "Answer with JSON and nothing else."


def accepts(type_: Any) -> bool:
    """Whether the type is a set of texts."""
    return bool(type_.item.kind == "text")


INSTANCES = Reader(
    name="instances",
    summary="JSON of any form as the set of things that it states",
    kinds=("set",),
    asks="text",
    encode=encode,
    decode=decode,
    answer_format=answer_format,
    accepts=accepts,
    settings=SETTINGS,
)
