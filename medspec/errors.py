"""Exceptions: the world's faults, and our own.

A wrong spec is never an exception: it is a `Diagnostic` (see `medspec.text.diagnostic`). What is raised is this tree.

    MedspecError
      CompileFailed          has .diagnostics; raised only by the public API
      UsageError             the command line or medspec.toml asks for something that does not exist
      RunError
        DataError            a source file is missing, damaged, or holds a row that does not fit its record
        BackendError         a model does not load, or lacks an ability the plan needs
        StoreError           a run folder or its journal is damaged, locked, full, or from a newer version
      Interrupted          somebody stopped the run; what had been answered is kept
      FloorMissed            the run finished, and a declared floor was not reached
    InternalError            our fault; asks for a report
"""

from __future__ import annotations

from collections.abc import Sequence


class MedspecError(Exception):
    """Anything medspec raises on purpose. `str(error)` is a complete message for a person."""

    exit_code = 3


class CompileFailed(MedspecError):
    """The specs have errors. `diagnostics` holds all of them, sorted."""

    exit_code = 1

    def __init__(self, diagnostics: Sequence[object]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(f"the specs have {len(self.diagnostics)} errors")


class UsageError(MedspecError):
    """A name, option or setting that does not exist. Nothing was started."""

    exit_code = 2


class RunError(MedspecError):
    """A run could not be started or finished."""


class DataError(RunError):
    """Data that is missing, damaged or does not fit. Names file, row, field and value where it can.

    `problems` lists every problem found, up to the reader's limit, as one line each.
    """

    def __init__(self, message: str, *, problems: Sequence[str] = ()) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join([message, *(f"  {problem}" for problem in self.problems)]))


class BackendError(RunError):
    """A model that does not load or cannot do what the plan asks of it."""


class StoreError(RunError):
    """A run folder that cannot be written or read."""


class Interrupted(RunError):
    """The run was stopped by hand. The message says what is kept and how to go on."""


class FloorMissed(MedspecError):
    """The run finished, and a floor the spec declares was not reached."""

    exit_code = 4


class InternalError(Exception):
    """Our fault. The message names what to attach to a report."""

    exit_code = 70
