"""The text of a reply while it is being written, so that a stop text is seen the moment it is complete.

One token is not one text: a byte-level token can be a third of a letter, and a token's spaces depend on its left
neighbour. So a token's text is the difference between two decodings that begin at the same earlier token, and nothing
counts as written before its last letter is whole. The final text is always one decoding of all tokens.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from medspec.backends.onnx.tokens import Tokens

_UNFINISHED = "\N{REPLACEMENT CHARACTER}"


def _without_empty(stops: Sequence[str]) -> tuple[str, ...]:
    return tuple(stop for stop in stops if stop)


@attrs.define
class ReplyText:
    """Collects the ids of one reply and watches for its stop texts."""

    _tokens: Tokens
    _stops: tuple[str, ...] = attrs.field(converter=_without_empty)
    ids: list[int] = attrs.field(factory=list)
    _written: str = ""
    _window: int = 0
    """First token of the current decoding window."""
    _read: int = 0
    """First token whose text is not in `_written` yet."""

    def push(self, token: int) -> bool:
        """Add one token. True when a stop text is now complete."""
        self.ids.append(token)
        if not self._stops:
            return False
        before = self._tokens.decode(self.ids[self._window : self._read])
        now = self._tokens.decode(self.ids[self._window :])
        fresh = now[len(before) :]
        seen = self._written + fresh
        first_new = max(0, len(self._written) - max(map(len, self._stops)))
        if fresh and not fresh.endswith(_UNFINISHED):
            self._written = seen
            self._window, self._read = self._read, len(self.ids)
        # Asked again of the whole text, which is what will be cut: some decoders change a text when more follows.
        return any(stop in seen[first_new:] for stop in self._stops) and self.text()[1]

    def text(self) -> tuple[str, bool]:
        """The reply so far, cut before the first stop text, and whether there was one."""
        whole = self._tokens.decode(self.ids)
        cut = cut_at_stop(whole, self._stops)
        return cut, len(cut) < len(whole)


def cut_at_stop(text: str, stops: Sequence[str]) -> str:
    """`text` up to the earliest of `stops`; an empty stop text is no stop.

    >>> cut_at_stop("yes. Because", [".", "yes"])
    ''
    >>> cut_at_stop("yes", ["no"])
    'yes'
    """
    places = [text.find(stop) for stop in stops if stop]
    return text[: min((place for place in places if place >= 0), default=len(text))]
