"""MedS-Bench: the released replies have the published figures, prompts are the published ones, tables add up.

The released file holds 300 replies of MMedIns-Llama 3 to rationale questions, with whole prompts; the first version of the
leaderboard shows their scores.
"""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from shared_data import DATA, ROOT, needs

from medspec.check import check_paths
from medspec.cli.run import COMMAND
from medspec.errors import DataError
from medspec.plan.lower import lower
from medspec.run.bind import bind
from medspec.run.render import turn_maker
from medspec.run.roots import DataRoots

SPECS = ROOT / "specs"
CHECKED = check_paths([SPECS], root=SPECS)
REPLIES = DATA / "meds_bench/mmeds_llama3_rationale_replies.csv"
LANGUAGES = {"task51": "zh", "task52": "en", "task53": "fr", "task54": "ja", "task55": "ru", "task56": "es"}
PUBLISHED = {
    "rationale_zh": (51.50, 35.35),
    "rationale_en": (48.54, 38.22),
    "rationale_fr": (47.64, 39.24),
    "rationale_ja": (53.31, 36.83),
    "rationale_ru": (34.91, 23.71),
    "rationale_es": (47.08, 36.42),
}
"""BLEU-1 and ROUGE-L of MMedIns-Llama 3, leaderboard of 23 August 2024."""

DEFINITION = "Given a question and its answer, generate an explanation statement."
TAIL = "Please learn from the few-shot cases to see what content you have to ouput."


def parts_of(prompt: str) -> tuple[str, list[tuple[str, str]], str]:
    """The system turn of a released prompt, its three cases, and the input it asks about."""
    system, user = re.findall(
        r"<\|start_header_id\|>(?:system|user)<\|end_header_id\|>\n\n(.*?)<\|eot_id\|>", prompt, re.S
    )
    cases = re.findall(r"Input:\n(.*?)\n\nOutput:\n(.*?)\n(?=\n\n)", system, re.S)
    asked = re.fullmatch(r"Input:\n(.*)\nOutput:", user.strip(), re.S)
    assert asked is not None
    return system, cases, asked[1]


