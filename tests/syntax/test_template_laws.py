"""Templates: what we accept means what Jinja means by it, all else is refused where it stands, and nothing hangs."""

from __future__ import annotations

import time
from typing import Any

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspec.syntax.filters import Unrenderable
from medspec.syntax.parse_template import TemplateProblem, parse_template
from medspec.syntax.render_template import MAX_LENGTH, renderer, renderer_exact

JINJA = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)

# What a template may hold, as text. Names: `note` text, `count` int, `share` float, `sure` bool, `hint` text or none,
# `words` list of texts, `cases` list of records.
OUTPUTS = (
    "note",
    "count",
    "share",
    "'plain'",
    '"a }} b"',
    "-3",
    "2.50",
    "note | trim",
    "note|upper",
    "note | lower | replace('a', \"b'\")",
    "note | replace(' ', '')",
    "note | length",
    "words | length",
    'words | join(", ")',
    "words | join",
    "words | join('\\n')",
    "words | first",
    "words | last | trim",
    "words[0]",
    "cases[0].name",
    "cases | first | length",
    "share | round",
    "share | round(2)",
    "count | round",
    "hint | default('none given')",
    "hint | default(0)",
    "(note)",
)
IN_LOOPS = ("entry", "loop.index", "loop.index0", "loop.length", "entry | upper")
TESTS = (
    "sure",
    "not sure",
    "hint",
    "not not hint",
    "words",
    "count > 1",
    "count <= 1 or sure",
    "not count == 2 and sure",
    "(count == 2 or sure) and not hint",
    "'a' in note",
    "note in words",
    "note != 'a'",
    "share >= 0.5",
    "words | length >= 2",
    "note | trim == note",
    "cases[0].name == 'a'",
)
LOOP_TESTS = ("loop.first", "loop.last", "not loop.first and loop.index < 3", "entry == note")
TEXTS = st.lists(
    st.sampled_from([" ", "  ", "\t", "\n", "\n  ", "a", "B. ", "é", "{ ", "} ", "% ", "# ", '"']), max_size=5
)
PADS = st.sampled_from(["", " ", "  ", "\n"])
MARKS = st.sampled_from(["", "", "", "-"])


@st.composite
def tags(draw: st.DrawFn, opening: str, content: str) -> str:
    closing = {"{{": "}}", "{%": "%}", "{#": "#}"}[opening]
    left = draw(MARKS) + (draw(PADS) or " ")
    return f"{opening}{left}{content}{draw(PADS) or ' '}{draw(MARKS)}{closing}"


@st.composite
def templates(draw: st.DrawFn, depth: int = 3, loops: bool = False) -> str:
    pieces = []
    for _ in range(draw(st.integers(0, 4))):
        kinds = ["text", "text", "output", "comment"] + (["if", "for"] if depth else [])
        kind = draw(st.sampled_from(kinds))
        if kind == "text":
            pieces.append("".join(draw(TEXTS)))
        elif kind == "output":
            pieces.append(draw(tags("{{", draw(st.sampled_from(OUTPUTS + (IN_LOOPS if loops else ()))))))
        elif kind == "comment":
            pieces.append(draw(tags("{#", "seen by nobody: {{ x }} {% if %}")))
        elif kind == "if":
            pieces.append(draw(conditions(depth - 1, loops)))
        else:
            over = draw(st.sampled_from(["words", "words"]))
            body = draw(templates(depth=depth - 1, loops=True))
            pieces.append(draw(tags("{%", f"for entry in {over}")) + body + draw(tags("{%", "endfor")))
    return "".join(pieces)


@st.composite
def conditions(draw: st.DrawFn, depth: int, loops: bool) -> str:
    tests = st.sampled_from(TESTS + (LOOP_TESTS if loops else ()))
    written = ""
    for word in ["if", *["elif"] * draw(st.integers(0, 2))]:
        written += draw(tags("{%", f"{word} {draw(tests)}")) + draw(templates(depth=depth, loops=loops))
    if draw(st.booleans()):
        written += draw(tags("{%", "else")) + draw(templates(depth=depth, loops=loops))
    return written + draw(tags("{%", "endif"))


