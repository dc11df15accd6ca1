"""From replies to counts and scores: failed, refused, unread and cut off are four different things, and none disappears."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planned_specs import changed, plan_of, rows_of, run_plan, write_lines
from watched_models import Watched

from medspec.backends.base import Reply, Request
from medspec.plan.nodes import Plan, Read, ReaderUse
from medspec.readers.base import Unread
from medspec.run.scan import Rows
from medspec.run.tasks import finish_task, read_reply
from medspec.types import ChoiceType

SPEC = """edition 2026
import std.metrics { accuracy, macro_f1 }
record Row { id : text   question : text   options : text[2..4]   gold : choice of options }
dataset exam : Row { source = jsonl("exam.jsonl")  splits = [test]  license = "mit" }
prompt ask(question: text) { user "{{ question }}" }
task written @2 { data = exam.test  prompt = ask  answer choice of options via letter  metrics { primary accuracy  macro_f1 } }
task likely  = written { override answer choice of options via likelihood }
task skipped { data = exam.test  prompt = ask  answer choice of options via letter  unread = skip  metrics { primary accuracy } }
suite all { tasks { written  skipped } }
"""

# The replies to ten rows whose gold is always A, and what becomes of each: answer, why unread, whether it counts as right.
REPLIES: list[tuple[Reply | str, int | None, str | None, float]] = [
    ("A", 0, None, 1.0),
    ("The answer is (A).", 0, None, 1.0),
    ("B.", 1, None, 0.0),
    ("A or B", None, "ambiguous", 0.0),
    ("", None, "empty", 0.0),
    ("I am sorry, but I cannot answer this question.", None, "refused", 0.0),
    (Reply(prompt_sha256="", failure="too_long", detail="prompt 900 tokens, context 512"), None, "failed", 0.0),
    (Reply(prompt_sha256="", failure="model_error", text="A", finish="length"), None, "failed", 0.0),
    (Reply(prompt_sha256="", text="B because", finish="length", tokens_in=9, tokens_out=3, seconds=0.5), 1, None, 0.0),
    (Reply(prompt_sha256="", text="It may well be that", finish="length"), None, "no_letter", 0.0),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The report and the rows of a run with these replies."""
    folder = tmp_path_factory.mktemp("tasks")
    lines = [
        {"id": str(i), "question": f"Question {i}?", "options": ["x", "y"], "gold": 0} for i in range(len(REPLIES))
    ]
    write_lines(folder / "exam.jsonl", lines)

    def reply(request: Request) -> Reply | str:
        return REPLIES[int(request.row)][0]

    report = run_plan(plan_of(SPEC, "all"), folder / "out", Watched(reply=reply), data=folder)
    return report, rows_of(folder / "out")


def test_each_row_says_what_became_of_it(run: tuple[dict[str, Any], list[dict[str, Any]]]) -> None:
    lines = [line for line in run[1] if line["task"] == "written"]
    found = [(line["answer"] and json.loads(line["answer"]), line["unread"], line["metric.accuracy"]) for line in lines]
    assert found == [(answer, unread, right) for _, answer, unread, right in REPLIES]
    assert [line["failure"] for line in lines] == [None] * 6 + ["too_long", "model_error"] + [None] * 2
    assert [line["finish"] for line in lines] == ["stop"] * 6 + [None, None] + ["length"] * 2
    assert [line["detail"] for line in lines if line["detail"]] == ["prompt 900 tokens, context 512"]
    assert [line["reply"] for line in lines][:4] == ["A", "The answer is (A).", "B.", "A or B"]
    assert (lines[8]["tokens_in"], lines[8]["tokens_out"], lines[8]["seconds"]) == (9, 3, 0.5)
    assert {line["gold"] for line in lines} == {"0"} and {line["sample"] for line in lines} == {0}


