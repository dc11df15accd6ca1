"""Partial evaluation: what is known becomes text, and the text of every row stays the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import SNIPPETS, WORDS

from medspec.plan.fold import fold, names_of
from medspec.syntax.parse_template import parse_template
from medspec.syntax.render_template import renderer_exact
from medspec.syntax.template import Piece, Text

VALUES = st.fixed_dictionaries(
    {
        "question": WORDS,
        "note": st.none() | WORDS,
        "options": st.lists(WORDS, min_size=1, max_size=4).map(tuple),
        "topic": st.sampled_from(["heart", "lung"]),
        "answer_format": WORDS,
    }
)
TEMPLATES = st.lists(
    st.sampled_from([*SNIPPETS, "{% if question == topic or not note and topic != 'heart' %}{{ topic }}{% endif %}"])
).map("".join)


@given(TEMPLATES, VALUES, st.sets(st.sampled_from(["question", "note", "options", "topic", "answer_format"])))
def test_folded_or_not_the_text_is_the_same(text: str, values: dict[str, Any], known: set[str]) -> None:
    pieces = parse_template(text)
    folded = fold(pieces, {name: values[name] for name in known})
    rest = {name: value for name, value in values.items() if name not in known}
    assert renderer_exact(folded)(rest) == renderer_exact(pieces)(values)
    assert names_of(folded) <= names_of(pieces) - known
    assert is_merged(folded)


def is_merged(pieces: tuple[Piece, ...]) -> bool:
    """Whether no two texts stand side by side, and none is empty."""
    texts = [isinstance(piece, Text) for piece in pieces]
    return not any(one and other for one, other in zip(texts, texts[1:], strict=False)) and Text("") not in pieces


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{{ topic }}: {{ question }}", "heart: {{ question }}"),
        ("{% if topic == 'heart' %}a{% else %}{{ question }}{% endif %}", "a"),
        ("{% if topic == 'lung' %}a{% elif question %}b{% elif count > 1 %}c{% else %}d{% endif %}",
         "{% if question %}b{% else %}c{% endif %}"),
        ("{% for option in options %}{{ topic }} {{ option }}{% endfor %}",
         "{% for option in options %}heart {{ option }}{% endfor %}"),
        ("{% for option in options %}{% if count < 2 %}x{% endif %}{% endfor %}", "{% for option in options %}{% endfor %}"),
        ("{% for topic in options %}{{ topic }}{% endfor %}", "{% for topic in options %}{{ topic }}{% endfor %}"),
        ("{% if question == topic %}a{% endif %}", "{% if question == 'heart' %}a{% endif %}"),
        ("{% if sure and question %}a{% endif %}", "{% if question %}a{% endif %}"),
        ("{% if (question or count > 1) and sure %}a{% endif %}", "a"),
        ("{% if not (question and not sure) %}a{% endif %}", "a"),
        ("{% if question or (words and not sure) %}a{% endif %}", "{% if question %}a{% endif %}"),
        ("{{ count | letter }}{{ (count) | round }}", "C2"),
    ],
)  # fmt: skip
def test_examples(before: str, after: str) -> None:
    known = {"topic": "heart", "count": 2, "sure": True}
    assert fold(parse_template(before), known) == parse_template(after)


@given(VALUES)
def test_the_truth_of_a_term_is_not_taken_for_the_term(values: dict[str, Any]) -> None:
    pieces = parse_template("{% if (question and topic) == (note or topic == 'lung') %}a{% else %}b{% endif %}")
    folded = fold(pieces, {"topic": values["topic"]})
    assert renderer_exact(folded)(values) == renderer_exact(pieces)(values)


def test_what_cannot_be_written_is_left_for_the_run() -> None:
    assert fold(parse_template("{{ count | letter }}"), {"count": 99}) == parse_template("{{ 99 | letter }}")
