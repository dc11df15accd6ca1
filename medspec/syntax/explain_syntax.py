"""A grammar error in words: from the accepted set, the token found and the token before it.

    answer Located[] with json      expected `via` after the answer type
    stem = text                     in a record: a type is given with `:`
"""

from __future__ import annotations

import re

from lark import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from medspec.syntax.islands import Island
from medspec.text.diagnostic import Edit, Report
from medspec.text.source import Place, Source

_WORDS = {
    "NAME": "a name",
    "STRING": 'a string ("...")',
    "NUMBER": "a number",
    "BOOL": "true or false",
    "TEMPLATE": 'a text ("""...""")',
    "DOC": "",
    "ROLE": "system, user or assistant",
    "PRIMARY": "`primary`",
    "EQUAL": "`=`",
    "COLON": "`:`",
    "COMMA": "`,`",
    "DOT": "",
    "LBRACE": "`{`",
    "RBRACE": "`}`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "LSQB": "`[`",
    "RSQB": "`]`",
    "QMARK": "",
    "LESSTHAN": "",
    "MORETHAN": "`>`",
    "AT": "`@`",
    "$END": "the end of the declaration",
}
_KEYWORD_TOKENS = ("ENUM", "RECORD", "DATASET", "PROMPT", "TASK", "SUITE", "EXAMPLE")


def explain(source: Source, island: Island, error: UnexpectedInput, report: Report) -> None:
    """Report one grammar error of one island."""
    text = source.text[island.start : island.end]
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        at, found = error.token.start_pos or 0, str(error.token)
        expected = set(error.accepts or error.expected)
    elif isinstance(error, UnexpectedCharacters):
        at = error.pos_in_stream
        found = re.match(r"\w+|.", text[at:], re.DOTALL).group()  # type: ignore[union-attr]
        expected = set(error.allowed or ())
    else:
        at, found = len(text.rstrip()), ""
        expected = set(getattr(error, "expected", ()) or ())
    place = Place(source, island.start + at, island.start + at + len(found))
    before = _word_before(text, at)
    before_place = Place(source, island.start + before[1], island.start + before[1] + len(before[0]))
    if not _known_mistake(text, at, found, expected, before, place, before_place, report):
        _general(found, expected, place, report)


def _known_mistake(
    text: str,
    at: int,
    found: str,
    expected: set[str],
    before: tuple[str, int],
    place: Place,
    before_place: Place,
    report: Report,
) -> bool:
    line = text[text.rfind("\n", 0, before[1]) + 1 : before[1]]
    if expected == {"EQUAL"} and (match := re.search(r"\banswer\s+(\S.*?)\s*$", line)) and found.isidentifier():
        report.add(
            "E0101",
            "expected `via` after the answer type",
            (before_place, "a reader is named with `via`"),
            helps=[f"write `answer {match.group(1)} via {found}`"],
            edits=[Edit(before_place, "via")],
        )
    elif found == ":" and "EQUAL" in expected:
        report.add("E0101", "a value is given with `=`", (place, "`:` gives a type"), edits=[Edit(place, " =")])
    elif found == "=" and "COLON" in expected:
        report.add("E0101", "a type is given with `:`", (place, "`=` gives a value"), edits=[Edit(place, ":")])
    elif found == "," and "COMMA" not in expected:
        report.add(
            "E0101", "no comma is needed here", (place, "clauses and fields need no separator"), edits=[Edit(place, "")]
        )
    elif found.startswith("##"):
        report.add(
            "E0101",
            "a doc comment cannot stand here",
            (place, "`##` documents the declaration, field or case that follows it"),
            helps=["write an ordinary comment with one `#`"],
        )
    elif expected == {"EQUAL"} and before[0].isidentifier():
        report.add(
            "E0101",
            f"expected `=` after `{before[0]}`",
            (place, "found this" if found else "the declaration ends here"),
            (before_place, "read as the name of a setting"),
        )
    else:
        return False
    return True


def _general(found: str, expected: set[str], place: Place, report: Report) -> None:
    words = _expected_words(expected)
    shown = found if len(found) <= 30 else found[:27] + "..."
    title = f"expected {words}" if words else f"`{shown}` cannot stand here"
    label = f"found `{shown}`" if found else "the declaration ends here"
    report.add("E0101", title, (place, label if words else ""))


def _expected_words(expected: set[str]) -> str:
    """The accepted set as a short list. Declaration keywords stand for `a declaration`, and long lists are cut."""
    words = []
    names = sorted(expected)
    is_start = all(name in expected for name in _KEYWORD_TOKENS) and "EQUAL" not in expected
    for name in names:
        if name in _KEYWORD_TOKENS:
            continue
        word = _WORDS.get(name, f"`{name.lower()}`" if name.isalpha() or "_" in name else f"`{name}`")
        if word:
            words.append(word)
    if is_start and "NAME" not in expected:
        words = ["a declaration"]
    if not words or len(words) > 6:
        return ""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _word_before(text: str, at: int) -> tuple[str, int]:
    """The last word or mark before offset `at`, and where it starts."""
    end = len(text[:at].rstrip())
    match = re.search(r"\w+$|.$", text[:end], re.DOTALL)
    return (match.group(), match.start()) if match else ("", 0)
