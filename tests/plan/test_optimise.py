"""The order and the choice of passes, and what happens when one of them breaks a plan."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest
from hypothesis import given, settings
from planned_specs import plan_of
from strategies import SmallSpec, small_specs

from medspec.errors import InternalError, UsageError
from medspec.plan import optimise as module
from medspec.plan.nodes import Plan
from medspec.plan.optimise import PASSES, optimise
from medspec.plan.verify import faults

SPEC = """edition 2026
import std.metrics { accuracy }
record Row { id : text   question : text   options : text[2..4]   extra : text   gold : choice of options }
dataset exam : Row { source = jsonl("exam.jsonl")  splits = [test]  slice by_extra by extra
  split test where id in json("ids.json") }
prompt ask(question: text, topic: text) { user "{{ topic }}: {{ question }}" }
task one { data = exam.test  prompt = ask(topic: "a")  answer choice of options via letter  metrics { primary accuracy } }
task two = one
suite both { tasks { one  two }  aggregate overall = mean() }
"""


def plain() -> Plan:
    return plan_of(SPEC, "both", level=0)


def test_levels_and_single_passes() -> None:
    plan = plain()
    assert optimise(plan, level=0) == plan
    assert len(optimise(plan).calls) == 1
    assert len(optimise(plan, without=["merge-calls"]).calls) == 2
    assert optimise(plan, without=[name for name, _ in PASSES]) == plan


def test_a_pass_and_its_function_and_file_share_one_name() -> None:
    for name, run in PASSES:
        underscored = name.replace("-", "_")
        assert (run.__name__, run.__module__) == (underscored, f"medspec.passes.{underscored}")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("merge-call", "there is no pass named `merge-call`; did you mean `merge-calls`?"),
        (
            "zzz",
            "there is no pass named `zzz`; there are: fold-prompts, drop-unused, merge-calls, "
            "push-columns, share-prefixes, order-rows",
        ),
    ],
)
def test_a_pass_that_does_not_exist(name: str, said: str) -> None:
    for level in (0, 1):
        with pytest.raises(UsageError) as error:
            optimise(plain(), level=level, without=[name])
        assert str(error.value) == said


@settings(max_examples=max(20, settings().max_examples // 3))
@given(small_specs())
def test_the_plan_is_sound_before_and_after_each_pass(spec: SmallSpec) -> None:
    plan = plan_of(spec.text, "all", level=0)
    assert faults(plan) == []
    for _, run in PASSES:
        assert faults(run(plan)) == []
    once = optimise(plan)
    assert optimise(once) == once


def without_field(plan: Plan, name: str) -> Plan:
    (scan,) = plan.scans
    fields = tuple(field for field in scan.record.fields if field.name != name)
    return attrs.evolve(plan, scans=(attrs.evolve(scan, record=attrs.evolve(scan.record, fields=fields)),))


def unprimary(plan: Plan) -> Plan:
    scores = tuple(attrs.evolve(score, primary=False) for score in plan.tasks[0].scores)
    return attrs.evolve(plan, tasks=(attrs.evolve(plan.tasks[0], scores=scores), plan.tasks[1]))


# What a pass might do wrong, and what is said of the plan then.
BREAKS: dict[str, tuple[Callable[[Plan], Plan], str]] = {
    "no calls": (lambda plan: attrs.evolve(plan, calls=()), "a1 needs c1, which does not exist"),
    "no renders": (lambda plan: attrs.evolve(plan, renders=()), "c1 needs r1, which does not exist"),
    "no scans": (lambda plan: attrs.evolve(plan, scans=()), "r1 reads s1, which does not exist"),
    "no reads": (lambda plan: attrs.evolve(plan, reads=()), "one uses a node that does not exist"),
    "a task too few": (lambda plan: attrs.evolve(plan, tasks=plan.tasks[:1]), "two is counted and not planned"),
    "a node twice": (lambda plan: attrs.evolve(plan, calls=plan.calls * 2), "two call nodes have one id"),
    "no bindings": (
        lambda plan: attrs.evolve(plan, renders=tuple(attrs.evolve(render, bindings=()) for render in plan.renders)),
        "r1 uses question, topic, which nothing fills",
    ),
    "a field of the prompt": (
        lambda plan: without_field(plan, "question"),
        "r1 fills question from question, which s1 does",
    ),
    "the gold": (lambda plan: without_field(plan, "gold"), "the gold field gold of one is not read"),
    "the options": (lambda plan: without_field(plan, "options"), "the answers of one choose from options"),
    "the ids": (lambda plan: without_field(plan, "id"), "s1 needs id, which it does not read"),
    "the field of a reported slice": (
        lambda plan: without_field(attrs.evolve(plan, scans=(attrs.evolve(plan.scans[0], slices=slices()),)), "extra"),
        "s1 needs extra, which it does not read",
    ),
    "calls swapped": (
        lambda plan: attrs.evolve(plan, tasks=tuple(attrs.evolve(task, call="c1") for task in plan.tasks)),
        "the nodes of two do not belong together",
    ),
    "no primary metric": (unprimary, "one has no primary metric, or several"),
}


def slices() -> tuple[object, ...]:
    from medspec.plan.nodes import SliceRule

    return (SliceRule(name="by_extra", by="extra"),)


@pytest.mark.parametrize("what", BREAKS)
def test_a_pass_that_breaks_the_plan_is_named(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, said = BREAKS[what]
    monkeypatch.setattr(module, "PASSES", (*PASSES[:1], ("spoil-things", broken)))
    plan = plain()
    with pytest.raises(InternalError) as error:
        optimise(attrs.evolve(plan, renders=plan.renders), without=["fold-prompts"])
    assert str(error.value).startswith("the plan is broken after spoil-things: ")
    assert said in str(error.value)
    assert error.value.exit_code == 70


def test_a_plan_that_is_broken_before_any_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InternalError, match="^the plan is broken after lowering: "):
        optimise(attrs.evolve(plain(), calls=()), level=0)
