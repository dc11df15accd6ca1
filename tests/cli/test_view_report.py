"""What a person sees of a finished run, at every width and on every kind of output; and the public form of the report."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from medspec.cli.view_report import report_text, view_report

HERE = Path(__file__).parent
SCHEMA = json.loads((HERE.parent.parent / "docs" / "report.schema.json").read_text(encoding="utf-8"))

REPORT: dict[str, Any] = {
    "format": 1,
    "suite": "clinical@2",
    "title": "Closed questions",
    "model": {"name": "builtin:quickstart", "digest": "ab" * 32, "backend": "onnx", "demonstration": True},
    "plan": "cd" * 32,
    "started": "2026-11-22T18:00:00Z",
    "seconds": 83.4,
    "limit": None,
    "interval": {"method": "wilson", "level": 0.95},
    "tasks": {
        "pubmedqa_likelihood": {
            "rows": 500,
            "unread": 0.0,
            "failed": 0,
            "truncated": 0,
            "primary": "accuracy",
            "call_hash": "01" * 32,
            "score_hash": "02" * 32,
            "metrics": {
                "accuracy": {"value": 0.712, "low": 0.6708, "high": 0.75, "rows": 500},
                "macro_f1": {"value": 0.5344, "low": 0.49, "high": 0.58, "rows": 500},
            },
        },
        "medqa_letters": {
            "rows": 1273,
            "unread": 0.0002,
            "failed": 4,
            "failures": {"too_long": 3, "model_error": 1},
            "truncated": 17,
            "primary": "accuracy",
            "call_hash": "03" * 32,
            "score_hash": "04" * 32,
            "metrics": {"accuracy": {"value": 0.25, "low": 0.227, "high": 0.2747, "rows": 1273}},
        },
        "[bold]empty": {
            "rows": 0,
            "unread": 0.0,
            "failed": 0,
            "truncated": 0,
            "primary": "accuracy",
            "call_hash": "05" * 32,
            "score_hash": "06" * 32,
            "metrics": {"accuracy": {"value": None, "low": None, "high": None, "rows": 0}},
        },
    },
    "aggregates": {"overall": {"value": 0.481, "low": 0.45, "high": 0.512}, "worst_task": {"value": 0.25}},
    "environment": {"python": "3.11.7"},
}


def clean_report() -> dict[str, Any]:
    """Two tasks in which nothing went wrong, one metric each, a real model."""
    report = copy.deepcopy(REPORT)
    del report["tasks"]["[bold]empty"], report["tasks"]["pubmedqa_likelihood"]["metrics"]["macro_f1"]
    report["tasks"]["medqa_letters"].update(failed=0, failures={}, truncated=0, unread=0.0)
    report["model"] = {"name": "onnx:models/qwen", "digest": "ab" * 32, "backend": "onnx"}
    report["aggregates"] = {}
    return report


@pytest.mark.parametrize(
    ("name", "width", "ascii"),
    [("wide", 120, False), ("ascii", 100, True), ("lines", 86, False), ("narrow", 50, False)],
)
def test_how_it_looks(name: str, width: int, ascii: bool, golden: Callable[[Path, str], None]) -> None:
    text = report_text(REPORT, width=width, ascii=ascii, folder="runs/2026-11-22-1")
    golden(HERE / "golden" / f"report_{name}.txt", text + "\n")


def test_how_a_run_without_trouble_looks(golden: Callable[[Path, str], None]) -> None:
    golden(HERE / "golden" / "report_clean.txt", report_text(clean_report(), width=100) + "\n")


def published_report() -> dict[str, Any]:
    """Two tasks and a suite with many published figures, one of them without the number that is compared."""
    report = clean_report()
    names = ("Aster 7B", "Begonia-VL 72B", "Crocus", "Dahlia mini", "Erica", "Fuchsia")
    source = "a paper, table 3"
    for place, entry in enumerate([report, *report["tasks"].values()]):
        entry["references"] = {
            name: {"accuracy": (number + place) / 10 + 0.05, "macro_f1": number / 20, "source": source}
            for number, name in enumerate(names)
        }
    report["tasks"]["medqa_letters"]["references"]["Genista"] = {"macro_f1": 0.5, "source": source}
    report["aggregates"] = {"accuracy": {"value": 0.05, "low": 0.04, "high": 0.06}}
    return report


@pytest.mark.parametrize(
    ("name", "width", "wanted"), [("nearest", 100, False), ("nearest_narrow", 60, False), ("all", 80, True)]
)
def test_how_published_figures_look(name: str, width: int, wanted: bool, golden: Callable[[Path, str], None]) -> None:
    text = report_text(published_report(), width=width, all_references=wanted, folder="runs/2026-11-22-1")
    golden(HERE / "golden" / f"report_published_{name}.txt", text + "\n")


def test_a_few_published_figures_are_told_with_their_sources() -> None:
    report = clean_report()
    report["tasks"]["medqa_letters"]["references"] = {"Aster 7B": {"accuracy": 0.5, "source": "a paper"}}
    text = report_text(report, width=100)
    assert "medqa_letters: published for Aster 7B: accuracy 0.500 (a paper)" in text and "--references" not in text


@pytest.mark.parametrize("backend", ["invented", "mock"])
def test_nothing_is_compared_with_what_was_invented(backend: str) -> None:
    report = published_report()
    report["model"]["backend"] = backend
    assert "Aster" not in report_text(report, width=100) + report_text(report, width=100, all_references=True)


def test_what_judges_left_open_is_told_once_for_equal_scores() -> None:
    report = clean_report()
    judged = {"judge": "met", "cases": 19, "scored": 10, "unscored": 5, "worst": 0, "waiting": 4}
    report["tasks"]["medqa_letters"]["judged"] = {"pooled": judged, "by_row": judged, "other": {**judged, "waiting": 0}}
    text = report_text(report, width=120)
    open_ = "medqa_letters: pooled, by_row: of 19 cases 5 without a verdict and left out, 4 waiting for people, in queue.jsonl"
    assert f"\n{open_}\n" in text and "medqa_letters: other: of 19 cases 5 without a verdict and left out\n" in text


def test_figures_of_several_sources_each_name_theirs() -> None:
    report = published_report()
    report["references"]["Aster 7B"]["source"] = "another paper"
    text = report_text(report, width=100, all_references=True)
    assert "Published figures\n" in text and "another paper" in text and text.count("a paper, table 3") == 18


def test_tasks_with_the_same_metrics_have_a_column_for_each(golden: Callable[[Path, str], None]) -> None:
    report = clean_report()
    for task in report["tasks"].values():
        task["metrics"] |= {f"acc_{part}": {"value": part / 100} for part in (30, 50, 70)}
        task["waivers"] = {"W0406": "the prompt is published"}
    golden(HERE / "golden" / "report_columns.txt", report_text(report, width=100) + "\n")
    assert "Further" in report_text(report, width=85), "where columns do not fit, one column has them all"


def test_no_cell_is_ever_cut() -> None:
    """Of a cell with a blank in it all of its width is needed, and not that of its longest word."""
    for width in range(40, 121):
        assert "…" not in report_text(clean_report(), width=width)


def test_what_is_said_of_many_tasks_is_said_once() -> None:
    report = clean_report()
    task = {**report["tasks"]["medqa_letters"], "waivers": {"W0406": "it is published"}}
    report["tasks"] = {f"t{number}": task for number in range(9)}
    assert "all 9 tasks: W0406 is waived: it is published" in report_text(report, width=100)
    report["tasks"]["other"] = {**task, "waivers": {}}
    assert "t0, t1, t2, t3, t4, t5 and 3 more: W0406 is waived" in report_text(report, width=100)


@pytest.mark.parametrize("width", [30, 60, 72, 80, 100, 200])
def test_nothing_is_lost_at_any_width(width: int) -> None:
    words = "".join(report_text(REPORT, width=width).split())
    for text in (
        "pubmedqa_likelihood",
        "medqa_letters",
        "[bold]empty",
        "1,273",
        "0.712",
        "0.671to0.750",
        "0.1%",
        "0.534",
    ):
        assert text in words, text


def test_trouble_has_columns_only_when_there_was_any() -> None:
    assert "Failed" in report_text(REPORT, width=120)
    clean = report_text(clean_report(), width=120)
    for word in ("Failed", "Cut off", "Further", "calls without a reply", "Limit"):
        assert word not in clean


def test_a_limited_run_says_so() -> None:
    report = {**clean_report(), "limit": 20}
    assert "20 rows of each task at most; not comparable with a whole run" in report_text(report, width=100)


def test_many_metrics_fold_into_lines() -> None:
    report = clean_report()
    metrics = report["tasks"]["medqa_letters"]["metrics"]
    metrics.update({f"metric_number_{number}": {"value": number / 10} for number in range(8)})
    text = report_text(report, width=110)
    assert text.startswith("Task ")
    assert max(len(line) for line in text.splitlines()) <= 110
    assert all(f"metric_number_{number} 0.{number}00" in " ".join(text.split()) for number in range(8))


def test_a_demonstration_model_is_labelled_and_no_other() -> None:
    label = "demonstration model: not for medical use"
    assert all(label in report_text(REPORT, width=width) for width in (40, 120))
    assert label not in report_text(clean_report(), width=120)


def test_an_output_that_takes_only_ascii_gets_only_ascii() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", errors="strict")
    report = copy.deepcopy(REPORT)
    report["tasks"]["herzinsuffizienz_größe"] = report["tasks"]["medqa_letters"]
    view_report(report, stream)
    stream.flush()
    assert "gr\\xf6\\xdfe" in raw.getvalue().decode("ascii")


def test_no_colour_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    stream = io.StringIO()
    view_report(REPORT, stream)
    assert "\x1b" not in stream.getvalue()
    assert "\x1b" in report_text(REPORT, width=120, colour=True)


@pytest.mark.parametrize("report", [REPORT, clean_report()])
def test_the_reports_of_these_tests_follow_the_schema(report: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(report, SCHEMA, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), 2),
        (("seconds",), -1),
        (("tasks",), {}),
        (("tasks", "medqa_letters", "unread"), 17),
        (("tasks", "medqa_letters", "rows"), 1.5),
        (("tasks", "medqa_letters", "metrics", "accuracy", "value"), "0.7"),
        (("model", "digest"), "xyz"),
        (("limit",), 0),
    ],
)
def test_the_schema_refuses_what_is_wrong(path: tuple[str, ...], value: object) -> None:
    report = copy.deepcopy(REPORT)
    place = report
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report, SCHEMA, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("member", SCHEMA["required"])
def test_the_schema_misses_what_is_missing(member: str) -> None:
    report = copy.deepcopy(REPORT)
    del report[member]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report, SCHEMA, cls=jsonschema.Draft202012Validator)
