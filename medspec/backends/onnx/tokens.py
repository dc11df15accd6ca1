"""Cutting texts into tokens and joining tokens to texts.

Never cuts a text short: limits that come with a tokenizer file are switched off, the caller compares lengths itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from medspec.backends.onnx.chat import special_tokens
from medspec.backends.onnx.seams import Seams, has_seams
from medspec.errors import BackendError

if TYPE_CHECKING:
    import tokenizers


@attrs.frozen(kw_only=True)
class Tokens:
    """The tokenizer of one model.

    `leading` are the ids before every plain text (often one: beginning of sequence), `fallback` is what stands for an
    empty prompt when there are none, `ends` are the ids that end a reply, `size` is the number of ids. With `seams`, what
    texts have in common at the start is cut into tokens once.
    """

    tokenizer: tokenizers.Tokenizer
    leading: tuple[int, ...]
    fallback: tuple[int, ...]
    ends: frozenset[int]
    size: int
    seams: Seams | None = None

    def encode(self, text: str, *, chat: bool) -> list[int]:
        """The ids of a prompt. A text from a chat template has its special tokens written out already."""
        if self.seams is not None:
            ids = self.seams.encode(text)
        else:
            ids = self.tokenizer.encode(text, add_special_tokens=False).ids
        return [*(() if chat else self.leading), *ids]

    def encode_pairs(self, prompt: str, options: Sequence[str], *, chat: bool) -> list[tuple[list[int], int]]:
        """The ids of prompt and each option together, and how many of them are the prompt.

        The two are encoded as one text, since a model sees `Answer: yes` with other tokens than `Answer:` and ` yes`
        apart. Spaces at the end of the prompt go to the option for the same reason.
        """
        bare = prompt.rstrip()
        before = self.encode(bare, chat=chat) or list(self.fallback)
        return [self._encode_pair(prompt, option, bare, before, chat=chat) for option in options]

    def _encode_pair(
        self, prompt: str, option: str, bare: str, before: list[int], *, chat: bool
    ) -> tuple[list[int], int]:
        whole = self.encode(prompt + option, chat=chat)
        if not bare and (chat or not self.leading):
            whole = [*self.fallback, *whole]
        if len(whole) > len(before):
            return whole, len(before)
        # The option melts into the prompt's last word (`ans` and `wer`): the first token that differs is its own.
        same = (one == other for one, other in zip(before, whole, strict=False))
        return whole, sum(takewhile(bool, same))

    def decode(self, ids: Sequence[int]) -> str:
        """The text of a reply, special tokens left out."""
        return self.tokenizer.decode(list(ids), skip_special_tokens=True)

    def special_texts(self) -> dict[int, str]:
        """Texts of the special and added tokens by id."""
        return {id: token.content for id, token in self.tokenizer.get_added_tokens_decoder().items()}

    def special_id(self, text: str) -> int | None:
        """The id of `text` when it is one special token; a decoded reply never shows it."""
        return next(
            (i for i, token in self.tokenizer.get_added_tokens_decoder().items() if token.content == text), None
        )


def load_tokens(
    path: Path, tokenizer_config: Mapping[str, Any], config: Mapping[str, Any], generation_config: Mapping[str, Any]
) -> Tokens:
    """The tokenizer in `path`. Raises `BackendError` for a file that is none, or an end token it does not know."""
    import tokenizers

    try:
        tokenizer = tokenizers.Tokenizer.from_file(str(path))
    except Exception as err:  # the library raises bare Exception
        raise BackendError(f"{path}: not a tokenizer this version can read: {err}") from err
    tokenizer.no_truncation()
    tokenizer.no_padding()
    named = {name: tokenizer.token_to_id(text) for name, text in special_tokens(tokenizer_config).items()}
    begin = named.get("bos_token")
    if begin is None:
        begin = _first_id(config.get("bos_token_id"))
    ends = _ends(tokenizer_config, config, generation_config, named.get("eos_token"))
    fallback = begin if begin is not None else min(ends, default=None)
    return Tokens(
        tokenizer=tokenizer,
        leading=_leading(tokenizer, tokenizer_config, begin),
        fallback=() if fallback is None else (fallback,),
        ends=ends,
        size=max(tokenizer.get_vocab(with_added_tokens=True).values(), default=-1) + 1,
        seams=Seams(tokenizer) if has_seams(tokenizer) else None,
    )


def require_fit(tokens: Tokens, path: Path, vocabulary: int | None) -> None:
    """Refuse a tokenizer that can write ids the model has no row for. `vocabulary` is the number of the model's ids."""
    if vocabulary is not None and tokens.size > vocabulary:
        raise BackendError(
            f"{path}: the tokenizer has {tokens.size:,} ids and the model knows {vocabulary:,}; "
            "they do not belong together"
        )


def _leading(
    tokenizer: tokenizers.Tokenizer, tokenizer_config: Mapping[str, Any], begin: int | None
) -> tuple[int, ...]:
    # `add_bos_token`, when given, overrules what tokenizer.json does by itself; transformers does the same.
    wish = tokenizer_config.get("add_bos_token")
    if wish is not None:
        return (begin,) if wish and begin is not None else ()
    probe = "a"
    plain = tokenizer.encode(probe, add_special_tokens=False).ids
    dressed = tokenizer.encode(probe).ids
    # What comes after the text (an end token, in some files) is left out: a prompt is not at its end.
    starts = [start for start in range(len(dressed)) if plain and dressed[start : start + len(plain)] == plain]
    return tuple(dressed[: starts[0]]) if starts else ()


def _ends(
    tokenizer_config: Mapping[str, Any],
    config: Mapping[str, Any],
    generation_config: Mapping[str, Any],
    named: int | None,
) -> frozenset[int]:
    """End tokens of all places: chat models name the end of a turn in one and the end of a document in another."""
    ends: set[int] = set() if named is None else {named}
    for place in (generation_config, config):
        value = place.get("eos_token_id")
        listed = value if isinstance(value, list) else [value]
        ends.update(number for number in listed if isinstance(number, int))
    return frozenset(ends)


def _first_id(value: object) -> int | None:
    if isinstance(value, list):
        value = value[0] if value else None
    return value if isinstance(value, int) else None
