"""Modules: files in folders that import each other, and what is said when they do not fit together."""

from __future__ import annotations

from pathlib import Path

import pytest

from medspec.check import Checked, check_paths
from medspec.errors import DataError
from medspec.text.diagnostic import Diagnostic

RECORD = "record Row { id : text   note : text   gold : bool }\n"
DATA = 'dataset exam : Row { source = jsonl("exam.jsonl")  splits = [test] }\n'
PROMPT = 'prompt ask(note: text) { user "{{ note }}" }\n'
TASK = "task read { data = exam.test  prompt = ask  answer bool via plain  metrics { primary accuracy } }\n"
METRICS = "import std.metrics { accuracy }\n"


def check(folder: Path, files: dict[str, str], *paths: str) -> Checked:
    """Checks files below `folder`, all of them or those named; every text begins with the edition by itself."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"edition 2026\n{text}", encoding="utf-8")
    return check_paths([folder / path for path in paths] or [folder], root=folder)


def said(found: tuple[Diagnostic, ...]) -> list[tuple[str, str, str]]:
    """Code, file and sentence of each."""
    return [(one.code, Path(one.place.source.path).name, one.title) for one in found]


def test_a_module_is_named_by_its_path(tmp_path: Path) -> None:
    files = {
        "shared/rows.medspec": RECORD,
        "text/data.medspec": "import shared.rows { Row }\n" + DATA,
        "text/exam.medspec": f"{METRICS}import text.data as data\nimport text.wording\n"
        + TASK.replace("exam.test", "data.exam.test").replace("= ask", "= wording.ask"),
        "text/wording.medspec": PROMPT,
    }
    checked = check(tmp_path, files)
    assert said(checked.diagnostics) == []
    assert checked.spec.modules == ("shared.rows", "text.data", "text.exam", "text.wording")
    assert list(checked.spec.tasks) == ["text.exam.read"]
    assert checked.spec.records["shared.rows.Row"].type == checked.spec.datasets["text.data.exam"].record.type


def test_what_is_imported_is_read_without_being_named(tmp_path: Path) -> None:
    files = {"a/rows.medspec": RECORD, "b.medspec": "import a.rows { Row }\n" + DATA, "c.medspec": "record Broken {\n"}
    checked = check(tmp_path, files, "b.medspec")
    assert checked.diagnostics == () and checked.spec.modules == ("a.rows", "b")


def test_the_order_of_declarations_and_of_modules_means_nothing(tmp_path: Path) -> None:
    forward = check(
        tmp_path / "one", {"z.medspec": RECORD, "a.medspec": f"{METRICS}import z {{ Row }}\n{TASK}{PROMPT}{DATA}"}
    )
    backward = check(
        tmp_path / "two", {"z.medspec": RECORD, "a.medspec": f"{METRICS}import z {{ Row }}\n{DATA}{PROMPT}{TASK}"}
    )
    assert forward.diagnostics == () == backward.diagnostics
    assert forward.spec.tasks == backward.spec.tasks


def test_a_file_named_twice_is_checked_once(tmp_path: Path) -> None:
    files = {"a.medspec": RECORD + "record Row { id : text }\n"}
    found = check(tmp_path, files, "a.medspec", ".", "a.medspec").diagnostics
    assert said(found) == [("E0203", "a.medspec", "`Row` is declared twice in this module")]


def test_a_ring_of_imports_is_told_once_with_its_way(tmp_path: Path) -> None:
    files = {
        "a.medspec": "import b { B }\nrecord A { id : text   b : B }\n",
        "b.medspec": "import c { C }\nrecord B { id : text   c : C }\n",
        "c.medspec": "import a { A }\nrecord C { id : text }\nrecord D { a : A }\n",
    }
    (found,) = check(tmp_path, files).diagnostics
    assert (found.code, found.title) == ("E0205", "these modules import each other")
    assert found.notes == ("a -> b -> c -> a",)
    assert [Path(label.place.source.path).name for label in found.labels] == ["a.medspec", "b.medspec", "c.medspec"]


def test_two_rings_are_two(tmp_path: Path) -> None:
    files = {
        "a.medspec": "import b { B }\nrecord A { b : B }\n",
        "b.medspec": "import a { A }\nrecord B { id : text }\nrecord X { a : A }\n",
        "c.medspec": "import c { C }\nrecord C { id : text }\nrecord Y { c : C }\n",
    }
    found = check(tmp_path, files).diagnostics
    assert [one.title for one in found if one.code == "E0205"] == [
        "these modules import each other",
        "this module imports itself",
    ]


def test_a_task_made_of_itself(tmp_path: Path) -> None:
    files = {
        "a.medspec": "import b { two }\ntask one = two\n",
        "b.medspec": "import a { one }\ntask two = one\n",
    }
    found = check(tmp_path, files).diagnostics
    assert {one.code for one in found} == {"E0205"}


@pytest.mark.parametrize(
    ("text", "code", "title", "help_"),
    [
        ("import txt.data { exam }\n", "E0202", "cannot find a module named `txt.data`", "did you mean `text.data`?"),
        (
            "import std.metric { accuracy }\n",
            "E0202",
            "cannot find a module named `std.metric`",
            "did you mean `std.metrics`?",
        ),
        ("import text.data { exams }\n", "E0202", "`text.data` has nothing named `exams`", "did you mean `exam`?"),
        (
            "import std.metrics { acuracy }\n",
            "E0202",
            "`std.metrics` has nothing named `acuracy`",
            "did you mean `accuracy`?",
        ),
        ("import text.data { _secret }\n", "E0212", "`_secret` is private to `text.data`", ""),
        (
            "import text.data as data\ntask t = data.reed\n",
            "E0202",
            "`text.data` has nothing named `reed`",
            "did you mean `read`?",
        ),
        (
            "task t = read\n",
            "E0201",
            "cannot find a task named `read`",
            "`text.data` declares it; add `import text.data { read }`",
        ),
    ],
)
def test_a_name_that_is_not_there(text: str, code: str, title: str, help_: str, tmp_path: Path) -> None:
    """One message with the most likely name, and none about the uses of what could not be imported."""
    uses = 'dataset more : Row { source = jsonl("x")  splits = [test] }\nrecord Row { id : text }\n'
    files = {
        "text/data.medspec": f"{METRICS}{RECORD}{DATA}{PROMPT}{TASK}record _secret {{ id : text }}\nrecord O {{ s : _secret }}\n",
        "main.medspec": text + uses,
    }
    found = [one for one in check(tmp_path, files).diagnostics if one.is_error]
    assert said(tuple(found)) == [(code, "main.medspec", title)]
    assert found[0].helps == ((help_,) if help_ else ())


def test_a_spoilt_module_spoils_nobody_else(tmp_path: Path) -> None:
    """What it declares may be there; only its own mistake is told."""
    files = {
        "rows.medspec": RECORD.replace("id : text", "id text"),
        "main.medspec": f"{METRICS}import rows {{ Row }}\n{DATA}{PROMPT}{TASK}",
    }
    found = check(tmp_path, files).diagnostics
    assert [(one.code, Path(one.place.source.path).name) for one in found if one.is_error] == [
        ("E0101", "rows.medspec")
    ]


def test_a_spoilt_import_hides_no_name(tmp_path: Path) -> None:
    files = {"rows.medspec": RECORD, "main.medspec": f"{METRICS}import rows Row\n{DATA}{PROMPT}{TASK}"}
    found = check(tmp_path, files).diagnostics
    assert said(tuple(one for one in found if one.is_error)) == [
        ("E0101", "main.medspec", "imported names stand in braces")
    ]


def test_a_file_that_is_no_text_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "rows.medspec").write_bytes(b"edition 2026\nrecord Row { id : text } # caf\xe9\n")
    files = {"main.medspec": f"{METRICS}import rows {{ Row }}\n{DATA}{PROMPT}{TASK}"}
    found = check(tmp_path, files).diagnostics
    assert said(found) == [("E0107", "rows.medspec", "this file is not UTF-8: byte 43 in line 2")]


def test_line_ends_and_byte_order_marks_of_windows_mean_nothing(tmp_path: Path) -> None:
    text = f"edition 2026\n{METRICS}{RECORD}{DATA}{PROMPT}{TASK}"
    for name, written in (("unix", text.encode()), ("windows", b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())):
        (tmp_path / name).mkdir()
        (tmp_path / name / "m.medspec").write_bytes(written)
    unix, windows = (check_paths([tmp_path / name], root=tmp_path / name) for name in ("unix", "windows"))
    assert unix.spec.tasks == windows.spec.tasks and unix.spec.tasks
    assert [one.place.line for one in unix.diagnostics] == [one.place.line for one in windows.diagnostics]


def test_a_folder_that_holds_no_spec_and_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there are no .medspec files in"):
        check_paths([tmp_path], root=tmp_path)
    with pytest.raises(DataError, match="there is no file .*nowhere.medspec"):
        check_paths([tmp_path / "nowhere.medspec"], root=tmp_path)


def test_unused_imports_are_told_unless_something_could_not_be_read(tmp_path: Path) -> None:
    files = {
        "rows.medspec": RECORD,
        "main.medspec": "import rows { Row }\nimport std.metrics { accuracy }\nenum E { a b }\n",
    }
    assert said(check(tmp_path, files).diagnostics) == [
        ("W0202", "main.medspec", "`Row` is imported and never used"),
        ("W0202", "main.medspec", "`accuracy` is imported and never used"),
    ]
    files["main.medspec"] += "enum F { a }\n"
    assert [one.code for one in check(tmp_path, files).diagnostics] == ["E0308"]
