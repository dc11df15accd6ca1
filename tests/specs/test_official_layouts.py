"""The three benchmarks run whole, on invented rows in the layouts of the published data, as who holds the data runs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from meds_bench_files import FILES, ROWS, written
from shared_data import ROOT

from medspec.check import check_paths
from medspec.cli.run import COMMAND
from medspec.plan.lower import lower

SPEC = check_paths([ROOT / "specs"], root=ROOT / "specs").spec


def run(suite: str, data: Path, model: str, out: Path, *more: str) -> dict[str, Any]:
    """The report of `medspec run SUITE --data DATA --model MODEL`."""
    words = [suite, "--data", str(data), "--model", model, "--out", str(out), "--quiet", *more]
    CliRunner().invoke(COMMAND, words, standalone_mode=False, catch_exceptions=False)
    report: dict[str, Any] = json.loads((out / "report.json").read_text("utf-8"))
    return report


@pytest.fixture(scope="module")
def meds_bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the data set, with the golds of every file as replies to the tasks of three suites."""
    folder = tmp_path_factory.mktemp("meds_bench")
    golds = dict(written(folder))
    sources: dict[str, str] = {}
    for suite in ("meds_bench", "meds_bench_clean", "meds_bench_typed"):
        plan = lower(SPEC, [suite])
        paths = {scan.id: scan.source.path for scan in plan.scans}
        sources |= {task.name: paths[task.scan] for task in plan.tasks}
    with (folder / "golds.jsonl").open("w", encoding="utf-8") as file:
        for task, path in sources.items():
            for number, gold in enumerate(golds[path.split("/")[1].removesuffix("_*")]):
                file.write(json.dumps({"task": task, "id": str(number), "reply": gold}) + "\n")
    return folder


@pytest.mark.parametrize(("suite", "held"), [("meds_bench", 0), ("meds_bench_clean", 6), ("meds_bench_typed", 6)])
def test_golds_as_replies_are_wholly_right(
    suite: str, held: int, meds_bench: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    model = f"replay:{meds_bench / 'golds.jsonl'}?id=id&reply=reply&task=task"
    report = run(suite, meds_bench, model, tmp_path / "out")
    assert len(report["tasks"]) == (17 if suite == "meds_bench_typed" else 53)
    for name, task in report["tasks"].items():
        zero_shot = name.startswith(("medqa", "medmcqa", "mmedbench", "pubmedqa_labelled"))
        assert (task["rows"], task["unread"], task["failed"]) == (ROWS - held * (not zero_shot), 0, 0), name
        primary = next(found for found in task["metrics"].values())
        assert primary["value"] == pytest.approx(1.0), name
    aggregates = {name: one["value"] for name, one in report["aggregates"].items()}
    assert aggregates == pytest.approx(dict.fromkeys(aggregates, 1.0)) and len(aggregates) > 1


def test_each_file_has_its_task() -> None:
    folders = {scan.source.path for scan in lower(SPEC, ["meds_bench"]).scans}
    assert {f"{name.split('/')[0]}/{name.split('/')[1].split('_')[0]}_*" for name, _, _ in FILES} == folders
