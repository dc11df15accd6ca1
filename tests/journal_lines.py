"""Replies for tests of the journal, and a process that writes them: `python journal_lines.py FOLDER START`.

It prints the number of a batch after the journal has taken it, so that a test knows what must be there.
"""

from __future__ import annotations

import sys
from pathlib import Path

from medspec.backends.base import Reply
from medspec.run.journal import Journal

SIZE = 5
"""How many replies are written at once."""


def reply(number: int) -> Reply:
    return Reply(prompt_sha256=f"{number:064d}", text=f"reply {number} " * 40, tokens_in=number, seconds=number / 7)


def batch(number: int) -> list[tuple[str, Reply]]:
    return [(f"key-{number}-{part}", reply(number * SIZE + part)) for part in range(SIZE)]


def write_on(folder: Path, start: int) -> None:
    """Write batches from `start` on until the process is killed."""
    journal = Journal.open(folder)
    for number in range(start, start + 100_000):
        journal.put_many(batch(number))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    write_on(Path(sys.argv[1]), int(sys.argv[2]))
