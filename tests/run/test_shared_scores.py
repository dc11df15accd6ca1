"""Scores of other runs: taken over where nothing changed that can move a number, and byte for byte those computed anew."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import attrs
import pytest
from hypothesis import Phase, given, settings
from planned_specs import changed, plan_of, write_lines
from report_schema import check_report
from strategies import SmallSpec, small_specs
from watched_models import Watched

from medspec.backends import open_model
from medspec.backends.base import Backend, Options
from medspec.plan.nodes import Plan
from medspec.run import shared_scores, tasks
from medspec.run.execute import execute
from medspec.run.roots import DataRoots
from medspec.run.shared_replies import sharing

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
A_FEW = settings(
    max_examples=max(4, settings().max_examples // 10), phases=[phase for phase in Phase if phase is not Phase.explain]
)

SPEC = """edition 2026
import std.metrics { accuracy, macro_f1 }

record Row { id : text   question : text   options : text[2..4]   gold : choice of options   area : text   who : text }

dataset exam : Row {
  source = jsonl("exam.jsonl")
  splits = [test]
  slice area by area
  errata = jsonl("exam.errata.jsonl", version: 1)
  cluster by who
}

prompt ask(question: text) { user "{{ question }}" }

task written {
  data    = exam.test
  prompt  = ask
  answer  choice of options via letter
  unread  = worst
  metrics { primary accuracy  macro_f1 }
}
task skipping = written {
  override unread = skip
}

