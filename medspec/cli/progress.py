"""Progress of a run on the terminal: how many rows are done, how fast, and how long it will take.

Nothing is shown for a task that takes less than two seconds, on anything but a terminal, or with `--quiet`. The bar goes to
the standard error and is removed when its task is done: the result is the table that follows.
"""

from __future__ import annotations

import sys
import time
from threading import RLock, Timer
from typing import TYPE_CHECKING, TextIO

import attrs

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE = 2.0
"""Seconds before a bar appears."""


class Silence:
    """Shows nothing."""

    def start(self, task: str, total: int) -> None:
        """`task` has `total` rows to do."""

    def advance(self, count: int = 1) -> None:
        """`count` more rows are done."""

    def finish(self) -> None:
        """The task is done, or was given up. May be called more than once."""


@attrs.define
class Bar:
    """One bar for the task that runs. `stream` is a terminal; `patience` is in seconds."""

    stream: TextIO
    patience: float = PATIENCE
    _name: str = attrs.field(default="", init=False)
    _total: int = attrs.field(default=0, init=False)
    _done: int = attrs.field(default=0, init=False)
    _since: float = attrs.field(default=0.0, init=False)
    _shown: tuple[Progress, TaskID] | None = attrs.field(default=None, init=False)
    _timer: Timer | None = attrs.field(default=None, init=False)
    _lock: RLock = attrs.field(factory=RLock, init=False)

    def start(self, task: str, total: int) -> None:
        """`task` has `total` rows to do."""
        self.finish()
        self._name, self._total, self._done, self._since = task, total, 0, time.monotonic()
        # A timer and not the first `advance`: with a slow model the first row may be minutes away.
        self._timer = Timer(self.patience, self._show)
        self._timer.daemon = True
        self._timer.start()

    def advance(self, count: int = 1) -> None:
        """`count` more rows are done."""
        with self._lock:
            self._done += count
            self._update()

    def finish(self) -> None:
        """The task is done, or was given up. May be called more than once."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            if self._shown is not None:
                self._shown[0].stop()
            self._timer = self._shown = None

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        with self._lock:
            if self._timer is None:
                return
            columns = (
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TextColumn("{task.fields[pace]}", markup=False),
            )
            bar = Progress(*columns, console=Console(file=self.stream), transient=True, redirect_stdout=False)
            self._shown = bar, bar.add_task(self._name, total=self._total, pace="")
            self._update()
            bar.start()

    def _update(self) -> None:
        if self._shown is not None:
            bar, line = self._shown
            bar.update(line, completed=self._done, pace=pace(self._done, self._total, time.monotonic() - self._since))


def pace(done: int, total: int, seconds: float) -> str:
    """`12.5 rows/s, 1:32 left`; slower than one row a second: `4.0 s a row, ...`. Empty while nothing is known."""
    if done == 0 or seconds <= 0:
        return ""
    rate = done / seconds
    speed = f"{rate:,.1f} rows/s" if rate >= 1 else f"{1 / rate:,.1f} s a row"
    minutes, rest = divmod(round((total - done) / rate), 60)
    hours, minutes = divmod(minutes, 60)
    left = f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
    return f"{speed}, {left} left"


def progress(*, quiet: bool, stream: TextIO | None = None) -> Bar | Silence:
    """What shows the progress of a run on `stream` (the standard error)."""
    stream = sys.stderr if stream is None else stream
    return Silence() if quiet or not stream.isatty() else Bar(stream)
