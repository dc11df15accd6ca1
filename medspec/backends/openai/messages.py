"""From a request to what is sent, and from what came back to a reply.

The protocol is the chat-completions form that servers of open models and most vendors speak. Nothing that came back is
trusted: a field of another type than expected counts as missing.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import attrs

from medspec.backends.base import IMAGE, Message, Picture, Reply, Request
from medspec.backends.openai.address import Address

LARGEST_IMAGE = 20_000_000
"""Bytes of an image file; endpoints take no larger ones."""

_KINDS = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"BM", "bmp"),
    (b"RIFF", "webp"),
)


class UnusableImage(Exception):
    """An image that cannot be sent; names the file."""


@attrs.frozen
class Usage:
    """Tokens that one reply was billed for. `cached` are those of the prompt that the endpoint had at hand."""

    tokens_in: int = 0
    tokens_out: int = 0
    cached: int = 0


def body_of(request: Request, address: Address, *, seed: int) -> dict[str, Any]:
    """What is sent for `request`. Raises `UnusableImage`.

    A draw has a seed of its own, made of `seed`, task, row and sample, so that draws are apart and can be repeated where
    the endpoint keeps its word.
    """
    decode = request.decode
    body: dict[str, Any] = {
        "model": address.name,
        "messages": [_turn(message) for message in request.messages],
        "temperature": decode.temperature,
        address.limit: decode.max_tokens,
    }
    if decode.stop:
        body["stop"] = list(decode.stop)
    if address.seed and decode.temperature > 0:
        place = f"{seed}\x1f{request.task}\x1f{request.row}\x1f{request.sample}"
        body["seed"] = int.from_bytes(sha256(place.encode()).digest()[:4], "big") >> 1
    if address.cache:
        body["extra_body"] = {"prompt_cache_key": _beginning(request)}
    return body


def reply_of(found: Any, sent: str, seconds: float) -> tuple[Reply, Usage]:
    """The reply in a parsed answer with at least one choice, and what it used."""
    choice = found.choices[0]
    message = getattr(choice, "message", None)
    refusal, text = getattr(message, "refusal", None), getattr(message, "content", None)
    reason = getattr(choice, "finish_reason", None)
    used = _usage(getattr(found, "usage", None))
    finish = {"length": "length", "content_filter": "refused"}.get(str(reason), "stop")
    if isinstance(refusal, str) and refusal:
        text, finish = refusal, "refused"
    reply = Reply(
        prompt_sha256=sent,
        text=text if isinstance(text, str) else "",
        tokens_in=used.tokens_in or None,
        tokens_out=used.tokens_out or None,
        seconds=seconds,
        finish=finish,
    )
    return reply, used


def _turn(message: Message) -> dict[str, Any]:
    if not message.images:
        return {"role": message.role, "content": message.text}
    return {"role": message.role, "content": list(_parts(message))}


def _parts(message: Message) -> Iterator[dict[str, Any]]:
    texts = message.text.split(IMAGE)
    for text, picture in zip(texts, (*message.images, None), strict=True):
        if text:
            yield {"type": "text", "text": text}
        if picture is not None:
            yield {"type": "image_url", "image_url": {"url": _data_url(picture)}}


def _data_url(picture: Picture) -> str:
    try:
        content = Path(picture.file).read_bytes()
    except OSError as error:
        raise UnusableImage(f"the image {picture.path} cannot be read: {error.strerror}") from None
    if len(content) > LARGEST_IMAGE:
        raise UnusableImage(
            f"the image {picture.path} has {len(content):,} bytes; at most {LARGEST_IMAGE:,} can be sent"
        )
    kind = next((name for head, name in _KINDS if content.startswith(head)), None)
    if kind is None:
        raise UnusableImage(f"the image {picture.path} is of a kind that cannot be sent")
    return f"data:image/{kind};base64,{b64encode(content).decode()}"


def _beginning(request: Request) -> str:
    """What prompts of one task have in common, as a hash: every turn but the last."""
    turns = "\x1e".join(f"{message.role}\x1f{message.text}" for message in request.messages[:-1])
    return sha256(f"{request.task if not turns else ''}\x1e{turns}".encode()).hexdigest()[:32]


def _usage(usage: Any) -> Usage:
    details = getattr(usage, "prompt_tokens_details", None)
    return Usage(
        _count(getattr(usage, "prompt_tokens", None)),
        _count(getattr(usage, "completion_tokens", None)),
        _count(getattr(details, "cached_tokens", None)),
    )


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
