"""The box around a mask, beside what numpy finds; and masks that have none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from medspec.files.mask import mask_box


@given(st.data())
def test_the_box_is_that_of_the_marked_pixels(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    wide, high = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    points = data.draw(st.lists(st.tuples(st.integers(0, wide - 1), st.integers(0, high - 1)), min_size=1))
    mode = data.draw(st.sampled_from(["L", "1", "P", "RGB", "I;16"]))
    pixels = Image.new(mode, (wide, high))
    for point in points:
        pixels.putpixel(point, (0, 0, 1) if mode == "RGB" else 1)
    path = tmp_path_factory.mktemp("masks") / "mask.png"
    pixels.save(path)
    across, down = np.array(points).T
    assert mask_box(path, (wide, high)) == (across.min(), down.min(), across.max() + 1, down.max() + 1)


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (Image.new("L", (4, 3)), "every pixel of the mask is zero, so it marks nothing"),
        (Image.new("L", (3, 4), 1), "the mask has 3 x 4 pixels and its image 4 x 3"),
        (Image.new("RGBA", (4, 3), (0, 0, 0, 255)), "a mask with transparency or in the form RGBA; save it in grey"),
        (b"no image", "no image of a known format"),
    ],
)
def test_a_mask_that_has_no_box(tmp_path: Path, image: Image.Image | bytes, said: str) -> None:
    path = tmp_path / "mask.png"
    path.write_bytes(image) if isinstance(image, bytes) else image.save(path)
    with pytest.raises(ValueError) as caught:
        mask_box(path, (4, 3))
    assert str(caught.value) == said


def test_a_mask_that_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    Image.effect_noise((200, 200), 90).save(path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises((ValueError, OSError)):
        mask_box(path, (200, 200))
