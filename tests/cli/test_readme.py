"""What the README shows works as it stands there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from medspec.cli.app import COMMANDS

README = (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")


def block(kind: str) -> str:
    (found,) = re.findall(rf"^```{kind}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return found


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mine.medspec").write_text(block("medspec"), encoding="utf-8")
    (tmp_path / "mine.jsonl").write_text(block("json"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_opens_with_the_two_commands():
    first = re.search(r"^```\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert first is not None
    assert [line.split("#")[0].strip() for line in first[1].splitlines()] == ["make run", "make test"]


def test_the_spec_has_ten_lines_and_no_mistake(own, medspec):
    assert len(block("medspec").splitlines()) == 10
    assert medspec("check", "mine.medspec") == (0, "", "no mistakes in 1 module\n")


def test_the_spec_runs(own, medspec):
    assert medspec("run", "mine.medspec", "--model", "hash", "--out", "here").code == 0
    assert json.loads(Path("here/report.json").read_text(encoding="utf-8"))["tasks"]["my_exam"]["rows"] == 2


def test_the_mistake_gives_the_message_shown(own, medspec):
    text = block("medspec").replace("answer choice of options", "answer choice of option")
    (own / "mine.medspec").write_text(text, encoding="utf-8")
    done = medspec("check", "mine.medspec")
    assert done.code == 1
    assert f"```\n{done.out}```\n" in README


def test_every_command_is_listed():
    listed = re.findall(r"^\| `medspec (\w+)", README, re.MULTILINE)
    assert listed == [entry.name for entry in COMMANDS]


def test_the_settings_are_ones_that_exist(tmp_path):
    from medspec.config import read_config

    file = tmp_path / "medspec.toml"
    file.write_text(block("toml"), encoding="utf-8")
    assert read_config(file) is not None
