"""Whether a backend can run a plan, before anything is loaded (codes 07xx), and whether it may see the rows (E0609)."""

from __future__ import annotations

from medspec.backends.base import Abilities
from medspec.check.egress import kept_datasets, why_kept
from medspec.check.spec import Spec, TaskSpec
from medspec.plan.fit_labels import misfit_of_labels
from medspec.plan.judge_nodes import VerdictValue, judges_of
from medspec.plan.judged import judged_scores
from medspec.plan.nodes import Plan, Render, TaskPlan
from medspec.plan.speak import filters_in
from medspec.text.diagnostic import Report

_SEEING = "`onnx:DIR` with a vision encoder and `openai:NAME@URL` see them; `medspec mock` needs no model"


def check_fit(plan: Plan, spec: Spec, model: str, abilities: Abilities) -> Report:
    """What `model` lacks that the plan asks for, and what it may not be sent, at the place in the spec that asks."""
    report = Report()
    for task in plan.tasks:
        declared = spec.find_task(task.name)
        if isinstance(declared, TaskSpec):
            _check_task(plan, task, declared, model, abilities, report)
            _check_egress(declared, model, abilities, report)
            _refuse_own_judge(task, declared, model, report)
    return report


def _check_task(
    plan: Plan, task: TaskPlan, declared: TaskSpec, model: str, abilities: Abilities, report: Report
) -> None:
    call = plan.call(task.call)
    if call.options is not None and not abilities.logits:
        report.add(
            "E0701",
            f"`{model}` gives no likelihoods, and this answer is read from them",
            (declared.answer_place, f"`{task.name}` reads it with `{declared.reader.name}`"),
            helps=[
                "run it with a model that gives them (`onnx:DIR`, `builtin:NAME`, `hash`)",
                "or read the answer from text: `answer ... via letter`",
            ],
        )
    elif call.repeats > 1 and abilities.by_row:
        title = f"`{model}` holds one reply for each row, and `{task.name}` draws several"
        report.add("E0701", title, declared.answer_place)
    elif abilities.needs_form:
        _check_form(plan, task, declared, model, abilities, report)
    elif call.options is None and not abilities.text:
        report.add("E0701", f"`{model}` writes no text, and this answer is read from it", declared.answer_place)
    if not abilities.images and takes_images(plan.render(call.render)):
        title = f"`{model}` sees no images, and the prompt `{declared.prompt.name}` shows some"
        label = (declared.prompt.place, f"asked by `{task.name}`")
        report.add("E0701", title, label, helps=[_SEEING])


def _check_form(
    plan: Plan, task: TaskPlan, declared: TaskSpec, model: str, abilities: Abilities, report: Report
) -> None:
    """E0701 where the answer, or what is shown, is nothing for a model that answers with labels or boxes."""
    render = plan.render(task.render)
    place = (declared.answer_place, f"the answer of `{task.name}`")
    problem = misfit_of_labels(plan.read(task.read).reader.answer, abilities)
    if problem is not None:
        report.add("E0701", f"`{model}` {problem}", place)
    if render.shots is not None:
        report.add(
            "E0701", f"`{model}` reads one text or image, and `{task.name}` shows examples", declared.prompt.place
        )
    if abilities.images and not takes_images(render):
        label = (declared.prompt.place, f"asked by `{task.name}`")
        report.add("E0701", f"`{model}` reads an image, and the prompt `{declared.prompt.name}` shows none", label)


def _check_egress(declared: TaskSpec, model: str, abilities: Abilities, report: Report) -> None:
    """E0609 when rows that may not be sent away would go to a model that is somewhere else."""
    shots = None if declared.shots is None else declared.shots.rows
    kept = kept_datasets(declared.rows, shots)
    if not abilities.remote or not kept or "E0609" in dict(declared.waivers):
        return
    report.add(
        "E0609",
        f"rows of `{kept[0].name}` would be sent to the remote model `{model}`",
        (declared.place, "asks the model under test about them"),
        (kept[0].place, f"{why_kept(kept[0])}: its rows stay on this machine"),
        helps=[
            "run it with a model that runs here: `onnx:DIR`",
            'or, where the agreement allows it: `waive E0609 because "..."` in the task',
        ],
    )


def _refuse_own_judge(task: TaskPlan, declared: TaskSpec, model: str, report: Report) -> None:
    """E0703 where the model under test is named as a judge. Equal weights under other names are found when it is loaded."""
    if "E0703" in dict(declared.waivers):
        return
    for score in judged_scores(task):
        assert isinstance(score.value, VerdictValue)
        for judge in judges_of(score.value):
            if f"{judge.model.scheme}:{judge.model.place}" == model.partition("?")[0]:
                title = f"`{model}` would judge its own answers in `{task.name}`"
                label = (declared.place, f"`{judge.name}` judges `{score.label}`")
                helps = [f"give the judge another model: `--judge {judge.name}=MODEL`"]
                report.add("E0703", title, label, helps=helps)
                return


def takes_images(render: Render) -> bool:
    """Whether a prompt shows images."""
    return "_image" in filters_in(render.turns)
