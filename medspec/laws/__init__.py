"""Seven laws that hold for every task, whatever its rows and replies. See `medspec test` in docs/tools.md."""

from __future__ import annotations

from medspec.laws.base import Law
from medspec.laws.in_range import IN_RANGE
from medspec.laws.no_leak import NO_LEAK
from medspec.laws.nothing_beats_gold import NOTHING_BEATS_GOLD
from medspec.laws.permutation import PERMUTATION
from medspec.laws.renders import RENDERS
from medspec.laws.round_trip import ROUND_TRIP
from medspec.laws.same_bytes import SAME_BYTES

LAWS: tuple[Law, ...] = (
    RENDERS,
    ROUND_TRIP,
    NOTHING_BEATS_GOLD,
    IN_RANGE,
    NO_LEAK,
    PERMUTATION,
    SAME_BYTES,
)
"""In the order in which they are tried and shown."""
