"""Texts from files: the pinned text or none, placeholders as their source writes them."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest

from medspec.check import check_text
from medspec.errors import DataError
from medspec.plan.lower import lower
from medspec.plan.optimise import optimise
from medspec.run.bind import bind
from medspec.run.calls import requests_of
from medspec.run.roots import DataRoots

SPEC = """\
edition 2026
import std.metrics {{ accuracy }}
enum Verdict {{ yes "Yes, it is"  no "No" }}
record Row {{ id : text  question : text  seen : Verdict  words : text[]  gold : Verdict }}
dataset exam : Row {{ source = jsonl("exam.jsonl")  splits = [test] }}
prompt published(question: text, seen: Verdict, words: text[]) {{
  user from json("prompts.json", key: "exam.0") {{
    sha256 = "{digest}"  placeholders = {style}  names = {{ question = "Question" }}
  }}
}}
task t {{ data = exam.test  prompt = published  answer Verdict via likelihood  metrics {{ primary accuracy }} }}
"""


def sent(folder, text, style, *, digest=None):
    (folder / "prompts.json").write_text(json.dumps({"exam": [text]}), "utf-8")
    row = {"id": "1", "question": "Ist es {so}?", "seen": "yes", "words": ["a", "b"], "gold": "no"}
    (folder / "exam.jsonl").write_text(json.dumps(row) + "\n")
    found = digest or sha256(text.encode()).hexdigest()
    checked = check_text(SPEC.format(digest=found, style=style))
    assert not checked.has_errors, [d.title for d in checked.diagnostics]
    plan = optimise(lower(checked.spec, ["t"]))
    bound = bind(plan, DataRoots.of([folder]))
    call = bound.plan.calls[0]
    (request,) = requests_of(bound.plan, call, bound.rows[bound.plan.render(call.render).scan], "t")
    return request.messages[0].text


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("dollar", "Frage: ${Question} {x} {{y}} $z – ${seen}"),
        ("braces", "Frage: {Question} $x – {seen}"),
        ("double_braces", "Frage: {{ Question }} {x} – {{seen}}"),
    ],
)
def test_placeholders_are_filled_as_their_source_writes_them(tmp_path, style, text):
    found = sent(tmp_path, text, style)
    assert found.startswith("Frage: Ist es {so}?")  # what a row holds is never taken for a placeholder
    assert found.endswith("– Yes, it is")  # an enum is shown as its case text


def test_without_placeholders_nothing_is_filled_in(tmp_path):
    assert sent(tmp_path, "Keep {Question} and ${seen}.", "none") == "Keep {Question} and ${seen}."


def test_another_text_is_never_used(tmp_path):
    with pytest.raises(DataError, match="holds another text than the spec means: its sha256 is"):
        sent(tmp_path, "Frage: ${Question}", "dollar", digest="0" * 64)


def test_a_placeholder_nobody_fills(tmp_path):
    with pytest.raises(DataError, match="the prompt uses `answer`, which is not one of its parameters"):
        sent(tmp_path, "Frage: ${answer}", "dollar")


def test_a_list_cannot_be_printed(tmp_path):
    with pytest.raises(DataError, match="`words` cannot be printed as it is"):
        sent(tmp_path, "${words}", "dollar")


def test_a_key_that_is_not_there(tmp_path):
    (tmp_path / "exam.jsonl").write_text("{}\n")
    checked = check_text(SPEC.format(digest="0" * 64, style="none"))
    (tmp_path / "prompts.json").write_text('{"exam": []}')
    with pytest.raises(DataError, match="there is no text at this key"):
        bind(lower(checked.spec, ["t"]), DataRoots.of([tmp_path]))
    (tmp_path / "prompts.json").write_text("{")
    with pytest.raises(DataError, match="is no JSON"):
        bind(lower(checked.spec, ["t"]), DataRoots.of([tmp_path]))


def test_the_hash_of_a_task_holds_the_text_and_needs_no_file():
    def hash_of(digest, style="none"):
        checked = check_text(SPEC.format(digest=digest, style=style))
        return lower(checked.spec, ["t"]).tasks[0].call_hash

    assert len({hash_of("0" * 64), hash_of("1" * 64), hash_of("1" * 64, "dollar")}) == 3
