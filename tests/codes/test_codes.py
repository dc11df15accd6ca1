"""Every code of the catalogue: its wrong spec gives exactly this code, its right spec gives nothing.

`tests/codes/<code>/` holds both specs and the rendered diagnostic, written by `pytest --accept` and read by people.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import medspec
from medspec.codes import CODES, RETIRED, find_code
from medspec.text.render import render_one

HERE = Path(__file__).parent
PACKAGE = Path(medspec.__file__).parent


def diagnostics_of(folder, monkeypatch, code, text):
    """What the checker says about a module with the code's further modules beside it."""
    from medspec.check import check_paths

    for name, beside in (("main.medspec", text), *code.beside):
        (folder / name).write_text(beside, encoding="utf-8")
    monkeypatch.chdir(folder)
    checked = check_paths([Path("main.medspec")], root=Path())
    if code.before is not None and not checked.diagnostics:
        return against_lock_of(folder, code, checked.spec)
    if code.model is None or checked.diagnostics:
        return checked.diagnostics
    from medspec.backends import find_scheme
    from medspec.plan.fit import check_fit
    from medspec.plan.lower import lower

    plan = lower(checked.spec, tuple(task.name for task in checked.spec.tasks.values()))
    return check_fit(plan, checked.spec, code.model, find_scheme(code.model).abilities).diagnostics


def against_lock_of(folder, code, spec):
    """What the lock that was written for `code.before` has against `spec`."""
    from medspec.check import check_paths
    from medspec.plan.lock import from_text, to_text
    from medspec.plan.locked import check_locked
    from medspec.plan.state import state_of_spec

    (folder / "before").mkdir(exist_ok=True)
    (folder / "before" / "main.medspec").write_text(code.before, encoding="utf-8")
    before = check_paths([Path("before")], root=Path("before"))
    assert not before.diagnostics
    return check_locked(spec, from_text(to_text(state_of_spec(before.spec)))).diagnostics


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.code)
def test_the_folder_holds_the_specs_of_the_catalogue(code, golden):
    golden(HERE / code.code / "wrong.medspec", code.wrong)
    golden(HERE / code.code / "right.medspec", code.right)
    for name, text in code.beside:
        golden(HERE / code.code / name, text)
    if code.before is not None:
        golden(HERE / code.code / "locked.medspec", code.before)


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.code)
def test_the_wrong_spec_gives_this_code_and_no_other(code, golden, tmp_path, monkeypatch):
    found = diagnostics_of(tmp_path, monkeypatch, code, code.wrong)
    assert [one.code for one in found] == [code.code], "\n\n".join(render_one(one) for one in found)
    golden(HERE / code.code / "expected.txt", render_one(found[0]) + "\n")


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.code)
def test_the_right_spec_gives_nothing(code, tmp_path, monkeypatch):
    found = diagnostics_of(tmp_path, monkeypatch, code, code.right)
    if code.before is not None and code.code != "W0607":
        # A version that rose is not in the lock yet, which is as it should be.
        found = [one for one in found if one.code != "W0607"]
    assert not found, "\n\n".join(render_one(one) for one in found)


def test_a_code_about_models_or_the_lock_is_not_found_by_checking_alone():
    from medspec.check import check_text

    for code in CODES:
        assert (code.model is None and code.before is None) or not check_text(code.wrong).diagnostics


def test_no_folder_is_left_over():
    assert {path.name for path in HERE.iterdir() if path.is_dir() and path.name[0] in "EW"} == {
        code.code for code in CODES
    }


def test_numbers_are_given_once_and_never_again():
    numbers = [*(code.code for code in CODES), *RETIRED]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.code)
def test_a_code_is_well_formed(code):
    assert re.fullmatch(r"[EW]0[1-79]\d\d", code.code)
    assert code.title == code.title.strip() and not code.title.endswith(".") and "\n" not in code.title
    assert code.title[0].islower() or code.title[0] == "`"
    assert len(code.why) > 80 and code.why.endswith((".", "`"))
    assert code.wrong != code.right
    assert all(text.startswith("edition 2026\n") or code.code == "E0105" for text in (code.wrong, code.right))
    assert code.right.startswith("edition 2026\n")
    assert code.code not in code.related and all(find_code(related) for related in code.related)


def test_a_code_lives_in_the_file_of_its_range():
    for path in (PACKAGE / "codes").glob("e0*.py"):
        written = re.findall(r'code="[EW](\d\d)\d\d"', path.read_text("utf-8"))
        assert written and set(written) == {path.name[1:3]}


def codes_in_the_compiler() -> set[str]:
    """The codes the package's own files give, read from the text of the files."""
    files = [path for path in PACKAGE.rglob("*.py") if path.parent.name != "codes"]
    return {code for path in files for code in re.findall(r'"([EW]\d{4})"', path.read_text("utf-8"))}


def test_every_code_the_compiler_gives_is_in_the_catalogue():
    assert codes_in_the_compiler() <= {code.code for code in CODES}


def test_every_code_of_the_catalogue_is_given_somewhere():
    assert {code.code for code in CODES} <= codes_in_the_compiler()


def test_a_code_is_found_in_either_case_and_a_foreign_one_is_not():
    assert find_code("e0207") is find_code("E0207") is not None
    assert find_code("E9999") is None and find_code("") is None
