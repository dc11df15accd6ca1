"""What reaches a terminal: never an escape sequence, a control character or a direction mark that somebody else wrote."""

from __future__ import annotations

import io
import json
import re
import unicodedata

import pytest

from medspec.cli.output import print_text
from medspec.cli.view_report import view_report

HOSTILE = "a\x1b[2J\x1b]0;title\x07b\u202ec\u2066d\u200be\x9bf\rg"
OWN = re.compile(r"\x1b\[[0-9;]*m")


def obeyed(text: str) -> set[str]:
    """The letters of `text` that a terminal does not just show."""
    return {letter for letter in text if letter != "\n" and unicodedata.category(letter) in {"Cc", "Cf", "Zl", "Zp"}}


def test_what_is_printed_is_only_shown() -> None:
    stream = io.StringIO()
    print_text(f"{HOSTILE}\nsecond\tline", stream)
    shown = stream.getvalue()
    assert obeyed(shown) == {"\t"} and shown.endswith("\nsecond\tline\n")
    assert shown.startswith("a<U+001B>[2J<U+001B>]0;title<U+0007>b<U+202E>c<U+2066>d<U+200B>e<U+009B>f<U+000D>g")


@pytest.mark.parametrize("colour", ["", "1"])
def test_a_report_of_somebody_else_is_only_shown(colour: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", colour)
    monkeypatch.setenv("COLUMNS", "600")
    metric = {"value": 0.5, "low": 0.4, "high": 0.6}
    task = {"rows": 4, "unread": 0.0, "metrics": {HOSTILE: metric}, "primary": HOSTILE}
    report = {
        "suite": HOSTILE,
        "seconds": 1.0,
        "model": {"name": HOSTILE},
        "tasks": {HOSTILE: task},
        "warnings": [HOSTILE],
        "references": {HOSTILE: {"accuracy": 0.5, "source": HOSTILE}},
        "aggregates": {HOSTILE: {**metric, "metric": HOSTILE}},
    }
    stream = io.StringIO()
    view_report(report, stream, folder=HOSTILE)
    assert not obeyed(OWN.sub("", stream.getvalue()))
    assert ("\x1b[1m" in stream.getvalue()) == bool(colour)
    many = {f"{HOSTILE}{number}": {HOSTILE: 0.5, "source": HOSTILE} for number in range(20)}
    task["references"] = report["references"] = many
    for everything in (False, True):
        stream = io.StringIO()
        view_report(report, stream, folder=HOSTILE, all_references=everything)
        assert "Published figures" in stream.getvalue() and not obeyed(OWN.sub("", stream.getvalue()))


def test_errors_and_replies_are_only_shown(project, medspec) -> None:
    said = medspec("check", HOSTILE)
    assert said.code == 3 and not obeyed(said.out + said.err) and "<U+001B>" in said.err
    lines = [{"id": str(number), "reply": f"{HOSTILE} C"} for number in range(5)]
    (project / "said.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert medspec("run", "--model", "replay:said.jsonl", "--out", "runs/one").code == 0
    shown = medspec("explain", "exam_letters", "--row", "0", "--run", "runs/one")
    assert shown.code == 0 and "<U+202E>" in shown.out and not obeyed(shown.out + shown.err)
    # The journal and the rows keep what was said, exactly.
    import polars as pl

    assert pl.read_parquet("runs/one/rows.parquet")["reply"].to_list() == [line["reply"] for line in lines]
