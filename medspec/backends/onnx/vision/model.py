"""What an image-text model has beside its decoder, opened: where images stand in a prompt, and their vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from medspec.backends.base import Message, Options, Picture
from medspec.backends.onnx.exports import EMBEDDER, ENCODER
from medspec.backends.onnx.files import first_json, read_json
from medspec.backends.onnx.layout import ModelFolder
from medspec.backends.onnx.session import open_session
from medspec.backends.onnx.tokens import Tokens
from medspec.backends.onnx.vision.embedder import Embedder
from medspec.backends.onnx.vision.encoder import Encoder
from medspec.backends.onnx.vision.features import Encoded, Features
from medspec.backends.onnx.vision.pixels import CUTTING_KINDS, BadImage, kind_of, load_processor, prepared_by
from medspec.backends.onnx.vision.prompts import ImageToken, find_image_token, place_images, plain_text
from medspec.backends.onnx.vision.tiles import FAMILIES, Marks, find_marks
from medspec.errors import BackendError


@attrs.frozen
class Vision:
    """The eyes of a model."""

    token: ImageToken
    features: Features
    settings: Mapping[str, Any]
    """How images are prepared."""
    marks: Marks | None = None

    @property
    def decides(self) -> dict[str, Any]:
        """What of the settings can change a reply."""
        return {
            "settings": self.settings,
            "by": prepared_by(self.settings),
            "token": self.token.id,
            "marks": self.marks and (self.marks.around, self.marks.whole),
        }

    def plain(self, messages: Sequence[Message], text: str) -> str:
        """A prompt without a chat template, with the model's token where its images stand."""
        return plain_text(messages, text, self.token)

    def placed(self, ids: Sequence[int], pictures: Sequence[Picture]) -> list[int]:
        """Ids with the places of images in them. Raises `Misplaced` and `BadImage`."""
        return place_images(ids, pictures, self.token, self.features, self.marks)

    def describe(self) -> dict[str, Any]:
        """For reports."""
        return {
            "image_token": self.token.text,
            "images_prepared_by": prepared_by(self.settings),
            "images_encoded": self.features.encoded,
        }


def open_embedder(folder: ModelFolder, tokens: Tokens, options: Options) -> tuple[Embedder | None, Vision | None]:
    """What turns ids into vectors, and the eyes; None where the model has none. Raises `BackendError`."""
    if EMBEDDER not in folder.beside:
        return None, None
    opened = open_session(folder.beside[EMBEDDER], device="cpu", threads=options.threads)
    if ENCODER not in folder.beside:
        return Embedder(opened, Features(_blind)), None
    place, settings = _settings(folder)
    graph = folder.beside[ENCODER]
    encoder = Encoder(
        graph=graph,
        opened=open_session(graph, device=options.device, threads=options.threads),
        process=load_processor(place, settings),
        merge=_merge(settings, folder.config),
    )
    features = Features(encoder.encode)
    token = find_image_token(folder.config, tokens.special_texts(), folder.root)
    marks = _marks(folder, tokens, token)
    if marks is not None and kind_of(settings) not in CUTTING_KINDS:
        raise BackendError(f"{folder.root}: the image processor `{kind_of(settings)}` does not cut images into tiles")
    return Embedder(opened, features), Vision(token, features, settings, marks)


def _marks(folder: ModelFolder, tokens: Tokens, token: ImageToken) -> Marks | None:
    """What stands around the tiles of images, in families that have tiles."""
    if folder.config.get("model_type") not in FAMILIES:
        return None
    processor = first_json(folder.config_folders, "processor_config.json", "how prompts with images are written")
    return find_marks((token.id, token.text), tokens, (processor, folder.tokenizer_config), folder.root)


def _settings(folder: ModelFolder) -> tuple[Path, Mapping[str, Any]]:
    """How images are prepared, and the folder that says so. Newer models have it inside of processor_config.json."""
    for name in ("preprocessor_config.json", "processor_config.json"):
        for place in folder.config_folders:
            if (place / name).exists():
                found = read_json(place / name, "how images are prepared")
                nested = found.get("image_processor")
                return place, nested if isinstance(nested, Mapping) else found
    return folder.root, {}


def _merge(settings: Mapping[str, Any], config: Mapping[str, Any]) -> int:
    """How many patches a side the encoder joins into one vector."""
    nested = config.get("vision_config")
    found = settings.get("merge_size") or (nested.get("spatial_merge_size") if isinstance(nested, Mapping) else None)
    return found if isinstance(found, int) and found > 0 else 1


def _blind(picture: Picture) -> Encoded:
    raise BadImage(f"{picture.path}: the model has no vision encoder")
