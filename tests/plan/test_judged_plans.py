"""Plans with judges: kept whole, hashed by what they mean, and rows that go to no remote model."""

from __future__ import annotations

import pytest
from judge_cases import SECOND
from planned_specs import changed, plan_of, spec_of

from medspec.backends.base import Abilities
from medspec.check.egress import is_credentialed
from medspec.codes.base import module
from medspec.codes.parts import FOLLOW_UP, JUDGE, JUDGED, MEAN, METRICS, NOTES, QUESTIONS, READ, TELL
from medspec.plan.explain import explain
from medspec.plan.fit import check_fit
from medspec.plan.form import from_json, to_json
from medspec.plan.judge_nodes import Model, Panel, VerdictValue, judges_of
from medspec.plan.judged import judges_in
from medspec.text.web_address import is_loopback

PANEL = """
panel board {
  judges          = [graded, second]
  combine         = majority
  on_disagreement = third(third)
}
"""
BASE = module(MEAN, QUESTIONS, TELL, JUDGE, JUDGED)
BOARD = module(MEAN, QUESTIONS, TELL, JUDGE, SECOND, PANEL, JUDGED.replace("graded(", "board("))
PRIVATE = changed(module(METRICS, NOTES, READ, FOLLOW_UP), ('license = "cc-by-4.0"', "private = true"))


def hashes_of(text: str) -> tuple[str, str]:
    (task,) = plan_of(text, "open_questions").tasks
    return task.call_hash, task.score_hash


@pytest.mark.parametrize("text", [BASE, BOARD])
def test_a_judged_plan_comes_back_whole(text: str) -> None:
    for level in (0, 1):
        plan = plan_of(text, "open_questions", level=level)
        assert from_json(to_json(plan)) == plan
        assert to_json(from_json(to_json(plan))) == to_json(plan)


def test_the_judges_of_a_panel_are_all_in_the_plan() -> None:
    plan = plan_of(BOARD, "open_questions")
    value = plan.tasks[0].scores[0].value
    assert isinstance(value, VerdictValue) and isinstance(value.judge, Panel)
    assert value.judge.quorum == 2
    assert [judge.name for judge in judges_of(value)] == ["graded", "second", "third"]
    assert [(judge.name, labels) for judge, labels in judges_in(plan)] == [
        (name, ("open_questions.quality",)) for name in ("graded", "second", "third")
    ]


@pytest.mark.parametrize(
    "edit",
    [
        ("Expected: {{ expected }}", "Reference: {{ expected }}"),
        ("{{ answer_format }}", "{{ answer_format }} Be strict."),
        ('"judges/judge-8b"', '"judges/judge-9b"'),
        ("context = 8192", 'context = 8192  revision = "2"'),
        ("score(0..4)", "score(0..5)"),
        ("  prompt = grade\n", "  prompt = grade\n  temperature = 0.5\n"),
        ("  prompt = grade\n", "  prompt = grade\n  retries = 1\n"),
        ("  prompt = grade\n", "  prompt = grade\n  on_malformed = worst\n"),
        ("(question, gold, answer)", "(gold, gold, answer)"),
        ("(question, gold, answer)", "(question, gold, reply)"),
        ("graded(question, gold, answer)) as", "graded(question, gold, answer), better: lower) as"),
    ],
)
def test_what_a_judge_is_and_sees_moves_the_score_hash(edit: tuple[str, str]) -> None:
    call, score = hashes_of(BASE)
    moved = hashes_of(changed(BASE, edit))
    assert moved[0] == call
    assert moved[1] != score


@pytest.mark.parametrize(
    "edits",
    [
        [("graded(", "marked(")],
        [("judge_lm", "other_name")],
        [("prompt grade(", "prompt judge_it("), ("prompt = grade", "prompt = judge_it")],
        [("expected", "reference")],
        [("as quality", "as worth")],
        [("model judge_lm", "## Which one.\nmodel judge_lm")],
        [("context = 8192", 'context = 8192  family = "qwen"')],
        [("text) -> score", "text, _spare: int = 3) -> score")],
    ],
)
def test_names_are_in_no_hash(edits: list[tuple[str, str]]) -> None:
    assert hashes_of(changed(BASE, *edits)) == hashes_of(BASE)


def test_where_a_field_comes_from_moves_the_score_hash_of_the_judge_that_sees_it() -> None:
    data = QUESTIONS.replace("gold     : text", "gold     : text\n  note     : text")
    seen = module(MEAN, data, TELL, JUDGE, JUDGED.replace("gold, answer", "note, answer"))
    unseen = module(MEAN, data, TELL, JUDGE, JUDGED)
    for text, moves in ((seen, True), (unseen, False)):
        edited = changed(text, ('license = "mit"\n', 'license = "mit"\n  columns { note = "remark" }\n'))
        assert (hashes_of(edited) != hashes_of(text)) == moves


