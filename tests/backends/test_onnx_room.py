"""How many rows run at once, and what happens when memory runs out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import write_llama

from medspec.backends.base import Options
from medspec.backends.onnx.backend import open_model
from medspec.backends.onnx.decoder import StepFailed
from medspec.backends.onnx.room import Room, free_memory, room_for, run_in_halves


def test_rows_by_memory() -> None:
    room = Room(batch=8, limit=3 * 1000, position=10)
    assert [room.rows(length) for length in (1, 10, 50, 99, 1000)] == [8, 8, 2, 1, 1]
    assert room.rows(50, copies=1) == 6
    assert Room(batch=8, limit=None, position=10).rows(10**9) == 8


def test_only_a_want_of_memory_makes_room_smaller() -> None:
    room = Room(batch=8, limit=None, position=10)
    room.shrink(StepFailed("indices element out of data bounds"), 8, 100)
    assert room.rows(100) == 8
    room.shrink(StepFailed("Failed to allocate memory for requested buffer of size 4096"), 8, 100)
    assert room.rows(100) == 4 and room.rows(10) == 8
    room.shrink(StepFailed("not enough memory"), 4, 100)
    assert room.rows(100) == 2


def test_the_bytes_of_a_position(tmp_path: Path) -> None:
    backend = open_model(str(write_llama(tmp_path).folder), {}, Options(device="cpu"))
    assert backend.engine is not None
    room = room_for(backend.engine.decoder, Options(batch=8))
    assert room.position == 2 * 2 * 2 * 16 * 4  # layers, keys and values, heads, head size, bytes of a float
    assert backend.describe()["cache_bytes"] == backend.engine.room.limit


@pytest.mark.parametrize(
    ("files", "free"),
    [
        ({"proc/meminfo": "MemTotal: 9 kB\nMemAvailable:   2000 kB\n"}, 2_048_000),
        ({"proc/meminfo": "MemAvailable: 2000 kB\n", "sys/fs/cgroup/memory.max": "max", "sys/fs/cgroup/memory.current": "5"},
         2_048_000),
        ({"proc/meminfo": "MemAvailable: 2000 kB\n", "sys/fs/cgroup/memory.max": "9000", "sys/fs/cgroup/memory.current": "5"},
         8995),
        ({"sys/fs/cgroup/memory.max": "5", "sys/fs/cgroup/memory.current": "9"}, 0),
        ({"proc/meminfo": "of another system"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_free_memory(tmp_path: Path, files: dict[str, str], free: int | None) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert free_memory(tmp_path) == free


@given(st.lists(st.integers(0, 9), max_size=20), st.integers(1, 8), st.integers(1, 8))
def test_every_job_comes_back_once_and_fails_only_alone(jobs: list[int], size: int, most: int) -> None:
    """With memory for `most` rows, and a job 9 that never runs."""
    failures: list[int] = []

    def run(rows: list[int]) -> list[int]:
        if len(rows) > most or 9 in rows:
            raise StepFailed("not enough memory")
        return rows

    found = list(run_in_halves(jobs, lambda job: size, run, lambda err, rows: failures.append(len(rows))))
    assert [job for rows, _ in found for job in rows] == jobs
    for rows, result in found:
        assert isinstance(result, StepFailed) == (9 in rows) and (9 not in rows or rows == [9])
    assert bool(failures) == (9 in jobs or (min(size, len(jobs)) > most))
