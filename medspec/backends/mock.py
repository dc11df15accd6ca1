"""`mock`: invented replies, to try a suite, a reader or a report without a model.

    --model mock
    --model "mock:?unread=0.3"              three replies in ten are of no use to any reader
    --model "mock:?replies=yes|no|maybe"    the replies to draw from

The same prompt gets the same reply every time (`--seed` draws another set). Where the prompt lists options line by line
(`A. ...`, `(B) ...`), a reply picks one of them and says so in one of the forms real models use; where it lists none, the
letters A to D stand in. Options that are scored get log-likelihoods between -10 and 0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from medspec.backends.base import Abilities, Options, Reply, Request, Scheme, sha256_of
from medspec.errors import BackendError

ABILITIES = Abilities(text=True, logits=True)

FORMS = (
    "{letter}",
    "{letter}.",
    "({letter})",
    "{letter}. {text}",
    "{text}",
    "The answer is ({letter}).",
    "Answer: {letter}",
    "**{letter}**",
    "Let us think step by step. The findings point to one of the options.\n\nANSWER: {letter}",
)
"""How a reply says which option it picked."""

UNUSABLE = ("", "I cannot answer that.", "???", "It depends on the patient.", "\n\n\n", '{"answer":')
"""Replies without an answer."""

UNREAD = 0.1
"""The share of replies without an answer where the settings do not say."""

_OPTION = re.compile(r"^[ \t]*\(?([A-Z])[.):][ \t]+(\S.*?)[ \t]*$", re.MULTILINE)
_VERSION = 1


class _Draws:
    """Draws that follow from one text alone, the same on every machine."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._count = 0

    def fraction(self) -> float:
        """A number in [0, 1)."""
        self._count += 1
        return int(sha256_of(f"{self._source}\x1f{self._count}")[:8], 16) / 2**32

    def pick(self, entries: Sequence[Any]) -> Any:
        return entries[int(self.fraction() * len(entries))]


@attrs.frozen(kw_only=True)
class MockBackend:
    """`unread` is the share of replies without an answer, in [0, 1]; `replies`, if there are any, are drawn from as they are."""

    unread: float = UNREAD
    replies: tuple[str, ...] = ()
    seed: int = 0
    abilities = ABILITIES

    @property
    def digest(self) -> str:
        return sha256_of(f"mock {_VERSION} {self.seed} {self.unread!r} {self.replies!r}")

    def describe(self) -> dict[str, Any]:
        replies = list(self.replies) or None
        return {"backend": "mock", "version": _VERSION, "unread": self.unread, "replies": replies, "seed": self.seed}

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Reply]]:
        for index, request in enumerate(requests):
            prompt = request.plain_prompt
            sent = sha256_of(prompt)
            if request.options is None:
                yield index, Reply(prompt_sha256=sent, text=self._text(prompt))
            else:
                draws = (_Draws(f"{self.seed}\x1f{prompt}\x1f{option}") for option in request.options)
                scores = tuple(-10.0 * draw.fraction() for draw in draws)
                yield index, Reply(prompt_sha256=sent, scores=scores, finish="scored")

    def close(self) -> None:
        pass

    def _text(self, prompt: str) -> str:
        draws = _Draws(f"{self.seed}\x1f{prompt}")
        if draws.fraction() < self.unread:
            return str(draws.pick(UNUSABLE))
        if self.replies:
            return str(draws.pick(self.replies))
        options = _OPTION.findall(prompt) or [(letter, letter) for letter in "ABCD"]
        letter, text = draws.pick(options)
        return str(draws.pick(FORMS)).format(letter=letter, text=text)


def open_mock(path: str, settings: Mapping[str, str], options: Options) -> MockBackend:
    """Settings: `unread` (0 to 1) and `replies` (separated by `|`). Raises `BackendError` for others, and for a path."""
    if path:
        raise BackendError(
            f"`mock` reads no file, but `{path}` was given; settings stand after `?`: `mock:?unread=0.1`"
        )
    unknown = sorted(set(settings) - {"unread", "replies"})
    if unknown:
        raise BackendError(f"`mock` has no setting `{unknown[0]}`; it has `unread` and `replies`")
    return MockBackend(
        unread=_share(settings.get("unread", str(UNREAD))),
        replies=tuple(settings["replies"].split("|")) if "replies" in settings else (),
        seed=options.seed,
    )


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0.0 <= share <= 1.0:
        raise BackendError(f"`unread={text}`: expected a share from 0 to 1, such as 0.1")
    return share


SCHEME = Scheme("mock", "invented replies, to try a suite without a model", open_mock, ABILITIES)
