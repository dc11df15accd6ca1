"""From the text of a spec to a plan and to a report, for tests that start from text.

plan = plan_of(TEXT, "exam_suite")
report = run_text(TEXT, tmp_path, "exam_suite", model="hash")
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from report_schema import check_report

from medspec.backends import open_model
from medspec.backends.base import Backend, Options
from medspec.check import check_text
from medspec.check.spec import Spec
from medspec.plan.lower import lower
from medspec.plan.nodes import Plan
from medspec.plan.optimise import optimise
from medspec.text.render import render


def spec_of(text: str, path: str = "spec.medspec") -> Spec:
    """The checked form of one module without errors."""
    checked = check_text(text, path)
    assert not checked.has_errors, render(checked.diagnostics)
    return checked.spec


def plan_of(text: str, *names: str, level: int = 1, without: Collection[str] = (), path: str = "spec.medspec") -> Plan:
    """The plan of the named suites and tasks of one module."""
    return optimise(lower(spec_of(text, path), names), level=level, without=without)


def changed(text: str, *edits: tuple[str, str]) -> str:
    """`text` after replacing the first of each pair, which must be there, by the second."""
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    return text


def write_lines(path: Path, lines: Iterable[Mapping[str, Any]]) -> Path:
    """A JSONL file with one object per line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return path


def run_plan(plan: Plan, out: Path, model: str | Backend, *, data: Path, limit: int | None = None) -> dict[str, Any]:
    """The report of a run into `out`; `model` is a name or a loaded model, `data` the data root."""
    from medspec.run.execute import execute
    from medspec.run.roots import DataRoots

    backend = open_model(model, Options()) if isinstance(model, str) else model
    name = model if isinstance(model, str) else "of the test"
    report = execute(plan, backend, model=name, out=out, roots=DataRoots(given=(data,)), limit=limit)
    check_report(report)
    return report


def rows_of(out: Path) -> list[dict[str, Any]]:
    """The lines of `rows.parquet` in the folder of a run."""
    import polars as pl

    return list(pl.read_parquet(out / "rows.parquet").iter_rows(named=True))
