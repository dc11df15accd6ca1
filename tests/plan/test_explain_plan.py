"""What `explain` prints of the plans of this repository, and of a plan in which something is merged.

A change of these files is a change of what is sent, read or scored, or of how that is said: the changelog names it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from planned_specs import plan_of
from shared_data import ROOT

from medspec.check import check_paths
from medspec.plan.explain import explain, explain_json
from medspec.plan.lower import lower
from medspec.plan.optimise import optimise

PLANS = ROOT / "tests" / "plans"
SPECS = check_paths([ROOT / "specs"], root=ROOT / "specs").spec

MERGED = '''edition 2026
import std.metrics { accuracy, macro_f1 }
record Row { id : text   question : text   options : text[2..4]   extra : text   gold : choice of options }
dataset exam : Row { source = jsonl("exam.jsonl")  splits = [test] }
prompt ask(question: text, topic: text) { user """About {{ topic }}: {{ question }}""" }
prompt put(question: text) { user """About lungs: {{ question }}""" }
task asked @1 {
  data = exam.test
  prompt = ask(topic: "lungs")
  answer choice of options via letter
  metrics { primary accuracy  macro_f1 }
}
task put_otherwise  = asked { override prompt = put }
task strictly       = asked { override metrics { primary macro_f1 as f1 } }
task drawn          = asked_warm { override metrics { primary accuracy } }
task asked_warm {
  data = exam.test
  prompt = put
  answer choice of options via letter
  unread = skip
  decode { temperature = 0.5  max_tokens = 9 }
  metrics { primary accuracy }
}
suite all @7 {
  tasks { asked weight 2  put_otherwise  strictly  drawn  asked_warm }
  aggregate overall = mean() over [asked, drawn]
  interval = bootstrap(resamples: 100, level: 0.8, seed: 1)
}
'''


@pytest.mark.parametrize("name", SPECS.suites)
def test_the_suites_of_this_repository(name: str, golden: Callable[[Path, str], None]) -> None:
    before = lower(SPECS, [name])
    golden(PLANS / f"{SPECS.suites[name].name}.txt", explain(optimise(before), before=before))


def test_merged_calls(golden: Callable[[Path, str], None]) -> None:
    plan, before = plan_of(MERGED, "all"), plan_of(MERGED, "all", level=0)
    golden(PLANS / "merged.txt", explain(plan, before=before))
    assert "merged" not in explain(before, before=before)


def test_the_same_for_programs() -> None:
    plan = plan_of(MERGED, "all")
    found = json.loads(json.dumps(explain_json(plan)))
    assert [[task["name"] for task in call["tasks"]] for call in found["calls"]] == [
        ["asked", "put_otherwise", "strictly"],
        ["drawn"],
        ["asked_warm"],
    ]
    text = explain(plan)
    for call in found["calls"]:
        for task in call["tasks"]:
            assert task["call_hash"] in text and task["score_hash"] in text
