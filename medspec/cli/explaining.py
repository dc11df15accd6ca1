"""The forms of `medspec explain` about a plan: as it is, pass by pass, against a run, before one and after one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from medspec.cli.output import print_for_programs, print_json, print_text
from medspec.config import Config, find_config
from medspec.errors import DataError, UsageError
from medspec.plan.nodes import Plan


@attrs.frozen(kw_only=True)
class Asked:
    """What is explained, and how it is written. `before` is the plan without optimisation."""

    config: Config
    before: Plan
    plan: Plan
    level: int
    without: tuple[str, ...]
    format: str

    def show_plan(self) -> None:
        """The plan itself."""
        if self.format == "json":
            from medspec.plan.form import to_json

            print_for_programs(to_json(self.plan))
            return
        from medspec.plan.explain import explain

        print_text(explain(self.plan, before=self.before))

    def show_passes(self) -> None:
        """What each pass changed."""
        from medspec.plan.explain_passes import explain_passes, passes_json
        from medspec.plan.optimise import steps

        taken = steps(self.before, level=self.level, without=self.without)
        self._show(lambda: explain_passes(taken), lambda: passes_json(taken))

    def show_against(self, name: str) -> None:
        """What is to be done again since a run or a plan."""
        from medspec.plan.explain_against import against_json, against_text, work_against

        before, rows = _earlier(name, self.config)
        work = work_against(self.plan, before, rows)
        self._show(lambda: against_text(work, self.plan, name), lambda: against_json(work))

    def show_estimate(self, model: str | None, data: tuple[Path, ...], limit: int | None) -> None:
        """What a run would take."""
        from medspec.run.bind import bind
        from medspec.run.estimate import estimate
        from medspec.run.estimate_text import estimate_json, estimate_text
        from medspec.run.folder import run_folders
        from medspec.run.measured import earlier_speed
        from medspec.run.roots import DataRoots
        from medspec.run.token_counts import counter_of

        chosen = model if model is not None else self.config.model
        counter = counter_of(chosen)
        bound = bind(self.plan, DataRoots.of(data, self.config.data), limit=limit)
        speed = earlier_speed(run_folders(self.config.root / "runs"), chosen)
        found = estimate(bound, counter, speed)
        version = "" if self.plan.version is None else f" @{self.plan.version}"
        title = f"{self.plan.suite}{version}"
        self._show(lambda: estimate_text(found, title, chosen), lambda: estimate_json(found))

    def show_row(self, id: str, run: str | None, data: tuple[Path, ...]) -> None:
        """One row of the one task of the plan."""
        from medspec.run.bind import bind
        from medspec.run.folder import find_run
        from medspec.run.roots import DataRoots
        from medspec.run.trace import trace, trace_json, trace_text

        if len(self.plan.tasks) > 1:
            raise UsageError(
                f"a row belongs to a task; name one of: {', '.join(task.name for task in self.plan.tasks)}"
            )
        folder = None if run is None else find_run(run, self.config.root / "runs")
        found = trace(bind(self.plan, DataRoots.of(data, self.config.data)), self.plan.tasks[0], id, folder)
        digest = None if found.report is None else str(found.report["model"]["digest"])
        self._show(lambda: trace_text(found, self.plan, digest), lambda: trace_json(found))

    def _show(self, text: Callable[[], str], plain: Callable[[], Any]) -> None:
        if self.format == "json":
            print_json(plain())
        else:
            print_text(text())


def show_measured(name: str, data: tuple[Path, ...], format: str) -> None:
    """What a run took. The estimate is left out where its data are not here any more."""
    from medspec.run.bind import bind
    from medspec.run.estimate import estimate
    from medspec.run.folder import RunRecord, find_run, plan_of
    from medspec.run.measured import measured, measured_json, measured_text
    from medspec.run.token_counts import counter_of

    config = find_config(Path.cwd())
    run = find_run(name, config.root / "runs")
    record = RunRecord.read(run)
    expected = {}
    try:
        bound = bind(plan_of(run), record.roots(data), limit=record.limit)
        expected = {call.call: call for call in estimate(bound, counter_of(None)).calls}
    except DataError:
        pass  # the numbers of the run are there all the same
    found = measured(run, expected)
    if format == "json":
        print_json(measured_json(found))
    else:
        print_text(measured_text(found))


def _earlier(name: str, config: Config) -> tuple[Plan, dict[str, int]]:
    """The plan of an earlier run, or in a file, and how many rows its tasks had where that is known."""
    from medspec.plan.form import from_json
    from medspec.run.folder import find_run, plan_of
    from medspec.run.measured import report_of

    path = Path(name)
    if path.is_file():
        try:
            return from_json(path.read_text("utf-8")), {}
        except (OSError, ValueError) as error:
            raise UsageError(f"{path} is no plan: {error}") from error
    run = find_run(name, config.root / "runs")
    rows = {}
    if (run / "report.json").is_file():
        rows = {task: entry["rows"] for task, entry in report_of(run)["tasks"].items()}
    return plan_of(run), rows
