"""MedS-Bench: the released replies to rationale questions, and the averages of the leaderboard from its cells.

The released file holds whole prompts; the rows are cut out of them and written in the published form.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

from reproductions.base import Benchmark, Figure, run

FOLDER = "meds_bench"
REPLIES = f"{FOLDER}/mmeds_llama3_rationale_replies.csv"
TABLES = f"{FOLDER}/leaderboard_tables.json"
STATE = "2025-01-13 (322ab40, latest)"

DEFINITION = "Given a question and its answer, generate an explanation statement."
LANGUAGES = {"task51": "zh", "task52": "en", "task53": "fr", "task54": "ja", "task55": "ru", "task56": "es"}
BLEU = ("51.50", "48.54", "47.64", "53.31", "34.91", "47.08")
ROUGE = ("35.35", "38.22", "39.24", "36.83", "23.71", "36.42")
_ASKED = re.compile(r"user<\|end_header_id\|>\n\nInput:\n(.*)\nOutput:<\|eot_id\|>", re.DOTALL)

KNOWN = {("Multilingual Multiple-choice Question-answering(Accuracy)", "Mistral"): "no mean of its eight cells"}
"""Averages that cannot be had from the cells beside them."""


def write_rows(data: Path, work: Path) -> str:
    """The released rows in the official layout below `work`, and the name of the model that gives the released replies."""
    (work / "Rationale").mkdir(parents=True)
    rows: dict[str, list[dict[str, str]]] = {task: [] for task in LANGUAGES}
    replies: list[dict[str, str]] = []
    with (data / REPLIES).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            asked, own = _ASKED.search(row["input"]), rows[row["task_id"]]
            assert asked is not None
            replies.append(
                {"task": f"rationale_{LANGUAGES[row['task_id']]}", "id": str(len(own)), "reply": row["output"]}
            )
            own.append({"input": asked[1], "output": row["GT"]})
    for task, instances in rows.items():
        document = {"Definition": [DEFINITION], "Instances": instances}
        (work / "Rationale" / f"{task}_released.json").write_text(json.dumps(document), "utf-8")
    file_of_replies = work / "replies.json"
    file_of_replies.write_text(json.dumps(replies), "utf-8")
    return f"replay:{file_of_replies}?task=task"


def _rows(data: Path, work: Path) -> Iterator[Figure]:
    model = write_rows(data, work)
    for language, bleu, rouge in zip(LANGUAGES.values(), BLEU, ROUGE, strict=True):
        name = f"rationale_{language}"
        report = run(name, "--model", model, "--data", work, out=work / name)
        metrics = report["tasks"][name]["metrics"]
        of = f"rationale, {language}, MMedIns-Llama 3, 50 released replies"
        yield Figure(of=f"{of}: BLEU-1", published=bleu, ours=100 * metrics["bleu_1"]["value"])
        yield Figure(of=f"{of}: ROUGE-L", published=rouge, ours=100 * metrics["rouge_l"]["value"])
    yield from _averages(data)


def _averages(data: Path) -> Iterator[Figure]:
    """Means over a row of the leaderboard; of the summaries only the first four columns count, as its code has it."""
    tables = json.loads((data / TABLES).read_text("utf-8"))[STATE]
    for name, (head, *rows) in tables.items():
        if head[-1] != "Avg.":
            continue
        for model, *entries, average in rows:
            counted = entries[:4] if name.startswith("Text Summarization") else entries
            for place, published in enumerate(average.split("/")):
                parts = [entry.split("/")[place] for entry in counted if entry.count("/") >= place]
                if "-" in (published, *parts) or len(parts) < len(counted):
                    continue
                kind = ("", "") if "/" not in average else (", BLEU-1", ", ROUGE-L")
                within = 0.101 if published.count(".") and len(published.split(".")[1]) == 1 else 0.0101
                yield Figure(
                    of=f"average of {name.split('(')[0]}{kind[place]}, {model}",
                    published=published,
                    ours=sum(map(float, parts)) / len(parts),
                    within=within,
                    error=KNOWN.get((name, model), ""),
                )


BENCHMARK = Benchmark(
    title="MedS-Bench",
    needs=(REPLIES, TABLES),
    rows=_rows,
    notes=(
        "The replies are those of the first version of the leaderboard (23 August 2024), the averages those of its state of\n"
        "13 January 2025. Further slips of its overview table, which no arithmetic shows, are listed in\n"
        "[specs/meds_bench/DECISIONS.md](../specs/meds_bench/DECISIONS.md)."
    ),
)
