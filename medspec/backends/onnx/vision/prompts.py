"""Where images stand in a prompt: each image token of the text becomes the ids of that image's vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from medspec.backends.base import IMAGE, Message, Picture
from medspec.backends.onnx.vision import tiles
from medspec.backends.onnx.vision.features import Features
from medspec.errors import BackendError

WHOLE = ("llava", "qwen2_vl", "qwen2_5_vl", "qwen3_vl")
"""Values of `model_type` whose prompts hold one token for each image, which stands for all of its places and nothing else."""

FAMILIES = (*WHOLE, *tiles.FAMILIES)
"""Values of `model_type` that are known."""

_KEYS = ("image_token_id", "image_token_index")


class Misplaced(Exception):
    """A prompt with more or fewer image tokens than images, such as one whose text spells the token out."""


@attrs.frozen
class ImageToken:
    """The token that stands for an image: its id, and its text."""

    id: int
    text: str


def find_image_token(config: Mapping[str, Any], texts: Mapping[int, str], folder: object) -> ImageToken:
    """The token that config.json names. `texts` are the special tokens by id. Raises `BackendError`."""
    family = config.get("model_type")
    if family not in FAMILIES:
        raise BackendError(f"{folder}: how `{family}` places images is not known; known are {', '.join(FAMILIES)}")
    id = next((config[key] for key in _KEYS if isinstance(config.get(key), int)), None)
    if id is None:
        raise BackendError(f"{folder}: config.json does not say which token stands for an image ({' or '.join(_KEYS)})")
    if id not in texts:
        raise BackendError(f"{folder}: the image token {id} of config.json is no special token of the tokenizer")
    return ImageToken(id, texts[id])


def plain_text(messages: Sequence[Message], text: str, token: ImageToken) -> str:
    """A prompt without a chat template, its placeholders written as the model's token."""
    return text.replace(IMAGE, token.text) if any(message.images for message in messages) else text


def parts_of(message: Message) -> list[dict[str, str]]:
    """A turn as chat templates of image-text models take it: texts and images in order."""
    found: list[dict[str, str]] = []
    pieces = message.text.split(IMAGE) if message.images else [message.text]
    for at, piece in enumerate(pieces):
        found += [{"type": "image"}] * (at > 0) + [{"type": "text", "text": piece}] * bool(piece)
    return found


def place_images(
    ids: Sequence[int],
    pictures: Sequence[Picture],
    token: ImageToken,
    features: Features,
    marks: tiles.Marks | None = None,
) -> list[int]:
    """`ids` with each image token replaced by the ids of its image, and `marks` around them where the family has some.

    Raises `Misplaced`, and what encoding raises.
    """
    count = sum(id == token.id for id in ids)
    if count != len(pictures):
        raise Misplaced(f"the prompt holds {count} image tokens (`{token.text}`) and {len(pictures)} images")
    images = iter(pictures)
    found: list[int] = []
    for id in ids:
        if id != token.id:
            found.append(id)
            continue
        placed = features.place(next(images))
        found.extend(placed.ids if marks is None else marks.placed(placed))
    return found
