"""From names to a plan: what is found, what is shared, what a plan of several suites is called."""

from __future__ import annotations

from pathlib import Path

import pytest
from planned_specs import changed, plan_of

from medspec.check import check_paths
from medspec.errors import UsageError
from medspec.plan.lower import lower
from medspec.plan.nodes import Plan
from medspec.plan.verify import faults

MODULE = """edition 2026
import std.metrics { accuracy }

record Row { id : text   question : text   options : text[2..4]   gold : choice of options }

dataset exam : Row {
  source  = jsonl("{subset}/{split}.jsonl")
  splits  = [dev, test]
  subsets = [heart, lung]
}

prompt ask(question: text, topic: text) { user \"\"\"{{ topic }}: {{ question }} {{ answer_format }}\"\"\" }

task choose(lines: rows<Row>, topic: text = "medicine") {
  data    = lines
  prompt  = ask(topic: topic)
  answer  choice of options via letter
  metrics { primary accuracy }
}

task heart @3 = choose(exam.heart.test, topic: "the heart")
task lung     = choose(exam.lung.test)
task heart_again = heart

## What is asked of every model.
## Nightly.
suite core @2 {
  tasks { heart weight 2  lung }
  aggregate overall = weighted_mean()
  aggregate low     = worst() over [heart, lung]
  interval = bootstrap(resamples: 200, level: 0.9, seed: 5)
}

suite small { tasks { heart } }
"""


def planned(folder: Path, *names: str) -> Plan:
    """The plan of names in two modules, `one` and `two`, that declare the same names."""
    for name in ("one", "two"):
        (folder / f"{name}.medspec").write_text(MODULE, encoding="utf-8")
    return lower(check_paths([folder], root=folder).spec, names)


def test_a_suite_becomes_a_plan() -> None:
    plan = plan_of(MODULE, "core", level=0)
    assert (plan.suite, plan.version, plan.title) == ("core", 2, "What is asked of every model.")
    assert [(member.task, member.weight) for member in plan.members] == [("heart", 2.0), ("lung", 1.0)]
    assert [(a.name, a.method, a.tasks) for a in plan.aggregates] == [
        ("overall", "weighted_mean", ("heart", "lung")),
        ("low", "worst", ("heart", "lung")),
    ]
    interval = plan.interval
    assert (interval.method, interval.resamples, interval.level, interval.seed) == ("bootstrap", 200, 0.9, 5)
    assert [(task.name, task.version) for task in plan.tasks] == [("heart", 3), ("lung", None)]
    assert [scan.source.path for scan in plan.scans] == ["heart/test.jsonl", "lung/test.jsonl"]
    assert [(scan.dataset, scan.subset, scan.split) for scan in plan.scans] == [
        ("exam", "heart", "test"),
        ("exam", "lung", "test"),
    ]
    assert not faults(plan)


def test_a_task_is_planned_alone() -> None:
    plan = plan_of(MODULE, "heart", level=0)
    assert (plan.suite, plan.version, plan.aggregates) == ("heart", 3, ())
    assert [member.weight for member in plan.members] == [1.0]


def test_tasks_over_the_same_rows_read_them_once() -> None:
    plan = plan_of(MODULE, "heart", "heart_again", "lung", level=0)
    assert plan.suite == "heart+heart_again+lung" and plan.version is None
    assert [task.scan for task in plan.tasks] == ["s1", "s1", "s2"]
    assert [task.call for task in plan.tasks] == ["c1", "c2", "c3"]


def test_a_task_that_is_named_twice_is_planned_once() -> None:
    plan = plan_of(MODULE, "core", "small", "heart", level=0)
    assert [(member.task, member.weight) for member in plan.members] == [("heart", 2.0), ("lung", 1.0)]
    assert [aggregate.name for aggregate in plan.aggregates] == ["core.overall", "core.low"]


def test_equal_names_in_two_modules_are_told_apart(tmp_path: Path) -> None:
    plan = planned(tmp_path, "one.core", "two.core")
    assert [task.name for task in plan.tasks] == ["one.heart", "one.lung", "two.heart", "two.lung"]
    assert [aggregate.tasks for aggregate in plan.aggregates][0] == ("one.heart", "one.lung")
    assert [aggregate.tasks for aggregate in plan.aggregates][-1] == ("two.heart", "two.lung")
    assert not faults(plan)


def test_the_answer_format_is_written_by_the_reader() -> None:
    plan = plan_of(MODULE, "heart")
    assert "Answer with" in str(plan.renders[0].turns[0].pieces[-1])


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((), "nothing to plan: name a suite or a task"),
        (("hart",), "there is no suite or task named `hart`; did you mean `heart`?"),
        (("core", "spec.lungs"), "there is no suite or task named `spec.lungs`; did you mean `spec.lung`?"),
        (("zzz",), "there is no suite or task named `zzz`; there are: core, small, heart, lung, heart_again"),
        # A template is no task.
        (("choose",), "there is no suite or task named `choose`; there are: core, small, heart, lung, heart_again"),
    ],
)
def test_a_name_that_does_not_exist(names: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError) as error:
        plan_of(MODULE, *names)
    assert str(error.value) == said


def test_a_name_that_is_in_two_modules(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        planned(tmp_path, "lung")
    assert str(error.value) == "`lung` is declared in several modules; write one of: one.lung, two.lung"


def test_there_is_nothing_at_all() -> None:
    with pytest.raises(UsageError, match="there is no suite or task named `core`; there are: none"):
        plan_of("edition 2026\n", "core")


def test_a_constant_is_folded_at_level_one_only() -> None:
    assert plan_of(MODULE, "heart", level=0).renders[0].bindings != plan_of(MODULE, "heart").renders[0].bindings
    text = changed(MODULE, ("{{ topic }}: ", ""), (", topic: text)", ", _topic: text)"), ("ask(topic:", "ask(_topic:"))
    assert plan_of(text, "heart").renders[0].bindings == plan_of(text, "lung").renders[0].bindings
