"""A model on several devices: the replies are those of one, in whatever order they come, and faults end the run as on one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_graphs import Export
from tiny_models import TinyModel, write_llama

from medspec.backends.base import Abilities, Backend, Decode, Message, Options, Reply, Request
from medspec.backends.devices import read_device, read_devices
from medspec.backends.onnx import SCHEME
from medspec.backends.onnx.several import SeveralModels, split
from medspec.errors import BackendError, UsageError

ROOT = Path(__file__).parents[2]
SHOTS = "Question: does the drug lower blood pressure? yes, no, maybe. Answer: yes\n\nQuestion: is it a fever?"
OPTIONS = (" yes", " no", " maybe, the patient has a fever")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyModel:
    return write_llama(tmp_path_factory.mktemp("several"), seed=43, export=Export(family="gqa"), context=256)


def requests(prompts: Sequence[str], options: tuple[str, ...] | None = None, **decode: Any) -> list[Request]:
    return [
        Request(
            task="t",
            row=str(at),
            messages=(Message("user", text),),
            decode=Decode(max_tokens=10, **decode),
            options=options,
        )
        for at, text in enumerate(prompts)
    ]


def replies(backend: Backend, asked: Sequence[Request]) -> list[Reply]:
    found = sorted(backend.answer(asked), key=lambda pair: pair[0])
    assert [index for index, _ in found] == list(range(len(asked)))
    return [attrs.evolve(reply, seconds=None) for _, reply in found]


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("options", [None, OPTIONS])
@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_replies_are_those_of_one_device(
    tiny: TinyModel, count: int, options: tuple[str, ...] | None, temperature: float
) -> None:
    prompts = [SHOTS, *(f"{SHOTS} The patient has a cough {'and a fever ' * at}" for at in range(6)), "no", "a heart"]
    asked = requests(prompts, options, temperature=temperature)
    one = SCHEME.open(str(tiny.folder), {}, Options(device="cpu", exact=True, seed=3))
    several = SCHEME.open(str(tiny.folder), {}, Options(device=",".join(["cpu"] * count), exact=True, seed=3))
    assert several.digest == one.digest
    assert replies(several, asked) == replies(one, asked)
    quick = SCHEME.open(str(tiny.folder), {}, Options(device=",".join(["cpu"] * count), seed=3))
    assert several.describe() == one.describe() | {
        "devices": ["cpu"] * count,
        "cache_bytes": several.describe()["cache_bytes"],
    }
    for shared, alone in zip(replies(quick, asked), replies(one, asked), strict=True):
        assert (shared.text, shared.finish) == (alone.text, alone.finish)
        assert shared.scores == (None if alone.scores is None else pytest.approx(alone.scores, abs=1e-4))
    several.close()
    with pytest.raises(BackendError, match="closed"):
        list(several.answer(asked))


@given(st.lists(st.text(max_size=40), max_size=30), st.integers(1, 6))
def test_every_request_is_in_one_range(prompts: list[str], count: int) -> None:
    ranges = split(requests(prompts), count)
    assert [at for part in ranges for at in part] == list(range(len(prompts)))
    assert len(ranges) <= count and all(ranges)


def test_ranges_hold_about_the_same_number_of_characters() -> None:
    ranges = split(requests(["long " * 100, *["short"] * 80]), 2)
    assert ranges == [range(1), range(1, 81)]


TEXT = Abilities(text=True)


@attrs.define
class Told:
    """A model that answers with its name until a row at which it fails."""

    name: str
    fails_at: str | None = None
    abilities: Abilities = TEXT
    digest: str = "0" * 64

    def describe(self) -> dict[str, Any]:
        return {"name": self.name}

    def answer(self, asked: Sequence[Request]) -> Iterator[tuple[int, Reply]]:
        for at, request in enumerate(asked):
            if request.row == self.fails_at:
                raise BackendError(f"{self.name}: the device is gone")
            yield at, Reply(prompt_sha256="0" * 64, text=self.name)

    def close(self) -> None: ...


def test_each_device_is_asked() -> None:
    several = SeveralModels(("cuda:0", "cuda:1"), (Told("first"), Told("second")), TEXT)
    assert [reply.text for reply in replies(several, requests(["a"] * 4))] == ["first", "first", "second", "second"]
    assert list(several.answer([])) == []


def test_a_device_that_fails_ends_the_run_in_its_words() -> None:
    several = SeveralModels(("cuda:0", "cuda:1"), (Told("first"), Told("second", fails_at="3")), TEXT)
    with pytest.raises(BackendError, match="second: the device is gone"):
        list(several.answer(requests(["a"] * 4)))


def test_who_stops_early_is_not_waited_for() -> None:
    several = SeveralModels(("cpu", "cpu"), (Told("first"), Told("second")), TEXT)
    replies = several.answer(requests(["a"] * 50))
    next(iter(replies))
    replies.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("asked", "devices"),
    [
        ("auto", ("auto",)),
        ("cuda:1", ("cuda:1",)),
        ("cuda:0, cuda:1", ("cuda:0", "cuda:1")),
        ("cpu,cpu", ("cpu", "cpu")),
    ],
)
def test_devices_are_read(asked: str, devices: tuple[str, ...]) -> None:
    assert read_devices(asked) == devices


def test_a_gpu_has_a_number() -> None:
    assert (read_device("cuda"), read_device("cuda:12")) == (("cuda", 0), ("cuda", 12))


@pytest.mark.parametrize("asked", ["gpu", "", "cuda:", "cuda:x", "cuda:-1", "cpu:1", "auto:0", "cuda:0001", "cpu,"])
def test_what_is_no_device_is_refused(asked: str) -> None:
    with pytest.raises(UsageError, match="does not exist; choose one of auto, cpu, cuda"):
        read_devices(asked)


@pytest.mark.parametrize("asked", ["cpu,cuda", "auto,auto", "auto,cpu"])
def test_several_devices_are_of_one_kind(asked: str) -> None:
    with pytest.raises(UsageError, match="several devices are of one kind"):
        read_devices(asked)


def test_a_run_on_two_devices_reports_what_one_reports(tmp_path: Path) -> None:
    reports = []
    for device in ("cpu", "cpu,cpu"):
        out = tmp_path / device
        command = [sys.executable, "-m", "medspec", "run", "quickstart", "--device", device, "--limit", "12", "--exact"]
        done = subprocess.run(
            [*command, "--fresh", "--quiet", "--out", str(out)], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        report = json.loads((out / "report.json").read_text("utf-8"))
        report["model"].pop("devices", None)
        reports.append({name: report[name] for name in report if name not in ("started", "seconds", "environment")})
    assert reports[0] == reports[1]
