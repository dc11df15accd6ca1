"""One number over several tasks: values and intervals against computations by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest
from planned_specs import plan_of

from medspec.run.aggregate import aggregate

SPEC = """edition 2026
import std.metrics {{ accuracy, macro_f1 }}
record Row {{ id : text   question : text   options : text[2..4]   gold : choice of options }}
dataset exam : Row {{ source = jsonl("exam.jsonl")  splits = [test] }}
prompt ask(question: text) {{ user "{{{{ question }}}}" }}
task one {{
  data    = exam.test
  prompt  = ask
  answer  choice of options via letter
  metrics {{ primary accuracy  macro_f1 }}
}}
task two   = one
task three = one {{ override metrics {{ primary macro_f1 as f1  accuracy }} }}
suite all {{ tasks {{ one  two weight 3  three weight 0.5 }}  aggregate it = {method} }}
"""


def score(value: float | None, low: float | None = None, high: float | None = None, rows: int = 10) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "rows": rows}


def over(method: str, one: dict[str, Any], two: dict[str, Any], three: dict[str, Any]) -> dict[str, Any]:
    """The aggregate of three tasks whose primary metrics have these values; their other metrics are in the way."""
    other = score(0.0, 0.0, 0.0)
    tasks = {
        "one": {"primary": "accuracy", "metrics": {"macro_f1": other, "accuracy": one}, "chance": 0.25},
        "two": {"primary": "accuracy", "metrics": {"macro_f1": other, "accuracy": two}, "chance": 0.25},
        "three": {"primary": "f1", "metrics": {"f1": three, "accuracy": other}, "chance": 0.25},
    }
    plan = plan_of(SPEC.format(method=method), "all")
    return aggregate(plan, tasks)["it"]


ONE, TWO, THREE = score(0.5, 0.4, 0.62, rows=100), score(0.8, 0.75, 0.84, rows=300), score(0.2, 0.1, 0.4, rows=50)


def test_a_mean_with_its_interval() -> None:
    """Every task counts a third. 0.5, 0.8 and 0.2 have the distances 0.1, 0.05 and 0.1 downwards, 0.12, 0.04 and 0.2 upwards."""
    found = over("mean()", ONE, TWO, THREE)
    assert found["value"] == pytest.approx(0.5)
    assert found["low"] == pytest.approx(0.5 - math.sqrt(0.01 + 0.0025 + 0.01) / 3)
    assert found["high"] == pytest.approx(0.5 + math.sqrt(0.0144 + 0.0016 + 0.04) / 3)
    assert (round(found["low"], 6), round(found["high"], 6)) == (0.45, 0.578881)
    assert (found["method"], found["tasks"]) == ("mean", ["one", "two", "three"])


def test_a_weighted_mean_with_its_interval() -> None:
    """Weights 1, 3 and 0.5 are shares of 2/9, 6/9 and 1/9."""
    found = over("weighted_mean()", ONE, TWO, THREE)
    assert found["value"] == pytest.approx((2 * 0.5 + 6 * 0.8 + 1 * 0.2) / 9)
    assert found["low"] == pytest.approx(6 / 9 - math.sqrt((0.2 / 9) ** 2 + (0.3 / 9) ** 2 + (0.1 / 9) ** 2))
    assert found["high"] == pytest.approx(6 / 9 + math.sqrt((0.24 / 9) ** 2 + (0.24 / 9) ** 2 + (0.2 / 9) ** 2))


def test_a_mean_over_some_of_the_tasks() -> None:
    found = over("mean() over [one, three]", ONE, TWO, THREE)
    assert (found["value"], found["tasks"]) == (pytest.approx(0.35), ["one", "three"])


def test_the_worst_of_them_is_named() -> None:
    found = over("worst()", ONE, TWO, THREE)
    assert (found["value"], found["low"], found["high"], found["worst"]) == (0.2, 0.1, 0.4, "three")
    # The first of equal ones.
    assert over("worst()", THREE, TWO, THREE)["worst"] == "one"


def test_one_task_alone_keeps_its_interval() -> None:
    found = over("mean() over [one]", ONE, TWO, THREE)
    assert (found["value"], found["low"], found["high"]) == pytest.approx((0.5, 0.4, 0.62))


@pytest.mark.parametrize("method", ["mean()", "weighted_mean()", "worst()"])
def test_a_task_without_a_value_leaves_it_without_one(method: str) -> None:
    """A mean over the tasks that are left would be another measure."""
    found = over(method, ONE, score(None), THREE)
    assert (found["value"], found["low"], found["high"]) == (None, None, None)


@pytest.mark.parametrize("method", ["mean()", "weighted_mean()"])
def test_a_task_without_an_interval_leaves_it_without_one(method: str) -> None:
    found = over(method, ONE, score(0.8), THREE)
    assert found["value"] is not None and (found["low"], found["high"]) == (None, None)


def test_the_interval_of_two_equal_tasks_is_narrower_by_the_root_of_two() -> None:
    found = over("mean() over [one, two]", score(0.5, 0.4, 0.6), score(0.5, 0.4, 0.6), THREE)
    assert (0.5 - found["low"], found["high"] - 0.5) == pytest.approx((0.1 / math.sqrt(2), 0.1 / math.sqrt(2)))


def test_a_mean_over_rows_weighs_tasks_by_their_rows() -> None:
    found = over("micro() over [one, two]", ONE, TWO, THREE)
    assert found["value"] == pytest.approx((100 * 0.5 + 300 * 0.8) / 400)


def test_rescaled_to_chance() -> None:
    """With one answer in four right by chance, 0.25 becomes 0 and 1 stays 1."""
    found = over("mean(rescale: chance) over [one, two]", ONE, TWO, THREE)
    assert found["value"] == pytest.approx(((0.5 - 0.25) / 0.75 + (0.8 - 0.25) / 0.75) / 2)
    assert found["low"] == pytest.approx(found["value"] - math.sqrt(0.1**2 + 0.05**2) / 0.75 / 2)


OPEN = (
    SPEC.replace("{{", "{").replace("}}", "}").partition("task one")[0]
    + """
