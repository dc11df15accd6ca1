"""Grammar errors whose cause is known: what people write who come from another language, and what they meant.

    answer Located[] with json      expected `via` after the answer type
    id = text                       a type is given with `:`
    int(0-10)                       a range is written with `..`

A mistake is a function from a `Fault` to a `Mistake`, or None when it is another one. The first that knows it wins.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import attrs

from medspec.text.diagnostic import Edit, Label
from medspec.text.source import Place, Source
from medspec.text.suggest import nearest

_ROLES = ("system", "user", "assistant")
_FOR_VIA = ("with", "using", "by", "through", "as", "from")
_FOLLOWED_BY = {
    "answer": "a type",
    "metrics": "a block",
    "decode": "a block",
    "columns": "a block",
    "tasks": "a block",
    "weight": "a number",
    "edition": "a year",
}


@attrs.frozen(kw_only=True)
class Fault:
    """Where one island stopped making sense: `found` stands at offset `at` of `text`, `expected` could have.

    `start` is the offset of the island in its source. `before` is the last word or mark before, at `before_at`.
    """

    source: Source
    start: int
    text: str
    at: int
    found: str
    expected: frozenset[str]
    before: str
    before_at: int

    @property
    def place(self) -> Place:
        return self.within(self.at, len(self.found))

    @property
    def before_place(self) -> Place:
        return self.within(self.before_at, len(self.before))

    @property
    def line_before(self) -> str:
        """The text of the line in front of what was found."""
        return self.text[self.text.rfind("\n", 0, self.at) + 1 : self.at]

    def ends_line(self, at: int) -> bool:
        """True when nothing but a comment follows on the line of offset `at`."""
        return re.match(r"[ \t]*(?:#|\n|\Z)", self.text[at:]) is not None

    def within(self, at: int, length: int) -> Place:
        return Place(self.source, self.start + at, self.start + at + length)


@attrs.frozen
class Mistake:
    """What to say: the parts of a diagnostic."""

    title: str
    labels: tuple[Label, ...]
    helps: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()


def known_mistake(fault: Fault) -> Mistake | None:
    """The mistake behind a fault, when it is one of those listed here."""
    return next((mistake for find in _MISTAKES if (mistake := find(fault)) is not None), None)


def _another_word_for_via(fault: Fault) -> Mistake | None:
    match = re.search(r"\banswer\s+(\S.*?)\s+\w+\s*$", fault.line_before)
    is_misread = fault.expected == {"EQUAL"} and fault.found.isidentifier() and fault.before != "via"
    if match is None or not is_misread:
        return None
    return Mistake(
        "expected `via` after the answer type",
        (Label(fault.before_place, "a reader is named with `via`"),),
        (f"write `answer {match.group(1)} via {fault.found}`",),
        # Any other word may be the name of a setting whose `=` is missing.
        (Edit(fault.before_place, "via"),) if fault.before in _FOR_VIA else (),
    )


def _mark_after_keyword(fault: Fault) -> Mistake | None:
    if fault.found not in ("=", ":") or fault.before not in _FOLLOWED_BY or {"EQUAL", "COLON"} & fault.expected:
        return None
    follows = _FOLLOWED_BY[fault.before]
    title = f"`{fault.before}` is followed by {follows}, without `{fault.found}`"
    helps = (f"write `{fault.before} {{ ... }}`",) if follows == "a block" else ()
    # Only the mark is wrong where a type or a number stands behind it; what a block needs is more than that.
    edits = () if follows == "a block" else (Edit(fault.place, ""),)
    return Mistake(title, (Label(fault.place, "leave this out"),), helps, edits)


def _colon_for_value(fault: Fault) -> Mistake | None:
    if fault.found != ":" or "EQUAL" not in fault.expected:
        return None
    return Mistake(
        "a value is given with `=`", (Label(fault.place, "`:` gives a type"),), (), (Edit(fault.place, " ="),)
    )


def _equals_for_type(fault: Fault) -> Mistake | None:
    if fault.found != "=" or "COLON" not in fault.expected:
        return None
    return Mistake(
        "a type is given with `:`", (Label(fault.place, "`=` gives a value"),), (), (Edit(fault.place, ":"),)
    )


def _another_mark_for_range(fault: Fault) -> Mistake | None:
    match = re.match(r"[-,:]\s*(\d[\d.]*)", fault.text[fault.at :])
    if "RANGE" not in fault.expected or match is None:
        return None
    return Mistake(
        "a range is written with `..`",
        (Label(fault.within(fault.at, 1), "not a range"),),
        (f"write `{fault.before}..{match.group(1)}`",),
        (Edit(fault.within(fault.at, match.start(1)), ".."),),
    )


def _one_length(fault: Fault) -> Mistake | None:
    if fault.found != "]" or "RANGE" not in fault.expected or not fault.before.isdigit():
        return None
    return Mistake(
        "the length of a list is a range",
        (Label(fault.before_place, "one number"),),
        (f"for exactly {fault.before} entries write `[{fault.before}..{fault.before}]`",),
        (Edit(fault.before_place, f"{fault.before}..{fault.before}"),),
    )


def _dash_in_name(fault: Fault) -> Mistake | None:
    adjacent = fault.before_at + len(fault.before) == fault.at
    match = re.match(r"[A-Za-z_]\w*(?:-\w+)+", fault.text[fault.before_at :])
    if not adjacent or not fault.found.startswith("-") or match is None:
        return None
    place = fault.within(fault.before_at, match.end())
    name = match.group().replace("-", "_")
    return Mistake("a name cannot hold `-`", (Label(place),), (f"write `{name}`",), (Edit(place, name),))


def _needless_comma(fault: Fault) -> Mistake | None:
    if fault.found != "," or "COMMA" in fault.expected:
        return None
    label = Label(fault.place, "clauses and fields need no separator")
    return Mistake("no comma is needed here", (label,), (), (Edit(fault.place, ""),))


def _setting_without_value(fault: Fault) -> Mistake | None:
    match = re.search(r"(\w+)\s*=\s*$", fault.text[: fault.before_at])
    if fault.found != "=" or match is None or not fault.before.isidentifier():
        return None
    return Mistake(
        f"`{match.group(1)}` has no value",
        (
            Label(fault.within(match.start(1), len(match.group(1))), "expected a value after this"),
            Label(fault.before_place, "read as the value"),
        ),
    )


def _setting_without_equals(fault: Fault) -> Mistake | None:
    if fault.expected != {"EQUAL"} or not fault.before.isidentifier():
        return None
    found = Label(fault.place, "found this" if fault.found else "the declaration ends here")
    setting = Label(fault.before_place, "read as the name of a setting")
    return Mistake(f"expected `=` after `{fault.before}`", (found, setting))


def _stray_doc_comment(fault: Fault) -> Mistake | None:
    place = fault.place
    if not fault.found.startswith("##"):
        above = re.search(r"##[^\n]*\s*$", fault.text[: fault.at])
        if above is None:
            return None
        place = fault.within(above.start(), len(above.group().rstrip()))
    label = Label(place, "`##` documents the declaration, field or case that follows it")
    marks = Place(place.source, place.start, place.start + len(place.text) - len(place.text.lstrip("#")))
    help_ = "write an ordinary comment with one `#`"
    return Mistake("a doc comment cannot stand here", (label,), (help_,), (Edit(marks, "#"),))


def _quote_inside_text(fault: Fault) -> Mistake | None:
    if not fault.text[: fault.at].endswith('"') or not re.match(r"\w", fault.found):
        return None
    quote = fault.within(fault.at - 1, 1)
    helps = ('write `\\"` for a quotation mark inside a text, or put the text between `"""` and `"""`',)
    return Mistake("the text ends at this quotation mark", (Label(quote, "so what follows is not in any text"),), helps)


def _unknown_role(fault: Fault) -> Mistake | None:
    if "ROLE" not in fault.expected or not fault.found.isidentifier():
        return None
    close = nearest(fault.found, _ROLES)
    helps = (f"did you mean `{close}`?",) if close else ()
    label = Label(fault.place, "a turn begins with `system`, `user` or `assistant`")
    return Mistake(f"`{fault.found}` is not a role", (label,), helps)


def _prompt_without_parameters(fault: Fault) -> Mistake | None:
    match = re.search(r"\bprompt\s+(\w+)\s*$", fault.line_before)
    if "LPAR" not in fault.expected or match is None:
        return None
    label = Label(fault.place, "expected the parameters, in brackets")
    name = match.group(1)
    helps = (f"write `prompt {name}(...)` with what it needs of a row, such as `prompt {name}(question: text)`",)
    return Mistake("a prompt names its parameters", (label,), helps)


def _prompt_as_value(fault: Fault) -> Mistake | None:
    if fault.found != "=" or not re.match(r"\s*prompt\b", fault.line_before):
        return None
    label = Label(fault.place, "expected `{`")
    return Mistake("a prompt is a block of turns", (label,), ('write `{ user """...""" }`',))


def _foreign_import(fault: Fault) -> Mistake | None:
    match = re.match(r"from\s+([\w.]+)\s+import\s+(\w+(?:\s*,\s*\w+)*)", fault.text[fault.at :])
    if fault.found != "from" or match is None:
        return None
    place = fault.within(fault.at, match.end())
    line = f"import {match.group(1)} {{ {match.group(2)} }}"
    is_all = fault.ends_line(fault.at + match.end())
    edits = (Edit(place, line),) if is_all else ()
    return Mistake("an import begins with `import`", (Label(place),), (f"write `{line}`",), edits)


def _import_of_everything(fault: Fault) -> Mistake | None:
    if fault.found != "*" or not re.match(r"\s*import\b", fault.line_before):
        return None
    return Mistake("names are imported one by one", (Label(fault.place, "name what the module uses"),))


def _import_without_braces(fault: Fault) -> Mistake | None:
    match = re.match(r"\s*import\s+([\w.]+)\s+$", fault.line_before)
    if match is None or not fault.found.isidentifier():
        return None
    label = Label(fault.place, "expected `{`, `as` or the end of the line")
    names = re.match(r"\w+(?:[ \t]*,[ \t]*\w+)+", fault.text[fault.at :])
    # A single word may as well be meant as another name for the module.
    is_list = names is not None and fault.ends_line(fault.at + names.end())
    shown = names.group() if names is not None and is_list else fault.found
    edits = (Edit(fault.within(fault.at, len(shown)), f"{{ {shown} }}"),) if is_list else ()
    helps = (f"write `import {match.group(1)} {{ {shown} }}`",)
    return Mistake("imported names stand in braces", (label,), helps, edits)


_MISTAKES: tuple[Callable[[Fault], Mistake | None], ...] = (
    _quote_inside_text,
    _another_word_for_via,
    _mark_after_keyword,
    _prompt_as_value,
    _setting_without_value,
    _colon_for_value,
    _equals_for_type,
    _another_mark_for_range,
    _one_length,
    _dash_in_name,
    _needless_comma,
    _stray_doc_comment,
    _setting_without_equals,
    _unknown_role,
    _prompt_without_parameters,
    _foreign_import,
    _import_of_everything,
    _import_without_braces,
)
