"""What a run says of golds that hold a text at which replies stop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from planned_specs import changed, plan_of, run_plan, write_lines
from watched_models import Watched

SPEC = """edition 2026
import std.metrics { exact_match }

record Row { id : text   question : text   said : text }

dataset exam : Row { source = jsonl("exam.jsonl")  splits = [test] }

prompt ask(question: text) { user "{{ question }}" }

task replies {
  data    = exam.test
  prompt  = ask
  answer  text via plain
  gold    = said
  decode  { stop = [".", "END"]  max_tokens = 9 }
  metrics { primary exact_match }
}
"""
GOLDS = ("No change. Seen again.", "No change.", "as before", "ENDED. by whom", ".")


def warnings(folder: Path, spec: str, golds: tuple[str, ...] = GOLDS) -> Any:
    lines = [{"id": f"r{at}", "question": f"Q{at}?", "said": gold} for at, gold in enumerate(golds)]
    write_lines(folder / "data" / "exam.jsonl", lines)
    model = Watched(reply=lambda request: "as before")
    return run_plan(plan_of(spec, "replies"), folder / "out", model, data=folder / "data")["warnings"]


def test_each_stop_is_named_with_how_many_golds_it_cuts(tmp_path: Path) -> None:
    """One at the end is missing in the reply too, and one in the middle of a word ends it."""
    assert warnings(tmp_path, SPEC) == [
        "replies: 4 of 5 golds hold the stop text '.', so that no reply can be one of them (row r0); replies end before it",
        "replies: 1 of 5 golds holds the stop text 'END', so that no reply can be one of them (row r3); replies end before it",
    ]


def test_golds_without_a_stop_are_not_spoken_of(tmp_path: Path) -> None:
    assert warnings(tmp_path, SPEC, ("as before", "no change")) == []
    lines = changed(SPEC, ('[".", "END"]', r'["\n"]'))
    assert warnings(tmp_path / "lines", lines, ("as before\n", "no change")) == []
    assert warnings(tmp_path / "two", lines, ("as before\n", "no\nchange"))[0].startswith("replies: 1 of 2 golds holds")
    assert warnings(tmp_path / "none", changed(SPEC, ('stop = [".", "END"]  ', ""))) == []
