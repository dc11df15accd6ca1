"""Holding replies to a grammar: before each token, the ids that the grammar does not allow next are ruled out.

llguidance walks grammar and tokenizer together. Of a reply that is complete nothing more is asked. A grammar or a
tokenizer it cannot use is refused when the first row asks for it, since the model as a whole cannot do what was asked.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from medspec.errors import BackendError

if TYPE_CHECKING:
    import llguidance
    import numpy
    from numpy.typing import NDArray


@attrs.define
class Held:
    """One reply held to its grammar."""

    _matcher: llguidance.LLMatcher
    _size: int

    def allow(self, logits: NDArray[numpy.float32]) -> NDArray[numpy.float32]:
        """The logits [ids] with minus infinity where the grammar does not allow the id next."""
        import llguidance.numpy
        import numpy as np

        mask = llguidance.numpy.allocate_token_bitmask(1, self._size)
        llguidance.numpy.fill_next_token_bitmask(self._matcher, mask, 0)
        allowed = np.unpackbits(mask.view(np.uint8), bitorder="little")[: len(logits)].astype(bool)
        held = np.full_like(logits, -np.inf)
        held[: len(allowed)][allowed] = logits[: len(allowed)][allowed]
        return held

    def take(self, token: int) -> bool:
        """Go on behind `token`. True when the reply is complete."""
        self._matcher.consume_token(token)
        return bool(self._matcher.is_stopped())


@attrs.define
class Grammars:
    """The grammars of one model's replies. `end` is the id that ends a reply."""

    _tokenizer_file: Path
    _end: int | None
    _known: Any = None

    def hold(self, grammar: str) -> Held:
        """A reply of no tokens yet, held to `grammar` (llguidance's Lark). Raises `BackendError`."""
        import llguidance

        tokenizer = self._tokenizer()
        matcher = llguidance.LLMatcher(tokenizer, grammar, log_level=0)
        if matcher.is_error():
            raise BackendError(f"the grammar of a reply cannot be used: {matcher.get_error()}\n{grammar}")
        return Held(matcher, tokenizer.vocab_size)

    def _tokenizer(self) -> Any:
        if self._known is None:
            import llguidance

            try:
                text = self._tokenizer_file.read_text(encoding="utf-8")
                self._known = llguidance.LLTokenizer(text, eos_token=self._end)
            except (ValueError, RuntimeError, OSError) as err:
                raise BackendError(
                    f"{self._tokenizer_file}: replies cannot be held to a form with this tokenizer: {err}; "
                    "run without --constrain"
                ) from err
        return self._known
