"""`hash`: a stand-in model whose every answer is a hash of what it is sent.

It knows nothing and costs nothing, and two programs that send it the same bytes get the same answer: the way to compare
prompts, options and scoring with another harness item by item, without weights.

    log-likelihood of an option   -(first 8 hex digits of sha256(prompt + U+001F + option) / 2^32 * 10) - 0.001
    text                          A, B, C or D: the first byte of sha256(prompt), modulo 4

The prompt is the turns joined by an empty line; an option comes with its leading delimiter (` yes`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

import attrs

from medspec.backends.base import Abilities, Options, Reply, Request, Scheme, sha256_of
from medspec.errors import BackendError

ABILITIES = Abilities(text=True, logits=True)

_VERSION = 1


def log_likelihoods(prompt: str, options: Sequence[str]) -> tuple[float, ...]:
    """The log-likelihood of each option after `prompt`: between -10.001 and -0.001."""
    begun = sha256(f"{prompt}\x1f".encode())
    found = []
    for option in options:
        whole = begun.copy()
        whole.update(option.encode())
        found.append(-(int(whole.hexdigest()[:8], 16) / 2**32 * 10) - 0.001)
    return tuple(found)


def letter(prompt: str) -> str:
    """The reply to `prompt` where text is asked for: one of A, B, C, D."""
    return "ABCD"[int(sha256_of(prompt)[:2], 16) % 4]


@attrs.frozen
class HashBackend:
    """Nothing is loaded, and nothing but the prompt and the options is looked at."""

    abilities = ABILITIES

    @property
    def digest(self) -> str:
        return sha256_of(f"hash {_VERSION}")

    def describe(self) -> dict[str, Any]:
        return {"backend": "hash", "version": _VERSION, "is": "a stand-in without knowledge, not a model"}

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Reply]]:
        for index, request in enumerate(requests):
            prompt = request.plain_prompt
            sent = sha256_of(prompt)
            if request.options is None:
                yield index, Reply(prompt_sha256=sent, text=letter(prompt))
            else:
                scores = log_likelihoods(prompt, request.options)
                yield index, Reply(prompt_sha256=sent, scores=scores, finish="scored")

    def close(self) -> None:
        pass


def open_hash(path: str, settings: Mapping[str, str], options: Options) -> HashBackend:
    """Takes nothing: no path, no settings. Raises `BackendError` for either."""
    if path or settings:
        raise BackendError("`hash` takes no path and no settings: write `--model hash`")
    return HashBackend()


SCHEME = Scheme(
    "hash", "a stand-in that hashes what it is sent, to compare prompts with other harnesses", open_hash, ABILITIES
)
