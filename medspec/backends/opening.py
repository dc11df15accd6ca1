"""From the word after `--model` to a loaded model.

onnx:models/llama      builtin:quickstart      replay:replies.jsonl?reply=outputs.0      hash
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

from medspec.backends.base import Backend, Options, Scheme
from medspec.errors import UsageError
from medspec.text.suggest import nearest


def open_scheme(name: str, schemes: Sequence[Scheme], options: Options) -> Backend:
    """Load the model called `name`. Raises `UsageError` for an unknown scheme, `BackendError` when it does not load."""
    scheme, place, settings = read_name(name, schemes)
    return scheme.open(place, settings, options)


def read_name(name: str, schemes: Sequence[Scheme]) -> tuple[Scheme, str, Mapping[str, str]]:
    """Scheme, place and settings of a model's name, without loading anything."""
    word, _, rest = name.partition(":")
    scheme = next((scheme for scheme in schemes if scheme.name == word.partition("?")[0]), None)
    if scheme is None:
        known = [scheme.name for scheme in schemes]
        close = nearest(word, known)
        advice = (
            f"did you mean `{close}:`?" if close else f"write one of: {', '.join(f'{entry}:...' for entry in known)}"
        )
        if not close and ":" not in name:
            advice = f"a folder on this machine is `onnx:{name}` (models are never downloaded); or {advice}"
        raise UsageError(f"`{name}` names no model: there is no backend `{word}`; {advice}")
    place, _, query = (rest if rest else name.removeprefix(scheme.name).removeprefix(":")).partition("?")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise UsageError(f"`{name}`: after the `?` stand settings, as in `?reply=text&id=row`") from None
    settings = dict(pairs)
    if len(settings) != len(pairs):
        raise UsageError(f"`{name}` gives a setting twice")
    return scheme, place, settings
