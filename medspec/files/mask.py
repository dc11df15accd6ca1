"""The tight box around what a mask marks: the pixels that are not zero.

    [left, top, right, bottom]     in pixels, right and bottom one past the last marked pixel, as a box of its size has them

Read are images of one channel, of palette indices and of colours (a pixel is marked where any channel is not zero). An
image with transparency is refused: whether its zero is the colour or the clear part, nobody says. The size is looked at
before anything is unpacked.
"""

from __future__ import annotations

from pathlib import Path

MOST_PIXELS = 100_000_000
"""The largest mask that is opened."""

_MODES = ("1", "L", "P", "I", "I;16", "F", "RGB")


def mask_box(path: Path, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The box of the mask in the file, which belongs to an image of `size` (width, height).

    Raises `ValueError` with a reason for a mask that has none, `OSError` for a file that is not there.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as mask:
            width, height = mask.size
            if width * height > MOST_PIXELS:
                raise ValueError(f"{width:,} x {height:,} pixels; at most {MOST_PIXELS:,} are opened")
            if (width, height) != size:
                raise ValueError(f"the mask has {width} x {height} pixels and its image {size[0]} x {size[1]}")
            if mask.mode not in _MODES or "transparency" in mask.info:
                raise ValueError(f"a mask with transparency or in the form {mask.mode}; save it in grey")
            box = mask.getbbox()
    except UnidentifiedImageError:
        raise ValueError("no image of a known format") from None
    except Image.DecompressionBombError:
        raise ValueError(f"more than {MOST_PIXELS:,} pixels") from None
    except SyntaxError as error:  # Pillow's reader of PNG
        raise ValueError(f"damaged: {error}") from None
    if box is None:
        raise ValueError("every pixel of the mask is zero, so it marks nothing")
    return box
