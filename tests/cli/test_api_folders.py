"""Runs begun in one second by the command and by `run_plan` have folders named alike: the second gets `-2`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from medspec.api import compile_specs, run_plan
from medspec.run import folder


class Still(datetime):
    """A clock that stands."""

    @classmethod
    def now(cls, tz: Any = None) -> Still:
        return cls(2026, 11, 22, 18, 3, 12, tzinfo=tz)


def test_every_run_of_a_second_has_its_own_folder(
    project: Path, medspec: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "datetime", Still)
    plan = compile_specs(["specs"], "exam_suite", root="specs")
    first = run_plan(plan, model="hash", data=[project / "specs"])
    assert medspec("run").code == 0
    second = run_plan(plan, model="hash", data=[project / "specs"])
    stem = "2026-11-22T18-03-12-exam_suite"
    assert sorted(found.name for found in (project / "runs").iterdir()) == [stem, f"{stem}-2", f"{stem}-3"]
    assert first["tasks"] == second["tasks"]
