"""Spools: what is read back is what was put in, whatever lies in memory and whatever lies in the file."""

from __future__ import annotations

import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planned_specs import plan_of, rows_of, run_plan, write_lines

from medspec.backends.base import Message, Picture
from medspec.errors import StoreError
from medspec.run import asking, row_lines
from medspec.run import spool as spools
from medspec.run.seen_keys import SeenKeys
from medspec.run.spool import Budget, Spool, Texts

VALUES = st.lists(
    st.dictionaries(st.text(max_size=3), st.text(max_size=8) | st.integers() | st.none(), max_size=3)
    | st.builds(Message, st.just("user"), st.text(max_size=5), st.just((Picture("a.png"),))),
    max_size=30,
)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spools, "CHUNK", 4)


@given(values=VALUES, budget=st.sampled_from([0, 200, 1 << 20]), times=st.integers(1, 3))
def test_a_spool_is_the_list_of_what_was_put_in(values: list[Any], budget: int, times: int) -> None:
    spool: Spool[Any] = Spool(Budget(budget))
    spool.extend(values)
    found = spool.done()
    assert isinstance(found, list) or budget < 1 << 20
    assert list(found) == list(found) == values  # twice: reading changes nothing
    assert len(found) == len(values)
    assert [found[index] for index in range(-len(values), len(values))] == values + values
    assert list(found[1:7:2]) == values[1:7:2]
    repeated = found * times  # type: ignore[operator]
    assert (list(repeated), len(repeated)) == (values * times, len(values) * times)
    assert [repeated[index] for index in range(len(repeated))] == values * times


def test_without_a_budget_everything_but_the_last_values_is_in_the_file() -> None:
    spool: Spool[int] = Spool(Budget(0))
    spool.extend(range(11))
    assert spool.done() is spool
    first, second = iter(spool), iter(spool)
    assert [next(first), next(first), next(second), next(first), *first] == [0, 1, 0, *range(2, 11)]
    with pytest.raises(IndexError):
        spool[11]


@given(st.lists(st.text() | st.just("\ud800")))
def test_texts_are_the_list_of_what_was_put_in(values: list[str]) -> None:
    texts = Texts()
    for value in values:
        texts.append(value)
    assert list(texts) == texts.done() == values
    assert [texts[index] for index in range(-len(values), len(values))] == values + values
    assert (texts[1:5:2], len(texts)) == (values[1:5:2], len(values))
    with pytest.raises(IndexError):
        texts[len(values)]


@given(st.lists(st.lists(st.integers(0, 40), unique=True, max_size=12), max_size=8))
def test_keys_are_new_once(batches: list[list[int]]) -> None:
    seen, known = SeenKeys(), set()
    for batch in batches:
        keys = [sha256(b"%d" % number).hexdigest() for number in batch]
        assert seen.add(keys) == [key for key in keys if key not in known]
        known |= set(keys)


SPEC = """edition 2026
import std.metrics { accuracy, macro_f1 }
record Row { id : text   question : text   options : text[2..4]   gold : choice of options }
dataset exam : Row { source = jsonl("exam.jsonl")  splits = [test]  slice q by question }
prompt ask(question: text, options: text[2..4]) { system "Think."  user "{{ question }} {{ options | join(' ') }}" }
task likely {
  data    = exam.test
  prompt  = ask
  answer  choice of options via likelihood
  shots   2 from exam.test.holdout(2, seed: 1) { pick = first }
  metrics { primary accuracy  macro_f1 }
}
task drawn {
  data    = exam.test
  prompt  = ask
  answer  choice of options via letter
  decode  { temperature = 0.5  repeats = 2 }
  metrics { primary accuracy }
}
suite all { tasks { likely  drawn }  report slices [q] }
"""


def test_a_run_whose_rows_lie_in_files_reports_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"id": f"r{n}", "question": f"q{n % 5}", "options": ["a", f"b{n}"], "gold": n % 2} for n in range(23)]
    write_lines(tmp_path / "exam.jsonl", rows)
    plan = plan_of(SPEC, "all")
    found = []
    for budget, window in ((1 << 20, 8192), (0, 3)):
        monkeypatch.setattr(spools, "BUDGET", budget)
        monkeypatch.setattr(spools, "FEW", budget)
        monkeypatch.setattr(asking, "WINDOW", window)
        monkeypatch.setattr(row_lines, "CHUNK", window)
        report = run_plan(plan, tmp_path / f"out {budget}", "hash", data=tmp_path)
        found.append((report["tasks"], report["aggregates"], report["warnings"], rows_of(tmp_path / f"out {budget}")))
    assert found[0] == found[1]


def test_spools_share_a_budget() -> None:
    budget = Budget(1 << 20)
    before = budget.left
    one: Spool[str] = Spool(budget)
    one.extend(["x" * 1000] * 8)
    assert before - budget.left >= 8 * 1000
    assert isinstance(one.done(), list)
    other: Spool[str] = Spool(budget)
    other.extend(["x" * (1 << 20)] * 4)
    assert other.done() is other
    assert list(other) == ["x" * (1 << 20)] * 4


def test_a_disk_that_is_full_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def seek(self, place: int) -> None: ...

        def write(self, data: bytes) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: Full())
    spool: Spool[int] = Spool(Budget(0))
    with pytest.raises(
        StoreError, match="no space left on device; name a folder with more room in the variable TMPDIR"
    ):
        spool.extend(range(4))
