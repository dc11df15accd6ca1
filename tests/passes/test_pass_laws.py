"""No pass moves a number: small random specs, run with all passes, with none, and with each alone, report the same."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from planned_specs import plan_of, rows_of, run_plan, write_lines
from strategies import SmallSpec, small_specs
from watched_models import Watched

from medspec.backends import open_model
from medspec.backends.base import Options
from medspec.errors import DataError
from medspec.plan.nodes import Plan
from medspec.plan.optimise import PASSES

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""A folder whose files need no disk, where there is one: every run waits for the disk many times."""

NAMES = [name for name, _ in PASSES]
WAYS: dict[str, dict[str, Any]] = {
    "none": {"level": 0},
    "all": {"level": 1},
    **{f"{name} alone": {"without": [other for other in NAMES if other != name]} for name in NAMES},
}
PHASES = [phase for phase in Phase if phase is not Phase.explain]
A_FEW = settings(max_examples=max(4, settings().max_examples // 10), phases=PHASES)


def result_of(plan: Plan, folder: Path, model: Any, *, data: Path) -> tuple[Any, Any, list[dict[str, Any]]]:
    """What a run reports: tasks, aggregates, and every line of its rows. Data that one way refuses, all must refuse alike."""
    try:
        report = run_plan(plan, folder, model, data=data)
    except DataError as refused:  # now and then the prompt shows a shot as it shows a scored row
        return str(refused), None, []
    return report["tasks"], report["aggregates"], rows_of(folder)


@pytest.mark.parametrize("model", ["hash", "mock"])
@A_FEW
@given(spec=small_specs())
def test_every_way_of_optimising_reports_the_same(model: str, spec: SmallSpec) -> None:
    with TemporaryDirectory(dir=MEMORY) as name:
        folder = spec.write(Path(name))
        found = {
            way: result_of(plan_of(spec.text, "all", **how), folder / way, model, data=folder)
            for way, how in WAYS.items()
        }
    for way in WAYS:
        assert found[way] == found["none"], way


@A_FEW
@given(spec=small_specs())
def test_recorded_replies_score_the_same(spec: SmallSpec) -> None:
    """Replies by task and row, as `replay` has them: equal prompts of two tasks may have two replies."""
    with TemporaryDirectory(dir=MEMORY) as name:
        folder = spec.write(Path(name))
        plan = plan_of(spec.text, "all", level=0)
        written = [task.name for task in plan.tasks if plan.call(task.call).options is None]
        if not written:
            return
        lines = [
            {"task": task, "id": line["id"], "reply": "ABCD"[(number + place) % 4]}
            for number, task in enumerate(written)
            for place, line in enumerate(spec.files[f"{plan.scan(plan.task(task).scan).dataset}_test.jsonl"])
        ]
        write_lines(folder / "replies.jsonl", lines)
        model = f"replay:{folder}/replies.jsonl?task=task"
        found = [
            result_of(plan_of(spec.text, *written, **how), folder / way, model, data=folder)
            for way, how in WAYS.items()
        ]
    assert all(one == found[0] for one in found)
    if isinstance(found[0][0], str):
        return
    replies = {(line["task"], line["id"]): line["reply"] for line in lines}
    private = {task.name for task in plan.tasks if plan.scan(task.scan).private}
    shown = {(row["task"], row["row_id"]): row["reply"] for row in found[0][2] if row["task"] not in private}
    assert shown == {key: reply for key, reply in replies.items() if key[0] not in private}


SAMPLED = """edition 2026
import std.metrics { accuracy }
record Row { id : text   question : text   options : text[2..4]   gold : choice of options }
dataset exam : Row { source = jsonl("exam.jsonl")  splits = [test] }
prompt ask(question: text) { user "{{ question }}" }
task greedy {
  data    = exam.test
  prompt  = ask
  answer  choice of options via letter
  decode  { temperature = 0 }
  metrics { primary accuracy }
}
task greedy_again = greedy
task drawn        = greedy { override decode { temperature = 0.8 } }
task drawn_again  = greedy { override decode { temperature = 0.8 } }
suite all { tasks { greedy  greedy_again  drawn  drawn_again } }
"""


@pytest.mark.parametrize("level", [0, 1])
def test_draws_are_never_merged(level: int, tmp_path: Path) -> None:
    """A greedy prompt is asked once, however many rows and tasks have it; each draw is asked for itself."""
    rows = [{"id": str(number), "question": "same?", "options": ["a", "b"], "gold": 0} for number in range(3)]
    write_lines(tmp_path / "exam.jsonl", rows)
    model = Watched(open_model("hash", Options()))
    report = run_plan(plan_of(SAMPLED, "all", level=level), tmp_path / "out", model, data=tmp_path)
    asked = [(request.task, request.row, request.decode.temperature) for request in model.requests]
    draws = [(task, str(number), 0.8) for task in ("drawn", "drawn_again") for number in range(3)]
    # Draws of one row follow each other where their prompts are the same.
    assert sorted(asked) == sorted([("greedy", "0", 0.0), *draws])
    assert report["calls"]["asked"] == 7


def test_ways_of_optimising_differ() -> None:
    """The laws above compare plans that are in fact different."""
    plans = {way: plan_of(SAMPLED, "all", **how) for way, how in WAYS.items()}
    assert len({plan.waves for plan in plans.values()}) == 4
    assert len(plans["merge-calls alone"].calls) == len(plans["all"].calls) < len(plans["none"].calls)
