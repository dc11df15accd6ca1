"""The node that says what is asked together, and in which order."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Wave:
    """Calls that are asked together, row by row: all of one scan. `by_prompt`: rows whose prompts begin alike follow
    each other; else they come in the order of the data.
    """

    calls: tuple[str, ...]
    by_prompt: bool = False
