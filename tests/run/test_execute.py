"""A run from plan to files: what it leaves behind, how it goes on, what it refuses, what it never writes down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import pytest
from planned_specs import changed, plan_of, rows_of, run_plan, write_lines
from report_schema import check_report
from watched_models import Watched

from medspec.backends.base import Reply, Request
from medspec.errors import DataError, InternalError, Interrupted, StoreError
from medspec.plan.form import from_json
from medspec.run.journal import Journal

SPEC = """edition 2026
import std.metrics { accuracy, macro_f1 }

record Row { id : text   question : text   options : text[2..4]   gold : choice of options   said : text? }

dataset exam : Row { source = jsonl("exam.jsonl")  splits = [test] }
dataset quiz : Row { source = jsonl("quiz.jsonl")  splits = [test] }

prompt ask(question: text) { user "{{ question }}" }

task written {
  data    = exam.test
  prompt  = ask
  answer  choice of options via letter
  metrics { primary accuracy  macro_f1 }
}
task likely = written {
  override data   = quiz.test
  override answer choice of options via likelihood
}

## Two tasks.
suite both @4 { tasks { written  likely weight 3 }  aggregate overall = weighted_mean() }
"""


def row(number: int, **more: Any) -> dict[str, Any]:
    return {"id": f"r{number}", "question": f"Question {number}?", "options": ["a", "b"], "gold": number % 2, **more}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Five rows of `exam` and three of `quiz`."""
    write_lines(tmp_path / "data" / "exam.jsonl", [row(number) for number in range(5)])
    write_lines(tmp_path / "data" / "quiz.jsonl", [row(number) for number in range(10, 13)])
    return tmp_path / "data"


def model(**more: Any) -> Watched:
    """A model that answers B, and finds the first option likeliest."""
    return Watched(reply=lambda request: "B" if request.options is None else (-1.0, -2.0), **more)


def without_times(report: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in report.items() if key not in ("started", "seconds")}


PLAN = plan_of(SPEC, "both")


