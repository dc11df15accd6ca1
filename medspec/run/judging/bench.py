"""The judges of one run: their models, what they were asked, what people decided.

Judges whose models are equal share one loaded model. All replies go through the run's journal, so that a run that was
stopped asks no judge twice, and equal questions of several metrics and tasks are one question.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import attrs

from medspec.backends.base import Backend
from medspec.errors import BackendError
from medspec.metrics.selection import select_type
from medspec.plan.judge_nodes import Judge, JudgeParameter, Panel, RowValue, VerdictValue, judges_of
from medspec.plan.judged import judged_scores, judges_in
from medspec.plan.nodes import Plan
from medspec.plan.speak import filters_in
from medspec.run.calls import Caller, Watch
from medspec.run.journal import Journal
from medspec.run.judging.ask import STAND_INS, Asking, Case, refuse_images
from medspec.run.judging.models import describe_replacements
from medspec.run.judging.panel import Ruling, rule
from medspec.run.judging.people import ANSWERS, QUEUE, decider, queue_line, read_answers, write_lines
from medspec.run.judging.tell import judges_report
from medspec.run.shared_replies import OtherRuns

SAME = "E0703"
VERDICTS = "verdicts.jsonl"


class Judges(Protocol):
    """What gives a judge its model."""

    def model_of(self, judge: Judge) -> Backend:
        """The loaded model that `judge` asks. Raises `BackendError` when it cannot be had."""

    def close(self) -> None:
        """Give back all models."""


@attrs.define(kw_only=True)
class Bench:
    """`askings` are the judges that were asked so far. `queue` collects what waits for people."""

    judges: Judges
    journal: Journal
    watch: Watch
    answers: Mapping[str, Any]
    others: OtherRuns | None = None
    askings: list[Asking] = attrs.field(factory=list)
    queue: dict[str, dict[str, Any]] = attrs.field(factory=dict)

    def rule(self, judging: Judge | Panel, cases: Sequence[Case]) -> list[Ruling]:
        """A ruling on each case, in order."""
        panel = judging if isinstance(judging, Panel) else None
        decided = decider(panel, self.answers) if panel is not None else (lambda case: None)
        members = (judging,) if isinstance(judging, Judge) else judging.judges
        total = sum(judge.repeats * (2 if judge.swap else 1) for judge in members) * len(cases)
        self.watch.start(f"{cases[0].task}: {judging.name}" if cases else judging.name, total)
        rulings = rule(judging, cases, self.find, decided)
        self.watch.finish()
        for ruling in rulings:
            if panel is not None and panel.on_disagreement == "human" and ruling.outcome == "waiting":
                line = queue_line(panel, ruling)
                self.queue.setdefault(line["case"], line)
        return rulings

    def find(self, judge: Judge) -> Asking:
        """The judge with its model and its counts."""
        known = next((asking for asking in self.askings if asking.judge == judge), None)
        if known is None:
            known = Asking(judge, Caller(self.judges.model_of(judge), self.journal, self.watch, self.others))
            self.askings.append(known)
        return known

    def costs(self) -> dict[str, int]:
        """Uses of judges' models, and replies of theirs that were there already; empty where no judge was asked."""
        if not self.askings:
            return {}
        return {
            "judges_asked": sum(asking.tally.asked for asking in self.askings),
            "judges_reused": sum(asking.tally.reused for asking in self.askings),
        }

    def report(self, calibrations: Mapping[str, Any]) -> dict[str, Any]:
        """What `report.json` says of the judges as a whole; empty where none was asked."""
        if not self.askings:
            return {}
        found = judges_report(self.askings)
        for name, one in calibrations.items():
            found[name]["calibration"] = one
        replaced = describe_replacements(self.judges)
        return {"judges": found, "judges_replaced": replaced} if replaced else {"judges": found}

    def keep(self, folder: Path, verdicts: Sequence[Mapping[str, Any]]) -> None:
        """Write every reply of a judge, and what waits for people, into the run's folder."""
        write_lines(folder / VERDICTS, verdicts)
        write_lines(folder / QUEUE, list(self.queue.values()))


def open_bench(
    plan: Plan, judges: Judges, journal: Journal, watch: Watch, folder: Path, others: OtherRuns | None
) -> Bench:
    """The bench of one run, with what people have decided in `folder`. Raises `DataError` for answers that are none."""
    answers = read_answers(folder / ANSWERS, panel_types(plan))
    return Bench(judges=judges, journal=journal, watch=watch, answers=answers, others=others)


def panel_types(plan: Plan) -> dict[str, Any]:
    """The type of verdict of each panel that leaves disagreement to people, by name."""
    return {panel.name: panel.judges[0].reader.answer for panel in panels_in(plan) if panel.on_disagreement == "human"}


def panels_in(plan: Plan) -> Iterator[Panel]:
    """Every panel a plan asks, once for each score that asks it."""
    for task in plan.tasks:
        for score in judged_scores(task):
            assert isinstance(score.value, VerdictValue)
            if isinstance(score.value.judge, Panel):
                yield score.value.judge


def refuse_judges(plan: Plan, backend: Backend, judges: Judges) -> None:
    """Raise `BackendError` where a judge may not, or cannot, judge what a plan shows it, before anything is asked."""
    _refuse_own_judge(plan, backend, judges)
    _refuse_images_shown(plan, judges)


def _refuse_images_shown(plan: Plan, judges: Judges) -> None:
    """For images of the row; what else a prompt shows is known when it is written."""
    for task in plan.tasks:
        record = plan.scan(task.scan).record
        for score in judged_scores(task):
            assert isinstance(score.value, VerdictValue)
            for name, given in score.value.arguments:
                type_ = select_type(record, given.path) if isinstance(given, RowValue) else None
                if type_ is None or "image" not in (type_.kind, *(child.kind for child in type_.children)):
                    continue
                for judge in judges_of(score.value):
                    # An image that is a parameter because a box lies in it need not be shown.
                    bound = JudgeParameter(name) in dict(judge.bindings).values()
                    if bound and "_image" in filters_in(judge.turns):
                        refuse_images(judge, judges.model_of(judge), task.name)


def _refuse_own_judge(plan: Plan, backend: Backend, judges: Judges) -> None:
    """Raise `BackendError` where the model under test judges itself and a task does not say why it may.

    Loads every judge, so that a judge that cannot be had is known before the model under test is asked anything.
    """
    for judge, labels in judges_in(plan):
        model = judges.model_of(judge)
        if model.digest != backend.digest or model.describe().get("backend") in STAND_INS:
            continue
        names = {label.rsplit(".", 1)[0] for label in labels}
        kept = [task.name for task in plan.tasks if task.name in names and SAME not in dict(task.waivers)]
        if kept:
            raise BackendError(
                f"the model under test is the judge `{judge.name}` itself (equal digests), which `{kept[0]}` does not allow; "
                f"run another model, give another judge with `--judge {judge.name}=MODEL`, "
                f'or say in the task why it may: `waive {SAME} because "..."`'
            )