def released() -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    with REPLIES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["task_id"]].append(row)
    return found


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The released rows in the official layout, and the replies to them."""
    folder = tmp_path_factory.mktemp("meds_bench")
    (folder / "Rationale").mkdir()
    with (folder / "replies.jsonl").open("w", encoding="utf-8") as replies:
        for task, rows in released().items():
            instances = [{"input": parts_of(row["input"])[2], "output": row["GT"]} for row in rows]
            document = {"Definition": [DEFINITION], "Instances": instances}
            name = f"{task}_mmedbench_explanation_{LANGUAGES[task]}_test_only.jsonl"
            (folder / "Rationale" / name).write_text(json.dumps(document, indent=4), encoding="utf-8")
            for number, row in enumerate(rows):
                line = {"task": f"rationale_{LANGUAGES[task]}", "id": str(number), "reply": row["output"]}
                replies.write(json.dumps(line) + "\n")
    return folder


def run(*arguments: object) -> Any:
    return CliRunner().invoke(COMMAND, [str(a) for a in arguments], standalone_mode=False, catch_exceptions=False)


@needs("meds_bench")
def test_the_released_replies_have_the_published_figures(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    model = f"replay:{data / 'replies.jsonl'}?id=id&reply=reply&task=task"
    run(*PUBLISHED, "--data", data, "--model", model, "--out", tmp_path / "out", "--quiet")
    report = json.loads((tmp_path / "out/report.json").read_text("utf-8"))
    for name, expected in PUBLISHED.items():
        task = report["tasks"][name]
        assert (task["rows"], task["unread"], task["failed"]) == (50, 0, 0)
        found = tuple(round(100 * task["metrics"][label]["value"], 2) for label in ("bleu_1", "rouge_l"))
        assert found == expected, name
        assert "E0604" in task["waivers"]


@needs("meds_bench")
def test_prompts_are_those_of_the_released_file(data: Path) -> None:
    """With the three cases of each released prompt, every letter is the same but for the misspelling that was mended."""
    names = list(PUBLISHED)
    plan = lower(CHECKED.spec, names)
    bound = bind(plan, DataRoots(given=(data,)))
    for task, name in zip(LANGUAGES, names, strict=True):
        render = bound.plan.render(bound.plan.task(name).render)
        rows = bound.rows[render.scan].rows
        for row, line in zip(rows, released()[task], strict=True):
            system, cases, _ = parts_of(line["input"])
            assert len(cases) == 3 and system.endswith(DEFINITION + TAIL)
            shown = tuple({**row, "input": asked, "output": answered} for asked, answered in cases)
            own = [message.text for message in turn_maker(render, shown)(row)]
            assert own[0].strip() == system.strip().replace("ouput", "output")
            assert own[1] == f"Input:\n{row['input']}\nOutput:"


def test_without_data_the_message_says_what_to_fetch(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        bind(lower(CHECKED.spec, ["bc4chem"]), DataRoots(given=(tmp_path,)))
    told = str(caught.value)
    assert str(tmp_path / "NER/task125_*") in told
    assert "Henrychur/MedS-Bench-SPLIT on Hugging Face" in told


def test_there_are_53_task_files_and_each_has_its_task() -> None:
    plan = lower(CHECKED.spec, ["meds_bench"])
    files = {scan.source.path for scan in plan.scans}
    assert len(files) == len(plan.tasks) == 53
    assert {path.split("/")[0] for path in files} == {
        "MCQA",
        "Text_summarization",
        "Information_extraction",
        "Explanation",
        "Rationale",
        "NER",
        "Diagnosis",
        "Treatment_planning",
        "Clinical_outcome_prediction",
        "Text_classification",
        "Fact_verication",
        "NLI",
    }
    clean = lower(CHECKED.spec, ["meds_bench_clean"])
    assert all(not task.waivers for task in clean.tasks if task.name != "pubmedqa_labelled")
    assert len(clean.tasks) == 53


# ---- the leaderboard's own arithmetic


def cells(text: str) -> list[float | None]:
    return [None if part.strip() in ("-", "") else float(part) for part in text.split("/")]


def tables() -> dict[str, list[list[str]]]:
    states = json.loads((DATA / "meds_bench/leaderboard_tables.json").read_text("utf-8"))
    found: dict[str, list[list[str]]] = states["2025-01-13 (322ab40, latest)"]
    return found


WRONG = {("Multilingual Multiple-choice Question-answering(Accuracy)", "Mistral", 0): (49.1, 59.6)}
"""(table, model, which of the figures) -> (printed, recomputed)."""


@needs("meds_bench")
def test_averages_of_the_leaderboard_are_those_of_its_cells() -> None:
    wrong = {}
    checked = 0
    for name, (head, *rows) in tables().items():
        if head[-1] != "Avg.":
            continue
        # Every printed figure is rounded, so a mean may be off by a unit and a half of the last place.
        for model, *entries, average in rows:
            counted = entries[:4] if name.startswith("Text Summarization") else entries
            for place, printed in enumerate(cells(average)):
                values = [cells(entry)[place] if place < len(cells(entry)) else None for entry in counted]
                if printed is None or None in values:
                    continue
                mean = sum(value for value in values if value is not None) / len(values)
                unit = 0.1 if name.startswith("Multilingual") else 0.01
                checked += 1
                if abs(mean - printed) > 1.01 * unit:
                    wrong[(name, model, place)] = (printed, round(mean, 1))
    assert wrong == WRONG
    assert checked > 70


OVERVIEW = {
    "Rationale": "Rationale(",
    "NER": "Name Entity",
    "Information Extraction": "Information Extraction",
    "Text Summarization": "Text Summarization",
    "Concept Explanation": "Concept Explanation",
    "Diagnosis": "Diagnosis",
    "Treatment planning": "Treatment",
    "Text classification(F1)": "Text Classification",
}
WRONG_OVERVIEW = {
    ("Med42-v2", "Rationale"): ("37.89/30.65", "28.06/23.36"),
    ("Llama3.1-Aloe-Beta-70B", "Concept Explanation"): ("13.63/17.80", "16.48/19.58"),
    ("Llama3.1-Aloe-Beta-8B", "Diagnosis"): ("60.67", "63.67"),
    ("MEDITRON", "Text Summarization"): ("7.15/15.54", "-/15.54"),
}


@needs("meds_bench")
def test_the_overview_repeats_the_detail_tables() -> None:
    found = tables()
    (head, *rows) = found["Overview Model Evaluation"]
    wrong = {}
    for column, start in OVERVIEW.items():
        detail = next(
            table for name, table in found.items() if name.startswith(start) and name != "Overview Model Evaluation"
        )
        last = {row[0].replace(" ", ""): row[-1] for row in detail[1:]}
        for row in rows:
            printed, own = row[head.index(column)], last.get(row[0].replace(" ", ""))
            if own is not None and cells(own) != cells(printed):
                wrong[(row[0], column)] = (printed, own)
    assert wrong == WRONG_OVERVIEW


@needs("meds_bench")
def test_references_are_the_figures_of_the_tables() -> None:
    """Each figure in the specs stands in the tables, and each figure of a model that has a task is in the specs."""
    printed = {
        round(value / 100, 6)
        for name, table in tables().items()
        if not name.startswith("Overview")
        for row in table[1:]
        for entry in row[1:]
        for value in cells(entry)
        if value is not None
    }
    tasks = [
        task
        for task in CHECKED.spec.tasks.values()
        if task.module.startswith("meds_bench.") and "_clean" not in task.name
    ]
    figures = [figure for task in tasks for reference in task.references for figure in reference.figures]
    assert len(figures) > 500
    assert {round(value, 6) for _, value in figures} <= printed
    ours = next(task for task in tasks if task.name == "rationale_ja").references
    assert dict(next(r for r in ours if r.name == "MMedIns-Llama 3").figures) == {"bleu_1": 0.5174, "rouge_l": 0.3519}
