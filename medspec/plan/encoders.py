"""Models that encode texts for metrics: which scores name one, and what a plan says of them."""

from __future__ import annotations

from medspec.metrics import find_metric
from medspec.plan.nodes import Plan, Score, TaskPlan


def encoder_of(score: Score) -> str | None:
    """The folder of the encoder that a score needs, as the spec names it; None where it needs none."""
    metric = find_metric(score.metric)
    return None if metric is None else metric.encoder(dict(score.settings))


def encoders_of(task: TaskPlan) -> tuple[str, ...]:
    """The encoders that the scores of a task need, each once, in order."""
    found = [encoder_of(score) for score in task.scores]
    return tuple(dict.fromkeys(name for name in found if name is not None))


def encoders_in(plan: Plan) -> dict[str, tuple[str, ...]]:
    """Every encoder of a plan, with the scores that need it, as `task.label`."""
    found: dict[str, list[str]] = {}
    for task in plan.tasks:
        for score in task.scores:
            if (name := encoder_of(score)) is not None:
                found.setdefault(name, []).append(f"{task.name}.{score.label}")
    return {name: tuple(labels) for name, labels in found.items()}


def encoder_lines(plan: Plan) -> list[str]:
    """Each encoder of a plan in a line, and the scores that need it, for `medspec explain`."""
    return [
        line
        for name, labels in encoders_in(plan).items()
        for line in (f"encoder {name}", *(f"  needed for {label}" for label in labels))
    ]
