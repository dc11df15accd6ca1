"""Two runs that measured different things: every way is refused or told, with the hash that differs; and reports that are none."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import attrs
import pytest
from judged_runs import Scripted, run_judged
from planned_specs import spec_of, write_lines
from watched_models import Watched

from medspec.backends.base import Abilities
from medspec.codes.base import module
from medspec.codes.parts import JUDGE, JUDGED, MEAN, QUESTIONS, TELL
from medspec.errors import StoreError, UsageError
from medspec.plan.judge_nodes import Dialect
from medspec.plan.lower import lower
from medspec.plan.optimise import optimise
from medspec.run.comparable import refuse_different, remarks
from medspec.run.execute import execute
from medspec.run.roots import DataRoots
from medspec.run.shots import PickedShots, content_digest
from medspec.run.stored import StoredRun, load_run
from medspec.run.stored_report import read_report

SPEC = """edition 2026
import std.metrics { accuracy }
enum Verdict { yes  no  maybe }
record Row { id : text  question : text  gold : Verdict }
dataset exam : Row { source = jsonl("exam.jsonl")  splits = [test]  errata = jsonl("errata.jsonl", version: 1) }
prompt ask(question: text) { user "{{ question }}" }
task verdict { data = exam.test  prompt = ask  answer Verdict via plain  metrics { primary accuracy } }
"""
MARKED = """edition 2026
import std.metrics { box_iou }
record Row { id : text  scan : image  gold : box(xyxy, pixel) in scan }
dataset exam : Row { source = jsonl("exam.jsonl")  splits = [test]  columns { gold = mask_box("mask") } }
prompt find(scan: image) { user "{{ scan }} Where? {{ answer_format }}" }
task verdict { data = exam.test  prompt = find  answer box(xyxy, pixel) in scan via boxes  metrics { primary box_iou } }
"""
ROWS = [{"id": f"r{n}", "question": f"case {n}", "gold": ("yes", "no", "maybe")[n % 3]} for n in range(12)]
SEES = Abilities(text=True, logits=True, images=True)


def write(folder: Path, rows: list[dict[str, Any]], gold: str = "no") -> None:
    write_lines(folder / "exam.jsonl", rows)
    write_lines(folder / "errata.jsonl", [{"version": 1}, {"id": "r1", "set": {"gold": gold}, "reason": "a slip"}])


def run(folder: Path, name: str, *, digest: int = 1, spec: str = SPEC, said: str = "yes", **more: Any) -> StoredRun:
    model = Watched(reply=lambda request: said, digest=f"{digest:064x}", abilities=more.pop("abilities", Abilities()))
    plan = optimise(lower(spec_of(spec), ["verdict"], dialect=more.pop("dialect", None)))
    execute(plan, model, model="of the test", out=folder / name, roots=DataRoots(given=(folder,)), **more)
    return load_run(folder / name)


def refusal(one: StoredRun, other: StoredRun) -> str:
    with pytest.raises(UsageError, match="the runs measured different things") as error:
        refuse_different(one, other, list(one.result.tasks))
    return str(error.value)


def test_other_errata_of_the_same_version_are_refused(tmp_path: Path) -> None:
    write(tmp_path, ROWS)
    one, again = run(tmp_path, "a"), run(tmp_path, "b", digest=2)
    refuse_different(one, again, ["verdict"])
    write(tmp_path, ROWS, gold="maybe")
    other = run(tmp_path, "c", digest=2)
    both = [str(each.report["tasks"]["verdict"]["errata"]["sha256"])[:12] for each in (one, other)]
    assert f"verdict: errata version 1 {both[0]} and version 1 {both[1]}" in refusal(one, other)


def test_shots_that_show_something_else_under_the_same_ids_are_refused(tmp_path: Path) -> None:
    spec = SPEC.replace('splits = [test]  errata = jsonl("errata.jsonl", version: 1)', "splits = [dev, test]")
    spec = spec.replace("exam.jsonl", "exam_{split}.jsonl").replace("  metrics", "  shots 2 from exam.dev  metrics")
    write_lines(tmp_path / "exam_test.jsonl", ROWS)
    shots = [{"id": f"s{n}", "question": f"another case {n}", "gold": "yes"} for n in range(2)]
    write_lines(tmp_path / "exam_dev.jsonl", shots)
    one, again = run(tmp_path, "a", spec=spec), run(tmp_path, "b", spec=spec, digest=2)
    refuse_different(one, again, ["verdict"])
    for number, changed in enumerate(({"question": "a case of another kind"}, {"gold": "no"})):
        write_lines(tmp_path / "exam_dev.jsonl", [shots[0], {**shots[1], **changed}])
        other = run(tmp_path, f"c{number}", spec=spec, digest=2)
        assert one.report["tasks"]["verdict"]["shots"] == other.report["tasks"]["verdict"]["shots"] == ["s0", "s1"]
        both = [str(each.report["tasks"]["verdict"]["shots_sha256"])[:12] for each in (one, other)]
        said = f"verdict: the rows shown as examples hold something else: shots {both[0]} and {both[1]}"
        assert said in refusal(one, other)
    # A report of a version that did not write the digest down.
    report = one.folder / "report.json"
    plain = json.loads(report.read_text("utf-8"))
    del plain["tasks"]["verdict"]["shots_sha256"]
    report.write_text(json.dumps(plain), "utf-8")
    refuse_different(load_run(one.folder), other, ["verdict"])


@pytest.mark.parametrize("members", [("b", "a", "c"), ("c", "b", "a")])
def test_the_digest_of_shots_has_sets_in_order(members: tuple[str, ...]) -> None:
    """Sets have another order in every process."""
    picked = PickedShots(("s",), ({"found": frozenset(members), "at": ({"of": frozenset(members)},)},))
    text = repr([[["set", "'a'", "'b'", "'c'"], [[["of", ["set", "'a'", "'b'", "'c'"]]]]]])
    assert content_digest(picked, ["found", "at"]) == sha256(text.encode()).hexdigest()


def test_rows_that_were_set_aside_are_told(tmp_path: Path) -> None:
    write(tmp_path, [*ROWS[:-1], {**ROWS[-1], "gold": "perhaps"}])
    aside = run(tmp_path, "a", keep_going=True), run(tmp_path, "b", digest=2, keep_going=True)
    refuse_different(*aside, ["verdict"])
    assert list(remarks(*aside, ["verdict"])) == [
        "verdict: 1 row set aside in both runs, so these are fewer rows than the task has"
    ]
    report = aside[1].folder / "report.json"
    # The same rows in a file that was whole: as if the data were told to be the same.
    task = aside[1].result.tasks["verdict"]
    shorter = attrs.evolve(task, quarantined=attrs.evolve(task.quarantined, rows=3), rows=9)
    fewer = attrs.evolve(
        aside[1],
        result=attrs.evolve(aside[1].result, tasks={"verdict": shorter}),
        rows=aside[1].rows.head(9),
    )
    assert "verdict: 11 rows and 9 rows; 1 row set aside and 3 rows set aside" in refusal(aside[0], fewer)
    assert report.is_file()


def draw(path: Path, box: tuple[int, int, int, int]) -> None:
    from PIL import Image

    image = Image.new("L", (20, 10))
    image.paste(255, box)
    image.save(path)


def test_other_masks_and_images_are_refused_though_the_rows_are_the_same(tmp_path: Path) -> None:
    write_lines(tmp_path / "exam.jsonl", [{"id": "1", "scan": "scan.png", "mask": "mask.png"}])
    draw(tmp_path / "scan.png", (0, 0, 9, 9))
    draw(tmp_path / "mask.png", (2, 2, 5, 6))
    more: dict[str, Any] = {"spec": MARKED, "abilities": SEES, "said": "[2, 2, 5, 6]"}
    one = run(tmp_path, "a", **more)
    refuse_different(one, run(tmp_path, "b", digest=2, **more), ["verdict"])
    blind = run(tmp_path, "c", digest=2, **{**more, "abilities": Abilities()})
    assert "verdict: only one of the models was shown the images" in remarks(one, blind, ["verdict"])
    draw(tmp_path / "mask.png", (2, 2, 5, 7))
    draw(tmp_path / "scan.png", (0, 0, 9, 8))
    said = refusal(one, run(tmp_path, "d", digest=2, **more))
    assert "verdict: files beside the rows (lists of ids, masks) " in said and "verdict: images " in said


def test_models_of_other_families_may_have_dialects_of_their_own(tmp_path: Path) -> None:
    write(tmp_path, ROWS)
    more = {"dialect": Dialect(name="brief", suffix=" Be brief.", strip_before="</think>")}
    one, other = run(tmp_path, "a"), run(tmp_path, "b", digest=2, **more)
    refuse_different(one, other, ["verdict"])
    found = other.report["model"]["dialect"]["hash"]
    assert list(remarks(one, other, ["verdict"])) == [
        f"the models are spoken to in dialects of their own: none and brief ({found[:12]})"
    ]
    same = run(tmp_path, "c", **more)
    said = refusal(one, same)
    assert "(dialect)" in said and "score hash" in said and "call hash" in said


def test_other_models_behind_a_judge_are_refused(tmp_path: Path) -> None:
    text, rows = module(MEAN, QUESTIONS, TELL, JUDGE, JUDGED), [{"id": "0", "question": "Q?", "gold": "G"}]
    runs = []
    for name in ("a", "b"):
        judges = {"graded": Scripted(f"judge {name}", lambda request: "2")}
        run_judged(text, tmp_path / name, "open_questions", rows=rows, candidate=lambda request: "x", judges=judges)
        runs.append(load_run(tmp_path / name / "out"))
    assert "judge `graded`: models " in refusal(*runs)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda report: report.pop("tasks"), "`tasks` is missing"),
        (lambda report: report.update(format=2), "it has format 2, and 1 is known"),
        (lambda report: report["tasks"]["verdict"].update(rows="12"), '`tasks.verdict.rows` holds "12"'),
        (lambda report: report["tasks"]["verdict"].update(rows=10**400), "`tasks.verdict.rows` holds a number"),
        (lambda report: report["tasks"]["verdict"].update(primary="f1"), "`tasks.verdict.primary` names a metric"),
        (lambda report: report["tasks"]["verdict"]["metrics"]["accuracy"].update(value=True), "value` holds true"),
        (lambda report: report["tasks"]["verdict"].update(call_hash="0" * 16), "has the call hash 0000000000000000"),
        (lambda report: report["tasks"]["verdict"].update(rows=11), "12 lines of `verdict`, and report.json 11"),
        (lambda report: report["tasks"].update(more=report["tasks"]["verdict"]), "have other tasks"),
    ],
)
def test_a_report_that_is_not_of_this_run(tmp_path: Path, change: Callable[[Any], Any], said: str) -> None:
    write(tmp_path, ROWS)
    out = run(tmp_path, "a").folder
    report = json.loads((out / "report.json").read_text("utf-8"))
    change(report)
    (out / "report.json").write_text(json.dumps(report), encoding="utf-8")
    with pytest.raises(StoreError) as error:
        load_run(out)
    assert said in str(error.value)


def test_a_torn_report_ends_in_words_wherever_it_is_torn(tmp_path: Path) -> None:
    write(tmp_path, ROWS)
    file = run(tmp_path, "a").folder / "report.json"
    whole, rng = file.read_bytes(), random.Random(1)
    for length in (0, 1, *rng.sample(range(len(whole) - 2), 40)):
        file.write_bytes(whole[:length])
        with pytest.raises(StoreError, match="report.json is torn or no report"):
            read_report(file)
