"""`medspec metrics`: the catalogue for people and for programs, and the page of one metric."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from medspec.cli.metrics import COMMAND
from medspec.errors import UsageError
from medspec.metrics import METRICS

HERE = Path(__file__).parent


def output(*arguments: str) -> str:
    done = CliRunner().invoke(COMMAND, [*arguments], standalone_mode=False, catch_exceptions=False)
    return done.output


def test_the_catalogue(golden):
    golden(HERE / "golden" / "metrics.txt", output())


def test_every_metric_says_what_an_unread_row_does():
    text = output()
    assert text.count("    an unread row: ") == len(METRICS)
    assert all(f"\n{metric.name} " in f"\n{text}" for metric in METRICS)


def test_the_page_of_one_metric(golden):
    golden(HERE / "golden" / "metric_rouge.txt", output("rouge"))


def test_for_programs():
    found = json.loads(output("--format", "json"))
    assert [entry["name"] for entry in found] == [metric.name for metric in METRICS]
    ece = next(entry for entry in found if entry["name"] == "ece")
    assert (
        ece["needs"] == ["confidence"] and ece["grain"] == "whole set" and ece["inputs"] == {"pred": "C", "gold": "C"}
    )
    assert ece["yields"] == {"range": "fraction, lower", "low": 0.0, "high": 1.0, "higher_is_better": False}
    assert ece["settings"][0]["default"] == 15 and ece["unread"]
    assert json.loads(output("ece", "--format", "json"))["page"].startswith("ECE: ")


def test_a_metric_that_is_not_there():
    with pytest.raises(UsageError, match="did you mean `kappa`"):
        output("kapa")
    with pytest.raises(UsageError, match="there is no metric `xyz`$"):
        output("xyz")
