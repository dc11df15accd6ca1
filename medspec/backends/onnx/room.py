"""How many rows fit in memory at once: half of what is free when a model is loaded, and less when a step runs out of it.

Rows that do not run are run again in halves, down to one; only a row that does not run alone has failed. So memory
decides how fast replies come, and never what they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import attrs

from medspec.backends.base import Options
from medspec.backends.onnx.decoder import Decoder, StepFailed

_SHARE = 0.5
"""Of the free memory. The rest is for what a step computes on its way, and for others."""

_COPIES = 3
"""A cache that grows is there before, after, and while it is copied to more rows."""

Job = TypeVar("Job")
Result = TypeVar("Result")


@attrs.define
class Room:
    """Room for caches: at most `batch` rows, and `limit` bytes where that is known."""

    batch: int
    limit: int | None
    position: int
    """Bytes of the keys and values of one position."""

    def rows(self, length: int, *, copies: int = _COPIES) -> int:
        """How many rows of `length` positions may be run at once; at least 1."""
        if self.limit is None:
            return self.batch
        return max(1, min(self.batch, self.limit // (copies * length * self.position)))

    def shrink(self, err: StepFailed, rows: int, length: int) -> None:
        """Learn from a step that failed: where it wanted memory, half of it is the limit from now on."""
        if err.wants_memory:
            self.limit = max(1, rows * _COPIES * length * self.position // 2)


def room_for(decoder: Decoder, options: Options, usual: int = 8) -> Room:
    """The room there is now for the caches of `decoder`, of so many rows as are asked for or usual."""
    import numpy as np

    signature = decoder.signature
    numbers = sum(slot.heads * slot.head_size for slot in signature.cache)
    free = None if decoder.on_gpu else free_memory()
    limit = None if free is None else int(free * _SHARE / options.beside)
    return Room(options.rows(usual), limit, numbers * np.dtype(signature.cache_type).itemsize)


def free_memory(root: Path = Path("/")) -> int | None:
    """Bytes of memory that a program here may still take; None where the system does not say."""
    known = [number for number in (_free_of_machine(root), _free_of_group(root)) if number is not None]
    return min(known, default=None)


def _free_of_machine(root: Path) -> int | None:
    try:
        lines = (root / "proc/meminfo").read_text("ascii").splitlines()
        words = next(line.split() for line in lines if line.startswith("MemAvailable:"))
        return int(words[1]) * 1024
    except (OSError, ValueError, StopIteration, IndexError):
        return None


def _free_of_group(root: Path) -> int | None:
    """What the control group of a container leaves."""
    group = root / "sys/fs/cgroup"
    try:
        most, used = ((group / name).read_text("ascii").strip() for name in ("memory.max", "memory.current"))
        return max(0, int(most) - int(used))  # "max" is no number: no limit
    except (OSError, ValueError):
        return None


def run_in_halves(
    jobs: Sequence[Job],
    size: Callable[[Job], int],
    run: Callable[[list[Job]], Result],
    failed: Callable[[StepFailed, list[Job]], None],
) -> Iterator[tuple[list[Job], Result | StepFailed]]:
    """Run jobs in batches of `size` of their first, those that fail in halves. A job that fails alone gives its error."""
    waiting: list[list[Job]] = []
    at = 0
    while at < len(jobs) or waiting:
        if waiting:
            rows = waiting.pop(0)
        else:
            rows = list(jobs[at : at + size(jobs[at])])
            at += len(rows)
        result: Result | StepFailed
        try:
            result = run(rows)
        except (StepFailed, MemoryError) as err:
            # Memory may run out between two steps, too, where rows are put together.
            result = err if isinstance(err, StepFailed) else StepFailed("not enough memory")
            failed(result, rows)
            if len(rows) > 1:
                half = (len(rows) + 1) // 2
                waiting[:0] = [rows[:half], rows[half:]]
                continue
        yield rows, result