record Open { id : text  question : text  gold : text }
dataset open : Open { source = jsonl("open.jsonl")  splits = [test] }
record Verdict { mark : score(1..5)  why : text }
prompt grade(question: text, answer: text) { user "{{ question }} {{ answer }} {{ answer_format }}" }
model grader { artifact = onnx("grader")  context = 2048 }
judge graded(question: text, answer: text) -> Verdict { model = grader  prompt = grade }
task picked { data = exam.test  prompt = ask  answer choice of options via letter  metrics { primary accuracy } }
task written {
  data    = open.test
  prompt  = ask
  answer  text via plain
  metrics { primary token_f1  mean(graded(question, answer).mark) as mark }
}
task marked = written {
  override metrics { primary mean(graded(question, answer).mark) as mark }
}
suite all { tasks { picked  written  marked }  aggregate it = mean(rescale: chance) }
"""
)


def test_open_answers_are_rescaled_from_the_low_end() -> None:
    """Four options: 0.5 is a third of the way. A fraction of open answers stays, and a mark of 4 from 1 to 5 is 3/4."""
    tasks = {
        "picked": {"primary": "accuracy", "metrics": {"accuracy": score(0.5, 0.4, 0.6)}, "chance": 0.25},
        "written": {"primary": "token_f1", "metrics": {"token_f1": score(0.8, 0.7, 0.9)}, "chance": None},
        "marked": {"primary": "mark", "metrics": {"mark": score(4.0, 3.6, 4.4)}, "chance": None},
    }
    found = aggregate(plan_of(OPEN.replace("accuracy, macro_f1", "accuracy, mean, token_f1"), "all"), tasks)["it"]
    assert found["value"] == pytest.approx((1 / 3 + 0.8 + 0.75) / 3)
    assert found["low"] == pytest.approx(found["value"] - math.sqrt((0.1 / 0.75) ** 2 + 0.1**2 + 0.1**2) / 3)
