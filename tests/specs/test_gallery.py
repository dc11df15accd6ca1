"""Every task of the repository's specs compiles, passes its examples, and runs from end to end on invented rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from report_schema import check_report

from medspec.check import check_paths
from medspec.plan.lower import lower
from medspec.plan.optimise import optimise
from medspec.run.examples import run_examples
from medspec.run.execute import execute
from medspec.run.invent import InventedJudges, InventedModel, invent
from medspec.run.invent_vectors import invented_encoders
from medspec.run.roots import DataRoots
from medspec.run.shared_replies import OtherRuns

SPECS = Path(__file__).parents[2] / "specs"
CHECKED = check_paths([SPECS], root=SPECS)
# A task is run once: those made from a template that differ in their rows alone say nothing new.
ALIKE = {
    "text.mmlu": ("mmlu_anatomy",),
    "meds_ins.tasks": ("task1", "task14", "task51"),
    "meds_bench.summarization": ("medqsum", "medqsum_clean", "ultrasound"),
    "meds_bench.explanation": ("rationale_zh", "rationale_ja", "rationale_es_clean"),
    "meds_bench.information_extraction": ("pico_participants", "pmc_patient_basics_clean"),
    "meds_bench.named_entities": ("bc4chem", "species800_clean"),
    "meds_bench.multiple_choice": ("mmedbench_fr", "pubmedqa_labelled"),
}


def says_something_new(name: str) -> bool:
    prefix = next((prefix for prefix in ALIKE if name.startswith(prefix)), None)
    return prefix is None or name.rsplit(".", 1)[1] in ALIKE[prefix]


TASKS = sorted(filter(says_something_new, CHECKED.spec.tasks))


def test_the_specs_have_no_mistakes_and_no_warnings():
    assert [diagnostic.title for diagnostic in CHECKED.diagnostics] == []


def test_every_example_is_as_expected():
    found = run_examples(CHECKED.spec)
    assert len(found) == len(CHECKED.spec.examples) > 5
    assert [(result.example.name, result.problems) for result in found if result.problems] == []


def test_the_gallery_is_large():
    assert len({task.module for task in CHECKED.spec.tasks.values() if task.module.startswith("gallery.")}) >= 20


@pytest.mark.parametrize("name", TASKS)
def test_a_task_runs_on_invented_rows(name, tmp_path):
    roots = DataRoots.of([SPECS])
    bound = invent(optimise(lower(CHECKED.spec, [name])), roots, rows=12, seed=3)
    model = InventedModel(bound, seed=3)
    judges = InventedJudges(seed=3)
    encoders = invented_encoders(bound.plan)
    others = {"judges": judges, "encoders": encoders}
    ways = {"model": "invented", "roots": roots, "bound": bound, **others}
    report = execute(bound.plan, model, out=tmp_path / "first", **ways)
    check_report(report)
    (task,) = report["tasks"].values()
    # Scores taken over are the scores computed; with an encoder they are always computed.
    beside = OtherRuns.beside(tmp_path / "second", model.digest)
    second = execute(bound.plan, model, out=tmp_path / "second", others=beside, **ways)
    check_report(second)
    assert second.get("scores") == (None if encoders else {"sources": {"first": 1}})
    assert (second["tasks"], second["aggregates"]) == (report["tasks"], report["aggregates"])
    one, other = ((tmp_path / place / "rows.parquet").read_bytes() for place in ("first", "second"))
    assert one == other
    assert task["rows"] >= 12
    assert task["failed"] == 0
    for label, value in task["metrics"].items():
        # A judge that says nothing that can be read leaves a row unscored.
        unscored = task.get("judged", {}).get(label, {}).get("rows_unscored", 0)
        assert value["rows"] + unscored == task["rows"], label
        assert value["value"] is not None, label
        assert value["low"] is None or value["low"] <= value["value"] <= value["high"], label


@pytest.mark.parametrize("name", sorted(CHECKED.spec.suites))
def test_a_suite_has_all_its_numbers(name, tmp_path):
    roots = DataRoots.of([SPECS])
    bound = invent(optimise(lower(CHECKED.spec, [name])), roots, rows=8, seed=1)
    model, judges = InventedModel(bound, seed=1), InventedJudges(seed=1)
    report = execute(bound.plan, model, model="invented", out=tmp_path, roots=roots, bound=bound, judges=judges)
    check_report(report)
    assert all(value["value"] is not None for value in report["aggregates"].values())
