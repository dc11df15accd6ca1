"""What an image-text model has beside its decoder, opened: where images stand in a prompt, and their vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from medspec.backends.base import Message, Options, Picture
from medspec.backends.onnx.exports import EMBEDDER, ENCODER
from medspec.backends.onnx.files import first_json
from medspec.backends.onnx.layout import ModelFolder
from medspec.backends.onnx.session import open_session
from medspec.backends.onnx.tokens import Tokens
from medspec.backends.onnx.vision.embedder import Embedder
from medspec.backends.onnx.vision.encoder import Encoder
from medspec.backends.onnx.vision.features import Encoded, Features
from medspec.backends.onnx.vision.pixels import BadImage, load_processor
from medspec.backends.onnx.vision.prompts import ImageToken, find_image_token, place_images, plain_text


@attrs.frozen
class Vision:
    """The eyes of a model."""

    token: ImageToken
    features: Features

    def plain(self, messages: Sequence[Message], text: str) -> str:
        """A prompt without a chat template, with the model's token where its images stand."""
        return plain_text(messages, text, self.token)

    def placed(self, ids: Sequence[int], pictures: Sequence[Picture]) -> list[int]:
        """Ids with the places of images in them. Raises `Misplaced` and `BadImage`."""
        return place_images(ids, pictures, self.token, self.features)

    def describe(self) -> dict[str, Any]:
        """For reports."""
        return {"image_token": self.token.text, "images_encoded": self.features.encoded}


def open_embedder(folder: ModelFolder, tokens: Tokens, options: Options) -> tuple[Embedder | None, Vision | None]:
    """What turns ids into vectors, and the eyes; None where the model has none. Raises `BackendError`."""
    if EMBEDDER not in folder.beside:
        return None, None
    opened = open_session(folder.beside[EMBEDDER], device="cpu", threads=options.threads)
    if ENCODER not in folder.beside:
        return Embedder(opened, Features(_blind)), None
    settings = first_json(folder.config_folders, "preprocessor_config.json", "how images are prepared")
    graph = folder.beside[ENCODER]
    encoder = Encoder(
        graph=graph,
        opened=open_session(graph, device=options.device, threads=options.threads),
        process=load_processor(folder.root, settings),
        merge=_merge(settings, folder.config),
    )
    features = Features(encoder.encode)
    token = find_image_token(folder.config, tokens.special_texts(), folder.root)
    return Embedder(opened, features), Vision(token, features)


def _merge(settings: Mapping[str, Any], config: Mapping[str, Any]) -> int:
    """How many patches a side the encoder joins into one vector."""
    nested = config.get("vision_config")
    found = settings.get("merge_size") or (nested.get("spatial_merge_size") if isinstance(nested, Mapping) else None)
    return found if isinstance(found, int) and found > 0 else 1


def _blind(picture: Picture) -> Encoded:
    raise BadImage(f"{picture.path}: the model has no vision encoder")
