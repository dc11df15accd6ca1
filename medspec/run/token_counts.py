"""How many tokens a prompt has: as the model's own tokenizer counts, without the model being loaded, or by a rule of thumb.

counter_of("onnx:models/llama")   counter_of(None)  ->  four characters are one token
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from medspec.backends.base import Request

if TYPE_CHECKING:
    from medspec.backends.onnx.layout import ModelFolder

CHARACTERS = 4
"""Characters of one token, where no tokenizer is at hand: what English text comes to with the vocabularies of today."""


@attrs.frozen(kw_only=True)
class TokenCounter:
    """`of` gives the parts of a prompt that are counted, in order: token ids, or characters, of which `each` are a token."""

    how: str
    of: Callable[[Request], Sequence[Any]]
    each: int = 1
    context: int | None = None
    """How many tokens the model can see, prompt and reply together."""
    kv_bytes: int | None = None
    """What one token takes in the model's cache; None where no file says so."""

    def count(self, request: Request) -> int:
        """The tokens of the prompt, without options and reply."""
        return self.tokens(len(self.of(request)))

    def tokens(self, parts: int) -> int:
        """So many parts in tokens, rounded up."""
        return -(-parts // self.each)


def counter_of(model: str | None) -> TokenCounter:
    """The counter of a model by its name after `--model`. Raises `BackendError` for a folder that is no model."""
    folder = None if model is None else _folder(model)
    if folder is None:
        of = "" if model is None else f"; {model} has no tokenizer here"
        return TokenCounter(
            how=f"{CHARACTERS} characters taken for one token{of}", of=lambda one: one.plain_prompt, each=CHARACTERS
        )
    from medspec.backends.onnx.chat import find_template
    from medspec.backends.onnx.tokens import load_tokens

    template = find_template(folder.config_folders, folder.tokenizer_config, date=None)
    tokens = load_tokens(folder.tokenizer, folder.tokenizer_config, folder.config, folder.generation_config)

    def ids(request: Request) -> Sequence[int]:
        text = request.plain_prompt if template is None else template.render(request.messages)
        return tokens.encode(text, chat=template is not None)

    return TokenCounter(
        how=f"tokens as {model} counts them",
        of=ids,
        context=folder.context,
        kv_bytes=kv_bytes(folder.config, folder.dtype),
    )


def kv_bytes(config: Mapping[str, Any], dtype: str) -> int | None:
    """Keys and values of one token over all layers, in bytes; None where the configuration does not say.

    They are kept in 16 bits where the export is, else in 32: weights of 4 or 8 bits say nothing about the cache. Image-text
    models describe their decoder inside of `text_config`.

    >>> kv_bytes({"num_hidden_layers": 2, "num_attention_heads": 4, "hidden_size": 64, "num_key_value_heads": 2}, "fp32")
    512
    """
    inner = config.get("text_config")
    if isinstance(inner, Mapping):
        config = {**config, **inner}
    try:
        heads = int(config["num_attention_heads"])
        size = int(config.get("head_dim") or int(config["hidden_size"]) // heads)
        layers, kept = int(config["num_hidden_layers"]), int(config.get("num_key_value_heads") or heads)
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return 2 * layers * kept * size * (2 if "16" in dtype else 4)


def _folder(model: str) -> ModelFolder | None:
    """The files of the model; None for models that have none here, or no tokens."""
    from medspec.backends import SCHEMES, abilities_of
    from medspec.backends.builtin import MODELS
    from medspec.backends.genai.folder import read_folder
    from medspec.backends.onnx.layout import resolve_folder
    from medspec.backends.opening import read_name

    scheme, place, _ = read_name(model, SCHEMES)
    if scheme.name == "builtin":
        return resolve_folder(MODELS[place], None) if place in MODELS else None
    if scheme.name == "genai":
        return read_folder(Path(place).expanduser()).files
    if scheme.name != "onnx":
        return None
    abilities = abilities_of(model)
    # What reads images only, and answers with labels or boxes, has no tokens.
    return None if abilities.needs_form and abilities.images else resolve_folder(Path(place).expanduser(), None)
