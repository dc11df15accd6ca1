"""Progress is shown to people who wait, and to nobody else."""

from __future__ import annotations

import io
import re
import time

import pytest

from medspec.cli.progress import Bar, Silence, pace, progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def wait_for(stream: io.StringIO, text: str) -> str:
    """What the terminal shows once `text` is there, without its control sequences."""
    for _ in range(100):
        shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())
        if text in shown:
            return shown
        time.sleep(0.05)
    raise AssertionError(f"{text!r} was not shown within five seconds: {stream.getvalue()!r}")


@pytest.fixture(autouse=True)
def terminal_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")


@pytest.mark.parametrize(("quiet", "stream"), [(True, Terminal()), (False, io.StringIO())])
def test_quiet_and_pipes_get_nothing(quiet: bool, stream: io.StringIO) -> None:
    watch = progress(quiet=quiet, stream=stream)
    assert isinstance(watch, Silence)
    watch.start("a", 2)
    watch.advance(2)
    watch.finish()
    assert stream.getvalue() == ""


def test_a_task_that_is_done_at_once_shows_nothing() -> None:
    stream = Terminal()
    watch = progress(quiet=False, stream=stream)
    watch.start("a", 100)
    watch.advance(100)
    watch.finish()
    assert stream.getvalue() == ""


def test_a_slow_task_shows_rows_and_pace() -> None:
    stream = Terminal()
    watch = Bar(stream, patience=0.01)
    watch.start("pubmed_[qa]", 500)
    time.sleep(0.05)
    watch.advance(20)
    watch.advance()
    shown = wait_for(stream, "21/500")
    watch.finish()
    assert "pubmed_[qa]" in shown
    assert "left" in shown


def test_a_slow_first_row_shows_the_bar_all_the_same() -> None:
    stream = Terminal()
    watch = Bar(stream, patience=0.01)
    watch.start("slow", 7)
    wait_for(stream, "0/7")
    watch.finish()
    watch.finish()


def test_the_next_task_starts_from_nothing() -> None:
    stream = Terminal()
    watch = Bar(stream, patience=0.01)
    watch.start("first", 9)
    watch.advance(9)
    wait_for(stream, "9/9")
    watch.start("second", 4)
    shown = wait_for(stream, "0/4")
    watch.finish()
    assert "second" in shown


@pytest.mark.parametrize(
    ("done", "total", "seconds", "said"),
    [
        (0, 10, 5.0, ""),
        (5, 10, 0.0, ""),
        (50, 100, 4.0, "12.5 rows/s, 0:04 left"),
        (1, 4, 30.0, "30.0 s a row, 1:30 left"),
        (1000, 1_000_000, 8.0, "125.0 rows/s, 2:13:12 left"),
        (10, 10, 2.0, "5.0 rows/s, 0:00 left"),
    ],
)
def test_pace(done: int, total: int, seconds: float, said: str) -> None:
    assert pace(done, total, seconds) == said