def test_four_counts_and_one_denominator(run: tuple[dict[str, Any], list[dict[str, Any]]]) -> None:
    task = run[0]["tasks"]["written"]
    assert task["rows"] == 10
    assert task["unread"] == 0.3
    assert task["unread_reasons"] == {"ambiguous": 1, "empty": 1, "no_letter": 1}
    assert task["refused"] == 1
    assert (task["failed"], task["failures"]) == (2, {"model_error": 1, "too_long": 1})
    # Of the two that were cut off one could still be read. A failure has no reply that could be cut off.
    assert task["truncated"] == 2
    accuracy = task["metrics"]["accuracy"]
    assert (accuracy["value"], accuracy["rows"]) == (0.2, 10)
    # Gold is A in all ten rows: two hits, eight misses, and B twice where A was meant.
    assert task["metrics"]["macro_f1"]["value"] == pytest.approx((2 * 2 / (2 * 2 + 8) + 0) / 2)


def test_skipped_rows_leave_the_denominator_and_not_the_counts(
    run: tuple[dict[str, Any], list[dict[str, Any]]],
) -> None:
    report, rows = run
    task, other = report["tasks"]["skipped"], report["tasks"]["written"]
    assert (task["metrics"]["accuracy"]["value"], task["metrics"]["accuracy"]["rows"]) == (0.5, 4)
    assert task["unread_policy"] == "skip" and other["unread_policy"] == "worst"
    counts = ("rows", "unread", "unread_reasons", "refused", "failed", "failures", "truncated")
    assert [task[count] for count in counts] == [other[count] for count in counts]
    lines = [line for line in rows if line["task"] == "skipped"]
    read = [0, 1, 2, 8]
    assert [number for number, line in enumerate(lines) if line["metric.accuracy"] is not None] == read


def test_columns_of_metrics_average_to_what_is_reported(run: tuple[dict[str, Any], list[dict[str, Any]]]) -> None:
    report, rows = run
    for name, task in report["tasks"].items():
        values = [line["metric.accuracy"] for line in rows if line["task"] == name]
        counted = [value for value in values if value is not None]
        assert task["metrics"]["accuracy"]["value"] == pytest.approx(sum(counted) / len(counted))
    # A metric over the whole set has no value for a row.
    assert not any("macro_f1" in column for column in rows[0])


def test_what_a_report_says_of_a_task(run: tuple[dict[str, Any], list[dict[str, Any]]]) -> None:
    task = run[0]["tasks"]["written"]
    assert (task["version"], task["primary"], task["license"]) == (2, "accuracy", "mit")
    assert task["data"] == {
        "file": "exam.jsonl",
        "sha256": task["data"]["sha256"],
        "split": "test",
        "subset": None,
        "others": None,
    }
    assert task["chance"] == 0.5
    plan = plan_of(SPEC, "all")
    assert (task["call_hash"], task["score_hash"]) == (plan.task("written").call_hash, plan.task("written").score_hash)


def finished(plan: Plan, replies: list[Reply]) -> dict[str, Any]:
    """The report of the only task of `plan` over rows with the options x and y and the gold A."""
    rows = [{"id": str(i), "question": "?", "options": ("x", "y"), "gold": 0} for i in range(len(replies))]
    ids = [row["id"] for row in rows]
    found = finish_task(
        plan, plan.tasks[0], Rows(rows=rows, ids=ids, digest="", file=Path("x")), replies, plan.interval
    )
    return found.report


def test_nothing_could_be_read_at_all() -> None:
    """`skip` leaves no row, and no row has no accuracy; `worst` leaves all of them wrong."""
    replies = [Reply(prompt_sha256="", text="?")] * 3
    skipped, written = (finished(plan_of(SPEC, name), replies) for name in ("skipped", "written"))
    assert (skipped["metrics"]["accuracy"]["value"], skipped["metrics"]["accuracy"]["rows"]) == (None, 0)
    assert (written["metrics"]["accuracy"]["value"], written["metrics"]["accuracy"]["rows"]) == (0.0, 3)
    assert skipped["unread"] == written["unread"] == 1.0


