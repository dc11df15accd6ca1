"""The forms of explain: what passes changed, what is to be done again, what a run would take and took, one row."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from planned_specs import changed, write_lines

GOLDEN = Path(__file__).parent / "golden" / "explain"

SPEC = '''edition 2026
import std.metrics { accuracy, macro_f1 }

record Note { id : text   note : text   ward : text?   options : text[2..4]   drug : choice of options   dose : choice of options }
dataset bedside : Note { source = jsonl("ward_{split}.jsonl")  splits = [dev, test]  columns { note = "text.body"  ward = "unit" } }

prompt drugs(note: text, options: text[2..4], ward: text?, with_ward: bool) {
  system "You are a ward pharmacist."
  user """
  {{ note }}
  {% if with_ward %}
  Ward: {{ ward | default("none") }}
  {% endif %}
  Which drug? {{ options | join(", ") }}
  """
}
prompt doses(note: text, options: text[2..4]) {
  system "You are a ward pharmacist."
  user """
  {{ note }}
  Which dose? {{ options | join(", ") }}
  """
}

task drug @1 {
  data    = bedside.test
  prompt  = drugs(with_ward: false)
  gold    = drug
  answer  choice of options via likelihood
  metrics { primary accuracy  macro_f1 }
}
task drug_again @1 = drug { override metrics { primary macro_f1 } }
task dose @2 {
  data    = bedside.test
  prompt  = doses
  gold    = dose
  answer  choice of options via letter
  metrics { primary accuracy }
}
task shown @1 {
  data    = bedside.test
  prompt  = drugs(with_ward: false)
  gold    = drug
  answer  choice of options via likelihood
  shots   1 from bedside.dev { pick = first }
  metrics { primary accuracy }
}
suite pharmacy @3 {
  tasks { drug  drug_again  dose  shown }
  aggregate overall = mean() over [drug, dose]
}
'''


def rows(count: int, long: int | None = None) -> list[dict[str, Any]]:
    return [
        {
            "id": f"n{number}",
            "text": {
                "body": f"Patient {number // 2} has a fever." + (" He is very hot." * 400 if number == long else "")
            },
            "unit": "A",
            "options": ["aspirin", "quinine", f"tablet {number}"],
            "drug": number % 3,
            "dose": (number + 1) % 3,
        }
        for number in range(count)
    ]


@pytest.fixture
def ward(project: Path) -> Path:
    """The project with this spec and its data."""
    for file in (project / "specs").iterdir():
        file.unlink()
    (project / "specs" / "pharmacy.medspec").write_text(SPEC, encoding="utf-8")
    write_lines(project / "specs" / "ward_test.jsonl", rows(6))
    write_lines(project / "specs" / "ward_dev.jsonl", [{**rows(1)[0], "id": "d0", "text": {"body": "A child coughs."}}])
    return project


def edited(ward: Path, *edits: tuple[str, str]) -> None:
    (ward / "specs" / "pharmacy.medspec").write_text(changed(SPEC, *edits), encoding="utf-8")


def test_passes(ward: Path, medspec: Any, golden: Callable[[Path, str], None]) -> None:
    done = medspec("explain", "pharmacy", "--passes")
    assert done.code == 0
    golden(GOLDEN / "passes.txt", done.out)
    found = {
        line["pass"]: line for line in json.loads(medspec("explain", "pharmacy", "--passes", "--format", "json").out)
    }
    assert (found["merge-calls"]["before"], found["merge-calls"]["after"]) == ("4 calls", "3 calls")
    left = medspec("explain", "pharmacy", "--passes", "--without", "merge-calls", "--without", "order-rows").out
    assert left.rstrip().endswith("\n left out: merge-calls, order-rows")
    assert "\n merge-calls" not in left


def test_the_plan_says_what_is_asked_together(ward: Path, medspec: Any, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / "plan.txt", re.sub(r"[0-9a-f]{16}", "0" * 16, medspec("explain", "pharmacy").out))


def test_against_a_run(ward: Path, medspec: Any, golden: Callable[[Path, str], None]) -> None:
    assert medspec("run", "pharmacy", "--model", "hash", "--out", "runs/first", "-q").code == 0
    same = medspec("explain", "pharmacy", "--against", "runs/first")
    assert "to do: nothing" in same.out
    edited(
        ward,
        ("Which dose?", "Which dose, in mg?"),
        ("override metrics { primary macro_f1 }", "override metrics { primary macro_f1  accuracy }"),
        ("dose  shown }", "dose  other }"),
        ("task shown @1 {", "task other @1 {"),
        ("shots   1 from bedside.dev { pick = first }", "decode { max_tokens = 9 }"),
    )
    done = medspec("explain", "pharmacy", "--against", "runs/first")
    golden(GOLDEN / "against.txt", done.out)
    found = {
        one["task"]: one
        for one in json.loads(medspec("explain", "pharmacy", "--against", "first", "--format", "json").out)
    }
    assert {name: one["mark"] for name, one in found.items()} == {
        "dose": "!", "drug": "=", "drug_again": "~", "other": "~", "shown": "-",
    }  # fmt: skip
    # What is said comes true: replies are found for the tasks that ask nothing new, and for no other.
    second = medspec("run", "pharmacy", "--model", "hash", "--out", "runs/second", "-q", "--format", "json")
    assert json.loads(second.out)["calls"]["asked"] == found["dose"]["calls"] == 6


def test_against_a_plan_and_what_is_neither(ward: Path, medspec: Any) -> None:
    assert medspec("compile").code == 0
    edited(ward, ("Which dose?", "Which dose, in mg?"))
    done = medspec("explain", "pharmacy", "--against", "target/pharmacy.plan.json")
    assert "to do: calls of the model of dose, whose rows are not counted yet" in done.out
    assert medspec("explain", "pharmacy", "--against", "specs/pharmacy.medspec").code == 2
    assert "there is no run `firts`" in medspec("explain", "pharmacy", "--against", "firts").err


def test_an_estimate_without_a_model(ward: Path, medspec: Any, golden: Callable[[Path, str], None]) -> None:
    done = medspec("explain", "pharmacy", "--estimate")
    golden(GOLDEN / "estimate.txt", done.out)
    found = json.loads(medspec("explain", "pharmacy", "--estimate", "--format", "json").out)
    assert [call["asked"] for call in found["calls"]] == [6, 6, 6]
    assert found["seconds"] == pytest.approx(sum(call["prompt_tokens"] for call in found["calls"]) / 1000, abs=0.1)


def test_an_estimate_with_a_tokenizer(ward: Path, medspec: Any, golden: Callable[[Path, str], None]) -> None:
    write_lines(ward / "specs" / "ward_test.jsonl", rows(6, long=3))
    done = medspec("explain", "pharmacy", "--estimate", "--model", "builtin:quickstart")
    golden(GOLDEN / "estimate_model.txt", done.out)


SEEN = """edition 2026
import std.metrics { accuracy }

