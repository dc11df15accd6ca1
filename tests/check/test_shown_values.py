"""What a template prints of a typed value, and which uses of a value are refused since they would fail for some row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from planned_specs import changed, plan_of, run_plan, write_lines
from watched_models import Watched

from medspec.check import check_text

SPEC = '''edition 2026
import std.metrics { accuracy }

enum Triage { red "Immediate"  amber "Urgent" }

record Row {
  id    : text
  tri   : Triage
  maybe : Triage?
  words : text[]
  some  : text[1..3]
  age   : int?
  tris  : Triage[1..2]
  share : float
  gold  : bool
}

dataset exam : Row { source = jsonl("exam.jsonl")  splits = [test] }

prompt ask(
  tri: Triage, maybe: Triage?, words: text[], some: text[1..3], age: int?, tris: Triage[1..2], share: float
) {
  user """TEMPLATE"""
}

task t { data = exam.test  prompt = ask  answer bool via plain  metrics { primary accuracy } }
'''
FULL = {
    "tri": "red",
    "maybe": "amber",
    "words": ["b"],
    "some": ["a", "b"],
    "age": 7,
    "tris": ["red", "amber"],
    "share": 2.5,
}
BARE = {"tri": "amber", "words": [], "some": ["a"], "tris": ["red"], "share": -1.0}

# Template, what it prints of the full row, and of the row in which everything optional is missing.
PRINTED = {
    "{{ tri }}": ("Immediate", "Urgent"),
    "{{ tri | upper }} {{ tri | lower }}": ("IMMEDIATE immediate", "URGENT urgent"),
    "{{ tri | upper | replace('E', '3') }}": ("IMM3DIAT3", "URG3NT"),
    "{{ tri | json }}": ('"red"', '"amber"'),
    "{{ tris | first }}": ("Immediate", "Immediate"),
    "{% for t in tris %}{{ t }} {% endfor %}": ("Immediate Urgent ", "Immediate "),
    "{% for t in tris %}{{ t | upper }} {% endfor %}": ("IMMEDIATE URGENT ", "IMMEDIATE "),
    "{{ maybe | default('none') }}": ("Urgent", "none"),
    "{{ maybe | default('none') | upper }}": ("URGENT", "NONE"),
    "{% if maybe %}{{ maybe }}{% else %}-{% endif %}": ("Urgent", "-"),
    "{% if maybe and maybe == 'amber' %}{{ maybe | lower }}{% else %}-{% endif %}": ("urgent", "-"),
    "{% if tri | upper == 'URGENT' %}yes{% else %}no{% endif %}": ("no", "yes"),
    "{% if tri == 'red' %}yes{% else %}no{% endif %}": ("yes", "no"),
    "{% if tri in tris %}yes{% else %}no{% endif %}": ("yes", "no"),
    "{{ age | default('unknown') }}": ("7", "unknown"),
    "{{ age | default('unknown') | upper }}": ("7", "UNKNOWN"),
    "{{ age | default(0) }}": ("7", "0"),
    "{{ some | first }}, {{ some | last }}, {{ some[0] }}": ("a, b, a", "a, a, a"),
    "{% if words %}{{ words | first }}{{ words[0] }}{% else %}-{% endif %}": ("bb", "-"),
    "{% if words and words[0] == 'b' %}yes{% else %}no{% endif %}": ("yes", "no"),
    "{{ words | length }} {{ words | join }}": ("1 b", "0 "),
    "{{ share | round }} {{ share | round(1) }}": ("2.0 2.5", "-1.0 -1.0"),
    "{{ share }}": ("2.5", "-1.0"),
}

REFUSED = {
    "{{ words | first }}": "`words` may be empty",
    "{{ words | last }}": "`words` may be empty",
    "{{ words[0] }}": "`words` may have no entry 0",
    "{{ some[1] }}": "`some` may have no entry 1",
    "{% if words %}{{ words[1] }}{% endif %}": "`words` may have no entry 1",
    "{% if words or tri == 'red' %}{{ words | first }}{% endif %}": "`words` may be empty",
    "{{ maybe }}": "`maybe` cannot be printed as it is",
    "{{ maybe | upper }}": "the filter `upper` does not fit an optional value",
    "{{ maybe | default(1) }}": "the filter `default` needs a value of the same kind, or a text",
    "{{ age | default(1.5) }}": "the filter `default` needs a value of the same kind, or a text",
    "{{ age | default(true) }}": "the filter `default` takes a text or a whole number or a number",
    "{{ age | default('x', 'y') }}": "the filter `default` takes 1 argument",
    "{{ age | default }}": "the filter `default` takes 1 argument",
    "{{ age | default('x') | round }}": "the filter `round` does not fit text",
    "{{ tri | default('x') }}": "the filter `default` does not fit `Triage`",
    "{{ tris | join(', ') }}": "the filter `join` needs a list of texts or numbers",
    "{% if tri == 'Immediate' %}{% endif %}": "`Triage` has no case `Immediate`",
    "{% if maybe == 'amber' and maybe %}{% endif %}": "cannot compare an optional value with text by `==`",
    "{{ share | round('1') }}": "the filter `round` takes a whole number",
    "{{ share | round(true) }}": "the filter `round` takes a whole number",
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_lines(folder / "exam.jsonl", [{"id": "full", "gold": True, **FULL}, {"id": "bare", "gold": True, **BARE}])
    return folder


@pytest.mark.parametrize("template", PRINTED)
def test_what_is_printed(template: str, data: Path, tmp_path: Path) -> None:
    model: Any = Watched(reply=lambda request: "yes")
    # The id keeps the prompts apart, since equal ones are asked once, and says whose they are: they come in any order.
    text = changed(SPEC, ("TEMPLATE", template + "|{{ id }}"), ("prompt ask(", "prompt ask(id: text,"))
    run_plan(plan_of(text, "t"), tmp_path / "out", model, data=data)
    sent = {prompt[-4:]: prompt[:-5] for prompt in (request.plain_prompt for request in model.requests)}
    assert (sent["full"], sent["bare"]) == PRINTED[template] and len(sent) == len(model.requests)


@pytest.mark.parametrize("template", REFUSED)
def test_what_would_fail_for_some_row_is_refused(template: str) -> None:
    found = [one for one in check_text(changed(SPEC, ("TEMPLATE", template))).diagnostics if one.is_error]
    assert [one.title for one in found] == [REFUSED[template]]
    assert template in found[0].place.source.line_text(found[0].place.line)
