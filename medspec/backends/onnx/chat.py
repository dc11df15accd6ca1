"""Chat templates: from turns to the one text a chat model was trained on.

A template comes with the model, as a Jinja text in one of three places. It is run as transformers runs it, so a prompt
here has the same characters there. It is untrusted code: it gets a sandbox, and nothing but the turns and the special
tokens.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from medspec.backends.base import Message
from medspec.backends.onnx.files import read_json, read_text
from medspec.backends.onnx.vision.prompts import parts_of
from medspec.errors import BackendError

if TYPE_CHECKING:
    import jinja2

_TOKEN_NAMES = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")


class ChatRefused(Exception):
    """The template does not accept these turns; the text is what it says."""


@attrs.frozen
class ChatTemplate:
    """A compiled template. `source` is its text, `origin` the file it came from."""

    source: str
    origin: str
    _compiled: jinja2.Template
    _tokens: Mapping[str, str]

    @property
    def uses_date(self) -> bool:
        """Whether prompts may change from day to day."""
        return "strftime_now" in self.source

    def render(self, messages: Sequence[Message]) -> str:
        """The prompt, up to where the model's turn begins. Raises `ChatRefused`.

        Turns with images are given as lists of parts, which is what templates of image-text models take.
        """
        import jinja2

        turns = [
            {"role": message.role, "content": parts_of(message) if message.images else message.text}
            for message in messages
        ]
        try:
            return self._compiled.render(
                messages=turns, tools=None, documents=None, add_generation_prompt=True, **self._tokens
            )
        except (jinja2.TemplateError, TypeError, ValueError, KeyError, ArithmeticError) as err:
            raise ChatRefused(f"the chat template refuses these turns: {err}") from err


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
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols", _generation_extension()]
    )
    environment.filters["tojson"] = _tojson
    environment.globals["raise_exception"] = _raise_exception
    environment.globals["strftime_now"] = lambda style: _now(date).strftime(style)
    try:
        compiled = environment.from_string(source)
    except jinja2.TemplateSyntaxError as err:
        raise BackendError(f"{origin}:{err.lineno}: the chat template is not valid Jinja: {err.message}") from err
    return ChatTemplate(source, origin, compiled, tokens)


def _now(date: datetime.date | None) -> datetime.datetime:
    if date is None:
        return datetime.datetime.now()
    return datetime.datetime.combine(date, datetime.time())


def _raise_exception(message: str) -> None:
    import jinja2

    raise jinja2.TemplateError(message)


def _tojson(
    value: object,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    # Jinja's own filter escapes HTML characters, which a model was not trained on.
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _generation_extension() -> type[Any]:
    """The tag pair `generation ... endgeneration`, which marks the model's turns for training and prints its body."""
    from jinja2 import nodes
    from jinja2.ext import Extension
    from jinja2.parser import Parser

    class GenerationTag(Extension):
        tags = {"generation"}

        def parse(self, parser: Parser) -> nodes.Node:
            line = next(parser.stream).lineno
            body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            return nodes.Scope(body).set_lineno(line)

    return GenerationTag
