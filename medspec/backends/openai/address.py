"""What stands after `openai:`: the model's name, the endpoint's address, and settings.

A key is never part of it. It is read from the environment, from the variable that the setting `key` names.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping

import attrs

from medspec.errors import BackendError, UsageError
from medspec.text.suggest import nearest
from medspec.text.web_address import is_loopback, is_web_address

KEY_VARIABLE = "OPENAI_API_KEY"

_EXAMPLE = "`--model openai:NAME@https://host/v1`"
_LIMITS = ("max_tokens", "max_completion_tokens")


@attrs.frozen(kw_only=True)
class Address:
    """A model behind an address. `key` is a secret: it goes to the endpoint and nowhere else."""

    name: str
    url: str
    key: str = attrs.field(repr=False)
    concurrency: int = 8
    """Requests under way at once."""
    retries: int = 6
    """How often a request is made again that was turned away, lost or garbled."""
    timeout: float = 120.0
    """Seconds until a request without an answer counts as lost."""
    longest_wait: float = 300.0
    """Seconds; an endpoint that asks to wait longer than this has turned the request away for good."""
    price_in: float | None = None
    """For a million prompt tokens, in any currency."""
    price_out: float | None = None
    """For a million reply tokens."""
    limit: str = "max_tokens"
    """What the endpoint calls the largest number of tokens of a reply."""
    seed: bool = True
    """Whether to send a seed with draws; some endpoints refuse it."""
    cache: bool = False
    """Whether to send `prompt_cache_key`, so that prompts that begin alike reach the same cache."""


_WHOLE = {"concurrency": (1, 1024), "retries": (0, 100)}
_NUMBERS = {
    "timeout": (0.01, 86_400.0),
    "longest_wait": (0.0, 86_400.0),
    "price_in": (0.0, math.inf),
    "price_out": (0.0, math.inf),
}
_SWITCHES = ("seed", "cache")
SETTINGS = ("key", *_WHOLE, *_NUMBERS, "limit", *_SWITCHES)


def read_address(place: str, settings: Mapping[str, str], environment: Mapping[str, str] = os.environ) -> Address:
    """The address in `NAME@URL` with its settings.

    Raises `UsageError` for one that is written wrong, `BackendError` where a key is needed and there is none.
    """
    name, url = _split(place)
    unknown = [setting for setting in settings if setting not in SETTINGS]
    if unknown:
        close = nearest(unknown[0], SETTINGS)
        advice = f"did you mean `{close}`?" if close else f"it has {', '.join(SETTINGS)}"
        raise UsageError(f"`openai:` has no setting `{unknown[0]}`; {advice}")
    found: dict[str, object] = {}
    for setting, (low, high) in _WHOLE.items():
        if setting in settings:
            found[setting] = int(_number(setting, settings[setting], low, high, whole=True))
    for setting, (smallest, largest) in _NUMBERS.items():
        if setting in settings:
            found[setting] = _number(setting, settings[setting], smallest, largest, whole=False)
    for setting in _SWITCHES:
        if setting in settings:
            found[setting] = _one_of(setting, settings[setting], ("on", "off")) == "on"
    if "limit" in settings:
        found["limit"] = _one_of("limit", settings["limit"], _LIMITS)
    return Address(name=name, url=url, key=_key(url, settings.get("key"), environment), **found)  # type: ignore[arg-type]


def is_remote(place: str) -> bool:
    """Whether what a model at `NAME@URL` is asked leaves this machine."""
    return not is_loopback(place.rpartition("@")[2])


def _split(place: str) -> tuple[str, str]:
    # From the right, since names hold `@` now and then and the addresses that are allowed hold none.
    name, at, url = place.rpartition("@")
    if not at or not name:
        raise UsageError(f"`openai:` needs the model's name and the endpoint's address: {_EXAMPLE}")
    if not is_web_address(url):
        raise UsageError(f"`{url}` is no address that begins with https:// or http://; write {_EXAMPLE}")
    return name, url.rstrip("/")


def _key(url: str, variable: str | None, environment: Mapping[str, str]) -> str:
    found = environment.get(variable or KEY_VARIABLE, "").strip()
    if found:
        return found
    if variable is not None or not is_loopback(url):
        raise BackendError(
            f"the environment variable {variable or KEY_VARIABLE} holds no key for {url}; set it, "
            "or name another one: `?key=VARIABLE`"
        )
    return "none"


def _number(setting: str, text: str, low: float, high: float, *, whole: bool) -> float:
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        kind = "a whole number" if whole else "a number"
        reach = f"from {low:g}" + ("" if math.isinf(high) else f" to {high:g}")
        raise UsageError(f"`{setting}={text}`: expected {kind} {reach}")
    return value


def _one_of(setting: str, text: str, words: tuple[str, ...]) -> str:
    if text not in words:
        raise UsageError(f"`{setting}={text}`: expected {' or '.join(words)}")
    return text