def test_a_run_leaves_seven_files(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report = run_plan(PLAN, out, model(), data=data)
    assert {path.name for path in out.iterdir()} == {
        "run.json",
        "plan.json",
        "environment.json",
        "journal.sqlite",
        "rows.parquet",
        "scores.json",
        "report.json",
    }
    assert json.loads((out / "report.json").read_text("utf-8")) == report
    assert from_json((out / "plan.json").read_text("utf-8")) == PLAN
    surroundings = json.loads((out / "environment.json").read_text("utf-8"))
    assert surroundings["model"] == {"backend": "watched"} and surroundings["packages"]["polars"]
    assert len(rows_of(out)) == 8


def test_the_report_is_what_its_schema_says(data: Path, tmp_path: Path) -> None:
    report = run_plan(PLAN, tmp_path / "out", model(), data=data)
    check_report(report)
    assert (report["format"], report["suite"], report["title"]) == (1, "both@4", "Two tasks.")
    assert report["calls"] == {"asked": 8, "reused": 0, "sources": {}}
    # Gold is 0 1 0 1 0 and 0 1 0: B is right twice in five rows, the first option twice in three.
    tasks = report["tasks"]
    assert {name: task["metrics"]["accuracy"]["value"] for name, task in tasks.items()} == {
        "written": 0.4,
        "likely": 2 / 3,
    }
    assert report["aggregates"]["overall"]["value"] == pytest.approx((0.4 + 3 * 2 / 3) / 4)
    assert tasks["written"]["data"]["file"] == "exam.jsonl"


def test_types_of_columns_do_not_depend_on_what_is_in_them(data: Path, tmp_path: Path) -> None:
    import polars as pl

    run_plan(plan_of(SPEC, "written"), tmp_path / "one", model(), data=data)
    run_plan(PLAN, tmp_path / "two", model(), data=data)
    one, two = (pl.read_parquet(tmp_path / name / "rows.parquet").schema for name in ("one", "two"))
    assert one == two
    assert one["option_scores"] == pl.List(pl.Float64) and one["tokens_in"] == pl.Int64 and one["failure"] == pl.String


def test_the_same_folder_again_asks_nothing(data: Path, tmp_path: Path) -> None:
    out, again = tmp_path / "out", model()
    first = run_plan(PLAN, out, model(), data=data)
    rows = rows_of(out)
    second = run_plan(PLAN, out, again, data=data)
    assert again.requests == [] and without_times(second) == without_times(first)
    assert first["calls"] == {"asked": 8, "reused": 0, "sources": {}}
    assert rows_of(out) == rows


def test_another_model_is_asked_anew(data: Path, tmp_path: Path) -> None:
    run_plan(PLAN, tmp_path / "out", model(), data=data)
    other = model(digest="0" * 64)
    assert run_plan(PLAN, tmp_path / "out", other, data=data)["calls"]["asked"] == 8 == len(other.requests)


@pytest.mark.parametrize("replies", [0, 1, 4, 5, 7])
def test_a_run_that_is_stopped_goes_on_where_it_was(replies: int, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(Interrupted) as stop:
        run_plan(PLAN, out, model(stops_after=replies), data=data)
    assert stop.value.exit_code == 3
    assert str(stop.value) == (
        f"stopped: {replies} replies of about 8 are kept in {out}; `medspec resume {out}` goes on from there"
    )
    assert not (out / "report.json").exists() and not (out / "rows.parquet").exists()
    with Journal.open(out) as journal:
        assert len(journal) == replies
    rest = model()
    report = run_plan(PLAN, out, rest, data=data)
    assert [request.row for request in rest.requests] == ["r0", "r1", "r2", "r3", "r4", "r10", "r11", "r12"][replies:]
    whole = run_plan(PLAN, tmp_path / "whole", model(), data=data)
    assert without_times(report) == without_times(whole)
    assert (out / "rows.parquet").read_bytes() == (tmp_path / "whole" / "rows.parquet").read_bytes()


def test_a_folder_with_another_plan_is_refused(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_plan(PLAN, out, model(), data=data)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    with pytest.raises(StoreError, match="holds a run of another plan; name another folder with `--out`"):
        run_plan(plan_of(SPEC, "written"), out, model(), data=data)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_the_same_plan_from_another_folder_goes_on(data: Path, tmp_path: Path) -> None:
    """Where a spec lies, as seen from where one works, is no part of what the plan means."""
    elsewhere = plan_of(SPEC, "both", path="some/where/spec.medspec")
    assert elsewhere != PLAN
    run_plan(PLAN, tmp_path / "out", model(), data=data)
    again = model()
    run_plan(elsewhere, tmp_path / "out", again, data=data)
    assert again.requests == []


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{", b"[]", b'{"kind": "Plan", "format": 999}'])
def test_a_plan_that_is_none_is_refused(content: bytes, data: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "plan.json").write_bytes(content)
    with pytest.raises(StoreError, match="cannot read .*plan.json"):
        run_plan(PLAN, tmp_path / "out", model(), data=data)


def test_all_data_are_read_before_the_model_is_asked(data: Path, tmp_path: Path) -> None:
    """The faults of both files are told at once, and nothing is left behind."""
    write_lines(data / "exam.jsonl", [row(0), row(1, gold=2)])
    write_lines(data / "quiz.jsonl", [row(10), row(11, question=7)])
    asked = model()
    with pytest.raises(DataError) as error:
        run_plan(PLAN, tmp_path / "out", asked, data=data)
    assert "exam.jsonl" in str(error.value) and "quiz.jsonl" in str(error.value)
    assert asked.requests == [] and not (tmp_path / "out").exists()


@pytest.mark.parametrize(("private", "said"), [("", "row r1: cannot write"), ("private = true", "a row: cannot write")])
def test_every_prompt_is_written_before_the_model_is_asked(private: str, said: str, data: Path, tmp_path: Path) -> None:
    text = changed(
        SPEC,
        ("splits = [test] }\ndataset quiz", f"splits = [test]  {private} }}\ndataset quiz"),
        (
            '{ user "{{ question }}" }',
            '{ user "{% for one in question_parts %}{{ loop.index0 | letter }}{% endfor %}" }',
        ),
        ("prompt ask(question: text)", "prompt ask(question_parts: text[])"),
        ("said : text?", "question_parts : text[]"),
    )
    write_lines(data / "exam.jsonl", [row(0, question_parts=["x"]), row(1, question_parts=["x"] * 27)])
    asked = model()
    with pytest.raises(DataError) as error:
        run_plan(plan_of(text, "written"), tmp_path / "out", asked, data=data)
    assert f"exam.jsonl, {said} the prompt `ask`: there is no letter for 26" in str(error.value)
    assert asked.requests == []


def test_a_limit_is_the_first_rows_of_each_split(data: Path, tmp_path: Path) -> None:
    report = run_plan(PLAN, tmp_path / "out", model(), data=data, limit=2)
    assert report["limit"] == 2
    assert [line["row_id"] for line in rows_of(tmp_path / "out")] == ["r0", "r1", "r10", "r11"]


def test_the_text_of_private_rows_is_not_in_the_result_files(data: Path, tmp_path: Path) -> None:
    """Replies, and details that quote a row, stay in the journal. Indexes of options say nothing about anybody."""
    secret = "Maria Musterfrau, 43"
    private = changed(SPEC, ("splits = [test] }\ndataset quiz", "splits = [test]  private = true }\ndataset quiz"))
    write_lines(data / "exam.jsonl", [row(number, question=secret, said=secret) for number in range(3)])

    def reply(request: Request) -> Reply | str:
        failed = Reply(prompt_sha256="", failure="model_error", detail=f"cannot read {secret}")
        return failed if len(watched.requests) == 2 else f"{secret} has A"

    for text, named in ((private, False), (SPEC, True)):
        watched = Watched(reply=reply)
        out = tmp_path / str(named)
        # Three prompts that differ, so that three replies are asked for.
        numbered = changed(
            text,
            ("prompt ask(question: text)", "prompt ask(question: text, id: text)"),
            ('"{{ question }}"', '"{{ id }}"'),
        )
        run_plan(plan_of(numbered, "written"), out, watched, data=data)
        lines = rows_of(out)
        shown = json.dumps(lines) + (out / "report.json").read_text("utf-8")
        assert (secret in shown) is named
        assert [line["reply"] is None for line in lines] == [not named] * 3
        assert [json.loads(line["gold"]) for line in lines] == [0, 1, 0]
        assert [line["failure"] for line in lines] == [None, "model_error", None]


FREE = """task free {
  data    = exam.test
  prompt  = ask
  gold    = said
  answer  text via plain
  metrics { primary exact_match }
}

"""


def test_answers_and_golds_that_are_text_of_private_rows_are_left_out(data: Path, tmp_path: Path) -> None:
    secret = "Maria Musterfrau"
    text = changed(
        SPEC,
        ("splits = [test] }\ndataset quiz", "splits = [test]  private = true }\ndataset quiz"),
        ("said : text?", "said : text"),
        ("accuracy, macro_f1 }\n\nrecord", "accuracy, macro_f1, exact_match }\n\nrecord"),
        (
            "## Two tasks.",
            f"{FREE}## Two tasks.",
        ),
    )
    write_lines(data / "exam.jsonl", [row(0, said=secret)])
    for shown, spec in ((False, text), (True, changed(text, ("private = true", "private = false")))):
        out = tmp_path / str(shown)
        report = run_plan(plan_of(spec, "free"), out, Watched(reply=lambda request: secret), data=data)
        (line,) = rows_of(out)
        assert report["tasks"]["free"]["metrics"]["exact_match"]["value"] == 1.0 == line["metric.exact_match"]
        assert (secret in json.dumps(line)) is shown
        assert (line["answer"], line["gold"]) == ((json.dumps(secret),) * 2 if shown else (None, None))


def test_a_model_that_answers_too_little_is_our_fault(data: Path, tmp_path: Path) -> None:
    @attrs.define
    class Lazy(Watched):
        def answer(self, requests: Any) -> Any:
            yield from list(super().answer(requests))[:-1]

    with pytest.raises(InternalError, match="the backend answered 4 of 5 requests"):
        run_plan(PLAN, tmp_path / "out", Lazy(reply=lambda request: "A"), data=data)
