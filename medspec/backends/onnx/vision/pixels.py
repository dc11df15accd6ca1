"""From an image file to the numbers a vision encoder takes, as `preprocessor_config.json` says.

Resizing to one size, rescaling and normalising are done here; every other kind of image processor is transformers' own, on
its Pillow backend. Images are taken as they are stored: a rotation in their metadata is not applied, since boxes are not rotated
either; what is transparent becomes white.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medspec.backends.base import Picture
from medspec.errors import BackendError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    Processor = Callable[[Image.Image], dict[str, NDArray[Any]]]
    """One RGB image to the named inputs of a vision encoder."""

MOST_PIXELS = 100_000_000
"""Pixels of an image that is still opened; a file of a few kilobytes can unpack to more memory than there is."""

PLAIN_KINDS = ("SiglipImageProcessor", "ViTImageProcessor", "DeiTImageProcessor")
"""Image processors that only resize to one size, rescale and normalise."""

CUTTING_KINDS = ("Idefics3ImageProcessor", "SmolVLMImageProcessor")
"""Image processors that cut an image into tiles."""

TILES = ("rows", "cols")
"""What these say beside the inputs of the encoder: how many rows and columns of tiles there are; 0 for none."""

_DEEP_MODES = ("I", "F")
_DEFAULTS: Mapping[str, Any] = {
    "do_resize": True,
    "size": {"height": 224, "width": 224},
    "resample": 2,
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_normalize": True,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
}
"""What transformers takes where the file says nothing."""


class BadImage(Exception):
    """An image that cannot be shown to a model; the text says which and why."""


class _Refused(Exception):
    """What an image processor says of an image."""


def inputs_of(picture: Picture, process: Processor) -> dict[str, NDArray[Any]]:
    """What `process` makes of an image. Raises `BadImage`, also where it refuses."""
    image = open_image(picture)
    try:
        return process(image)
    except _Refused as error:
        raise BadImage(f"{picture.path}: {error}") from error


def open_image(picture: Picture) -> Image.Image:
    """The image as RGB, whole in memory. Raises `BadImage`."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(picture.file) as image:
            wide, high = image.size
            if wide * high > MOST_PIXELS:
                raise BadImage(f"{picture.path}: {wide:,} x {high:,} pixels; at most {MOST_PIXELS:,} are opened")
            if image.mode.split(";")[0] in _DEEP_MODES:
                raise BadImage(f"{picture.path}: more than 8 bits a channel; save it with a window of 8 bits")
            return _in_colour(image)
    except UnidentifiedImageError:
        raise BadImage(f"{picture.path}: not an image of a known format") from None
    except Image.DecompressionBombError:
        raise BadImage(f"{picture.path}: more than {MOST_PIXELS:,} pixels") from None
    except (OSError, ValueError, SyntaxError) as error:  # Pillow's readers raise all of these for damaged files
        raise BadImage(f"{picture.path}: damaged: {error}") from None


def _in_colour(image: Image.Image) -> Image.Image:
    """The image as RGB. What is transparent becomes white, as transformers (as of version 5) and viewers have it."""
    from PIL import Image

    if "A" not in image.getbands() and "transparency" not in image.info:
        return image.convert("RGB")
    layers = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), layers).convert("RGB")


def load_processor(folder: Path, settings: Mapping[str, Any]) -> Processor:
    """What turns an image into the encoder's inputs. `settings` are those of `folder/preprocessor_config.json`.

    Raises `BackendError` where the file names no processor, or transformers is needed and missing.
    """
    nested = settings.get("image_processor")
    kind = kind_of(nested if isinstance(nested, Mapping) else settings)
    if kind is None:
        raise BackendError(
            f"{folder}: preprocessor_config.json names no image processor, nor does processor_config.json"
        )
    if kind in PLAIN_KINDS:
        return _plain(folder, nested if isinstance(nested, Mapping) else settings)
    return _of_transformers(folder, kind)


def prepared_by(settings: Mapping[str, Any]) -> str:
    """The libraries, with their versions, that turn images into numbers: another version may round otherwise."""
    from importlib.metadata import PackageNotFoundError, version

    names = ("pillow",) if kind_of(settings) in PLAIN_KINDS else ("transformers", "pillow")
    found = []
    for name in names:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:  # told by who loads it
            continue
    return ", ".join(found)


def kind_of(settings: Mapping[str, Any]) -> str | None:
    """The image processor that settings name."""
    kind = settings.get("image_processor_type", settings.get("feature_extractor_type"))
    # Files of older versions name a feature extractor, which is the image processor of that name.
    return kind.removesuffix("Fast").replace("FeatureExtractor", "ImageProcessor") if isinstance(kind, str) else None


def _plain(folder: Path, settings: Mapping[str, Any]) -> Processor:
    import numpy as np

    known = {**_DEFAULTS, **{name: settings[name] for name in _DEFAULTS if settings.get(name) is not None}}
    size = known["size"]
    if isinstance(size, int):
        size = {"height": size, "width": size}
    if not isinstance(size, Mapping) or not {"height", "width"} <= set(size):
        raise BackendError(f"{folder}: preprocessor_config.json: `size` has no height and width: {size}")
    mean, deviation = (np.array(known[name], dtype=np.float32) for name in ("image_mean", "image_std"))

    def process(image: Image.Image) -> dict[str, NDArray[Any]]:
        wanted = (int(size["width"]), int(size["height"]))
        if known["do_resize"] and image.size != wanted:
            image = image.resize(wanted, resample=int(known["resample"]))
        values = np.asarray(image, dtype=np.float32)
        if known["do_rescale"]:
            values = (values.astype(np.float64) * float(known["rescale_factor"])).astype(np.float32)
        if known["do_normalize"]:
            values = (values - mean) / deviation
        return {"pixel_values": np.ascontiguousarray(values.transpose(2, 0, 1)[None])}

    return process


def _of_transformers(folder: Path, kind: str) -> Processor:
    try:
        from transformers import AutoImageProcessor
    except ImportError:
        raise BackendError(
            f"{folder}: images for this model are prepared by `{kind}` of the package transformers: "
            "pip install 'medspec[vision]'"
        ) from None
    try:
        load: Callable[..., Any] = AutoImageProcessor.from_pretrained
        processor = load(str(folder), backend="pil", trust_remote_code=False)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError) as error:
        raise BackendError(f"{folder}: the image processor `{kind}` cannot be loaded: {error}") from error

    said = {"return_row_col_info": True} if kind in CUTTING_KINDS else {}

    def process(image: Image.Image) -> dict[str, NDArray[Any]]:
        import numpy as np

        try:
            found = processor([image], return_tensors="np", **said)
        except (ValueError, TypeError, ZeroDivisionError) as error:  # such as a shape that is too far from a square
            raise _Refused(f"{image.width:,} x {image.height:,} pixels, refused by `{kind}`: {error}") from error
        return {name: np.asarray(value) for name, value in found.items()}

    return process
