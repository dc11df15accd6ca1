"""`medspec fix`: what it reports, what it writes, and what it leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

WRONG = """edition 2026

import std.metrics { accuracy }

enum Level { low, high }

record Row {
  id   = text
  gold : Level;
}
"""
RIGHT = """edition 2026


enum Level { low high }

record Row {
  id   : text
  gold : Level
}
"""
REPORTED = """specs/wrong.medspec:5: E0101 no comma is needed here: took out `,`
specs/wrong.medspec:9: E0104 `;` has no meaning here: took out `;`
specs/wrong.medspec:8: E0101 a type is given with `:`: put `:` for `=`
specs/wrong.medspec:3: W0202 `accuracy` is imported and never used: took out `import std.metrics { accuracy }`
"""


@pytest.fixture
def wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "specs").mkdir()
    path = tmp_path / "specs" / "wrong.medspec"
    path.write_text(WRONG, encoding="utf-8")
    return path


def test_what_is_done_is_reported(wrong, medspec):
    assert medspec("fix") == (0, REPORTED, "fixed 4 problems in 1 file\n")
    assert wrong.read_text() == RIGHT
    assert medspec("fix") == (0, "", "nothing to fix\n")
    assert medspec("fix", "--quiet") == (0, "", "")


def test_a_dry_run_writes_nothing(wrong, medspec):
    assert medspec("fix", "--dry-run", "specs/wrong.medspec") == (0, REPORTED, "would fix 4 problems in 1 file\n")
    assert wrong.read_text() == WRONG


def test_what_is_left_is_counted(wrong, medspec):
    wrong.write_text("edition 2026\nrecord Row { id = text  gold: Levle }\n", encoding="utf-8")
    done = medspec("fix")
    assert done.code == 1 and done.err == "fixed 1 problem in 1 file; 1 error is left, see medspec check\n"
    assert wrong.read_text() == "edition 2026\nrecord Row { id : text  gold: Levle }\n"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_breaks_and_the_byte_order_mark_stay(wrong, medspec, mark):
    wrong.write_bytes(mark + WRONG.replace("\n", "\r\n").encode())
    assert medspec("fix").code == 0
    assert wrong.read_bytes() == mark + RIGHT.replace("\n", "\r\n").encode()


def test_a_file_that_is_not_utf_8_is_left_alone(wrong, medspec):
    wrong.write_bytes(b"edition 2026\n# caf\xe9\n")
    done = medspec("fix")
    assert done.code == 1 and done.err == "nothing to fix; 1 error is left, see medspec check\n"
    assert wrong.read_bytes() == b"edition 2026\n# caf\xe9\n"
