"""Whether a backend can run a plan, before anything is loaded (codes 07xx)."""

from __future__ import annotations

from medspec.backends.base import Abilities
from medspec.check.spec import Spec, TaskSpec
from medspec.plan.nodes import Plan
from medspec.text.diagnostic import Report


def check_fit(plan: Plan, spec: Spec, model: str, abilities: Abilities) -> Report:
    """What `model` lacks that the plan asks for, at the place in the spec that asks."""
    report = Report()
    for task in plan.tasks:
        declared = spec.find_task(task.name)
        if isinstance(declared, TaskSpec) and plan.call(task.call).options is not None and not abilities.logits:
            report.add(
                "E0701",
                f"`{model}` gives no likelihoods, and this answer is read from them",
                (declared.answer_place, f"`{task.name}` reads it with `{declared.reader.name}`"),
                helps=[
                    "run it with a model that gives them (`onnx:DIR`, `builtin:NAME`, `hash`)",
                    "or read the answer from text: `answer ... via letter`",
                ],
            )
        elif isinstance(declared, TaskSpec) and plan.call(task.call).repeats > 1 and abilities.by_row:
            title = f"`{model}` holds one reply for each row, and `{task.name}` draws several"
            report.add("E0701", title, declared.answer_place)
        elif isinstance(declared, TaskSpec) and plan.call(task.call).options is None and not abilities.text:
            report.add("E0701", f"`{model}` writes no text, and this answer is read from it", declared.answer_place)
    return report
