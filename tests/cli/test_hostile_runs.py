"""A run's folder that somebody else made: whatever its files hold, commands end with a word about it and never as our fault."""

from __future__ import annotations

import copy
import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from medspec.cli.ending import OUR_FAULT

EVIL = (
    None, True, -1, 1e308, 10**400, "", "\x1b[2J", "../../etc/passwd", "/etc/passwd", "x" * 100_000, [], {}, [[[]]],
    {"kind": "Plan"}, {"kind": "__import__"}, {"a": {"b": None}},
)  # fmt: skip
DEEP = "[" * 200_000
FILES = ("run.json", "plan.json", "report.json", "environment.json", "scores.json")
COMMANDS = (
    ("resume", "runs/bad"),
    ("score", "runs/bad"),
    ("compare", "runs/good", "runs/bad"),
    ("report", "runs/bad", "--references"),
    ("explain", "exam_letters", "--measured", "runs/bad"),
    ("explain", "exam_letters", "--row", "0", "--run", "runs/bad"),
    ("diff", "runs/good/plan.json", "runs/bad/plan.json"),
)


@pytest.fixture
def good(project: Path, medspec: Callable[..., Any]) -> Path:
    assert medspec("run", "--out", "runs/good").code == 0
    return project / "runs" / "good"


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to everything inside of a JSON value."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        yield (*path, key)
        yield from places(entry, (*path, key))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    """What stands at `path`."""
    for key in path:
        value = value[key]
    return value


def put(value: Any, path: tuple[Any, ...], entry: Any) -> Any:
    """`value` with `entry` in the place of what stands at `path`."""
    changed = copy.deepcopy(value)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = entry
    return changed


def copied(good: Path) -> Path:
    bad = good.parent / "bad"
    shutil.rmtree(bad, ignore_errors=True)
    shutil.copytree(good, bad)
    return bad


def all_end_in_words(medspec: Callable[..., Any], said: str) -> None:
    for command in COMMANDS:
        done = medspec(*command)
        assert done.code != OUR_FAULT, (said, command, done.err)
        assert "\x1b" not in done.out + done.err, (said, command)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    "text", [DEEP, "", "{}", "[]", "null", '{"format": 1}', "\ud800".encode("utf-8", "surrogatepass")]
)
def test_files_that_are_something_else(good: Path, medspec: Callable[..., Any], file: str, text: str | bytes) -> None:
    bad = copied(good)
    (bad / file).write_bytes(text if isinstance(text, bytes) else text.encode())
    all_end_in_words(medspec, f"{file}: {text[:20]!r}")


@pytest.mark.parametrize("file", FILES)
def test_any_value_in_any_place(good: Path, medspec: Callable[..., Any], file: str) -> None:
    rng = random.Random(5)
    whole = json.loads((good / file).read_text("utf-8"))
    paths = list(places(whole))
    for path in rng.sample(paths, min(12, len(paths))):
        entry = rng.choice(EVIL)
        bad = copied(good)
        (bad / file).write_text(json.dumps(put(whole, path, entry)), encoding="utf-8")
        all_end_in_words(medspec, f"{file}: {path} = {str(entry)[:40]!r}")


PLANNED = (
    (("reads", 0, "reader", "name"), "Letter", "there is no reader 'Letter'"),
    (("tasks", 0, "scores", 0, "metric"), "aCcuracy", "there is no metric 'aCcuracy'"),
    (("reads", 0, "unread"), "a1", "counts unread answers as 'a1'"),
    (("interval", "level"), 1e308, "an interval of level 1e+308"),
    (("interval", "resamples"), 0, "by 0 draws"),
    (("scans", 0, "record", "fields", 0, "type"), {"kind": "Name", "name": "a"}, "type"),
)


@pytest.mark.parametrize(("path", "entry", "said"), PLANNED, ids=[said for *_, said in PLANNED])
def test_a_plan_of_nothing_there_is(
    good: Path, medspec: Callable[..., Any], path: tuple[Any, ...], entry: Any, said: str
) -> None:
    bad = copied(good)
    whole = json.loads((good / "plan.json").read_text("utf-8"))
    (bad / "plan.json").write_text(json.dumps(put(whole, path, entry)), encoding="utf-8")
    for command in (("resume", "runs/bad"), ("score", "runs/bad")):
        done = medspec(*command)
        assert done.code not in (0, OUR_FAULT) and "plan.json" in done.err and said in done.err, done.err
    all_end_in_words(medspec, said)


def test_a_plan_that_was_changed_since_the_run_began(good: Path, medspec: Callable[..., Any]) -> None:
    """Words of the plan in the places of other words: each is a plan like any other, and not the one that was run."""
    rng = random.Random(11)
    whole = json.loads((good / "plan.json").read_text("utf-8"))
    words = {path: entry for path in places(whole) if isinstance(entry := at(whole, path), str)}
    changed = 0
    for path in rng.sample(list(words), 24):
        bad = copied(good)
        (bad / "plan.json").write_text(json.dumps(put(whole, path, rng.choice(list(words.values())))), encoding="utf-8")
        all_end_in_words(medspec, str(path))
        done = medspec("resume", "runs/bad")
        changed += "plan.json was changed since the run began" in done.err and done.code != 0
    assert changed


@pytest.mark.parametrize("file", ["rows.parquet", "journal.sqlite"])
def test_damaged_tables(good: Path, medspec: Callable[..., Any], file: str) -> None:
    whole = (good / file).read_bytes()
    rng = random.Random(7)
    for _ in range(6):
        bad = copied(good)
        broken = bytearray(whole)
        for _ in range(20):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        (bad / file).write_bytes(bytes(broken))
        all_end_in_words(medspec, file)
