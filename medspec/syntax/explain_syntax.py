"""A grammar error in words: from the accepted set, the token found and the token before it.

Mistakes with a known cause are in `known_mistakes.py`. For all others the message names what could have stood here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lark import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from medspec.syntax.islands import Island
from medspec.syntax.known_mistakes import Fault, known_mistake
from medspec.text.diagnostic import Report
from medspec.text.source import Source

_WORDS = {
    "NAME": ("a name",),
    "STRING": ('a string ("...")',),
    "NUMBER": ("a number",),
    "BOOL": ("`true`", "`false`"),
    "TEMPLATE": ('a text ("""...""")',),
    "DOC": (),
    "ROLE": ("`system`", "`user`", "`assistant`"),
    "EQUAL": ("`=`",),
    "COLON": ("`:`",),
    "COMMA": ("`,`",),
    "DOT": (),
    "LBRACE": ("`{`",),
    "RBRACE": ("`}`",),
    "LPAR": ("`(`",),
    "RPAR": ("`)`",),
    "LSQB": ("`[`",),
    "RSQB": ("`]`",),
    "QMARK": (),
    "LESSTHAN": (),
    "MORETHAN": ("`>`",),
    "AT": ("`@`",),
    "RANGE": ("`..`",),
    "$END": ("the end of the declaration",),
}
_ENTRY_TOKENS = frozenset(("ANSWER", "REFERENCE", "SHOTS", "METRICS", "DECODE", "WAIVE", "OVERRIDE"))
"""Words that can name a field as well: where all of them are accepted, they are names like others."""
_KEYWORD_TOKENS = ("ENUM", "RECORD", "DATASET", "PROMPT", "TASK", "SUITE", "EXAMPLE")


def explain(source: Source, island: Island, error: UnexpectedInput, report: Report) -> None:
    """Report one grammar error of one island."""
    fault = _fault(source, island, error)
    mistake = known_mistake(fault)
    if mistake is not None:
        report.add("E0101", mistake.title, *mistake.labels, helps=mistake.helps, edits=mistake.edits)
        return
    words = _expected_words(fault.expected)
    shown = fault.found if len(fault.found) <= 30 else fault.found[:27] + "..."
    title = f"expected {words}" if words else f"`{shown}` cannot stand here"
    label = f"found `{shown}`" if shown else "the declaration ends here"
    report.add("E0101", title, (fault.place, label if words else ""))


def _fault(source: Source, island: Island, error: UnexpectedInput) -> Fault:
    text = source.text[island.start : island.end]
    expected: Iterable[str]
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        at, found = error.token.start_pos or 0, str(error.token)
        expected = error.accepts or error.expected
    elif isinstance(error, UnexpectedCharacters):
        at = error.pos_in_stream
        found = re.match(r"\w+|.", text[at:], re.DOTALL).group()  # type: ignore[union-attr]
        expected = error.allowed or ()
    else:
        at, found = len(text.rstrip()), ""
        expected = getattr(error, "expected", None) or ()
    before = re.search(r"(\w+|[^\w\s])\s*$", text[:at])
    return Fault(
        source=source,
        start=island.start,
        text=text,
        at=at,
        found=found,
        expected=frozenset(expected),
        before=before.group(1) if before else "",
        before_at=before.start(1) if before else 0,
    )


def _expected_words(expected: frozenset[str]) -> str:
    """The accepted set as a short list. Declaration keywords stand for `a declaration`, and long lists are cut."""
    if expected >= _ENTRY_TOKENS and "NAME" in expected:
        expected -= {*_ENTRY_TOKENS, *_KEYWORD_TOKENS, "PHRASE", "MODEL", "DIALECT", "JUDGE", "PANEL"}
    words: list[str] = []
    for name in sorted(expected):
        if name not in _KEYWORD_TOKENS:
            words += _WORDS.get(name, (f"`{name.lower()}`",))
    is_start = all(name in expected for name in _KEYWORD_TOKENS) and "EQUAL" not in expected
    if is_start and "NAME" not in expected:
        words = ["a declaration"]
    if not words or len(words) > 6:
        return ""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
