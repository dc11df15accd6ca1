"""In which order a model is asked, and that nobody can tell from what comes out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from planned_specs import plan_of, rows_of, run_plan, write_lines
from watched_models import Watched

from medspec.backends.base import Abilities, Request
from medspec.run import asking

SPEC = """edition 2026
import std.metrics { accuracy }
enum Word { yes  no }
record Row { id : text   note : text   question : text   drug : Word   dose : Word }
dataset ward : Row { source = jsonl("ward.jsonl")  splits = [test] }
prompt drugs(note: text, question: text) { system "You know."  user "{{ note }} {{ question }} Which drug?" }
prompt doses(note: text, question: text) { system "You know."  user "{{ note }} {{ question }} Which dose?" }
task drug { data = ward.test  prompt = drugs  gold = drug  answer Word via plain  metrics { primary accuracy } }
task dose { data = ward.test  prompt = doses  gold = dose  answer Word via plain  metrics { primary accuracy } }
suite all { tasks { drug  dose } }
"""
ROWS = [
    {"id": f"r{number}", "note": f"Note {number % 2}.", "question": f"Q{number}", "drug": "yes", "dose": "no"}
    for number in range(4)
]


def reply(request: Request) -> str:
    return "yes" if int(request.row[1:]) % 3 and "drug" in request.messages[-1].text else "no"


def asked(folder: Path, level: int, **settings: Any) -> tuple[list[str], dict[str, Any], list[dict[str, Any]]]:
    model = Watched(reply=reply, **settings)
    write_lines(folder / "ward.jsonl", ROWS)
    report = run_plan(plan_of(SPEC, "all", level=level), folder / f"out {level}", model, data=folder)
    return [request.messages[-1].text for request in model.requests], report["tasks"], rows_of(folder / f"out {level}")


def test_rows_that_begin_alike_are_neighbours_and_the_report_keeps_the_order_of_the_data(tmp_path: Path) -> None:
    plain, shared = asked(tmp_path, 0), asked(tmp_path, 1)
    assert plain[0] == [
        f"Note {number % 2}. Q{number} Which {what}?" for what in ("drug", "dose") for number in range(4)
    ]
    assert shared[0] == [
        f"Note {number % 2}. Q{number} Which {what}?" for number in (0, 2, 1, 3) for what in ("dose", "drug")
    ]
    assert shared[1:] == plain[1:]
    assert [row["row_id"] for row in shared[2]] == ["r0", "r1", "r2", "r3"] * 2


@pytest.mark.parametrize("window", [1, 2, 3, 100])
def test_windows_of_any_size_report_the_same(window: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = asked(tmp_path / "whole", 0)
    monkeypatch.setattr(asking, "WINDOW", window)
    assert asked(tmp_path / "cut", 1)[1:] == expected[1:]


def test_recorded_replies_are_asked_task_by_task(tmp_path: Path) -> None:
    """A reply that belongs to a row of a task is asked for in the order of the data."""
    found = asked(tmp_path, 1, abilities=Abilities(by_row=True))
    assert found[0] == asked(tmp_path, 0)[0]
