"""Width and height of an image, from the first bytes of its file: PNG, JPEG, GIF and BMP.

Nothing is decoded, so a picture of any size takes the same time, and no library is needed. Other formats are refused by
name of what was found.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

# Start-of-frame marks of JPEG that carry the size; C4, C8 and CC are something else.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MOST_SEGMENTS = 1000


def image_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels. Raises `ValueError` for a file that is no such image, `OSError` for one that is not there."""
    with path.open("rb") as file:
        head = file.read(26)
        if head[:8] == b"\x89PNG\r\n\x1a\n" and head[12:16] == b"IHDR" and len(head) >= 24:
            size = struct.unpack(">II", head[16:24])
        elif head[:6] in (b"GIF87a", b"GIF89a") and len(head) >= 10:
            size = struct.unpack("<HH", head[6:10])
        elif head[:2] == b"BM" and len(head) >= 26:
            width, height = struct.unpack("<ii", head[18:26])
            size = (width, abs(height))  # a negative height means that the rows are stored from the top
        elif head[:3] == b"\xff\xd8\xff":
            size = _jpeg_size(file)
        else:
            raise ValueError("no PNG, JPEG, GIF or BMP image")
    if min(size) <= 0:
        raise ValueError(f"an image of {size[0]} x {size[1]} pixels")
    return size[0], size[1]


def _jpeg_size(file: BinaryIO) -> tuple[int, int]:
    """Walks over the segments of a JPEG file to the one that holds the size."""
    file.seek(2)
    for _ in range(_MOST_SEGMENTS):
        mark = file.read(2)
        while len(mark) == 2 and mark == b"\xff\xff":
            mark = b"\xff" + file.read(1)
        if len(mark) < 2 or mark[0] != 0xFF:
            break
        if mark[1] == 0x01 or 0xD0 <= mark[1] <= 0xD8:
            continue
        length = file.read(2)
        if len(length) < 2:
            break
        if mark[1] in _FRAMES:
            frame = file.read(5)
            if len(frame) < 5:
                break
            height, width = struct.unpack(">HH", frame[1:])
            return width, height
        file.seek(max(struct.unpack(">H", length)[0] - 2, 0), 1)
    raise ValueError("a damaged JPEG image")
