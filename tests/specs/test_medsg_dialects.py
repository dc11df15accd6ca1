"""What a question of MedSG-Bench looks like in each of its dialects."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from medspec.check import check_paths
from medspec.plan.lower import lower
from medspec.plan.optimise import optimise
from medspec.run.bind import bind
from medspec.run.roots import DataRoots

SPECS = Path(__file__).parents[2] / "specs"
SPEC = check_paths([SPECS], root=SPECS).spec
DIALECTS = sorted(name for name, one in SPEC.dialects.items() if one.module == "medsg_bench.dialects")

TRACKED = (
    "For the object in the first image marked with red bounding box(<|box_start|>(84,42),(168,210)<|box_end|>), please "
    "locate it in the third image."
)
NAMED = "Please find the area described by: <|object_ref_start|>Heart<|object_ref_end|>."


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    rows = folder / "MedSG-Bench" / "MedSG-Bench"
    rows.mkdir(parents=True)
    images = ["a.png", "b.png", "c.png"]
    for number, question in ((4, TRACKED), (8, NAMED)):
        row = {"images": images, "question": question, "answer": [1, 2, 3, 4], "additional_info": "in the second image"}
        (rows / f"Task{number}.json").write_text(json.dumps([row]), "utf-8")
    return folder


@pytest.mark.parametrize("name", DIALECTS)
def test_a_prompt_in_a_dialect(name: str, data: Path, golden: Callable[[Path, str], None]) -> None:
    plan = optimise(lower(SPEC, ["object_tracking", "referring"], dialect=SPEC.dialects[name].node))
    bound = bind(plan, DataRoots.of([data]))
    lines = []
    for call in plan.calls:
        (request,) = bound.requests(call)
        assert [len(message.images) for message in request.messages] == [3]
        decode = request.decode
        lines += [
            f"temperature {decode.temperature:g}, at most {decode.max_tokens} tokens",
            request.messages[0].text,
            "",
        ]
    golden(Path(__file__).parent / "medsg_dialects" / f"{name.rpartition('.')[2]}.txt", "\n".join(lines))


def test_every_family_of_the_paper_has_one() -> None:
    assert len(DIALECTS) == 10
