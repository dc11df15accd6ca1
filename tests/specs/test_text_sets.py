"""Specs of published text sets on their real rows: counts as published, recorded answers, golds that are wholly right."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from shared_data import DATA, ROOT, lines_of, needs

from medspec.cli.run import COMMAND


@pytest.fixture
def score(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The report of one task when these are the replies, by row id; or with a model named as on the command line."""
    monkeypatch.chdir(ROOT)

    def run(task: str, replies: Iterable[tuple[str, str]] | str) -> dict[str, Any]:
        model = replies
        if not isinstance(replies, str):
            file = tmp_path / "replies.json"
            file.write_text(json.dumps(dict(replies)), "utf-8")
            model = f"replay:{file}"
        words = ["run", task, "--model", str(model), "--data", str(DATA), "--out", str(tmp_path / task), "--quiet"]
        CliRunner().invoke(COMMAND, words[1:], standalone_mode=False, catch_exceptions=False)
        report: dict[str, Any] = json.loads((tmp_path / task / "report.json").read_text("utf-8"))["tasks"][task]
        return report

    return run


def values(report: dict[str, Any]) -> dict[str, float]:
    return {label: found["value"] for label, found in report["metrics"].items()}


@needs("pubmedqa")
@pytest.mark.parametrize(("field", "right"), [("reasoning_free_pred", 452), ("reasoning_required_pred", 390)])
def test_annotators_of_pubmedqa_agree_as_often_as_published(score: Any, field: str, right: int) -> None:
    report = score("pubmedqa_written", f"replay:{DATA / 'pubmedqa/ori_pqal.json'}?reply={field}")
    assert (report["rows"], report["unread"], report["failed"]) == (500, 0, 0)
    assert values(report)["accuracy"] == right / 500


@needs("chemprot")
def test_chemprot(score: Any) -> None:
    """The classes are as many as its origin says; scikit-learn agrees about one constant answer and about neighbours."""
    from sklearn.metrics import f1_score

    labels = [line["label"] for line in lines_of(DATA / "chemprot/test.txt")]
    assert Counter(labels).most_common(1) == [("INHIBITOR", 1255)] and len(labels) == 3469
    said = [labels[number - 1] if number % 3 else "INHIBITOR" for number in range(len(labels))]
    report = score("chemprot_relations", ((f"{number:04}", label) for number, label in enumerate(said)))
    assert (report["rows"], report["unread"]) == (3469, 0)
    assert values(report) == pytest.approx(
        {"macro_f1": f1_score(labels, said, average="macro"), "micro_f1": f1_score(labels, said, average="micro")}
    )


def written(folder: str, file: str) -> list[list[str]]:
    with (DATA / folder / file).open(encoding="utf-8", newline="") as stream:
        return [line.rstrip("\n").split("\t") for line in stream]


@needs("chineseblue_qq_ic_ner")
@pytest.mark.parametrize(
    ("task", "file", "count"), [("cmedqq_pairs", "cMedQQ", 1935), ("cmedic_intents", "cMedIC", 84)]
)
def test_chinese_questions(score: Any, task: str, file: str, count: int) -> None:
    labels = [cells[0] for cells in written("chineseblue_qq_ic_ner", f"{file}/test.txt")]
    report = score(task, ((f"{number:04}", label) for number, label in enumerate(labels)))
    assert (report["rows"], report["unread"]) == (count, 0)
    assert set(values(report).values()) == {1.0}
    constant = score(task, ((f"{number:04}", "1") for number in range(count)))
    assert values(constant)["accuracy"] == labels.count("1") / count


@needs("meqsum_chq")
def test_questions_in_short(score: Any) -> None:
    from rouge_score.rouge_scorer import RougeScorer

    rows = lines_of(DATA / "meqsum_chq/test.jsonl")
    said = [rows[place - 1]["target"] for place in range(len(rows))]
    report = score("question_summary", ((str(row["idx"]), text) for row, text in zip(rows, said, strict=True)))
    scorer = RougeScorer(["rougeL"], use_stemmer=False)
    found = [scorer.score(row["target"], text)["rougeL"].fmeasure for row, text in zip(rows, said, strict=True)]
    assert report["rows"] == len(rows) == 150
    assert values(report)["rouge_l"] == pytest.approx(sum(found) / 150)
    assert values(report)["set_rouge_l"] != values(report)["rouge_l"]


