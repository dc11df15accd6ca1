"""Rows that cannot be used, set aside with `--keep-going`: what is kept of them, the file they go to, the counts in the report.

Of private rows only the place in the file and the field are kept: no value, no key, no id.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import attrs

from medspec.files.base import RawRow
from medspec.run.whole_files import write_whole

NAME = "quarantine.jsonl"

_FIELD = re.compile(r"field `([^`]+)`")


@attrs.frozen(kw_only=True)
class Quarantined:
    """One row that was set aside. `number` counts the rows of the file from 0, `line` its lines from 1."""

    dataset: str
    subset: str | None
    split: str
    file: str
    number: int | None
    line: int | None
    problems: tuple[str, ...]
    key: str | None = None
    id: str | None = None
    row: Any = None

    @property
    def reason(self) -> str:
        """The field or the prompt that is at fault: what rows are counted by."""
        found = _FIELD.search(self.problems[0])
        if found is not None:
            return f"field {found[1]}"
        return "prompt" if "cannot write the prompt" in self.problems[0] else self.problems[0].split(":")[0][:60]


def set_aside(raw: RawRow, problems: Iterable[str], *, private: bool, **where: Any) -> Quarantined:
    """What is kept of one row of a file."""
    told = tuple(problems)
    if private:
        return Quarantined(number=raw.number, line=raw.line, problems=told, **where)
    return Quarantined(number=raw.number, line=raw.line, problems=told, key=raw.key, row=raw.value, **where)


def counted(rows: Iterable[Quarantined]) -> dict[str, Any]:
    """`{"rows": 3, "reasons": {"field gold": 3}}`, as the report has it."""
    reasons = Counter(row.reason for row in rows)
    return {"rows": sum(reasons.values()), "reasons": dict(sorted(reasons.items()))}


def write_quarantine(out: Path, rows: Iterable[Quarantined]) -> None:
    """Write one line for each row, in order and each once; no file where there is none. Raises `StoreError`."""
    lines = dict.fromkeys(_lines(rows))
    if lines:
        write_whole(out / NAME, "".join(lines).encode("utf-8", "backslashreplace"))
    else:
        (out / NAME).unlink(missing_ok=True)


def _lines(rows: Iterable[Quarantined]) -> Iterator[str]:
    for row in rows:
        kept = {key: value for key, value in attrs.asdict(row).items() if value is not None}
        yield json.dumps({**kept, "reason": row.reason}, ensure_ascii=False, default=str) + "\n"
