"""Grades that people gave, as published: counts as their origin says, correlations as scipy and rouge-score have them."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from shared_data import DATA, ROOT, needs

from medspec.cli.judge import COMMAND as JUDGE
from medspec.cli.run import COMMAND as RUN
from medspec.plan.nodes import Interval
from medspec.run.agreement.measures import correlations


def agreement(file: Path, *words: str) -> dict[str, Any]:
    asked = ["agreement", str(file), *words, "--resamples", "20", "--format", "json"]
    said = CliRunner().invoke(JUDGE, asked, standalone_mode=False, catch_exceptions=False)
    found: dict[str, Any] = json.loads(said.output)
    return found


def write(file: Path, rows: list[dict[str, Any]]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return file


@needs("craft_md_derm_grades")
def test_dermatologists_of_craft_md(tmp_path: Path) -> None:
    """310 of 317 cases are graded, 994 of 1,550 diagnoses are right; scikit-learn agrees about a judge that compares words."""
    from sklearn.metrics import cohen_kappa_score

    with (DATA / "craft_md_derm_grades/validation_graderai.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file) if any(row[1:])]
    cells = {row[0]: row[1:] for row in rows}
    right = [text.strip().casefold() for text in cells["correct_ans"]]
    trials = [[text.strip().casefold() for text in cells[f"trial_{number}"]] for number in range(5)]
    said = [sum(trial[case] == right[case] for trial in trials) for case in range(len(right))]
    people = cells["dermatologist_accuracy"]
    found = agreement(
        write(tmp_path / "labels.jsonl", [{"said": s, "gold": g} for s, g in zip(said, people, strict=True)])
    )
    assert (len(people), found["pairs"], found["classes"]) == (317, 310, [0, 1, 2, 3, 4, 5])
    counts = {label: sum(row) for label, row in zip(found["classes"], found["table"], strict=True)}
    assert sum(label * count for label, count in counts.items()) == 994
    kept = [(s, int(g)) for s, g in zip(said, people, strict=True) if g]
    for name, weights in (("cohen_kappa", None), ("linear_kappa", "linear"), ("quadratic_kappa", "quadratic")):
        expected = cohen_kappa_score([s for s, _ in kept], [g for _, g in kept], weights=weights)
        assert found["statistics"][name]["value"] == pytest.approx(expected)


@needs("pubmedqa")
def test_annotators_of_pubmedqa(tmp_path: Path) -> None:
    """One annotator saw the answer's abstract with its conclusion (452 of 500), the other did not (390)."""
    answers = json.loads((DATA / "pubmedqa/ori_pqal.json").read_text("utf-8"))
    test = json.loads((DATA / "pubmedqa/test_ground_truth.json").read_text("utf-8"))
    labels = write(tmp_path / "labels.jsonl", [answers[key] for key in test])
    found = agreement(
        labels, "--gold", "final_decision", "--said", "reasoning_required_pred", "--second", "reasoning_free_pred"
    )
    assert (found["pairs"], found["people"]["pairs"]) == (500, 500)
    assert found["statistics"]["accuracy"]["value"] == 390 / 500
    assert found["people"]["accuracy"] == 452 / 500


@needs("mts_dialog")
def test_scores_of_experts_for_summaries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The study's 400 summaries run through a spec; ROUGE goes with the experts' scores as other libraries say."""
    from rouge_score.rouge_scorer import RougeScorer
    from scipy.stats import pearsonr, spearmanr

    def read(name: str) -> list[dict[str, str]]:
        with (DATA / "mts_dialog" / name).open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    summaries = read("MTS-Dialog-Automatic-Summaries-ValidationSet.csv")
    experts = read("MTS-Dialog-Manual-Scores4CorrelationStudy.csv")
    assert len(summaries) == len(experts) == 400
    replies = tmp_path / "replies.json"
    replies.write_text(json.dumps({str(n): row["Automatic Summary"] for n, row in enumerate(summaries)}), "utf-8")
    monkeypatch.chdir(ROOT)
    out = tmp_path / "out"
    words = ["note_study", "--model", f"replay:{replies}", "--data", str(DATA), "--out", str(out), "--quiet"]
    CliRunner().invoke(RUN, words, standalone_mode=False, catch_exceptions=False)
    labels = write(tmp_path / "labels.jsonl", [{"id": str(n), **row} for n, row in enumerate(experts)])
    scorer = RougeScorer(["rouge1", "rougeL"])
    theirs = [scorer.score(row["Reference Summary"], row["Automatic Summary"]) for row in summaries]
    for ours, name in (("rouge_1", "rouge1"), ("note_study.rouge_l", "rougeL")):
        for column in ("FactualF1", "OmissionRate"):
            found = agreement(labels, "--run", str(out), "--score", ours, "--gold", column)
            gold, said = [float(row[column]) for row in experts], [one[name].fmeasure for one in theirs]
            assert (found["pairs"], found["table"]) == (400, [])
            assert found["statistics"]["pearson"]["value"] == pytest.approx(pearsonr(said, gold)[0], abs=1e-3)
            assert found["statistics"]["spearman"]["value"] == pytest.approx(spearmanr(said, gold)[0], abs=1e-3)


numbers = st.sampled_from([-2.5, 0.0, 0.25, 1.0, 7.0])


@given(st.lists(st.tuples(numbers, numbers), min_size=3, max_size=30))
@settings(max_examples=50, deadline=None)
def test_correlations_are_those_of_scipy(pairs: list[tuple[float, float]]) -> None:
    from scipy.stats import pearsonr, spearmanr

    said, gold = [one for one, _ in pairs], [other for _, other in pairs]
    found = correlations(said, gold, None, Interval(method="bootstrap", resamples=5))
    if len(set(said)) == 1 or len(set(gold)) == 1:
        assert found["pearson"]["value"] is None and found["spearman"]["value"] is None
        return
    assert found["pearson"]["value"] == pytest.approx(pearsonr(said, gold)[0], abs=1e-9)
    assert found["spearman"]["value"] == pytest.approx(spearmanr(said, gold)[0], abs=1e-9)
