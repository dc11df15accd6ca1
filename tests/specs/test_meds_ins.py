"""MedS-Ins: 122 tasks that can be selected, and instructions pinned to the published ones."""

from __future__ import annotations

import json
import re
import shutil
from hashlib import sha256
from pathlib import Path

from shared_data import DATA, ROOT, needs

from medspec.check import check_paths
from medspec.plan.lower import lower
from medspec.plan.nodes import TextFile
from medspec.run.bind import bind
from medspec.run.roots import DataRoots
from medspec.run.text_files import read_text

CHECKED = check_paths([ROOT / "specs"], root=ROOT / "specs")
TASKS = {task.name: task for task in CHECKED.spec.tasks.values() if task.module == "meds_ins.tasks"}
GAPS = {*range(4, 11), 30, 32, 34, 121, 122, 123, 127}


def test_there_are_122_tasks_in_19_categories() -> None:
    assert {int(name.removeprefix("task")) for name in TASKS} == set(range(1, 137)) - GAPS
    assert len(TASKS) == 122
    assert len({task.tags[0] for task in TASKS.values()}) == 19
    tested = {name for name, task in TASKS.items() if "meds_bench" in task.tags}
    bench = lower(CHECKED.spec, ["meds_bench"])
    folders = {scan.source.path.split("/")[1].removesuffix("_*") for scan in bench.scans}
    assert folders - tested == {"task122", "task123", "task127"}  # test-only
    assert tested <= folders


def test_the_mixture_of_the_page_is_a_suite(tmp_path: Path) -> None:
    """The module that DECISIONS.md shows, beside the specs; and what it says of `--select`."""
    page = (ROOT / "specs/meds_ins/DECISIONS.md").read_text("utf-8")
    (text,) = re.findall(r"```medspec\n(.*?)```", page, re.DOTALL)
    shutil.copytree(ROOT / "specs/meds_ins", tmp_path / "meds_ins")
    (tmp_path / "mine.medspec").write_text(text, "utf-8")
    checked = check_paths([tmp_path], root=tmp_path)
    assert not checked.diagnostics
    plan = lower(checked.spec, ["questions"])
    assert [task.name for task in plan.tasks] == ["task58", "task120", "task99"]
    (overall,) = plan.aggregates
    assert tuple(overall.weights) == (2, 2, 1)
    chinese = {name for name, task in TASKS.items() if {"question_answering", "zh"} <= set(task.tags)}
    assert chinese == {"task58", "task120"}


@needs("meds_bench")
def test_each_definition_is_the_published_one(tmp_path: Path) -> None:
    """The file of the code has the same keys; each pin is that of the text under its key."""
    known = json.loads((DATA / "meds_bench/original_definitions_122_tasks.json").read_text("utf-8"))
    path = tmp_path / "MedS-Ins/Evaluation/RewriteDefinitions.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(known), encoding="utf-8")
    phrases = [phrase for phrase in CHECKED.spec.phrases.values() if phrase.module == "meds_ins.definitions"]
    assert len(phrases) == len(known) == 122
    for phrase in phrases:
        assert isinstance(phrase.value, TextFile)
        text = read_text(phrase.value, DataRoots(given=(tmp_path,)))
        assert text == known[phrase.name.removesuffix("_definition")]["original_def"]
        assert sha256(text.encode()).hexdigest() == phrase.value.sha256


@needs("meds_bench")
def test_a_task_reads_a_file_in_the_published_form(tmp_path: Path) -> None:
    """The rationales of MMedBench are the only published rows at hand; they are in the form of every task file."""
    known = json.loads((DATA / "meds_bench/rationale_task51-56_partial.json").read_text("utf-8"))
    (tmp_path / "MedS-Ins").mkdir()
    for task, document in known.items():
        path = tmp_path / "MedS-Ins" / f"{task}_mmedbench_explanation.json"
        path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    plan = lower(CHECKED.spec, [f"meds_ins.tasks.{task}" for task in known])
    bound = bind(plan, DataRoots(given=(tmp_path,)))
    for task, document in known.items():
        rows = bound.rows[plan.task(task).scan].rows
        assert [row["output"] for row in rows] == [instance["output"] for instance in document["Instances"]]
        assert {row["definition"] for row in rows} == {document["Definition"][0]}
