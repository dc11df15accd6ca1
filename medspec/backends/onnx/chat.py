"""Chat templates: from turns to the one text a chat model was trained on.

A template comes with the model, as a Jinja text in one of three places. It is run as transformers runs it, so a prompt
here has the same characters there. It is untrusted code: it runs in a process of its own, see `chat_process.py`.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import attrs

from medspec.backends.base import Message
from medspec.backends.onnx.chat_process import MOST_LETTERS, ChatProcess, ChatRefused
from medspec.backends.onnx.chat_sandbox import environment
from medspec.backends.onnx.files import read_json, read_text
from medspec.backends.onnx.vision.prompts import parts_of
from medspec.errors import BackendError

__all__ = ["ChatRefused", "ChatTemplate", "find_template", "special_tokens"]

_WALKS = re.compile(r"(\bin\s+\w+)?(\[\s*['\"]content['\"]\s*\]|\.content\b)(?(1)|\s*\[\s*\d)")
"""A template that goes through the parts of a turn, or asks for one of them."""

_PROBE = "medspec"
_TOKEN_NAMES = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")


@attrs.frozen
class ChatTemplate:
    """A template that can be parsed. `source` is its text, `origin` the file it came from."""

    source: str
    origin: str
    _process: ChatProcess

    @property
    def uses_date(self) -> bool:
        """Whether prompts may change from day to day."""
        return "strftime_now" in self.source

    def render(self, messages: Sequence[Message]) -> str:
        """The prompt, up to where the model's turn begins. Raises `ChatRefused`.

        Turns with images are given as lists of parts, which is what templates of image-text models take; those without as
        texts, unless the template leaves texts out.
        """
        turns = [
            {"role": message.role, "content": parts_of(message) if message.images or self._only_parts else message.text}
            for message in messages
        ]
        return self._process.render(turns)

    @cached_property
    def _only_parts(self) -> bool:
        """Whether the template writes nothing, in silence, where a turn is a text and no list of parts."""
        if not _WALKS.search(self.source):
            return False
        try:
            return _PROBE not in self._process.render([{"role": "user", "content": _PROBE}])
        except ChatRefused:
            return True


def find_template(
    folders: Sequence[Path], tokenizer_config: Mapping[str, Any], *, date: datetime.date | None = None
) -> ChatTemplate | None:
    """The chat template of a model, or None when it has none.

    Looked for in `chat_template.jinja`, `chat_template.json`, and `chat_template` of `tokenizer_config.json`, in that
    order. `date` is what the template takes for today. Raises `BackendError` for a template that is no Jinja.
    """
    found = _find_source(folders, tokenizer_config)
    if found is None:
        return None
    source, origin = found
    return _compile(source, origin, special_tokens(tokenizer_config), date)


def special_tokens(tokenizer_config: Mapping[str, Any]) -> dict[str, str]:
    """`bos_token`, `eos_token` and the like that are set, as texts."""
    tokens = {}
    for name in _TOKEN_NAMES:
        value = tokenizer_config.get(name)
        if isinstance(value, Mapping):  # the long form: {"content": "<s>", "lstrip": false, ...}
            value = value.get("content")
        if isinstance(value, str):
            tokens[name] = value
    return tokens


def _find_source(folders: Sequence[Path], tokenizer_config: Mapping[str, Any]) -> tuple[str, str] | None:
    for folder in folders:
        path = folder / "chat_template.jinja"
        if path.exists():
            return read_text(path, "the chat template"), path.name
    for folder in folders:
        path = folder / "chat_template.json"
        if path.exists():
            return _choose(read_json(path, "the chat template").get("chat_template"), str(path)), path.name
    value = tokenizer_config.get("chat_template")
    if value is None:
        return None
    return _choose(value, str(folders[0] / "tokenizer_config.json")), "tokenizer_config.json"


def _choose(value: object, place: str) -> str:
    """The template text out of a text, a list of {name, template}, or an object of names."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        value = {entry.get("name"): entry.get("template") for entry in value if isinstance(entry, Mapping)}
    if isinstance(value, Mapping):
        chosen = value.get("default", next(iter(value.values())) if len(value) == 1 else None)
        if isinstance(chosen, str):
            return chosen
        names = ", ".join(str(name) for name in value) or "none"
        raise BackendError(f"{place}: no chat template is named `default` (names: {names}); use chat `off`")
    raise BackendError(f"{place}: `chat_template` is neither a text nor a list of named templates")


def _compile(source: str, origin: str, tokens: Mapping[str, str], date: datetime.date | None) -> ChatTemplate:
    import jinja2

    if len(source) > MOST_LETTERS:
        raise BackendError(f"{origin}: a chat template of {len(source):,} letters; at most {MOST_LETTERS:,}")
    try:
        # Parsed and no more: compiling it would compute what is constant in it, and that may take forever.
        environment(date).parse(source)
    except jinja2.TemplateSyntaxError as err:
        raise BackendError(f"{origin}:{err.lineno}: the chat template is not valid Jinja: {err.message}") from err
    except RecursionError:
        raise BackendError(f"{origin}: the chat template is nested too deep") from None
    return ChatTemplate(source, origin, ChatProcess(source, dict(tokens), date))
