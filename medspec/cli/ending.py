"""How a command that raised ends: the exit code, and what is said on the standard error.

The world's faults get one message and no traceback. Our own fault gets a file with the traceback, and a request to send it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from medspec.errors import CompileFailed, Interrupted, MedspecError

if TYPE_CHECKING:
    from medspec.text.diagnostic import Diagnostic

RUN_FAILED = 3
OUR_FAULT = 70


def end_of(error: BaseException, arguments: Sequence[str]) -> int:
    """The exit code for `error`; says on the standard error what a person has to know. `arguments`: what was typed."""
    match error:
        case SystemExit():
            return error.code if isinstance(error.code, int) else 0
        case BrokenPipeError():
            return _closed_pipe()
        case click.exceptions.Exit():
            return error.exit_code
        case KeyboardInterrupt() | click.Abort():
            return _stopped()
        case click.exceptions.NoArgsIsHelpError():
            _say(error.format_message())
            return 2
        case click.UsageError():
            return _wrong_use(error)
        case click.ClickException():
            _say(f"error: {error.format_message()}")
            return 2
        case CompileFailed():
            return _compile_failed(error)
        case Interrupted():
            _say(str(error))
            return error.exit_code
        case MedspecError():
            _say(f"error: {error}")
            return error.exit_code
        case OSError():
            _say(f"error: {_what_the_system_said(error)}")
            return RUN_FAILED
        case ImportError() if not (error.name or "medspec").startswith("medspec"):
            _say(f"error: {error}; `medspec doctor` shows what is installed")
            return RUN_FAILED
        case MemoryError():
            _say(
                "error: the memory of this machine is used up; a smaller --batch, or a smaller export of the model, needs less"
            )
            return RUN_FAILED
        case _:
            return _our_fault(error, arguments)


def _say(text: str) -> None:
    # Here, since `--help` needs click alone.
    from medspec.text.cells import safe

    try:
        click.echo(safe(text), err=True)
    except OSError:
        # The standard error is closed or full. The exit code still tells.
        pass


def _closed_pipe() -> int:
    """Whoever reads our output has seen enough (`medspec ls | head -1`)."""
    try:
        # Python flushes at exit and would complain; what is left to write has no reader.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        pass
    return 0


def _stopped() -> int:
    """Ctrl-C while nothing was under way. A run that is stopped raises `Interrupted` and says itself what is kept."""
    # A terminal shows `^C` where the cursor was.
    _say("\nstopped by Ctrl-C" if sys.stderr.isatty() else "stopped by Ctrl-C")
    return RUN_FAILED


def _wrong_use(error: click.UsageError) -> int:
    _say(f"error: {error.format_message().rstrip('.')}")
    if error.ctx is not None:
        _say(f"Try: {error.ctx.command_path} --help")
    return 2


def _compile_failed(error: CompileFailed) -> int:
    from medspec.cli.output import print_diagnostics

    # The exceptions stand below the floor of diagnostics and cannot name their class.
    print_diagnostics(cast("tuple[Diagnostic, ...]", error.diagnostics), sys.stderr)
    return error.exit_code


def _what_the_system_said(error: OSError) -> str:
    """`target/a.plan.json: No space left on device`, with a second sentence where one helps."""
    import errno

    advice = {
        errno.ENOSPC: "make room, or write elsewhere with --out",
        errno.EACCES: "you may not read or write there",
        errno.EROFS: "write elsewhere with --out",
    }.get(error.errno or 0)
    said = error.strerror or str(error)
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{said}" + (f"; {advice}" if advice else "")


def _our_fault(error: BaseException, arguments: Sequence[str]) -> int:
    report = _crash_report(error, arguments)
    file = _kept(report)
    if file is None:
        _say(report)
    said = str(error) or type(error).__name__
    _say(
        f"error: medspec is at fault here, not your spec or your data: {said}\n"
        f"  Please report this, and attach {file or 'the text above'}."
    )
    return OUR_FAULT


def _crash_report(error: BaseException, arguments: Sequence[str]) -> str:
    import platform
    import traceback

    from medspec import __version__

    return "\n".join(
        [
            f"medspec {__version__}, Python {platform.python_version()}, {platform.platform()}",
            f"command: medspec {' '.join(arguments)}",
            "",
            "".join(traceback.format_exception(error)),
        ]
    )


def _kept(report: str) -> Path | None:
    """Write the report beside other temporary files. None when not even that works."""
    import tempfile

    try:
        handle, name = tempfile.mkstemp(prefix="medspec-crash-", suffix=".txt")
        with open(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(report)
    except OSError:
        return None
    return Path(name)
