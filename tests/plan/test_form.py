"""Plans as JSON: back without loss, equal bytes for equal specs, damage refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from planned_specs import plan_of
from shared_data import ROOT
from strategies import SmallSpec, small_specs

from medspec.api import compile_specs
from medspec.plan.form import digest, from_json, to_json

SUITES = ["clinical_qa", "medqa_written"]


@settings(max_examples=max(15, settings().max_examples // 4))
@given(small_specs())
def test_back_without_loss(spec: SmallSpec) -> None:
    for level in (0, 1):
        plan = plan_of(spec.text, "all", level=level)
        text = to_json(plan)
        back = from_json(text)
        assert back == plan
        # Equality does not see how data write a choice; the text does.
        assert to_json(back) == text == to_json(plan_of(spec.text, "all", level=level))
        assert digest(back) == digest(plan)


@pytest.mark.parametrize("name", SUITES)
def test_the_plans_of_this_repository_come_back(name: str) -> None:
    plan = compile_specs([ROOT / "specs"], name)
    assert from_json(to_json(plan)) == plan
    assert to_json(from_json(to_json(plan))) == to_json(plan)


def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    """No order of a set, no hash of this process, no time is in a plan."""
    for seed in ("1", "2"):
        command = [sys.executable, "-m", "medspec", "compile", "clinical_qa", "-q", "--out", str(tmp_path / seed)]
        environment = {"PYTHONHASHSEED": seed, "PATH": "", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, env=environment)
    first, second = (next((tmp_path / seed).glob("*.plan.json")).read_bytes() for seed in "12")
    assert first == second


def edited(change: Any) -> str:
    """The plan of a suite as JSON after `change` did something to its data."""
    data = json.loads(to_json(compile_specs([ROOT / "specs"], "medqa")))
    change(data)
    return json.dumps(data)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "no plan of medspec"),
        ('{"kind": "Task"}', "no plan of medspec"),
        ("{", "Expecting property name"),
        (edited(lambda plan: plan.update(format=999)), "plan format 999; this version of medspec knows"),
        (edited(lambda plan: plan["scans"][0].update(kind="Scanner")), "unknown node 'Scanner'"),
        (edited(lambda plan: plan["scans"][0].update(colour="red")), "damaged node 'Scan'"),
        (edited(lambda plan: plan["calls"][0].pop("decode")), "damaged node 'Call'"),
    ],
)
def test_what_is_no_plan_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        from_json(text)