suite both @4 {
  tasks { written  skipping }
  report slices [area]
  aggregate overall = mean()
  interval = bootstrap(resamples: 100, seed: 3)
}
"""

ROWS = [
    {
        "id": f"r{number}",
        "question": f"Question {number}?",
        "options": ["a", "b"],
        "gold": number % 2,
        "area": "ab"[number % 3 == 0],
        "who": f"p{number // 2}",
    }
    for number in range(12)
]
ERRATA: list[dict[str, Any]] = [
    {"version": 1, "source": "errata of the test"},
    {"id": "r3", "set": {"gold": 0}, "reason": "a slip"},
]


def says(replies: Mapping[str, str]) -> Watched:
    """A model that answers the questions named as `replies` has it, every fifth unreadably, and the others with B."""

    def reply(request: Any) -> str:
        text = request.messages[-1].text
        return replies.get(text, "?" if text == "Question 5?" else "B")

    return Watched(reply=reply)


def written(folder: Path, rows: list[dict[str, Any]] = ROWS, errata: list[dict[str, Any]] = ERRATA) -> Path:
    write_lines(folder / "data" / "exam.jsonl", rows)
    write_lines(folder / "data" / "exam.errata.jsonl", errata)
    return folder / "data"


def run(plan: Plan, out: Path, model: Backend, data: Path, *, fresh: bool = False) -> dict[str, Any]:
    """A run into `out` that takes over what it can, as the command does."""
    others = None if fresh else sharing(out, model)
    report = execute(plan, model, model="test", out=out, roots=DataRoots(given=(data,)), others=others)
    check_report(report)
    return report


def numbers(report: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in report.items() if key not in ("started", "seconds", "calls", "scores")}


PLAN = plan_of(SPEC, "both")


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """A folder with the data and one run of the suite, `first`."""
    run(PLAN, tmp_path / "first", says({}), written(tmp_path))
    return tmp_path


def taken(report: Mapping[str, Any]) -> dict[str, int]:
    found: dict[str, int] = report.get("scores", {}).get("sources", {})
    return found


def test_a_second_run_computes_nothing_and_is_the_same(first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    anew = run(PLAN, first / "anew", says({}), first / "data", fresh=True)
    assert "scores" not in anew

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("computed")

    for name in ("score_samples", "score_slices", "unread_bounds"):
        monkeypatch.setattr(tasks, name, never)
    second = run(PLAN, first / "second", says({}), first / "data")
    assert taken(second) == {"anew": 2}
    assert numbers(second) == numbers(anew)
    rows = [(first / name / "rows.parquet").read_bytes() for name in ("first", "anew", "second")]
    assert rows[0] == rows[1] == rows[2]


def test_a_run_into_its_own_folder_stays_the_same_report(first: Path) -> None:
    """Scores it computed are its own; those it took over are still those of the run it took them from."""
    before = json.loads((first / "first" / "report.json").read_text("utf-8"))
    again = run(PLAN, first / "first", says({}), first / "data")
    assert {**again, "seconds": 0} == {**before, "seconds": 0}
    second = run(PLAN, first / "second", says({}), first / "data")
    assert {**run(PLAN, first / "second", says({}), first / "data"), "seconds": 0} == {**second, "seconds": 0}
    assert taken(second) == {"first": 2}


def gold_of_one(folder: Path) -> Path:
    return written(folder, [{**row, "gold": 1 - row["gold"]} if row["id"] == "r7" else row for row in ROWS])


def an_erratum(folder: Path) -> Path:
    return written(folder, errata=[*ERRATA, {"id": "r8", "exclude": True, "reason": "unclear"}])


def another_area(folder: Path) -> Path:
    return written(folder, [{**row, "area": "c"} if row["id"] == "r7" else row for row in ROWS])


def another_person(folder: Path) -> Path:
    return written(folder, [{**row, "who": "p0"} if row["id"] == "r7" else row for row in ROWS])


@pytest.mark.parametrize("change", [gold_of_one, an_erratum, another_area, another_person])
def test_other_rows_are_scored_anew(first: Path, change: Callable[[Path], Path]) -> None:
    found = run(PLAN, first / "second", says({}), change(first))
    assert taken(found) == {}
    assert numbers(found) == numbers(run(PLAN, first / "anew", says({}), first / "data", fresh=True))


@pytest.mark.parametrize(
    ("edit", "tasks_kept"),
    [
        (("seed: 3", "seed: 4"), 0),
        (("resamples: 100", "resamples: 200"), 0),
        (("cluster by who", ""), 0),
        (("via letter", "via json"), 0),
        (("primary accuracy  macro_f1", "primary accuracy"), 0),
        (("primary accuracy  macro_f1", "primary accuracy as right  macro_f1"), 0),
        (("override unread = skip", "override prompt = other"), 1),
        (("mean()", "worst()"), 2),
    ],
)
def test_another_question_is_scored_anew(first: Path, edit: tuple[str, str], tasks_kept: int) -> None:
    other = 'prompt other(question: text) { user "Now: {{ question }}" }\n\ntask written {'
    try:
        plan = plan_of(changed(SPEC, ("task written {", other), edit), "both")
    except AssertionError:
        pytest.fail(f"the edit {edit} makes no sound spec")
    found = run(plan, first / "second", says({}), first / "data")
    assert taken(found) == ({"first": tasks_kept} if tasks_kept else {})
    assert numbers(found) == numbers(run(plan, first / "anew", says({}), first / "data", fresh=True))


def test_another_reply_is_scored_anew(first: Path) -> None:
    """The same model says another thing to one question: its replies are gone from the journal, the scores are not."""
    (first / "first" / "journal.sqlite").unlink()
    found = run(PLAN, first / "second", says({"Question 2?": "A"}), first / "data")
    assert (found["calls"]["asked"], taken(found)) == (12, {})
    (first / "second" / "journal.sqlite").unlink()
    same = run(PLAN, first / "third", says({}), first / "data")
    assert (same["calls"]["asked"], taken(same)) == (12, {"first": 2})


def test_another_version_of_a_metric_is_scored_anew(first: Path) -> None:
    old = attrs.evolve(
        PLAN,
        tasks=tuple(
            attrs.evolve(task, scores=tuple(attrs.evolve(score, version=score.version + 1) for score in task.scores))
            for task in PLAN.tasks
        ),
    )
    assert taken(run(old, first / "second", says({}), first / "data")) == {}


def test_other_code_or_another_machine_scores_anew(first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(shared_scores, "code_stamp", lambda: "another")
        assert taken(run(PLAN, first / "second", says({}), first / "data")) == {}
    with monkeypatch.context() as patched:
        patched.setattr("medspec.run.execute.environment", lambda: {"packages": {"torchmetrics": "0.1"}})
        assert taken(run(PLAN, first / "third", says({}), first / "data")) == {}


def edited(text: str) -> str:
    """The accuracy that the file states, made another."""
    found = json.loads(text)
    found["scores"][0]["told"]["metrics"]["accuracy"]["value"] = 1.0
    return json.dumps(found)


@pytest.mark.parametrize(
    "damage",
    [edited, lambda text: text[: len(text) // 2], lambda text: "", lambda text: "[" * 100_000, lambda text: "[]",
     lambda text: text.replace('"format": 1', '"format": 2'), lambda text: '{"format": 1, "scores": [1, {"seal": 2}]}'],
)  # fmt: skip
def test_what_is_damaged_is_not_believed(first: Path, damage: Callable[[str], str]) -> None:
    anew = run(PLAN, first / "anew", says({}), first / "data", fresh=True)
    (first / "anew" / "scores.json").unlink()
    file = first / "first" / "scores.json"
    file.write_text(damage(file.read_text("utf-8")), encoding="utf-8")
    found = run(PLAN, first / "second", says({}), first / "data")
    assert numbers(found) == numbers(anew)
    assert taken(found).get("first", 0) <= 1


def test_values_of_rows_are_those_that_were_kept(first: Path) -> None:
    """`rows.parquet` is another file now: nothing that was computed of it can be told from it."""
    file = first / "first" / "rows.parquet"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 255
    file.write_bytes(content)
    assert taken(run(PLAN, first / "second", says({}), first / "data")) == {}
    file.unlink()
    (first / "second" / "scores.json").unlink()
    assert taken(run(PLAN, first / "third", says({}), first / "data")) == {}


def test_aggregates_of_other_tasks_are_drawn_anew(first: Path) -> None:
    """Scores are taken over and the aggregate is not: what is drawn for it is what would be drawn without."""
    plan = plan_of(changed(SPEC, ("overall = mean()", "overall = mean(macro_f1)")), "both")
    found = run(plan, first / "second", says({}), first / "data")
    assert taken(found) == {"first": 2}
    assert found["aggregates"] == run(plan, first / "anew", says({}), first / "data", fresh=True)["aggregates"]


@pytest.mark.parametrize("name", ["hash", "mock"])
@A_FEW
@given(spec=small_specs())
def test_every_report_is_the_same_with_scores_of_another_run(name: str, spec: SmallSpec) -> None:
    model = open_model(name, Options())
    with TemporaryDirectory(dir=MEMORY) as place:
        folder = spec.write(Path(place))
        plan = plan_of(spec.text, "all")
        anew = run(plan, folder / "runs" / "anew", model, folder, fresh=True)
        second = run(plan, folder / "runs" / "second", model, folder)
        assert taken(second) == {"anew": len(plan.tasks)}
        assert numbers(second) == numbers(anew)
        one, other = ((folder / "runs" / name / "rows.parquet").read_bytes() for name in ("anew", "second"))
        assert one == other
