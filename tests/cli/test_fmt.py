"""`medspec fmt`: what is written, what is only shown, and what is left alone."""

from __future__ import annotations

import io
import os
import stat
import sys
from pathlib import Path

import pytest

MESSY = "edition 2026\nenum Level{low high}\n"
TIDY = "edition 2026\n\nenum Level { low  high }\n"
BROKEN = "edition 2026\nenum Level{low high\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "specs").mkdir()
    return tmp_path


def spec(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / "specs" / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.fixture
def standard_input(monkeypatch: pytest.MonkeyPatch):
    def give(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return give


def test_the_specs_of_the_project_are_formatted(folder, medspec):
    messy, tidy = spec(folder, "messy.medspec", MESSY), spec(folder, "tidy.medspec", TIDY)
    assert medspec("fmt") == (0, "", "formatted 1 file, 1 file was in order\n")
    assert messy.read_text() == TIDY and tidy.read_text() == TIDY
    assert medspec("fmt") == (0, "", "2 files were in order\n")
    assert medspec("fmt", "--quiet") == (0, "", "")


def test_check_lists_what_would_change(folder, medspec):
    messy = spec(folder, "messy.medspec", MESSY)
    spec(folder, "tidy.medspec", TIDY)
    name = str(Path("specs") / "messy.medspec")
    assert medspec("fmt", "--check") == (1, name + "\n", "would format 1 file, 1 file was in order\n")
    assert messy.read_text() == MESSY
    assert medspec("fmt", "--check", "specs/tidy.medspec").code == 0


def test_diff_shows_what_would_change(folder, medspec):
    messy = spec(folder, "messy.medspec", MESSY)
    done = medspec("fmt", "--diff", "specs")
    assert done.code == 1 and messy.read_text() == MESSY
    assert [line for line in done.out.splitlines() if line[:1] in "+-"][2:] == [
        "-enum Level{low high}",
        "+",
        "+enum Level { low  high }",
    ]


def test_a_spec_with_errors_is_left_alone_and_the_others_are_formatted(folder, medspec):
    broken, messy = spec(folder, "broken.medspec", BROKEN), spec(folder, "messy.medspec", MESSY)
    done = medspec("fmt")
    assert done.code == 1 and "E0102" in done.err and "1 file with errors left as it is" in done.err
    assert broken.read_text() == BROKEN and messy.read_text() == TIDY


def test_a_spec_that_is_not_utf_8_is_left_alone(folder, medspec):
    path = spec(folder, "latin.medspec", "edition 2026\n# café\n".encode("latin-1"))
    before = path.read_bytes()
    done = medspec("fmt")
    assert done.code == 1 and "E0107" in done.err and path.read_bytes() == before


@pytest.mark.parametrize(
    "data", [b"\xef\xbb\xbf" + TIDY.encode(), TIDY.replace("\n", "\r\n").encode(), TIDY.rstrip().encode()]
)
def test_line_breaks_and_the_byte_order_mark_are_part_of_the_style(folder, medspec, data):
    path = spec(folder, "foreign.medspec", data)
    assert medspec("fmt", "--check").code == 1
    done = medspec("fmt", "--diff")
    assert done.code == 1 and done.out.endswith("line breaks or the byte order mark change, and nothing else\n")
    assert medspec("fmt").code == 0 and path.read_bytes() == TIDY.encode()


@pytest.mark.skipif(os.name != "posix", reason="rights and links as POSIX has them")
def test_rights_stay_and_links_are_followed(folder, medspec):
    path = spec(folder, "messy.medspec", MESSY)
    path.chmod(0o640)
    link = folder / "link.medspec"
    link.symlink_to(path)
    assert medspec("fmt", "link.medspec").code == 0
    assert link.is_symlink() and path.read_text() == TIDY
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["messy.medspec"]


def test_the_standard_input_is_formatted_to_the_standard_output(folder, medspec, standard_input):
    standard_input(MESSY.replace("\n", "\r\n").encode())
    assert medspec("fmt", "-") == (0, TIDY, "")
    standard_input(MESSY.encode())
    assert medspec("fmt", "--check", "-") == (1, "", "")
    standard_input(TIDY.encode())
    assert medspec("fmt", "--check", "-") == (0, "", "")
    standard_input(MESSY.encode())
    done = medspec("fmt", "--diff", "-")
    assert done.code == 1 and "+enum Level { low  high }" in done.out


def test_nothing_is_written_for_standard_input_with_errors(folder, medspec, standard_input):
    """An editor would replace its text with whatever is written."""
    standard_input(BROKEN.encode())
    done = medspec("fmt", "-")
    assert (done.code, done.out) == (1, "") and "E0102" in done.err


def test_the_standard_input_stands_alone(folder, medspec):
    done = medspec("fmt", "-", "specs")
    assert done.code == 2 and "standard input" in done.err


def test_paths_that_are_not_there(folder, medspec):
    assert medspec("fmt", "missing.medspec").code == 3