@needs("mts_dialog")
@pytest.mark.parametrize(
    ("task", "column"), [("dialogue_section", "section_header"), ("dialogue_note", "section_text")]
)
def test_dialogues(score: Any, task: str, column: str) -> None:
    with (DATA / "mts_dialog/MTS-Dialog-TestSet-2-MEDIQA-Sum-2023.csv").open(
        encoding="utf-8-sig", newline=""
    ) as stream:
        rows = list(csv.DictReader(stream))
    report = score(task, ((row["ID"], row[column]) for row in rows))
    assert (report["rows"], report["unread"], report["failed"]) == (200, 0, 0)
    found = values(report)
    # The gold says the gold, but a section of one word has no pair of words.
    pairs = sum(len(re.findall("[a-z0-9]+", row[column].lower())) > 1 for row in rows)
    assert found.pop("rouge_2", pairs / 200) == pytest.approx(pairs / 200)
    assert set(found.values()) == {1.0}
    assert len(rows) == 200


@needs("ncbi_disease")
def test_articles_in_two_formats_score_alike(score: Any) -> None:
    """Replies that quote the mentions which stand once in their article: the same hits and misses in either format."""
    replies, left, total = [], 0, 0
    for path in sorted((DATA / "ncbi_disease/standoff/test").glob("*.ann")):
        text = path.with_suffix(".txt").read_text("utf-8")
        marks = [line.split("\t") for line in path.read_text("utf-8").splitlines() if line.startswith("T")]
        unique = [(mark[1].split()[0], mark[2]) for mark in marks if text.count(mark[2]) == 1]
        left, total = left + len(unique), total + len(marks)
        replies.append((path.stem, "\n".join(f'{label}: "{mention}"' for label, mention in unique) or "none"))
    for task in ("disease_mentions", "disease_mentions_standoff"):
        report = score(task, replies)
        assert (report["rows"], report["unread"], total) == (100, 0, 960)
        assert values(report)["span_f1"] == pytest.approx(2 * left / (left + total))


@needs("ncbi_disease")
def test_diseases_in_articles_and_in_sentences(score: Any) -> None:
    """Quotes of all mentions, in order, are the gold again; those of the first half of the rows are half of it."""
    from medspec.files import conll
    from medspec.files.base import Layout
    from medspec.files.opening import DataFile

    path = DATA / "ncbi_disease/conll/test.tsv"
    rows = [row.value for row in conll.read(DataFile(path, path.name), Layout(), None).rows]
    replies, left = [], 0
    for number, row in enumerate(rows):
        quoted = [row["text"][one["start"] : one["end"]] for one in row["places"]] if number % 2 else []
        # A quote that stands there more than once is told apart by its number, which this test leaves to the reader's.
        unique = [text for text in quoted if row["text"].count(text) == 1]
        left += len(unique)
        replies.append((f"{number:04}", "\n".join(f'"{text}"' for text in unique) or "none"))
    report = score("disease_mentions_in_sentences", replies)
    total = sum(len(row["places"]) for row in rows)
    assert (report["rows"], report["unread"], total) == (len(rows), 0, 960)
    assert values(report)["span_f1"] == pytest.approx(2 * left / (left + total))


@needs("cmb_clin")
def test_clinical_cases_with_a_judge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """74 cases and 208 questions: means over the questions of a case, then over cases; what is unread is left out."""
    monkeypatch.chdir(ROOT)
    cases = json.loads((DATA / "cmb_clin/CMB-test-qa.json").read_text("utf-8"))
    replies = {case["id"]: "\n".join(pair["answer"] for pair in case["QA_pairs"]) for case in cases}
    grades = {f"{case['id']}#{n}": n % 5 + 1 for case in cases for n in range(1, len(case["QA_pairs"]) + 1)}
    unread = [name for name in grades if name.endswith("#3")]
    sides = ("fluency", "relevance", "completeness")
    said = {name: json.dumps({**dict.fromkeys(sides, 4), "proficiency": grade}) for name, grade in grades.items()}
    said.update(dict.fromkeys(unread, "好的"))
    for name, value in (("replies", replies), ("verdicts", said)):
        (tmp_path / f"{name}.json").write_text(json.dumps(value), "utf-8")
    words = ["cmb_clin", "--model", f"replay:{tmp_path / 'replies.json'}", "--data", str(DATA), "--quiet"]
    words += ["--judge", f"grade=replay:{tmp_path / 'verdicts.json'}", "--out", str(tmp_path / "out")]
    CliRunner().invoke(COMMAND, words, standalone_mode=False, catch_exceptions=False)
    report = json.loads((tmp_path / "out/report.json").read_text("utf-8"))
    task = report["tasks"]["cmb_clin"]
    assert (task["rows"], task["judged"]["proficiency"]["cases"], len(grades)) == (74, 208, 208)
    assert task["judged"]["proficiency"]["unscored"] == len(unread) > 0
    kept = [[grades[f"{case['id']}#{n}"] for n in range(1, len(case["QA_pairs"]) + 1) if n != 3] for case in cases]
    expected = sum(sum(one) / len(one) for one in kept) / 74
    assert task["metrics"]["proficiency"]["value"] == pytest.approx(expected)
    assert task["metrics"]["fluency"]["value"] == 4.0
    assert report["judges"]["grade"]["replies"] == 208


