"""`mentions`: the answer is the set of cases whose text occurs anywhere in the reply, letter case aside.

    enum Hallmark { resisting_cell_death "resisting cell death"  inducing_angiogenesis "inducing angiogenesis" }
    answer set<Hallmark> via mentions

`encode` writes the texts with commas between them, and `None` for the empty set. Every reply can be read; an empty one is
`Unread("empty")`, a refusal that names nothing `Unread("refused")`. A reply that only repeats the list of labels, or says
that one of them does not apply, counts as naming them: published scorers read labels like this, and to repeat them is
what it is for. `json` asks for a list that can be misread in no such way.

Cases of which one occurs in the text of another cannot be told apart and are refused when the spec is checked.

    >>> from medspec.types import EnumCase, EnumType, SetType
    >>> labels = EnumType("Label", (EnumCase("death", "cell death"), EnumCase("growth", "growth suppressors")))
    >>> sorted(MENTIONS.decode("Resisting cell death, evading growth suppressors.", SetType(labels), {}, {}))
    ['death', 'growth']
"""

from __future__ import annotations

from typing import Any

from medspec.readers.base import Reader, SettingProblem, Settings, Unread
from medspec.readers.wording import REFUSED, narrowed, refuses, without_thoughts
from medspec.types.base import Row
from medspec.types.set import mentioned

NO_CASE = "None"
"""What is written for the empty set."""


def encode(value: frozenset[str], type_: Any, row: Row, settings: Settings) -> str:
    """The texts of the cases in order, with commas between them."""
    return ", ".join(type_.item.text_of(name) for name in type_.ordered(value)) or NO_CASE


def decode(reply: str, type_: Any, row: Row, settings: Settings) -> Any:
    """The set of cases that occur in the reply, or `Unread`."""
    text = without_thoughts(reply).strip()
    if not text:
        return Unread("empty", reply)
    found = mentioned(text, type_.item)
    return Unread(REFUSED, reply) if not found and refuses(narrowed(text)) else found


def answer_format(type_: Any, settings: Settings) -> str:
    """How to answer, in one sentence."""
    texts = ", ".join(case.text for case in type_.item.cases)
    return f"Answer with those of these that apply, with commas between them, or {NO_CASE}: {texts}."


def accepts(type_: Any) -> bool:
    """Whether the type is a set of an enum."""
    return bool(type_.item.kind == "enum")


def check(type_: Any, settings: Settings) -> SettingProblem | None:
    """No case may occur in the text of another, nor in the word for none."""
    texts = [case.text.casefold() for case in type_.item.cases]
    for place, text in enumerate(texts):
        for other in (*texts[:place], *texts[place + 1 :], NO_CASE.casefold()):
            if text in other:
                title = f"`mentions` cannot tell `{text}` from `{other}`"
                return SettingProblem("", title, "one occurs in the other")
    return None


MENTIONS = Reader(
    name="mentions",
    summary="the cases whose text occurs in the reply",
    kinds=("set",),
    asks="text",
    encode=encode,
    decode=decode,
    answer_format=answer_format,
    accepts=accepts,
    check=check,
)
