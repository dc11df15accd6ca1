"""Runs with judges: what is asked, what becomes of the verdicts, and what is counted apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from judge_cases import KEY_POINTS, SECOND
from judged_runs import Scripted, run_judged
from planned_specs import changed, rows_of

from medspec.backends.base import Request
from medspec.codes.base import module
from medspec.codes.parts import JUDGE, JUDGED, MEAN, QUESTIONS, TELL
from medspec.errors import BackendError, DataError

BASE = module(MEAN, QUESTIONS, TELL, JUDGE, JUDGED)
ROWS = [{"id": str(n), "question": f"Q{n}?", "gold": f"G{n}"} for n in range(4)]


def shown(request: Request) -> str:
    return request.messages[-1].text


def say(request: Request) -> str:
    return f"reply to {shown(request)}"


def test_each_row_is_judged_and_the_mean_is_over_rows(tmp_path: Path) -> None:
    judge = Scripted("judge", lambda request: shown(request)[len("Question: Q")])
    report = run_judged(BASE, tmp_path, "open_questions", rows=ROWS, candidate=say, judges={"graded": judge})
    found = report["tasks"]["open_questions"]
    assert found["metrics"]["quality"]["value"] == (0 + 1 + 2 + 3) / 4
    assert found["judged"]["quality"] == {
        "judge": "graded",
        "cases": 4,
        "scored": 4,
        "unscored": 0,
        "worst": 0,
        "waiting": 0,
        "disagreed": 0,
        "rows_unscored": 0,
        "rows_not_shown": 0,
        "reasons": {},
        "verdicts": {"": {"0": 1, "1": 1, "2": 1, "3": 1}},
    }
    assert report["calls"] == {"asked": 4, "reused": 0, "sources": {}, "judges_asked": 4, "judges_reused": 0}
    assert report["judges"]["graded"]["verdicts"] == 4
    lines = [json.loads(line) for line in (tmp_path / "out" / "verdicts.jsonl").read_text().splitlines()]
    assert [(line["row"], line["verdict"]) for line in lines] == [("0", 0), ("1", 1), ("2", 2), ("3", 3)]
    rows = rows_of(tmp_path / "out")
    assert [row["metric.quality"] for row in rows] == [0.0, 1.0, 2.0, 3.0]
    assert [(row["verdict.quality"], row["judged.quality"]) for row in rows][3] == ("3", "scored")


def test_a_run_that_goes_on_asks_no_judge_again(tmp_path: Path) -> None:
    judge = Scripted("judge", lambda request: "2")
    for asked in (4, 4):
        report = run_judged(BASE, tmp_path, "open_questions", rows=ROWS, candidate=say, judges={"graded": judge})
        assert len(judge.asked) == asked
    assert report["calls"] == {"asked": 4, "reused": 0, "sources": {}, "judges_asked": 4, "judges_reused": 0}


def test_what_the_judge_does_not_say_is_counted_and_not_scored(tmp_path: Path) -> None:
    said = {"Q0": "4", "Q1": "hm", "Q2": None, "Q3": "2"}
    judge = lambda request: said[shown(request)[10:12]]  # noqa: E731
    report = run_judged(BASE, tmp_path, "open_questions", rows=ROWS, candidate=say, judges={"graded": judge})
    task = report["tasks"]["open_questions"]
    assert task["metrics"]["quality"]["value"] == 3
    assert task["metrics"]["quality"]["rows"] == 2
    assert task["judged"]["quality"]["reasons"] == {"failed": 1, "unread": 1}
    assert task["judged"]["quality"]["rows_unscored"] == 2
    assert report["judges"]["graded"]["unread"] == {"no_number": 1}
    assert report["judges"]["graded"]["failed"] == {"model_error": 1}
    rows = rows_of(tmp_path / "out")
    assert [row["judged.quality"] for row in rows] == ["scored", "unscored", "unscored", "scored"]
    assert [row["metric.quality"] for row in rows] == [4.0, None, None, 2.0]


def test_a_malformed_verdict_can_count_as_the_worst(tmp_path: Path) -> None:
    text = changed(BASE, ("  prompt = grade\n", "  prompt = grade\n  on_malformed = worst\n"))
    judge = lambda request: "4" if "Q0" in shown(request) else "hm"  # noqa: E731
    report = run_judged(text, tmp_path, "open_questions", rows=ROWS, candidate=say, judges={"graded": judge})
    metric = report["tasks"]["open_questions"]["metrics"]["quality"]
    assert (metric["value"], metric["rows"]) == (1.0, 4)


def test_an_unread_answer_is_not_shown_to_the_judge(tmp_path: Path) -> None:
    judge = Scripted("judge", lambda request: "4")
    candidate = lambda request: "" if "Q1" in shown(request) else "So."  # noqa: E731
    report = run_judged(BASE, tmp_path, "open_questions", rows=ROWS, candidate=candidate, judges={"graded": judge})
    task = report["tasks"]["open_questions"]
    assert len(judge.asked) == 3
    assert task["metrics"]["quality"]["value"] == 3.0
    assert task["judged"]["quality"]["rows_not_shown"] == 1
    skipped = changed(BASE, ("  metrics {", "  unread = skip\n  metrics {"))
    report = run_judged(
        skipped, tmp_path / "b", "open_questions", rows=ROWS, candidate=candidate, judges={"graded": judge}
    )
    assert report["tasks"]["open_questions"]["metrics"]["quality"]["value"] == 4.0


def test_equal_questions_to_a_judge_are_one_call(tmp_path: Path) -> None:
    """Two metrics, two tasks and two equal rows: the judge is asked once."""
    metrics = "metrics { primary mean(graded(question, gold, answer)) as quality\n    worst(graded(question, gold, answer)) as least }"
    twice = JUDGED.replace("metrics { primary mean(graded(question, gold, answer)) as quality }", metrics)
    other = twice.replace("open_questions", "again")
    both = "suite both { tasks { open_questions  again } }"
    text = module("import std.metrics { mean, worst }", QUESTIONS, TELL, JUDGE, twice, other, both)
    for temperature in ("", "  temperature = 0.5\n"):
        edited = changed(text, ("  prompt = grade\n", f"  prompt = grade\n{temperature}"))
        judge = Scripted("judge", lambda request: "3")
        rows = [{**ROWS[0], "id": name} for name in ("a", "b")]
        out = tmp_path / (temperature.strip() or "greedy").replace(" ", "")
        report = run_judged(edited, out, "both", rows=rows, candidate=say, judges={"graded": judge})
        assert len(judge.asked) == 1
        assert report["calls"]["judges_asked"] == 1
        assert report["calls"]["judges_reused"] == 3


def test_repeats_are_averaged_and_asked_again_where_malformed(tmp_path: Path) -> None:
    lines = "  prompt = grade\n  repeats = 3\n  temperature = 0.7\n  retries = 1\n"
    text = changed(BASE, ("  prompt = grade\n", lines))
    said = {0: "1", 1: "hm", 2: "4", 3: "no idea", 4: "4", 5: "0"}
    judge = Scripted("judge", lambda request: said[request.sample])
    report = run_judged(text, tmp_path, "open_questions", rows=ROWS[:1], candidate=say, judges={"graded": judge})
    assert [request.sample for request in judge.asked] == [0, 1, 2, 4]
    assert report["tasks"]["open_questions"]["metrics"]["quality"]["value"] == 3.0
    text = changed(text, ("  retries = 1\n", "  quorum = 3\n"))
    report = run_judged(text, tmp_path / "b", "open_questions", rows=ROWS[:1], candidate=say, judges={"graded": judge})
    assert report["tasks"]["open_questions"]["metrics"]["quality"] == {
        "value": None, "low": None, "high": None, "rows": 0, "interval": None,
    }  # fmt: skip


PANEL = """
panel board {{
  judges          = [graded, second]
  combine         = majority
  on_disagreement = {way}
}}
"""


def board(way: str) -> str:
    judged = JUDGED.replace("graded(", "board(")
    return module(MEAN, QUESTIONS, TELL, JUDGE, SECOND, PANEL.format(way=way), judged)


ONE: dict[str, Any] = {"graded": lambda request: "4", "second": lambda request: "4" if "Q0" in shown(request) else "1"}


@pytest.mark.parametrize(
    ("way", "value", "rows", "outcome"),
    [("unscored", 4.0, 1, "unscored"), ("human", 4.0, 1, "waiting"), ("third(third)", 2.5, 4, "scored")],
)
def test_a_panel_that_disagrees(way: str, value: float, rows: int, outcome: str, tmp_path: Path) -> None:
    judges = {**ONE, "third": lambda request: "2"}
    report = run_judged(board(way), tmp_path, "open_questions", rows=ROWS, candidate=say, judges=judges)
    task = report["tasks"]["open_questions"]
    assert (task["metrics"]["quality"]["value"], task["metrics"]["quality"]["rows"]) == (value, rows)
    assert task["judged"]["quality"]["disagreed"] == 3
    assert [row["judged.quality"] for row in rows_of(tmp_path / "out")] == ["scored", *[outcome] * 3]


def test_the_queue_is_filled_in_and_read_back(tmp_path: Path) -> None:
    run = lambda: run_judged(board("human"), tmp_path, "open_questions", rows=ROWS, candidate=say, judges=ONE)  # noqa: E731
    run()
    out = tmp_path / "out"
    queue = [json.loads(line) for line in (out / "queue.jsonl").read_text().splitlines()]
    assert [(line["row"], line["judges"], line["verdict"]) for line in queue] == [
        (name, {"graded": 4, "second": 1}, None) for name in ("1", "2", "3")
    ]
    assert queue[0]["shown"] == {"question": "Q1?", "expected": "G1", "given": "reply to Q1?"}
    for line, verdict in zip(queue, (0, 2, None), strict=True):
        line["verdict"] = verdict
    (out / "answers.jsonl").write_text("".join(json.dumps(line) + "\n" for line in queue))
    report = run()
    task = report["tasks"]["open_questions"]
    assert task["metrics"]["quality"]["value"] == (4 + 0 + 2) / 3
    assert (task["judged"]["quality"]["scored"], task["judged"]["quality"]["waiting"]) == (3, 1)
    assert len((out / "queue.jsonl").read_text().splitlines()) == 1
    (out / "answers.jsonl").write_text(json.dumps({**queue[0], "verdict": 9}) + "\n")
    with pytest.raises(DataError, match="answers.jsonl, line 1, row 1: the verdict is none"):
        run()


def test_points_of_a_list_are_judged_one_by_one(tmp_path: Path) -> None:
    asked = "met(point, answer) for point in points"
    metrics = f"mean({asked}) as recall\n key_point_recall({asked}) as pooled\n worst({asked}) as all_points"
    judged = JUDGED.replace("questions.test", "cases.test")
    judged = judged.replace("mean(graded(question, gold, answer)) as quality", metrics)
    text = module("import std.metrics { mean, key_point_recall, worst }", TELL, JUDGE, KEY_POINTS, judged)
    rows = [
        {"id": "a", "question": "A?", "gold": "", "points": ["x", "y"]},
        {"id": "b", "question": "B?", "gold": "", "points": ["x", "x", "x", "z"]},
        {"id": "c", "question": "C?", "gold": "", "points": []},
    ]
    judge = Scripted("judge", lambda request: "yes" if shown(request).startswith("x") else "no")
    report = run_judged(
        text,
        tmp_path,
        "open_questions",
        rows=rows,
        candidate=lambda r: "So.",
        judges={"met": judge},
        file="cases.jsonl",
    )
    metrics_ = report["tasks"]["open_questions"]["metrics"]
    assert metrics_["recall"]["value"] == (1 / 2 + 3 / 4) / 2
    assert metrics_["pooled"]["value"] == 4 / 6
    assert metrics_["all_points"]["value"] == 0
    assert metrics_["recall"]["rows"] == 2
    assert [row["judged.recall"] for row in rows_of(tmp_path / "out")] == ["scored", "scored", "no_entries"]
    # x, y and z were shown with one and the same answer, and each of them once.
    assert len(judge.asked) == 3


def test_a_model_does_not_judge_itself(tmp_path: Path) -> None:
    model = Scripted("same", lambda request: "3")
    with pytest.raises(BackendError, match="the model under test is the judge `graded` itself"):
        run_judged(BASE, tmp_path, "open_questions", rows=ROWS, candidate=model, judges={"graded": model})
    assert not model.asked
    waived = changed(BASE, ("  metrics {", '  waive E0703 because "a test"\n  metrics {'))
    run_judged(waived, tmp_path, "open_questions", rows=ROWS, candidate=model, judges={"graded": model})


def test_a_greedy_judge_is_not_asked_what_it_has_answered(tmp_path: Path) -> None:
    """It would say the same; where the model could not be reached it is asked again."""
    text = changed(BASE, ("  prompt = grade\n", "  prompt = grade\n  retries = 2\n"))
    judge = Scripted("judge", lambda request: "hm")
    report = run_judged(text, tmp_path, "open_questions", rows=ROWS[:1], candidate=say, judges={"graded": judge})
    assert (len(judge.asked), report["judges"]["graded"]["replies"]) == (1, 1)
    away = Scripted("away", lambda request: "3" if len(away.asked) > 2 else None, failure="unreachable")
    report = run_judged(text, tmp_path / "b", "open_questions", rows=ROWS[:1], candidate=say, judges={"graded": away})
    assert len(away.asked) == 3
    assert report["tasks"]["open_questions"]["metrics"]["quality"]["value"] == 3.0


def test_a_judge_of_images_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    seen = """
record Scan { id : text  question : text  picture : image  gold : text }
dataset questions : Scan { source = jsonl("questions/{split}.jsonl")  splits = [dev, test] }
prompt look(picture: image, answer: text) { user "{{ picture }} {{ answer }} {{ answer_format }}" }
judge graded(picture: image, answer: text) -> score(0..4) { model = judge_lm  prompt = look }
"""
    judged = JUDGED.replace("graded(question, gold, answer)", "graded(picture, answer)")
    model = JUDGE[JUDGE.index("model judge_lm") : JUDGE.index("}", JUDGE.index("model judge_lm")) + 1]
    text = module(MEAN, model, TELL, seen, judged)
    candidate, rows = Scripted("candidate", say), [{**row, "picture": "a.png"} for row in ROWS]
    with pytest.raises(BackendError, match="the prompt of `graded` shows an image, and judges are shown text only"):
        run_judged(text, tmp_path, "open_questions", rows=rows, candidate=candidate, judges={"graded": lambda r: "1"})
    assert not candidate.asked