def test_the_fields_a_judge_sees_are_read() -> None:
    data = QUESTIONS.replace("gold     : text", "gold     : text\n  note     : text\n  other    : text")
    plan = plan_of(module(MEAN, data, TELL, JUDGE, JUDGED.replace("gold, answer", "note, answer")), "open_questions")
    assert [field.name for field in plan.scans[0].record.fields] == ["id", "question", "gold", "note"]


def fit(text: str, name: str, abilities: Abilities) -> list[str]:
    return [one.code for one in check_fit(plan_of(text, name), spec_of(text), "far:model", abilities).diagnostics]


def test_private_rows_go_to_no_remote_model_without_a_waiver() -> None:
    far, near = Abilities(remote=True), Abilities()
    waived = changed(PRIVATE, ("  metrics {", '  waive E0609 because "contract 12"\n  metrics {'))
    assert fit(PRIVATE, "follow_up", far) == ["E0609"]
    assert fit(PRIVATE, "follow_up", near) == []
    assert fit(waived, "follow_up", far) == []
    assert plan_of(waived, "follow_up").tasks[0].waivers == (("E0609", "contract 12"),)


def test_shots_of_private_rows_go_to_no_remote_model() -> None:
    other = (
        NOTES[NOTES.index("dataset") :].replace("notes", "letters").replace('license = "cc-by-4.0"', "private = true")
    )
    text = module(METRICS, NOTES, other, READ, FOLLOW_UP.replace("  metrics", "  shots  2 from letters.dev\n  metrics"))
    assert fit(text, "follow_up", Abilities(remote=True)) == ["E0609"]
    assert fit(text.replace("private = true", 'license = "mit"'), "follow_up", Abilities(remote=True)) == []


@pytest.mark.parametrize(
    ("license", "kept"),
    [
        ("physionet-credentialed-1.5", True),
        ("PhysioNet Restricted Health Data License 1.5.0", True),
        ("mimic_iv", True),
        ("MIMIC-CXR", True),
        ("eICU-CRD", True),
        ("n2c2 DUA", True),
        ("Data Use Agreement", True),
        ("data-use-agreement", True),
        ("cc-by-4.0", False),
        ("mit", False),
        ("unrestricted", False),
        ("dual: mit or apache-2.0", False),
        ("", False),
        (None, False),
    ],
)
def test_licences_that_must_be_signed(license: str | None, kept: bool) -> None:
    assert is_credentialed(license) == kept


def test_rows_under_such_a_licence_are_private_in_the_plan() -> None:
    text = changed(PRIVATE, ("private = true", 'license = "mimic-iii"'))
    assert plan_of(text, "follow_up").scans[0].private
    assert not plan_of(module(METRICS, NOTES, READ, FOLLOW_UP), "follow_up").scans[0].private


@pytest.mark.parametrize(
    ("scheme", "url", "remote"),
    [
        ("onnx", None, False),
        ("genai", None, False),
        ("builtin", None, False),
        ("openai", "https://models.example.org/v1", True),
        ("openai", "http://localhost:8000/v1", False),
        ("openai", "http://127.0.0.1/v1", False),
        ("openai", "http://[::1]:80/v1", False),
        ("openai", "http://127.example.org/v1", True),
        ("openai", "http://localhost.example.org/v1", True),
        ("openai", "http://192.168.0.7/v1", True),
        ("openai", "http://[broken", True),
    ],
)
def test_which_models_are_remote(scheme: str, url: str | None, remote: bool) -> None:
    assert Model(name="m", scheme=scheme, place="p", url=url).remote == remote
    assert url is None or is_loopback(url) != remote


def test_a_plan_holds_what_its_judges_are_calibrated_on() -> None:
    labelled = QUESTIONS.replace(
        "gold     : text", "expected : text\n  given    : text\n  gold     : text\n  rating   : score(0..4)"
    )
    clause = "calibrate on questions.dev { agreement = quadratic_kappa  at_least = 0.6  gold = rating }"
    judge = changed(JUDGE, ("  prompt = grade\n", f"  prompt = grade\n  {clause}\n"))
    text = module(MEAN, labelled, TELL, judge, JUDGED)
    for level in (0, 1):
        plan = plan_of(text, "open_questions", level=level)
        assert from_json(to_json(plan)) == plan
        (one,) = plan.tasks[0].calibrations
        assert (one.judge, one.rows, one.label, one.field, one.agreement, one.at_least) == (
            "graded", "questions.dev", "rating", (), "quadratic_kappa", 0.6,
        )  # fmt: skip
        rows = plan.scan(one.scan)
        assert rows.split == "dev"
        assert {"question", "expected", "given", "rating"} <= {field.name for field in rows.record.fields}
    uncalibrated = module(MEAN, labelled, TELL, JUDGE, JUDGED)
    assert hashes_of(text) == hashes_of(uncalibrated)
    assert "calibrated: quadratic_kappa of the verdict and rating, at least 0.6, on questions.dev" in explain(plan)
    assert "not calibrated" in explain(plan_of(uncalibrated, "open_questions"))
