"""Planted faults: each is caught by the law or the diagnostic that stands beside it in the table.

`CAUGHT` is the table of which catches which. A fault of a reader, a metric or the renderer is planted by a patch, and the laws are
tried on a task that uses it: the catcher must break, and nothing breaks without the patch. A fault of a spec is planted in its text,
and the checker must say the code.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from planned_specs import changed, spec_of

from medspec.check import check_text
from medspec.laws import LAWS, base, round_trip
from medspec.laws import nothing_beats_gold as nothing_module
from medspec.laws.trial import PROFILES, try_laws
from medspec.metrics import find_metric
from medspec.readers import find_reader
from medspec.readers.base import Unread
from medspec.run import intervals, reading, score
from medspec.types import Box, Span

SPEC = """edition 2026
import std.metrics { accuracy, brier, ece, iou_at, macro_f1, mae, box_iou, set_f1, span_f1, within }
enum Verdict { yes  no "not at all"  maybe }
enum Finding { nodule  mass  fluid }
record Row {
  id : text  question : text  note : text  age : int(0..120)?  scan : image
  options : text[3..5]  others : text[3..5]
  choice : choice of options  verdict : Verdict  right : bool  findings : set<Finding>
  spans : (span<Finding> in note)[]  box : box(xyxy, mille) in scan  amount : float(-50..50)  order : ranking of options
}
dataset exam : Row { source = jsonl("exam_{split}.jsonl")  splits = [dev, test] }
prompt ask(question: text, age: int(0..120)?) { user "{{ question }}{% if age %} ({{ age }}){% endif %} {{ answer_format }}" }
prompt pick(question: text, options: text[3..5]) {
  user "{{ question }} {% for option in options %}{{ loop.index0 | letter }}. {{ option }} {% endfor %}{{ answer_format }}"
}
prompt show(question: text, scan: image) { user "{{ scan }} {{ question }} {{ answer_format }}" }
prompt read(note: text) { user "{{ note }} {{ answer_format }}" }
task letter   { data = exam.test  prompt = pick  gold = choice   answer choice of options via letter  metrics { primary accuracy } }
task plain    { data = exam.test  prompt = ask   gold = verdict  answer Verdict via plain  metrics { primary accuracy  macro_f1 } }
task likely   { data = exam.test  prompt = ask   gold = verdict  answer Verdict via likelihood  metrics { primary accuracy  brier  ece } }
task flag     { data = exam.test  prompt = ask   gold = right    answer bool via likelihood  metrics { primary accuracy } }
task labels   { data = exam.test  prompt = read  gold = findings answer set<Finding> via json  metrics { primary set_f1 } }
task spans    { data = exam.test  prompt = read  gold = spans    answer (span<Finding> in note)[] via quotes  metrics { primary span_f1 } }
task boxed    {
  data = exam.test  prompt = show  gold = box  answer box(xyxy, mille) in scan via boxes  metrics { primary box_iou  iou_at } }
task amount   { data = exam.test  prompt = ask   gold = amount   answer float(-50..50) via number  metrics { primary mae  within } }
task ordered  { data = exam.test  prompt = pick  gold = order    answer ranking of options via json  metrics { primary accuracy } }
task worded   { data = exam.test  prompt = ask   gold = verdict  answer Verdict via tagged  metrics { primary accuracy } }
"""

CHANCE = random.SystemRandom()
"""The global generator is seeded by hypothesis before every try."""

Plant = Callable[[pytest.MonkeyPatch], None]


def reader(name: str, **parts: Callable[[Any], Any]) -> Plant:
    """Replaces parts of a reader by what a function makes of them."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        kept = find_reader(name)
        assert kept is not None
        broken = attrs.evolve(kept, **{part: change(getattr(kept, part)) for part, change in parts.items()})
        for module in (base, reading):
            patch.setattr(module, "find_reader", lambda asked: broken if asked == name else find_reader(asked))

    return plant


