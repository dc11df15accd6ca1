"""The lines of `rows.parquet`, one for each row and draw, made in chunks: a table of all of them would fill the memory.

Columns that are added, such as the values of metrics, are whole; what comes from replies and rows is made when it is written.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import attrs

from medspec.backends.base import Reply
from medspec.plan.nodes import TaskPlan
from medspec.readers.base import Unread
from medspec.types import ABSTAINED, Type

if TYPE_CHECKING:
    import polars

CHUNK = 16_384
"""Lines that are made at once. A run with no more of them is written in one piece."""

_WHOLE = ("sample", "tokens_in", "tokens_out", "cluster")
_LISTS = ("option_scores", "confidence")


@attrs.frozen(kw_only=True)
class RowLines:
    """The lines of one task. `replies` and `answers` hold every row, and again for each further draw.

    `added` are further columns, each as long; NaN in an array is no value. With `private`, texts are left out: they stay
    in the journal on this machine.
    """

    task: TaskPlan
    ids: Sequence[str]
    replies: Sequence[Reply]
    answers: Sequence[Any]
    golds: Sequence[Any]
    answer_type: Type
    gold_type: Type
    private: bool
    added: Mapping[str, Any]

    def chunks(self) -> Iterator[dict[str, list[Any]]]:
        """Columns by name, for one chunk after the other; one without lines where there are none."""
        source, start = iter(self.replies), 0
        while (replies := list(islice(source, CHUNK))) or start == 0:
            yield self._columns(start, replies)
            start += max(len(replies), 1)

    def _columns(self, start: int, replies: Sequence[Reply]) -> dict[str, list[Any]]:
        private, type_, gold_type = self.private, self.answer_type, self.gold_type
        places = range(start, start + len(replies))
        rows = [place % len(self.ids) for place in places]
        answers = self.answers[start : start + len(replies)]
        hidden = private and holds_text(type_)
        golds = [None if private and holds_text(gold_type) else _json(gold_type.to_json(self.golds[r])) for r in rows]
        return {
            "task": [self.task.name] * len(replies),
            "row_id": [self.ids[row] for row in rows],
            "sample": [place // len(self.ids) for place in places],
            "prompt_sha256": [reply.prompt_sha256 for reply in replies],
            "reply": [None if private or reply.scores is not None else reply.text for reply in replies],
            "option_scores": [None if reply.scores is None else list(reply.scores) for reply in replies],
            "answer": [None if hidden or isinstance(a, Unread) else _json(type_.to_json(a)) for a in answers],
            "gold": golds,
            "abstained": [answer == ABSTAINED for answer in answers],
            "unread": [answer.reason if isinstance(answer, Unread) else None for answer in answers],
            "failure": [reply.failure for reply in replies],
            "detail": [None if private else reply.detail for reply in replies],
            "finish": [None if reply.failure else reply.finish for reply in replies],
            "tokens_in": [reply.tokens_in for reply in replies],
            "tokens_out": [reply.tokens_out for reply in replies],
            "seconds": [reply.seconds for reply in replies],
            **{name: _plain(column[start : start + len(replies)]) for name, column in self.added.items()},
        }


def write_rows(results: Iterable[RowLines], stream: IO[bytes]) -> None:
    """Write all lines as one Parquet file. Where there are many, chunk by chunk to a folder, and from there into one."""
    import polars as pl

    frames = (_frame(columns) for lines in results for columns in lines.chunks())
    first: list[polars.DataFrame] = []
    for frame in frames:
        first.append(frame)
        if sum(map(len, first)) > CHUNK:
            break
    else:
        pl.concat(first, how="diagonal").write_parquet(stream)
        return
    with tempfile.TemporaryDirectory(prefix="medspec-") as name:
        parts = []
        for number, frame in enumerate(chain(first, frames)):
            parts.append(Path(name) / f"{number}.parquet")
            frame.write_parquet(parts[-1])
        whole = Path(name) / "whole.parquet"
        pl.concat([pl.scan_parquet(part) for part in parts], how="diagonal").sink_parquet(whole)
        with whole.open("rb") as written:
            shutil.copyfileobj(written, stream, 1 << 20)


def _frame(columns: dict[str, list[Any]]) -> polars.DataFrame:
    import polars as pl

    return pl.DataFrame(columns, schema={name: _type_of(name) for name in columns})


def _type_of(name: str) -> Any:
    """The type of a column, which does not depend on which values happen to be there."""
    import polars as pl

    if name in _WHOLE:
        return pl.Int32 if name == "sample" else pl.Int64
    if name == "abstained":
        return pl.Boolean
    if name in _LISTS:
        return pl.List(pl.Float64)
    return pl.Float64 if name == "seconds" or name.startswith("metric.") else pl.String


def _plain(values: Sequence[Any]) -> list[Any]:
    if isinstance(values, list):
        return values
    found = values.tolist() if hasattr(values, "tolist") else list(values)
    return [None if value != value else value for value in found]


def holds_text(type_: Type) -> bool:
    """Whether values of `type_` are, or hold, free text."""
    return type_.kind == "text" or any(holds_text(child) for child in type_.children)


_json = json.JSONEncoder(ensure_ascii=False).encode
