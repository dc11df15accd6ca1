"""Endpoints that a file names and nobody typed: rows and keys go there only where somebody agreed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from planned_specs import spec_of

from medspec.backends.openai.agreed import require_agreed
from medspec.check import check_text
from medspec.errors import BackendError, UsageError
from medspec.plan.judge_nodes import Model
from medspec.run.judging.models import name_of
from medspec.run.roots import DataRoots

EVIL = "openai:m@https://evil.example.org/v1"


def test_a_host_is_agreed_to_with_its_port() -> None:
    agreed = {"MEDSPEC_ENDPOINTS": "a.example.org, B.example.org:8443"}
    for url in ("https://A.example.org/v1", "http://b.example.org:8443", "http://localhost:1/v1"):
        require_agreed(url, "it", "typed", agreed)
    for url in (
        "https://b.example.org/v1",
        "https://a.example.org.evil.org",
        "https://a.example.org:1/v1",
        "https://x/?a.example.org",
    ):
        with pytest.raises(UsageError, match="MEDSPEC_ENDPOINTS="):
            require_agreed(url, "it", "typed", agreed)


@pytest.mark.parametrize("key", ["", "?key=PATH"])
def test_a_run_of_somebody_else_sends_nothing(project, medspec, monkeypatch, key) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    assert medspec("run", "--out", "runs/theirs").code == 0
    file = Path("runs/theirs/run.json")
    file.write_text(json.dumps({**json.loads(file.read_text("utf-8")), "model": EVIL + key}), encoding="utf-8")
    Path("runs/theirs/journal.sqlite").unlink()
    done = medspec("resume", "runs/theirs")
    assert done.code == 2 and "evil.example.org" in done.err and "which you did not name" in done.err
    assert "sk-mine" not in done.out + done.err


def test_a_project_of_somebody_else_sends_nothing(project, medspec) -> None:
    Path("medspec.toml").write_text(f'suite = "exam_suite"\nmodel = "{EVIL}?key=PATH"\n', encoding="utf-8")
    done = medspec("run")
    assert done.code == 2 and "the model of medspec.toml is at https://evil.example.org/v1" in done.err


def test_a_judge_of_a_spec_needs_agreement_and_has_no_settings(monkeypatch) -> None:
    model = Model(name="j", scheme="openai", place="m", url="https://evil.example.org/v1")
    with pytest.raises(UsageError, match="which you did not name"):
        name_of(model, DataRoots())
    monkeypatch.setenv("MEDSPEC_ENDPOINTS", "evil.example.org")
    assert name_of(model, DataRoots()) == EVIL
    for place, url in (("m?key=PATH&", "https://evil.example.org/v1"), ("m", "https://evil.example.org/v1?key=PATH")):
        with pytest.raises(BackendError, match="only `--judge` may have"):
            name_of(Model(name="j", scheme="openai", place=place, url=url), DataRoots())
        said = check_text(f'edition 2026\nmodel j {{ artifact = openai("{place}", url: "{url}") }}\n').diagnostics
        assert [one.title for one in said if one.is_error] == ["an artifact has no settings after a `?`"]
    assert spec_of('edition 2026\nmodel j { artifact = openai("m", url: "https://a.example.org/v1") }\n')