def metric(name: str, change: Callable[[Any], Any]) -> Plant:
    """Replaces the arithmetic of a metric."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        kept = find_metric(name)
        assert kept is not None
        broken = attrs.evolve(kept, compute=change(kept.compute))
        right = score.metric_of
        for module in (base, round_trip, nothing_module):
            patch.setattr(module, "metric_of", lambda asked: broken if asked.metric == name else right(asked))

    return plant


def prompts(change: Callable[[Any, dict[str, Any]], Any]) -> Plant:
    """Replaces what is sent: a function of the turns and the row."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        right = base.Subject.prompt
        patch.setattr(base.Subject, "prompt", lambda self, row: change(right(self, row), row))

    return plant


def answers(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A decoder whose answers that were read are changed."""

    def wrap(decode: Any) -> Any:
        def broken(*given: Any) -> Any:
            found = decode(*given)
            return found if isinstance(found, Unread) else change(found)

        return broken

    return wrap


def failing(when: Callable[[Any], bool]) -> Callable[[Any], Any]:
    """A function that fails for some of its first arguments."""

    def wrap(function: Any) -> Any:
        def broken(*given: Any) -> Any:
            if when(given[0]):
                raise KeyError("planted")
            return function(*given)

        return broken

    return wrap


def values(change: Callable[[float, Any], float]) -> Callable[[Any], Any]:
    """A metric whose values are changed, by value and batch."""
    return lambda compute: lambda batch, settings: change(compute(batch, settings), batch)


def shifted_scores(decode: Any) -> Any:
    return lambda scores, *rest: decode(tuple(scores[1:]) + tuple(scores[:1]), *rest)


def none_in_row(turns: Any, row: dict[str, Any]) -> Any:
    if row["age"] is None:
        raise KeyError("age")
    return turns


def seedless(patch: pytest.MonkeyPatch) -> None:
    right = intervals.draw
    patch.setattr(
        intervals, "draw", lambda forms, count, seed, **more: right(forms, count, CHANCE.randrange(2**32), **more)
    )


def one_box(change: Callable[[tuple[float, ...]], tuple[float, ...]]) -> Callable[[Any], Any]:
    return answers(lambda box: Box(change(box.numbers), box.image))


def from_width(numbers: tuple[float, ...]) -> tuple[float, ...]:
    x, y, width, height = numbers
    return (x, y, x + width, y + height)


def each_span(change: Callable[[Span], Span]) -> Callable[[Any], Any]:
    return answers(lambda spans: tuple(map(change, spans)))


TRIP, BEATS, RANGE, LEAK, PERMUTE, SAME, RENDERS = (
    "round trip", "nothing beats gold", "in range", "no leak", "permutation", "same bytes", "renders",
)  # fmt: skip

# What is planted, the task it is tried on, how, and the law that catches it.
CAUGHT: tuple[tuple[str, str, Plant, str], ...] = (
    ("letters are counted from 1 when read", "letter", reader("letter", decode=answers(lambda place: place + 1)), TRIP),
    ("letters are counted from 1 when written", "letter", reader("letter", encode=lambda f: lambda v, *r: f((v + 1) % 3, *r)), TRIP),
    ("the reader looks at the gold", "letter", reader("letter", decode=lambda f: lambda text, type_, row, s: row["choice"]), PERMUTE),
    ("the first option always", "letter", reader("letter", decode=answers(lambda place: 0)), PERMUTE),
    ("an empty reply is a failure of the reader", "letter", reader("letter", decode=failing(lambda text: not text)), BEATS),
    ("a failure on full-width punctuation", "letter", reader("letter", decode=failing(lambda text: "：" in text)), BEATS),
    ("the case's text in the place of its name", "plain", reader("plain", decode=answers(lambda name: name.upper())), TRIP),
    ("nothing can be read", "plain", reader("plain", decode=lambda f: lambda text, *r: Unread("no_case", text)), TRIP),
    ("a failure on think blocks", "plain", reader("plain", decode=failing(lambda text: "<think>" in text)), BEATS),
    ("two cases exchanged", "worded", reader("tagged", decode=answers(lambda n: {"yes": "no", "no": "yes"}.get(n, n))), TRIP),
    ("the least likely option", "likely", reader("likelihood", decode_scores=lambda f: lambda s, *r: f(tuple(-x for x in s), *r)), TRIP),
    ("scores one place off", "likely", reader("likelihood", decode_scores=shifted_scores), TRIP),
    ("no and yes exchanged", "flag", reader("likelihood", decode_scores=answers(lambda flag: not flag)), TRIP),
    ("a failure where there are no scores", "likely", reader("likelihood", decode_scores=failing(lambda s: len(s) < 3)), BEATS),
    ("confidence of another case", "likely", reader("likelihood", confidence=lambda f: lambda *g: f(*g)[1:] + f(*g)[:1]), TRIP),
    ("confidence sums to 4", "likely", reader("likelihood", confidence=lambda f: lambda *g: tuple(4 * x for x in f(*g))), RANGE),
    ("the last label is lost", "labels", reader("json", decode=answers(lambda found: frozenset(sorted(found)[:-1]))), TRIP),
    ("a label too many", "labels", reader("json", decode=answers(lambda found: found | {"mass"})), TRIP),
    ("a ranking from the worst", "ordered", reader("json", decode=answers(lambda found: found[::-1])), TRIP),
    ("spans end one character late", "spans", reader("quotes", decode=each_span(lambda s: attrs.evolve(s, end=s.end + 1))), TRIP),
    ("spans begin one character late", "spans", reader("quotes", decode=each_span(lambda s: attrs.evolve(s, start=s.start + 1))), TRIP),
    ("labels of spans are lost", "spans", reader("quotes", decode=each_span(lambda s: attrs.evolve(s, label=None))), TRIP),
    ("corners of boxes are swapped", "boxed", reader("boxes", decode=one_box(lambda n: (*n[2:], *n[:2]))), TRIP),
    ("x and y of boxes are swapped", "boxed", reader("boxes", decode=one_box(lambda n: (n[1], n[0], n[3], n[2]))), TRIP),
    ("width and height are taken for a corner", "boxed", reader("boxes", decode=one_box(from_width)), TRIP),
    ("boxes of another frame", "boxed", reader("boxes", decode=one_box(lambda n: tuple(x / 1000 for x in n))), TRIP),
    ("the sign of a number is lost", "amount", reader("number", decode=answers(abs)), TRIP),
    ("a decimal point is lost", "amount", reader("number", decode=answers(lambda number: number * 10)), TRIP),
    ("accuracy is one row short", "plain", metric("accuracy", values(lambda value, batch: value - 1 / len(batch))), TRIP),
    ("accuracy adds up", "plain", metric("accuracy", values(lambda value, batch: value * len(batch))), RANGE),
    ("unread rows are right", "plain", metric("accuracy", values(lambda value, batch: value + batch.unread.mean())), BEATS),
    ("accuracy turned round", "plain", metric("accuracy", values(lambda value, batch: 1 - value)), TRIP),
    ("macro F1 over all cases there are", "plain", metric("macro_f1", values(lambda value, batch: value / 3)), TRIP),
    ("F1 is not doubled", "labels", metric("set_f1", values(lambda value, batch: value / 2)), TRIP),
    ("an error below zero", "amount", metric("mae", values(lambda value, batch: -value)), RANGE),
    ("tolerance leaves out its end", "amount", metric("within", values(lambda value, batch: 0.0)), TRIP),
    ("overlap against the union of all", "boxed", metric("box_iou", values(lambda value, batch: value * 0.99)), TRIP),
    ("gaps of calibration cancel", "likely", metric("ece", values(lambda value, batch: -value)), RANGE),
    ("a metric fails on unread rows", "spans", metric("span_f1", lambda f: lambda b, s: 1 / (not b.unread.any()) * f(b, s)), BEATS),
    ("the gold stands in the prompt", "plain", prompts(lambda turns, row: (*turns, row["verdict"])), LEAK),
    ("the right option is marked", "letter", prompts(lambda turns, row: (*turns, row["options"][row["choice"]])), LEAK),
    ("options are shuffled anew every time", "letter", prompts(lambda turns, row: (*turns, CHANCE.random())), SAME),
    ("an age that is not there", "plain", prompts(none_in_row), RENDERS),
    ("nothing is sent", "plain", prompts(lambda turns, row: ()), RENDERS),
    ("draws of the bootstrap have no seed", "labels", seedless, SAME),
    ("an answer by chance", "plain", reader("plain", decode=lambda f: lambda *g: CHANCE.choice(["yes", "no"])), SAME),
)  # fmt: skip

# What is planted in the text of the spec, and the code that is said.
SAID: tuple[tuple[str, tuple[str, str], str], ...] = (
    ("the options of another field", ("choice of options via letter", "choice of others via letter"), "E0305"),
    ("the gold is a parameter of the prompt", ("prompt ask(question: text,", "prompt ask(question: text, verdict: Verdict,"), "E0407"),
    ("an optional shown without asking", ("{% if age %} ({{ age }}){% endif %}", "({{ age }})"), "E0410"),
    ("a box of another frame", ("answer box(xyxy, mille)", "answer box(xyxy, unit)"), "E0306"),
    ("a box of another order", ("answer box(xyxy, mille)", "answer box(xywh, mille)"), "E0306"),
    ("shots from the scored rows", ("via plain  metrics", "via plain  shots 1 from exam.test  metrics"), "E0604"),
    ("a metric of other answers", ("metrics { primary set_f1 }", "metrics { primary mae }"), "E0501"),
    ("confidence that the reader has not", ("metrics { primary accuracy  macro_f1 }", "metrics { primary ece  macro_f1 }"), "E0503"),
    ("a gold of another type", ("gold = verdict  answer Verdict via plain", "gold = right  answer Verdict via plain"), "E0305"),
    ("a form of the answer that nobody tells", ("{{ note }} {{ answer_format }}", "{{ note }}"), "W0406"),
    ("a field that does not exist", ("prompt read(note: text)", "prompt read(notes: text)"), "E0401"),
)  # fmt: skip

TRIES, SEED = PROFILES["ci"], 3


@pytest.fixture(scope="module")
def spec() -> Any:
    return spec_of(SPEC)


def broken_laws(spec: Any, task: str, *laws: str) -> dict[str, str]:
    """What is broken for a task: of these laws, or of all."""
    tried = [law for law in LAWS if not laws or law.name in laws]
    found = try_laws(spec, [f"spec.{task}"], tries=TRIES, seed=SEED, laws=tried)
    return {one.law: one.broken for one in found if one.broken}


@pytest.mark.parametrize("task", sorted({task for _, task, _, _ in CAUGHT}))
def test_nothing_is_broken_where_nothing_is_planted(spec: Any, task: str) -> None:
    assert broken_laws(spec, task) == {}


@pytest.mark.parametrize(("fault", "task", "plant", "catcher"), CAUGHT, ids=[name for name, *_ in CAUGHT])
def test_a_law_catches(
    spec: Any, monkeypatch: pytest.MonkeyPatch, fault: str, task: str, plant: Plant, catcher: str
) -> None:
    plant(monkeypatch)
    found = broken_laws(spec, task, catcher)
    assert catcher in found, f"{fault}: {found}"


@pytest.mark.parametrize(("fault", "edit", "code"), SAID, ids=[name for name, *_ in SAID])
def test_a_diagnostic_catches(fault: str, edit: tuple[str, str], code: str) -> None:
    clean = {one.code for one in check_text(SPEC, "spec.medspec").diagnostics}
    found = {one.code for one in check_text(changed(SPEC, edit), "spec.medspec").diagnostics}
    assert code in found - clean, f"{fault}: {found}"


def test_there_are_at_least_thirty_and_no_two_alike() -> None:
    names = [name for name, *_ in CAUGHT] + [name for name, *_ in SAID]
    assert len(names) == len(set(names)) >= 30
    assert {law for *_, law in CAUGHT} == {TRIP, BEATS, RANGE, LEAK, PERMUTE, SAME, RENDERS}
