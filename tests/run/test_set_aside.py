"""Rows that cannot be used: all told at once, or set aside and counted; and errata, which correct rows or leave them out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from planned_specs import changed, plan_of, rows_of, write_lines
from report_schema import check_report
from watched_models import Watched

from medspec.backends.base import Abilities
from medspec.cli.view_report import report_text
from medspec.errors import DataError
from medspec.plan.nodes import Plan
from medspec.run.execute import execute
from medspec.run.roots import DataRoots

SPEC = """edition 2026
import std.metrics { accuracy }

record Row { id : text   question : text   parts : text[]   options : text[2..4]   gold : choice of options from letter }

dataset exam : Row {
  source = jsonl("exam.jsonl")
  splits = [test]
}

prompt ask(question: text, parts: text[]) {
  user "{{ question }}{% for one in parts %}{{ loop.index0 | letter }}{% endfor %}"
}

task written {
  data    = exam.test
  prompt  = ask
  answer  choice of options via letter
  metrics { primary accuracy }
}
"""


def row(number: int, **more: Any) -> dict[str, Any]:
    fields = {"question": f"Question {number}?", "parts": ["x"], "options": ["a", "b"], "gold": "AB"[number % 2]}
    return {"id": f"r{number}", **fields, **more}


def run(plan: Plan, tmp_path: Path, **more: Any) -> dict[str, Any]:
    """A run with a model that always answers A."""
    model = more.pop("model", None) or Watched(reply=lambda request: "A")
    roots = DataRoots(given=(tmp_path / "data",))
    report = execute(plan, model, model="A", out=tmp_path / more.pop("out", "out"), roots=roots, **more)
    check_report(report)
    return report


def aside(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "quarantine.jsonl").read_text("utf-8").splitlines()]


BAD = [row(0), row(1, gold="D"), row(2), row(3, options=["a"]), row(2), row(5, parts=["x"] * 27), row(6)]


def test_rows_that_cannot_be_used_are_all_told(tmp_path: Path) -> None:
    write_lines(tmp_path / "data/exam.jsonl", BAD)
    model = Watched(reply=lambda request: "A")
    with pytest.raises(DataError) as error:
        run(plan_of(SPEC, "written"), tmp_path, model=model)
    assert str(error.value).replace(str(tmp_path), "ROOT") == (
        "ROOT/data/exam.jsonl: 3 problems in 7 rows:\n"
        '  ROOT/data/exam.jsonl:2: field `gold`: "D": there are 2 options, so this is no option\n'
        '  ROOT/data/exam.jsonl:4: field `options`: ["a"]: expected at least 2 entries, found 1\n'
        '  ROOT/data/exam.jsonl:5: field `id`: the id "r2" is that of ROOT/data/exam.jsonl:3 already'
    )
    assert model.requests == [] and not (tmp_path / "out").exists()


def test_every_prompt_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    write_lines(tmp_path / "data/exam.jsonl", [row(n, parts=["x"] * (27 if n % 2 else 1)) for n in range(50)])
    with pytest.raises(DataError) as error:
        run(plan_of(SPEC, "written"), tmp_path)
    assert str(error.value).startswith("25 rows cannot be asked about; the first 20 are:\n")
    assert [line.split(", ")[1].split(":")[0] for line in error.value.problems] == [
        f"row r{n}" for n in range(1, 40, 2)
    ]


def test_rows_are_set_aside_and_counted(tmp_path: Path) -> None:
    write_lines(tmp_path / "data/exam.jsonl", BAD)
    report = run(plan_of(SPEC, "written"), tmp_path, keep_going=True)
    task = report["tasks"]["written"]
    assert task["rows"] == 3 and [line["row_id"] for line in rows_of(tmp_path / "out")] == ["r0", "r2", "r6"]
    assert task["metrics"]["accuracy"]["value"] == 1.0
    assert task["quarantined"] == {
        "rows": 4,
        "reasons": {"field gold": 1, "field id": 1, "field options": 1, "prompt": 1},
    }
    kept = aside(tmp_path / "out")
    assert [(line.get("line"), line["reason"]) for line in kept] == [
        (2, "field gold"),
        (4, "field options"),
        (5, "field id"),
        (None, "prompt"),
    ]
    assert kept[0]["row"] == BAD[1] and kept[3]["id"] == "r5"
    assert (kept[0]["dataset"], kept[0]["split"], kept[0]["file"]) == ("exam", "test", "exam.jsonl")
    assert (
        "written: 4 rows are set aside and not scored: field gold 1, field id 1, field options 1, prompt 1 "
        "(quarantine.jsonl)" in report_text(report, width=120).splitlines()
    )


def test_good_data_leave_no_quarantine(tmp_path: Path) -> None:
    write_lines(tmp_path / "data/exam.jsonl", BAD)
    run(plan_of(SPEC, "written"), tmp_path, keep_going=True)
    write_lines(tmp_path / "data/exam.jsonl", [row(0), row(1)])
    report = run(plan_of(SPEC, "written"), tmp_path, keep_going=True)
    assert report["tasks"]["written"]["quarantined"] == {"rows": 0, "reasons": {}}
    assert not (tmp_path / "out/quarantine.jsonl").exists()


def test_a_limit_counts_rows_that_are_used(tmp_path: Path) -> None:
    write_lines(tmp_path / "data/exam.jsonl", BAD)
    report = run(plan_of(SPEC, "written"), tmp_path, keep_going=True, limit=2)
    assert [line["row_id"] for line in rows_of(tmp_path / "out")] == ["r0", "r2"]
    assert report["tasks"]["written"]["quarantined"]["rows"] == 1


def test_nothing_of_private_rows_is_written_down(tmp_path: Path) -> None:
    secret = "Maria Musterfrau"
    private = changed(SPEC, ("splits = [test]\n", "splits = [test]\n  private = true\n"))
    bad = [row(0), row(1, id=secret, gold=secret), row(2, id=f"{secret} 2", parts=[secret] * 27), {"id": secret}]
    write_lines(tmp_path / "data/exam.jsonl", bad)
    run(plan_of(private, "written"), tmp_path, keep_going=True)
    assert len(aside(tmp_path / "out")) == 3
    for name in ("quarantine.jsonl", "report.json", "rows.parquet", "run.json"):
        assert secret.encode() not in (tmp_path / "out" / name).read_bytes()


def test_where_no_row_is_left_there_is_no_run(tmp_path: Path) -> None:
    write_lines(tmp_path / "data/exam.jsonl", [row(0, gold="D"), row(1, gold=3)])
    with pytest.raises(DataError, match="none of the 2 rows can be used: field `gold`"):
        run(plan_of(SPEC, "written"), tmp_path, keep_going=True)
    write_lines(tmp_path / "data/exam.jsonl", [row(0, parts=["x"] * 27)])
    with pytest.raises(DataError, match="none of its rows can be asked about: .* there is no letter"):
        run(plan_of(SPEC, "written"), tmp_path, keep_going=True)


def test_rows_with_images_that_cannot_be_used(tmp_path: Path) -> None:
    png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x02\x00\x00\x00\x02\x08\x02\x00\x00\x00"
    spec = changed(
        SPEC,
        ("parts : text[]", "scan : image"),
        ("parts: text[]", "scan: image"),
        ("{% for one in parts %}{{ loop.index0 | letter }}{% endfor %}", " {{ scan }}"),
    )
    for name, content in (("good.png", png), ("bad.png", b"no image")):
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / name).write_bytes(content)
    rows = [row(n, scan=name) for n, name in enumerate(["good.png", "bad.png", "gone.png", "../x.png", "good.png"])]
    write_lines(tmp_path / "data/exam.jsonl", rows)
    sees = Watched(reply=lambda request: "A", abilities=Abilities(images=True))
    report = run(plan_of(spec, "written"), tmp_path, keep_going=True, model=sees)
    assert [request.row for request in sees.requests] == ["r0", "r4"]
    assert report["tasks"]["written"]["quarantined"]["rows"] == 3
    assert any("bad.png" in line["problems"][0] for line in aside(tmp_path / "out"))


ERRATA = changed(SPEC, ("splits = [test]\n", 'splits = [test]\n  errata = jsonl("exam.errata.jsonl", version: 3)\n'))


def errata(tmp_path: Path, *entries: dict[str, Any], version: Any = 3) -> Path:
    return write_lines(tmp_path / "data/exam.errata.jsonl", [{"version": version}, *entries])


def test_errata_correct_rows_and_leave_rows_out(tmp_path: Path) -> None:
    write_lines(tmp_path / "data/exam.jsonl", [row(n) for n in range(4)])
    errata(
        tmp_path,
        {"id": "r1", "set": {"gold": "A", "question": "Question one?"}, "reason": "the key was wrong"},
        {"id": "r3", "exclude": True, "reason": "two options are right"},
    )
    model = Watched(reply=lambda request: "A")
    report = run(plan_of(ERRATA, "written"), tmp_path, model=model)
    task = report["tasks"]["written"]
    # A model that says A is right for r0, r2 and now r1; without errata it is right for two of four.
    assert (task["rows"], task["metrics"]["accuracy"]["value"]) == (3, 1.0)
    assert sorted(request.plain_prompt for request in model.requests) == [
        "Question 0?A",
        "Question 2?A",
        "Question one?A",
    ]
    found = task["errata"]
    assert (found["version"], found["corrected"], found["excluded"]) == (3, 1, 1) and len(found["sha256"]) == 64
    assert (
        "written: errata version 3: 1 rows corrected, 1 left out (exam.errata.jsonl)"
        in report_text(report, width=120).splitlines()
    )
    assert (
        run(plan_of(SPEC, "written"), tmp_path, out="plain")["tasks"]["written"]["metrics"]["accuracy"]["value"] == 0.5
    )


def test_errata_are_part_of_the_score_hash_alone() -> None:
    plain, third = plan_of(SPEC, "written").tasks[0], plan_of(ERRATA, "written").tasks[0]
    fourth = plan_of(changed(ERRATA, ("version: 3", "version: 4")), "written").tasks[0]
    assert plain.call_hash == third.call_hash == fourth.call_hash
    assert len({plain.score_hash, third.score_hash, fourth.score_hash}) == 3


WRONG = {
    "there is no `excluded` in an erratum; there are: id, split, subset, set, exclude, reason": {"excluded": True},
    "an erratum names its row: `id` is a text or a whole number": {"id": None, "exclude": True},
    "an erratum says its `reason`": {"exclude": True, "reason": " "},
    "`exclude` is true or false": {"exclude": "yes"},
    "an erratum either corrects (`set`) or leaves out (`exclude`)": {"exclude": True, "set": {"gold": "A"}},
    "`set` holds the fields that are corrected": {"set": {}},
    "there is no field `golf`; did you mean `gold`?": {"set": {"golf": "A"}},
    "the field `id` says which row it is, and cannot be corrected": {"set": {"id": "r9"}},
}


def test_every_erratum_that_says_nothing_is_told(tmp_path: Path) -> None:
    write_lines(tmp_path / "data/exam.jsonl", [row(0)])
    file = errata(tmp_path, *({"id": "r0", "reason": "why", **entry} for entry in WRONG.values()))
    with pytest.raises(DataError) as error:
        run(plan_of(ERRATA, "written"), tmp_path)
    assert str(error.value).splitlines()[0] == f"{file}: 8 problems in 8 rows:"
    assert error.value.problems == tuple(f"{file}:{line}: {said}" for line, said in enumerate(WRONG, start=2))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (['{"version": 2}'], "1: these are errata of version 2, the spec asks for version 3"),
        (['{"id": "r0"}'], '1: the first line does not say the version of the errata; write {"version": 1}'),
        (
            ['{"version": 3}', '{"id": "r9", "exclude": true, "reason": "x"}'],
            '2: the id "r9" is that of no row of this split',
        ),
        (
            ['{"version": 3}', *['{"id": "r0", "exclude": true, "reason": "x"}'] * 2],
            "3: line 2 is about the same row",
        ),
        (
            ['{"version": 3}', '{"id": "r0", "set": {"gold": "Z"}, "reason": "x"}'],
            'field `gold`, as the errata correct it: "Z": there are 2 options, so this is no option',
        ),
    ],
)
def test_errata_that_do_not_fit(lines: list[str], said: str, tmp_path: Path) -> None:
    write_lines(tmp_path / "data/exam.jsonl", [row(0), row(1)])
    (tmp_path / "data/exam.errata.jsonl").write_text("\n".join(lines), "utf-8")
    with pytest.raises(DataError) as error:
        run(plan_of(ERRATA, "written"), tmp_path)
    assert said in str(error.value)


def test_an_erratum_is_for_its_split(tmp_path: Path) -> None:
    spec = changed(
        ERRATA, ('jsonl("exam.jsonl")', 'jsonl("{split}.jsonl")'), ("splits = [test]", "splits = [dev, test]")
    )
    write_lines(tmp_path / "data/test.jsonl", [row(0), row(1)])
    errata(tmp_path, {"id": "r1", "exclude": True, "reason": "x"})
    with pytest.raises(DataError, match="the dataset has several splits, so an erratum names its `split`"):
        run(plan_of(spec, "written"), tmp_path)
    errata(
        tmp_path,
        {"id": "r1", "split": "test", "exclude": True, "reason": "x"},
        {"id": "r0", "split": "dev", "exclude": True, "reason": "x"},
    )
    assert run(plan_of(spec, "written"), tmp_path)["tasks"]["written"]["rows"] == 1