REPLY = st.builds(
    Reply,
    prompt_sha256=st.just(""),
    text=st.sampled_from(["A", "B", "C", "", "A or B", "I cannot answer that.", "\x00", "x"]) | st.text(max_size=20),
    scores=st.none() | st.lists(st.floats(), max_size=3).map(tuple),
    finish=st.sampled_from(["stop", "length", "scored"]),
    failure=st.sampled_from([None, None, "too_long", "model_error", "no_reply"]),
)


@given(st.lists(REPLY, min_size=1, max_size=8), st.sampled_from(["written", "likely", "skipped"]))
def test_whatever_comes_back_is_counted_once(replies: list[Reply], name: str) -> None:
    """Every row is answered, unread, refused or failed, and the worst value is what it costs."""
    report = finished(plan_of(SPEC, name), replies)
    assert sum(report["unread_reasons"].values()) == round(report["unread"] * len(replies))
    lost = sum(report["unread_reasons"].values()) + report["refused"] + report["failed"]
    accuracy = report["metrics"]["accuracy"]
    assert report["failed"] == sum(report["failures"].values()) == sum(reply.failure is not None for reply in replies)
    assert accuracy["rows"] == (len(replies) - lost if name == "skipped" else len(replies))
    if accuracy["value"] is not None:
        assert 0 <= accuracy["value"] <= 1 and math.isfinite(accuracy["value"])
        assert accuracy["value"] * accuracy["rows"] <= len(replies) - lost + 1e-9
    json.dumps(report, allow_nan=False)


def test_a_reply_of_the_wrong_kind_is_unread() -> None:
    """Text where scores are due, and a reader nobody knows is our fault."""
    row = {"options": ("x", "y")}
    settings = (("score", "text"), ("before", " "), ("normalise", "none"))
    use = ReaderUse(name="likelihood", settings=settings, answer=ChoiceType("options"), version=1)
    read = Read(id="a1", call="c1", reader=use)
    assert read_reply(Reply(prompt_sha256="", text="A"), read, row) == Unread("needs_scores", "A")
    assert read_reply(Reply(prompt_sha256="", scores=(-1.0, -2.0)), read, row) == 0
    failed = Reply(prompt_sha256="", scores=(-1.0, -2.0), failure="model_error")
    assert read_reply(failed, read, row) == Unread("failed", "")


def test_chance_depends_on_the_options_of_each_row(tmp_path: Path) -> None:
    """Two, three and four options: guessing is right in (1/2 + 1/3 + 1/4) / 3 of the rows."""
    lines = [{"id": str(n), "question": f"{n}?", "options": list("wxyz")[:n], "gold": 0} for n in (2, 3, 4)]
    write_lines(tmp_path / "exam.jsonl", lines)
    report = run_plan(plan_of(SPEC, "written"), tmp_path / "out", "hash", data=tmp_path)
    assert report["tasks"]["written"]["chance"] == pytest.approx((1 / 2 + 1 / 3 + 1 / 4) / 3)


def test_draws_are_rows_of_their_own_in_what_is_kept(tmp_path: Path) -> None:
    text = changed(SPEC, ("unread = skip  metrics", "decode { temperature = 0.5  repeats = 3 }  metrics"))
    lines = [{"id": str(n), "question": f"{n}?", "options": ["x", "y"], "gold": 0} for n in range(2)]
    write_lines(tmp_path / "exam.jsonl", lines)
    model = Watched(reply=lambda request: "AB"[request.sample % 2])
    report = run_plan(plan_of(text, "skipped"), tmp_path / "out", model, data=tmp_path)
    task = report["tasks"]["skipped"]
    assert (task["rows"], task["draws"], report["calls"]["asked"]) == (2, 3, 6)
    assert task["metrics"]["accuracy"]["value"] == pytest.approx(2 / 3)
    assert [(row["row_id"], row["sample"], row["metric.accuracy"]) for row in rows_of(tmp_path / "out")] == [
        (str(n), sample, float(sample != 1)) for sample in range(3) for n in range(2)
    ]
