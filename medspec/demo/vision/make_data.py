"""Write the demonstration data of the grounding suite: images as PNG, and the rows of each task.

    python -m medspec.demo.vision.make_data [FOLDER]        default: specs/grounding/data

The same script draws the same pixels everywhere. All images are invented.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from medspec.demo.vision.scenes import as_pixels
from medspec.demo.vision.sequences import TASKS, Sequence

DATA_FOLDER = Path(__file__).parents[3] / "specs" / "grounding" / "data"
SEED = 20260102
ROWS = 25
"""Rows of each task."""


def make_rows(task: str) -> list[Sequence]:
    """The test rows of one task. Training draws with other random numbers."""
    import numpy as np

    rng = np.random.default_rng([SEED, list(TASKS).index(task)])
    return [TASKS[task](rng) for _ in range(ROWS)]


def make_files() -> Iterator[tuple[str, bytes]]:
    """Every data file: its name and its bytes."""
    for task in TASKS:
        lines = []
        for number, row in enumerate(make_rows(task), start=1):
            id = f"invented-{task}-{number:02d}"
            names = [f"data/images/{task}/{number:02d}_{place}.png" for place in range(1, len(row.images) + 1)]
            lines.append(json.dumps(_line(id, names, row)) + "\n")
            for name, image in zip(names, row.images, strict=True):
                yield name.removeprefix("data/"), as_png(as_pixels(image))
        yield f"{task}.jsonl", "".join(lines).encode()


def as_png(pixels: Any) -> bytes:
    """A gray image [row, column] of 8 bits as a PNG file."""
    from io import BytesIO

    from PIL import Image

    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _line(id: str, names: list[str], row: Sequence) -> dict[str, Any]:
    line = {"id": id, "images": names, "question": row.question, "target": names[row.target], "answer": row.answer}
    return line if row.reference is None else {**line, "reference": row.reference}


def main(arguments: list[str]) -> None:
    """Write the files into the folder named first, or into the project's own."""
    folder = Path(arguments[0]) if arguments else DATA_FOLDER
    count = size = 0
    for name, content in make_files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        count, size = count + 1, size + len(content)
    print(f"{folder}: {count:,} files, {size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
