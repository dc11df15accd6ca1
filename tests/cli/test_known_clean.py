"""What is known to have no mistakes is not checked again; whatever could change that makes it unknown."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from medspec.cli import known_clean

SHARED = "edition 2026\n\n## Yes or no.\nenum Finding { present  absent }\n"
USER = """\
edition 2026

import shared { Finding }

record Note { id : text  note : text  gold : Finding }
"""


@pytest.fixture
def specs(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "specs"
    folder.mkdir()
    (folder / "shared.medspec").write_text(SHARED)
    (folder / "user.medspec").write_text(USER)
    return folder


def names(found: known_clean.Survey) -> list[str]:
    return [path.name for path in found.suspects]


def test_everything_is_suspect_at_first_and_nothing_once_it_was_checked(specs):
    found = known_clean.survey([specs], specs)
    assert names(found) == ["shared.medspec", "user.medspec"]
    known_clean.remember(found)
    assert names(known_clean.survey([specs], specs)) == []


def test_a_changed_module_and_those_that_import_it_are_suspect(specs):
    known_clean.remember(known_clean.survey([specs], specs))
    (specs / "user.medspec").write_text(USER + "# a word\n")
    assert names(known_clean.survey([specs], specs)) == ["user.medspec"]
    (specs / "shared.medspec").write_text(SHARED.replace("absent", "gone"))
    assert names(known_clean.survey([specs], specs)) == ["shared.medspec", "user.medspec"]


def test_a_module_whose_import_is_gone_or_circular_is_never_known(specs):
    (specs / "shared.medspec").unlink()
    found = known_clean.survey([specs], specs)
    known_clean.remember(found)
    assert names(known_clean.survey([specs], specs)) == ["user.medspec"]
    (specs / "shared.medspec").write_text(SHARED + "import user { Note }\n")
    known_clean.remember(known_clean.survey([specs], specs))
    assert names(known_clean.survey([specs], specs)) == ["shared.medspec", "user.medspec"]


def test_another_version_of_medspec_knows_nothing(specs, monkeypatch):
    known_clean.remember(known_clean.survey([specs], specs))
    monkeypatch.setattr(known_clean, "code_stamp", lambda: "another")
    assert names(known_clean.survey([specs], specs)) == ["shared.medspec", "user.medspec"]


def test_a_moved_module_is_suspect(specs):
    known_clean.remember(known_clean.survey([specs], specs))
    (specs / "shared.medspec").rename(specs / "other.medspec")
    assert "other.medspec" in names(known_clean.survey([specs], specs))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"zz\n" * 10])
def test_a_damaged_cache_costs_time_only(specs, content):
    found = known_clean.survey([specs], specs)
    known_clean.remember(found)
    known_clean._place().write_bytes(content)
    assert names(known_clean.survey([specs], specs)) == ["shared.medspec", "user.medspec"]


def test_check_says_the_same_cold_and_warm(specs):
    def check() -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "medspec", "check", "specs"], cwd=specs.parent, capture_output=True, text=True
        )
        return done.returncode, done.stdout, done.stderr

    assert check() == check() == (0, "", "no mistakes in 2 modules\n")
    broken = Path(specs / "user.medspec")
    broken.write_text(USER.replace("Finding }", "Findnig }"))
    assert check() == check()
    assert check()[0] == 1
