"""The command line as a person calls it, in the project's root."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


Command = Callable[..., Done]


@pytest.fixture(scope="session")
def command() -> Command:
    """Runs `medspec` with the given arguments; with `own_process` as a shell does, else in this process, which is quicker."""

    def run(*arguments: str | Path, own_process: bool = False) -> Done:
        with pytest.MonkeyPatch.context() as patch:
            for variable in ("MEDSPEC_DATA", "FORCE_COLOR", "COLUMNS"):
                patch.delenv(variable, raising=False)
            patch.chdir(ROOT)
            words = [str(argument) for argument in arguments]
            return _in_own_process(words) if own_process else _here(words)

    return run


def _in_own_process(words: list[str]) -> Done:
    done = subprocess.run(
        [sys.executable, "-m", "medspec", *words], env={**os.environ}, capture_output=True, text=True, timeout=300
    )
    return Done(done.returncode, done.stdout, done.stderr)


def _here(words: list[str]) -> Done:
    from medspec.cli.app import main

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as stop:
        main(words)
    assert isinstance(stop.value.code, int)
    return Done(stop.value.code, out.getvalue(), err.getvalue())
