"""Invented rows in the layout of MedSG-Bench/MedSG-Bench: eight JSON lists, with images of the published sizes beside them.

Fields, names of tasks, paths with their doubled prefix and the words of the questions are those of the published rows; of task 4
no row has been seen, its question follows MIG-Bench, from which the others were copied. Boxes and images are invented.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PREFIX = "MedSG-Bench/MedSG-Bench"
SIDE = 336
VIEW = (180, 300)
"""Width and height of the images of task 3, the only ones of another size."""

DIFFERENCE = "Compare these two images carefully and give me the coordinates of their difference."
TASKS = (
    "Registered_Diff",
    "Non_Registered_Diff",
    "multi_view",
    "object_tracking",
    "concept",
    "patch",
    "crossmodal",
    "referring",
)


def question(number: int, row: int) -> tuple[str, int, str]:
    """What is asked, how many images there are, and what `additional_info` says."""
    box = f"<|box_start|>({10 + row},20),(60,{90 + row})<|box_end|>"
    last = ("second", "third")[row % 2]
    match number:
        case 1 | 2:
            return DIFFERENCE, 2, ""
        case 3:
            return (
                (
                    "These images share one object in common(the object marked with red bounding box in the first image"
                    f"({box}). Recognize and locate this object in the {last} image."
                ),
                3,
                "",
            )
        case 4:
            return (
                (
                    "These are a sequence of images containing moving objects. For the object in the first image marked with "
                    f"red bounding box({box}), please locate it in the {last} image."
                ),
                6,
                "",
            )
        case 5:
            return "Find and locate where does the object in image-1 locate in the image-2.", 2, ""
        case 6:
            return (
                (
                    "You are given a source image followed by its several regions. Please locate the first region picture in "
                    "the source image."
                ),
                3 + row % 3,
                "",
            )
        case 7:
            return (
                (
                    f"The following are {('two', 'four')[row % 2]} images for you to consider. For the area marked by the red "
                    f"bounding box in the first image, identify and locate the corresponding area in the {last} image that "
                    "serves a similar function or shares a similar meaning."
                ),
                (2, 4)[row % 2],
                "",
            )
        case _:
            return (
                (
                    "Please find the bounding box coordinates for the area described by: "
                    "<|object_ref_start|>LeftLung<|object_ref_end|>."
                ),
                3,
                f"It's in the {last} image. <|box_start|>(12,30),(99,140)<|box_end|>",
            )


def write_all(folder: Path, rows: int = 3) -> dict[int, list[list[int]]]:
    """Write all files below `folder`; the gold boxes of each task by its number."""
    from PIL import Image

    golds: dict[int, list[list[int]]] = {}
    for number, task in enumerate(TASKS, 1):
        place = folder / PREFIX / f"Task{number}"
        place.mkdir(parents=True)
        made: list[dict[str, Any]] = []
        size = VIEW if number == 3 else (SIDE, SIDE)
        for row in range(rows):
            asked, count, told = question(number, row)
            names = [f"case{row}_{index}.png" for index in range(count)]
            for name in names:
                Image.new("RGB", size, (40 * row, 20 * number, 90)).save(place / name)
            made.append({
                "task": task, "images": [f"{PREFIX}/Task{number}/{name}" for name in names], "question": asked,
                "answer": [12 + row, 30, 99, 140 + number], "additional_info": told, "need_format": number == 1,
            })  # fmt: skip
            if number == 3:
                made[-1]["size"] = list(VIEW)
        (folder / PREFIX / f"Task{number}.json").write_text(json.dumps(made), "utf-8")
        golds[number] = [row["answer"] for row in made]
    return golds