WORDS = st.text(alphabet="ab {}%\n\té'\"", max_size=6)
VALUES = st.fixed_dictionaries(
    {
        "note": WORDS,
        "count": st.integers(-3, 4),
        "share": st.floats(-5, 5),
        "sure": st.booleans(),
        "hint": st.none() | WORDS,
        "words": st.lists(WORDS, min_size=1, max_size=4).map(tuple),
        "cases": st.lists(st.fixed_dictionaries({"name": WORDS}), min_size=1, max_size=2).map(tuple),
    }
)


def render(text: str, values: dict[str, Any]) -> str:
    return renderer_exact(parse_template(text))(values)


@given(templates(), VALUES)
def test_what_is_accepted_means_what_jinja_means(text: str, values: dict[str, Any]) -> None:
    # "No value" is none here and undefined in Jinja.
    given_to_jinja = {name: value for name, value in values.items() if value is not None}
    assert render(text, values) == JINJA.from_string(text).render(given_to_jinja)


WHITE_SPACE = {
    "  {% if sure %}\nyes\n  {% endif %}\nend": "yes\nend",
    "a {% if sure %}\nyes{% endif %}\n\nend": "a yes\nend",
    "{{ count }}\n{{ count }}\n": "2\n2\n",
    "a  {{- count -}}  b": "a2b",
    "a\n\n {%- if sure -%} \n b {%- endif %}": "ab",
    "{% for entry in words %}\n- {{ entry }}\n{% endfor %}": "- x\n- y\n",
    "{% for entry in words -%}\n  {{ entry }}\n{%- endfor %}": "xy",
    "a {# said to nobody #}\nb\n  {# nor this #}\nc": "a b\nc",
    "{{ '{% raw %}' }}": "{% raw %}",
    "\t{% if sure %}x{% endif %} {% if sure %}\ny{% endif %}": "x y",
}


@pytest.mark.parametrize("text", WHITE_SPACE)
def test_white_space(text: str) -> None:
    values = {"sure": True, "count": 2, "words": ("x", "y")}
    assert render(text, values) == WHITE_SPACE[text]
    assert JINJA.from_string(text).render(values) == WHITE_SPACE[text]


def test_a_turn_never_ends_in_a_line_break() -> None:
    assert renderer(parse_template("{{ note }}\n\n"))({"note": "x\n"}) == "x"
    assert renderer_exact(parse_template("{{ note }}\n\n"))({"note": "x\n"}) == "x\n\n\n"


# Template, and the part of it that the problem is about (`""` for the end of an expression that breaks off).
REFUSED = {
    "a {{ note": "{{",
    "a {% if sure": "{%",
    "a {# b": "{#",
    "{{ 'note }}": "'",
    "{{ }}": " ",
    "{% %}": "%",
    "x {% set y = 1 %}": "set",
    "{% include 'secrets' %}": "include",
    "{% raw %}{% endraw %}": "raw",
    "{%+ if sure %}{% endif %}": "+",
    "{% if sure %}": "if",
    "{% for e in words %}{% endif %}": "for",
    "{% if sure %}{% else %}{% elif sure %}{% endif %}": "if",
    "{% endfor %}": " endfor",
    "{% if sure %}{% else if count %}{% endif %}": " if count",
    "{% if sure %}{% endif sure %}": " sure",
    "{% for e in words if e %}{% endfor %}": "if",
    "{% for a, b in words %}{% endfor %}": "for a, b in words",
    "{% for true in words %}{% endfor %}": "true",
    "{{ note.strip() }}": "(",
    "{{ range(9) }}": "(",
    "{{ count + 1 }}": "+",
    "{{ count - 1 }}": "-",
    "{{ count ~ 1 }}": "~",
    "{{ words[count] }}": "count",
    "{{ words[1:] }}": ":",
    "{{ words[-1] }}": "-",
    "{{ note if sure }}": "if",
    "{{ note is defined }}": "is",
    "{{ 1 < count < 3 }}": "<",
    "{{ note | }}": "",
    "{{ note . }}": "",
    "{{ (note }}": "",
    "{{ note | replace(note, 'x') }}": "n",
    "{{ note | replace('a' 'b') }}": "'b'",
    "{{ note | round(precision=1) }}": "=",
    "{{ 'a\\x41' }}": "\\x",
    "{{ {} }}": "{",
    "{{ [1] }}": "[",
    "{{ note; }}": ";",
    "{{ note and }}": "",
    "{{ or }}": "or",
    "{{ 1234567890123456789 }}": "1234567890123456789",
    "{{ words[1234567890123456789] }}": "1234567890123456789",
}


