"""Laws of the formatter on random specs: nothing is changed but the layout, and formatting twice is formatting once."""

from __future__ import annotations

import re
from collections import Counter

from hypothesis import assume, given
from spec_texts import spec_texts

from medspec.syntax import tree
from medspec.syntax.blocks import dedent
from medspec.syntax.format import format_source, format_tree
from medspec.syntax.meaning import meaning
from medspec.syntax.parse import parse
from medspec.text.diagnostic import Report
from medspec.text.source import Source
from medspec.text.spec_files import decode_spec

TOKEN = re.compile(
    r'(?P<text>"""[\s\S]*?""")|(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<doc>##[^\n]*)|(?P<comment>#[^\n]*)'
    r"|(?P<other>[A-Za-z_]\w*|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|\.\.|->|[^\s])"
)


def read(text: str) -> tree.ModuleTree:
    report = Report()
    module = parse(Source("main.medspec", text), report)
    assert not report.found, report.found[0].title
    return module


def is_sound(text: str) -> bool:
    report = Report()
    parse(Source("main.medspec", text), report)
    return not report.found


def formatted(text: str) -> str:
    report = Report()
    result = format_source(Source("main.medspec", text), report)
    assert result is not None and not report.found
    return result


def words(text: str) -> Counter[str]:
    """Every token there is, without what the one style may add and take away: commas and round brackets."""
    found: Counter[str] = Counter()
    for token in TOKEN.finditer(text):
        if token["text"]:
            found['"""' + dedent(token["text"][3:-3], 0).text] += 1
        elif token["doc"]:
            found["##" + token["doc"][2:].strip()] += 1
        elif token.group() not in (",", "(", ")"):
            found[token.group().rstrip()] += 1
    return found


def owners(text: str) -> list[tuple[int, str]]:
    """Each comment with the declaration it belongs to: the first that does not end on a line before it, by its number."""
    module = read(text)
    assert module.edition is not None
    line_ends = [text.find("\n", item.place.end) for item in (module.edition, *module.declarations)]
    comments = [token for token in TOKEN.finditer(text) if token["comment"]]
    return [(sum(0 <= end < comment.start() for end in line_ends), comment.group().rstrip()) for comment in comments]


def share_a_line(text: str) -> bool:
    """Two declarations on one line, where nobody can say which of them a comment belongs to."""
    module = read(text)
    assert module.edition is not None
    items = [module.edition, *module.declarations]
    lines = [text.count("\n", 0, offset) for item in items for offset in (item.place.start, item.place.end)]
    return any(end == start for end, start in zip(lines[1::2], lines[2::2], strict=False))


@given(spec_texts())
def test_formatting_changes_no_token(text):
    assume(is_sound(text))
    assert words(formatted(text)) == words(text)


@given(spec_texts())
def test_formatting_changes_no_meaning(text):
    assume(is_sound(text))
    assert meaning(read(formatted(text))) == meaning(read(text))


@given(spec_texts())
def test_formatting_twice_is_formatting_once(text):
    assume(is_sound(text))
    once = formatted(text)
    assert formatted(once) == once


@given(spec_texts())
def test_comments_stay_in_order_and_with_their_declaration(text):
    """Imports are sorted, and their comments with them: those of everything else are compared."""
    assume(is_sound(text) and not read(text).imports and not share_a_line(text))
    assert owners(formatted(text)) == owners(text)


@given(spec_texts())
def test_no_comment_is_lost(text):
    assume(is_sound(text))
    before, after = (
        Counter(token.group().rstrip() for token in TOKEN.finditer(part) if token["comment"])
        for part in (text, formatted(text))
    )
    assert after == before


@given(spec_texts())
def test_the_result_is_tidy(text):
    assume(is_sound(text))
    result = formatted(text)
    assert result.endswith("\n") and not result.endswith("\n\n")
    layout = TOKEN.sub(lambda token: token.group() if token["other"] else "#", result)
    assert "\t" not in layout and "\r" not in layout and " \n" not in layout and "\n\n\n" not in layout
    assert not re.search(r"[{\[(]\n\n|\n\n *[}\])]", layout)


@given(spec_texts())
def test_a_tree_alone_is_written_down_whole(text):
    assume(is_sound(text))
    module = read(text)
    written = format_tree(module)
    assert meaning(read(written)) == meaning(module)
    assert formatted(written) == written


@given(spec_texts())
def test_line_breaks_of_either_kind_are_the_same(text):
    assume(is_sound(text) and '"""' not in text)
    report = Report()
    source = decode_spec(text.replace("\n", "\r\n").encode(), "main.medspec", report)
    assert source is not None and format_source(source, report) == formatted(text)
