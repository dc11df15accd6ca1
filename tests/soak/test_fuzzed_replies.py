"""Replies without end through every reader: whatever a model says is a legal value or unread, and never an exception.

`SOAK_MINUTES` is how long in all, 60 unless said otherwise. `SOAK_SEED` repeats a trial; it is printed.
"""

from __future__ import annotations

import importlib.util
import os
import random
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from type_strategies import settings_for, typed_for

from medspec.readers.base import Unread
from medspec.types import Misfit

SLICE = 200
"""Examples of one reader and type before the next has its turn."""


def laws():
    """The module of the laws, of which this is the long form."""
    path = Path(__file__).parent.parent / "readers" / "test_reader_laws.py"
    found = importlib.util.spec_from_file_location("reader_laws_of_the_soak", path)
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def fuzz(known, reader, kind: str, number: int) -> int:
    """`SLICE` replies through one reader, for values of one kind of type; how many there were."""
    letters = st.text(st.characters(codec="utf-8"), max_size=400)
    long = st.builds(lambda text, times: text * times, known.replies, st.integers(1, 200))
    tried = 0

    @seed(number)
    @settings(max_examples=SLICE, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data(), reply=st.one_of(known.replies, letters, long))
    def one(data: st.DataObject, reply: str) -> None:
        nonlocal tried
        type_, row, value = data.draw(typed_for(reader, kind))
        chosen = data.draw(settings_for(reader, type_))
        if reader.asks == "text" and data.draw(st.booleans()):
            with suppress(Misfit):  # a written answer with something broken in it
                written = reader.encode(value, type_, row, chosen)
                cut = data.draw(st.integers(0, len(written)))
                reply = written[:cut] + reply + written[cut:]
        found = reader.decode(reply, type_, row, chosen)
        assert found.reply == reply if isinstance(found, Unread) else known.is_legal(found, type_, row)
        tried += 1

    one()
    return tried


@pytest.mark.slow
def test_an_hour_of_replies() -> None:
    known = laws()
    minutes, first = (
        float(os.environ.get("SOAK_MINUTES", "60")),
        int(os.environ.get("SOAK_SEED", time.time_ns() % 10**9)),
    )
    print(f"SOAK_SEED={first}")
    end, tried, turn = time.monotonic() + 60 * minutes, 0, 0
    order = list(known.PAIRS)
    random.Random(first).shuffle(order)
    while time.monotonic() < end:
        reader, kind = order[turn % len(order)]
        tried += fuzz(known, reader, kind, first + turn)
        turn += 1
    print(f"{tried:,} replies through {min(turn, len(order))} of {len(order)} readers and types in {minutes:g} minutes")
    assert tried