@pytest.mark.parametrize("text", REFUSED)
def test_all_else_is_refused_where_it_stands(text: str) -> None:
    with pytest.raises(TemplateProblem) as problem:
        parse_template(text)
    assert text[problem.value.start : problem.value.end] == REFUSED[text]
    assert problem.value.title and not problem.value.title.endswith(".")


PARTS = ["{{", "}}", "{%", "%}", "{#", "#}", "-", "if", "elif", "else", "endif", "for", "endfor", "in", "x", " ", "\n",
         '"', "'", "\\", "(", ")", "[", "]", "|", ".", ",", "==", "1", "1.5", "not", "and", "true", "é", "\x00", "trim"]  # fmt: skip


@given(st.lists(st.sampled_from(PARTS), max_size=30).map("".join) | st.lists(st.sampled_from(PARTS)).map(" ".join))
def test_every_text_is_read_or_refused(text: str) -> None:
    try:
        parse_template(text)
    except TemplateProblem as problem:
        assert 0 <= problem.start <= problem.end <= len(text)


HUGE = {
    "one line": "a" * 1_000_000,
    "one line of statements": "{% if x %}{% endif %}" * 50_000,
    "one expression": "{{ " + "a " * 500_000 + "}}",
    "terms": "{{ x" + " and x" * 150_000 + " }}",
    "brackets": "{{ " + "(" * 300_000 + "x" + ")" * 300_000 + " }}",
    "negations": "{{ " + "not " * 250_000 + "x }}",
    "filters": "{{ x" + " | trim" * 150_000 + " }}",
    "fields": "{{ x" + ".y" * 500_000 + " }}",
    "statements in statements": "{% if x %}" * 100_000,
    "branches": "{% if x %}" + "{% elif x %}" * 80_000 + "{% endif %}",
    "openings": "{{" * 500_000,
    "comments": "{#" * 500_000,
    "quotes": "{{ " + "\"'" * 500_000,
    "escaped quotes": '{{ "' + '\\"' * 500_000,
    "escaped quotes in a tag": '{{ "' + '\\"' * 500_000 + " }}",
    "blank lines": "{{ x }}\n" + "\n" * 1_000_000 + "{% if x %}{% endif %}",
    "digits": "{{ " + "1" * 1_000_000 + " }}",
}


@pytest.mark.parametrize("name", HUGE)
def test_huge_texts_take_no_time(name: str) -> None:
    begun = time.process_time()
    try:
        parse_template(HUGE[name])
    except TemplateProblem:
        pass
    # Ten times what the slowest of them needs; anything that grows with the square would take minutes.
    assert time.process_time() - begun < 10


@pytest.mark.parametrize(
    ("text", "values", "said"),
    [
        ("{% for a in x %}" * 9 + "{% endfor %}" * 9, {"x": ("",) * 30}, "go round more than"),
        ("{% for a in x %}{{ y }}{% endfor %}", {"x": (1,) * 1000, "y": "z" * 1_000_000}, "1,000,000,000 characters"),
        ("{{ x }}", {"x": "z" * (MAX_LENGTH + 1)}, "32,000,001 characters"),
        ("{{ x | letter }}", {"x": 26}, "no letter for 26"),
        ("{{ x | letter }}", {"x": -1}, "no letter for -1"),
    ],
)
def test_texts_without_bounds_are_refused_before_they_are_made(text: str, values: dict[str, Any], said: str) -> None:
    with pytest.raises(Unrenderable, match=said):
        render(text, values)
