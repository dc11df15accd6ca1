"""The three benchmarks run whole, on invented rows in the layouts of the published data, as who holds the data runs them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import medsg_bench_files
import mlb_files
import pytest
from click.testing import CliRunner
from judged_runs import Bench, Scripted
from meds_bench_files import FILES, ROWS, written
from shared_data import ROOT

from medspec.check import check_paths
from medspec.cli.run import COMMAND
from medspec.errors import DataError
from medspec.plan.judged import judges_in
from medspec.plan.lower import lower
from medspec.run.execute import execute
from medspec.run.roots import DataRoots

GROUNDING = (
    "registered_difference", "non_registered_difference", "multi_view", "object_tracking", "visual_concept", "visual_patch",
    "cross_modal", "referring",
)  # fmt: skip

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


@pytest.fixture(scope="module")
def medsg_bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rows of eight tasks with their images, and the gold boxes as Qwen2.5-VL would write them."""
    folder = tmp_path_factory.mktemp("medsg_bench")
    golds = medsg_bench_files.write_all(folder)
    with (folder / "golds.jsonl").open("w", encoding="utf-8") as file:
        for task, boxes in zip(GROUNDING, golds.values(), strict=True):
            for number, (left, top, right, bottom) in enumerate(boxes):
                reply = f'```json\n[{{"bbox_2d": [{left}, {top}, {right}, {bottom}], "label": "area"}}]\n```'
                file.write(json.dumps({"task": task, "id": str(number), "reply": reply}) + "\n")
    return folder


def test_gold_boxes_as_replies_are_wholly_right(
    medsg_bench: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    model = f"replay:{medsg_bench / 'golds.jsonl'}?id=id&reply=reply&task=task"
    report = run("medsg_bench", medsg_bench, model, tmp_path / "out", "--dialect", "medsg_qwen2_5_vl")
    assert tuple(report["tasks"]) == GROUNDING
    for name, task in report["tasks"].items():
        assert (task["rows"], task["unread"], task["failed"]) == (3, 0, 0), name
        assert {found["value"] for found in task["metrics"].values()} == {1.0}, name
    assert {one["value"] for one in report["aggregates"].values()} == {1.0} and len(report["aggregates"]) == 8


def test_a_model_that_sees_is_shown_the_images(
    medsg_bench: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The demonstration model knows nothing of these images; it is asked about all of them, and its replies are read."""
    monkeypatch.chdir(ROOT)
    report = run("medsg_bench", medsg_bench, "builtin:grounding", tmp_path / "out")
    assert [task["rows"] for task in report["tasks"].values()] == [3] * 8
    assert {task["failed"] for task in report["tasks"].values()} == {0}
    report = run("medsg_bench", medsg_bench, "baseline:whole_image", tmp_path / "base", "--dialect", "baseline")
    for number, (name, task) in enumerate(report["tasks"].items(), 1):
        wide, high = medsg_bench_files.VIEW if name == "multi_view" else (336, 336)
        areas = [(99 - 12 - row) * (140 + number - 30) / (wide * high) for row in range(3)]
        assert task["metrics"]["mean_iou"]["value"] == pytest.approx(sum(areas) / 3), name


def say_gold(golds: dict[str, list[Any]]) -> Scripted:
    """A candidate that writes the gold of each row as its set wants it."""
    names = {name.lower().replace("-", "_").replace("ma", "ma_", 1) if name.startswith("MA") else
             name.lower().replace("-", "_").replace("generalsafety", "general_safety"): name for name in golds}  # fmt: skip

    def says(request: Any) -> str:
        gold = golds[names[request.task.rpartition(".")[2]]][int(request.row)]
        return "遵守规定。" if gold is None else gold if isinstance(gold, str) else json.dumps(gold, ensure_ascii=False)

    return Scripted("candidate", says)


def judged(request: Any) -> str:
    """What a judge says who is content with everything, and knows the labels of the experts."""
    shown = request.messages[-1].text
    if "<评价要点>" in shown:
        number = re.search("<评价要点>要点([0-9])<", shown)
        return "否" if number is not None and int(number[1]) % 2 else "是"
    return "[[是]]" if "<开始 >" in shown else "0,0" if "两个数字" in shown else "1,1,1,1"


def test_all_sets_of_mlb_with_judges(tmp_path: Path) -> None:
    golds = mlb_files.write_all(tmp_path)
    plan = lower(mlb_files.unpinned(), ["mlb"])
    names = {judge.name for judge, _ in judges_in(plan)}
    judges: dict[str, Any] = {name: Scripted("first" if name.endswith("first") else "second", judged) for name in names}
    candidate = say_gold(golds)
    roots = DataRoots(given=(tmp_path,))
    report = execute(plan, candidate, model="test", out=tmp_path / "out", roots=roots, judges=Bench(judges))
    assert len(report["tasks"]) == len(golds) == 22
    for name, task in report["tasks"].items():
        assert (task["rows"], task["unread"], task["failed"]) == (mlb_files.ROWS, 0, 0), name
        assert {found["value"] for found in task["metrics"].values()} == {1.0}, name
    assert report["aggregates"]["overall"]["value"] == 1.0
    (calibration,) = (one["calibration"] for one in report["judges"].values() if one.get("calibration"))
    assert calibration["value"] == 1.0
    asked = {(one.task.rpartition(".")[2], one.row): one.messages[-1].text for one in candidate.asked}
    assert "选项：\\n\n输出" in asked["cmexam", "0"] and "选项：\\n['A 一', 'B 二'" in asked["cmexam", "1"]
    seen = [one.messages[-1].text for model in judges.values() for one in model.asked]
    assert any("场景: \n题目: 问题0" in text for text in seen)


@pytest.mark.parametrize(
    ("suite", "told"),
    [
        ("meds_bench", "Henrychur/MedS-Bench-SPLIT on Hugging Face"),
        ("medsg_bench", "the data set MedSG-Bench/MedSG-Bench on Hugging Face"),
        ("mlb", "bds18616852673/MLB_benchmark on GitHub"),
        ("meds_ins.tasks.task58", "the data set Henrychur/MedS-Ins on Hugging Face"),
    ],
)
def test_without_data_it_is_said_what_to_fetch_and_from_where(
    suite: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    words = [suite, "--data", str(tmp_path), "--model", "baseline:whole_image", "--dialect", "baseline"]
    with pytest.raises(DataError) as caught:
        CliRunner().invoke(COMMAND, [*words, "--quiet"], standalone_mode=False, catch_exceptions=False)
    assert (
        told in str(caught.value)
        and str(tmp_path) in str(caught.value)
        and re.search("say where (it is|they are): `--data DIR`", str(caught.value))
    )
