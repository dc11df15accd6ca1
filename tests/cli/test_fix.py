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


def test_with_one_edition_every_file_is_of_the_newest(wrong, medspec) -> None:
    Path("specs", "wrong.medspec").write_text(RIGHT, encoding="utf-8")
    done = medspec("fix", "--edition")
    assert (done.code, done.out) == (0, "")
    assert done.err == "nothing to rewrite: 1 file of edition 2026, the newest that this version of medspec knows\n"
    assert Path("specs", "wrong.medspec").read_text(encoding="utf-8") == RIGHT


def test_an_unknown_edition_says_what_to_type(wrong, medspec) -> None:
    Path("specs", "wrong.medspec").write_text(RIGHT.replace("2026", "2031"), encoding="utf-8")
    done = medspec("fix", "--edition")
    assert done.code == 1
    for text in ("E0105", "there is no edition 2031", "needs a later version of medspec", "write `edition 2026`"):
        assert text in done.err


def test_older_editions_are_rewritten(wrong, medspec, monkeypatch) -> None:
    from medspec.syntax import editions, upgrade

    later = (*editions.EDITIONS, editions.Edition(2027))
    monkeypatch.setattr(editions, "EDITIONS", later)
    monkeypatch.setattr(upgrade.upgrade, "__defaults__", (later,))
    path = Path("specs", "wrong.medspec")
    path.write_text(RIGHT, encoding="utf-8")
    assert medspec("fix", "--edition", "--dry-run").out == "specs/wrong.medspec: edition 2026 is now 2027\n"
    assert path.read_text(encoding="utf-8") == RIGHT
    done = medspec("fix", "--edition")
    assert done.err == "rewrote 1 of 1 file for edition 2027, the newest that this version of medspec knows\n"
    assert path.read_text(encoding="utf-8") == RIGHT.replace("2026", "2027")
