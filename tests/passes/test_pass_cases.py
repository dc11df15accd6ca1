"""Each pass on small plans: a spec, the plan before the pass, the plan after it, as text to be read.

Every pass has a folder of its name with at least one case; `pytest --accept` writes what stands below the spec.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from planned_specs import plan_of
from shown_plan import show

from medspec.plan.optimise import PASSES

HERE = Path(__file__).parent
CASES = sorted(path.relative_to(HERE).as_posix() for path in HERE.glob("*/*.txt"))


def test_every_pass_has_cases_and_no_folder_is_left_over() -> None:
    assert {case.split("/")[0] for case in CASES} == {run.__name__ for _, run in PASSES}


@pytest.mark.parametrize("case", CASES)
def test_before_and_after(case: str, golden: Callable[[Path, str], None]) -> None:
    spec = (HERE / case).read_text(encoding="utf-8").split("\n---\n")[0]
    (run,) = (run for _, run in PASSES if run.__name__ == case.split("/")[0])
    before = plan_of(spec, "all", level=0)
    after = run(before)
    shown = "unchanged\n" if show(after) == show(before) else show(after)
    golden(HERE / case, f"{spec}\n---\n{show(before)}---\n{shown}")
    assert run(after) == after