record Scan { id : text   scans : image[]   torn : bool }
dataset ward : Scan { source = jsonl("scans.jsonl")  splits = [test]  license = "mit" }
prompt look(scans: image[]) { user "{% for scan in scans %}{{ scan }}{% endfor %}Is it torn?" }
task seen @1 { data = ward.test  prompt = look  gold = torn  answer bool via plain  metrics { primary accuracy } }
"""


def test_an_estimate_says_what_it_does_not_know_of_images(
    project: Path, medspec: Any, golden: Callable[[Path, str], None]
) -> None:
    """Three prompts of the same words: two of them show the same images, and one another."""
    (project / "specs" / "scans.medspec").write_text(SEEN, encoding="utf-8")
    shown = {"1": ["a.png", "b.png"], "2": ["a.png", "b.png"], "3": ["b.png", "c.png"]}
    write_lines(
        project / "specs" / "scans.jsonl", [{"id": id, "scans": scans, "torn": True} for id, scans in shown.items()]
    )
    done = medspec("explain", "seen", "--estimate", "--model", "builtin:grounding")
    assert done.code == 0, done.err
    golden(GOLDEN / "estimate_images.txt", done.out)
    found = json.loads(medspec("explain", "seen", "--estimate", "--format", "json").out)
    assert [(call["asked"], call["distinct"], call["images"]) for call in found["calls"]] == [(3, 2, 6)]


def test_the_tokens_of_an_estimate_are_those_of_the_run(ward: Path, medspec: Any) -> None:
    """The model that is run counts as many prompt tokens as were foreseen, and as many rows that do not fit."""
    write_lines(ward / "specs" / "ward_test.jsonl", rows(6, long=3))
    command = ("explain", "pharmacy", "--estimate", "--model", "builtin:quickstart", "--format", "json")
    found = {call["call"]: call for call in json.loads(medspec(*command).out)["calls"]}
    assert medspec("run", "pharmacy", "--model", "builtin:quickstart", "--out", "runs/it", "-q").code == 0
    lines = pl.read_parquet("runs/it/rows.parquet")
    for call in found.values():
        mine = lines.filter(task=call["tasks"][0])
        assert mine["tokens_in"].sum() == call["prompt_tokens"]
        assert mine["tokens_in"].max() == call["longest"]
        assert mine.filter(failure="too_long")["row_id"].to_list() == [row for row, _ in call["too_long"]] == ["n3"]
    again = json.loads(medspec(*command).out)
    assert again["speed"]["run"] == "it" and again["speed"]["tokens"] > 0


def test_what_a_run_took(ward: Path, medspec: Any, golden: Callable[[Path, str], None]) -> None:
    assert medspec("run", "pharmacy", "--model", "hash", "--out", "runs/first", "-q").code == 0
    done = medspec("explain", "--measured", "runs/first")
    golden(GOLDEN / "measured.txt", re.sub(r"in all [\d,.]+ s", "in all 0.0 s", done.out))
    found = json.loads(medspec("explain", "--measured", "first", "--format", "json").out)
    assert [call["rows"] for call in found["calls"]] == [6, 6, 6]
    for file in (ward / "specs").glob("*.jsonl"):
        file.unlink()
    assert medspec("explain", "--measured", "first").code == 0


def test_one_row(ward: Path, medspec: Any, golden: Callable[[Path, str], None]) -> None:
    assert medspec("run", "pharmacy", "--model", "hash", "--out", "runs/first", "-q").code == 0
    done = medspec("explain", "shown", "--row", "n4", "--run", "first")
    golden(GOLDEN / "row.txt", done.out)
    golden(GOLDEN / "row_text.txt", medspec("explain", "dose", "--row", "n1", "--run", "first").out)
    golden(GOLDEN / "row_no_run.txt", medspec("explain", "dose", "--row", "n1").out)
    found = json.loads(medspec("explain", "shown", "--row", "n4", "--run", "first", "--format", "json").out)
    assert found["place"].endswith("ward_test.jsonl:5")
    (line,) = found["lines"]
    assert line["answer"] in done.out
    assert "has no row `n44` among its 6 rows; did you mean `n4`?" in medspec("explain", "shown", "--row", "n44").err
    assert "a row belongs to a task" in medspec("explain", "pharmacy", "--row", "n4").err


def test_one_form_at_a_time(ward: Path, medspec: Any) -> None:
    assert "one of --passes" in medspec("explain", "pharmacy", "--passes", "--estimate").err
    assert medspec("explain", "pharmacy", "--run", "first").code == 2
    assert medspec("explain", "pharmacy", "--measured", "first").code == 2


def test_private_rows_are_not_shown_where_they_do_not_fit(ward: Path, medspec: Any) -> None:
    edited(ward, ("splits = [dev, test]", "splits = [dev, test]  private = true"))
    write_lines(ward / "specs" / "ward_test.jsonl", rows(6, long=3))
    done = medspec("explain", "pharmacy", "--estimate", "--model", "builtin:quickstart")
    assert "a row (" in done.out and "n3" not in done.out
