"""Every way a command can end: its exit code, and what is said on the standard error."""

from __future__ import annotations

import errno
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from medspec import errors
from medspec.cli.app import guarded
from medspec.text.diagnostic import Report
from medspec.text.source import Place, Source


def raising(error: BaseException) -> Callable[[], None]:
    def work() -> None:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (errors.UsageError("no such suite `x`"), 2, "error: no such suite `x`\n"),
        (errors.DataError("a.jsonl: line 3", problems=["one", "two"]), 3, "error: a.jsonl: line 3\n  one\n  two\n"),
        (errors.BackendError("no model"), 3, "error: no model\n"),
        (errors.StoreError("locked"), 3, "error: locked\n"),
        (errors.FloorMissed("0.4 is below 0.5"), 4, "error: 0.4 is below 0.5\n"),
        (click.UsageError("No such option '-x'."), 2, "error: No such option '-x'\n"),
        (click.FileError("a.toml", "gone"), 2, "error: Could not open file 'a.toml': gone\n"),
        (errors.Interrupted("stopped: 12 replies are kept in runs/x"), 3, "stopped: 12 replies are kept in runs/x\n"),
        (KeyboardInterrupt(), 3, "stopped by Ctrl-C\n"),
        (click.Abort(), 3, "stopped by Ctrl-C\n"),
        (OSError(errno.ENOSPC, "No space left on device", "runs/a/journal"), 3,
         "error: runs/a/journal: No space left on device; make room, or write elsewhere with --out\n"),
        (PermissionError(errno.EACCES, "Permission denied", "target"), 3,
         "error: target: Permission denied; you may not read or write there\n"),
        (OSError("odd"), 3, "error: odd\n"),
        (ModuleNotFoundError("No module named 'torch'", name="torch"), 3,
         "error: No module named 'torch'; `medspec doctor` shows what is installed\n"),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 0, ""),
        (SystemExit(4), 4, ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)  # fmt: skip
def test_each_error_has_its_code_and_its_message(
    error: BaseException, code: int, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert guarded(raising(error), []) == code
    out, err = capfd.readouterr()
    assert (out, err) == ("", said)


def test_diagnostics_are_written_out(capsys: pytest.CaptureFixture[str]) -> None:
    source = Source("a.medspec", "edition 2026\ntusk x {}\n")
    report = Report()
    report.add("E0104", "`tusk` begins no declaration", Place(source, 13, 17))
    assert guarded(raising(errors.CompileFailed(report.diagnostics)), []) == 1
    err = capsys.readouterr().err
    assert "error[E0104]: `tusk` begins no declaration" in err
    assert "a.medspec:2:1" in err


def test_our_own_fault_leaves_a_file_to_send(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(raising(ZeroDivisionError("division by zero")), ["run", "core"]) == 70
    err = capsys.readouterr().err
    found = re.search(r"attach (.*)\.$", err.strip())
    assert found, err
    file = Path(found[1])
    kept = file.read_text(encoding="utf-8")
    file.unlink()
    assert "division by zero" in err
    assert "Traceback" not in err
    assert "command: medspec run core" in kept
    assert "ZeroDivisionError: division by zero" in kept
    assert "Traceback" in kept


def test_when_no_file_can_be_written_the_report_itself_is_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    assert guarded(raising(errors.InternalError("the pass lost a task")), ["compile"]) == 70
    err = capsys.readouterr().err
    assert "InternalError: the pass lost a task" in err
    assert "attach the text above" in err


@pytest.mark.parametrize(("result", "code"), [(None, 0), (0, 0), (1, 1), (4, 4)])
def test_a_command_returns_its_code(result: int | None, code: int) -> None:
    assert guarded(lambda: result, []) == code


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "medspec", *arguments], capture_output=True, text=True, encoding="utf-8", check=False
    )


def test_help_is_a_result() -> None:
    done = run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "compile" in done.stdout


def test_nothing_asked_for_is_wrong_use() -> None:
    done = run()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: medspec ")


def test_a_misspelt_command_gets_a_suggestion() -> None:
    done = run("complie")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: there is no command `complie`; did you mean `compile`?\nTry: medspec --help\n"


def test_a_closed_pipe_is_no_error() -> None:
    script = f"{sys.executable} -m medspec --help | {sys.executable} -c 'import sys; sys.stdin.close()'"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
