"""Nodes about a whole run: what is asked together and in which order, and how sure its numbers are."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Wave:
    """Calls that are asked together, row by row: all of one scan. `by_prompt`: rows whose prompts begin alike follow
    each other; else they come in the order of the data.
    """

    calls: tuple[str, ...]
    by_prompt: bool = False


@attrs.frozen(kw_only=True)
class Interval:
    """`bootstrap` (percentile, rows resampled) or `wilson` (proportions only; bootstrap for the rest)."""

    method: str = "wilson"
    level: float = 0.95
    resamples: int = 1000
    seed: int = 7