MEDCALC = "medcalc_oneshot/one_shot_finalized_explanation.json"


@needs("medcalc_oneshot")
@pytest.mark.parametrize(
    ("task", "kind", "count"),
    [
        ("medcalc_equations", float, 33),
        ("medcalc_rules", int, 19),
        ("medcalc_dates", str, 2),
        ("medcalc_gestational_age", list, 1),
    ],
)
def test_calculators_by_type_of_answer(score: Any, task: str, kind: type, count: int) -> None:
    """As many of each type as the origin says, and the published answers are right."""
    worked = json.loads((DATA / MEDCALC).read_text("utf-8"))
    answers = {key: row["Response"]["answer"] for key, row in worked.items()}
    answers = {key: answer for key, answer in answers.items() if type(answer) is kind}
    said = {key: json.dumps(one) if isinstance(one, list) else str(one) for key, one in answers.items()}
    report = score(task, said.items())
    assert (report["rows"], report["unread"], report["failed"]) == (count, 0, 0)
    assert values(report)[report["primary"]] == 1.0


@needs("medcalc_oneshot")
def test_equations_have_a_window_of_five_per_cent(score: Any) -> None:
    worked = json.loads((DATA / MEDCALC).read_text("utf-8"))
    gold = {key: row["Response"]["answer"] for key, row in worked.items() if type(row["Response"]["answer"]) is float}
    off = {key: one * (1.049 if number % 3 else 1.051) for number, (key, one) in enumerate(gold.items())}
    report = score("medcalc_equations", ((key, f"{one:.12f}") for key, one in off.items()))
    right = sum(number % 3 > 0 for number in range(len(gold)))
    assert values(report)["within"] == pytest.approx(right / 33) and values(report)["exactly"] == 0.0


def test_rows_of_medcalc_bench_have_bounds_of_their_own(score: Any, tmp_path: Path, monkeypatch: Any) -> None:
    """Invented rows with the columns of the published test set; dates and ages are left out by their calculator."""
    columns = ("Row Number", "Calculator ID", "Category", "Patient Note", "Question")
    columns += ("Ground Truth Answer", "Lower Limit", "Upper Limit")
    rows = [
        ("1", "2", "lab test", "A note.", "What is it?", "67.005", "63.65475", "70.35525"),
        ("2", "4", "risk", "A note.", "What is it?", "2", "2", "2"),
        ("3", "13", "date", "A note.", "When is it?", "12/02/2000", "12/02/2000", "12/02/2000"),
        ("5", "68", "date", "A note.", "When is it?", "01/21/2017", "01/21/2017", "01/21/2017"),
        ("6", "69", "date", "A note.", "How old?", "('34 weeks', '3 days')", "-", "-"),
        ("4", "63", "lab test", "A note.", "What is it?", "-7.0", "-7.35", "-6.65"),
    ]
    (tmp_path / "data/medcalc").mkdir(parents=True)
    with (tmp_path / "data/medcalc/test_data.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([columns, *rows])
    monkeypatch.setenv("MEDSPEC_DATA", str(tmp_path / "data"))
    report = score("medcalc_numbers", {"1": "70.3", "2": "2.05", "4": "-7.3"}.items())
    assert (report["rows"], report["unread"]) == (3, 0)
    assert values(report)["within"] == pytest.approx(2 / 3)
    assert values(report)["within_5_per_cent"] == 1.0


@needs("chineseblue_qq_ic_ner")
def test_entities_in_chinese(score: Any) -> None:
    """Mentions that stand once in their text are quoted, the others are missed; a mention quoted twice counts once."""
    rows = lines_of(DATA / "chineseblue_qq_ic_ner/cMedQANER/test.json")
    replies, left, total = [], 0, 0
    for number, row in enumerate(rows):
        marks = {(int(one["offset"]), one["mention"].lower(), one["type"]) for one in row["mention_data"]}
        unique = [mark for mark in marks if row["text"].count(mark[1]) == 1]
        left, total = left + len(unique), total + len(marks)
        said = [f'{label}: "{words}"' for _, words, label in sorted(unique)]
        replies.append((f"{number:04}", "\n".join(said) or "none"))
    report = score("cmedqaner_entities", replies)
    assert (report["rows"], report["unread"], len(rows)) == (215, 0, 215)
    assert values(report)["span_f1"] == pytest.approx(2 * left / (left + total))
    assert 0.5 < left / total < 1
