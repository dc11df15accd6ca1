"""Runs the `example` blocks of a spec: no model, no data, milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from medspec.backends.base import Reply
from medspec.check.spec import ExampleSpec, Spec
from medspec.metrics.base import Batch
from medspec.plan.nodes import Read
from medspec.readers import find_reader
from medspec.readers.base import Unread
from medspec.run.score import fields_of, metric_of, seen_by
from medspec.run.tasks import read_reply


@attrs.frozen
class ExampleResult:
    """What came of one example. `problems` is empty when all of it was as expected."""

    example: ExampleSpec
    answer: Any
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.problems


def run_examples(spec: Spec, names: Sequence[str] = ()) -> list[ExampleResult]:
    """The results of all examples, or of those whose task, suite or module is named."""
    wanted = named_tasks(spec, names) if names else None
    return [run_example(e) for e in spec.examples if wanted is None or e.task.qualified in wanted]


def named_tasks(spec: Spec, names: Sequence[str]) -> set[str]:
    """The qualified names of the tasks that are meant by names of tasks, suites and modules. Raises `UsageError`."""
    from medspec.errors import UsageError

    found: set[str] = set()
    for name in names:
        suite, task = spec.find_suite(name), spec.find_task(name)
        if suite is not None:
            found.update(member.qualified for member, _ in suite.members)
        elif task is not None:
            found.add(task.qualified)
        elif name in spec.modules:
            found.update(entry.qualified for entry in spec.tasks.values() if entry.module == name)
        else:
            raise UsageError(f"there is no suite, task or module named `{name}`")
    return found


def run_example(example: ExampleSpec) -> ExampleResult:
    """What came of one example."""
    task = example.task
    read = Read(id="a1", call="c1", reader=task.reader, unread=task.unread)
    reply = (
        Reply(prompt_sha256="", text=example.reply)
        if isinstance(example.reply, str)
        else Reply(prompt_sha256="", scores=example.reply, finish="scored")
    )
    answer = read_reply(reply, read, example.row)
    problems = []
    if example.expects_answer and not _same(answer, example.answer):
        problems.append(f"answer: expected {_shown(example.answer)}, got {_shown(answer)}")
    for label, expected in example.scores:
        got = _score(example, label, answer, reply)
        if got is None or abs(got - expected) > 1e-9:
            problems.append(f"{label}: expected {expected:g}, got {'nothing' if got is None else f'{got:g}'}")
    return ExampleResult(example, answer, tuple(problems))


def _same(answer: Any, expected: Any) -> bool:
    if isinstance(expected, Unread):
        return isinstance(answer, Unread) and expected.reason in ("any", answer.reason)
    return not isinstance(answer, Unread) and type(answer) is type(expected) and bool(answer == expected)


def _score(example: ExampleSpec, label: str, answer: Any, reply: Reply) -> float | None:
    """The metric of the one row. Per-row metrics need no array library, so most examples take no time."""
    score = next(score for score in example.task.scores if score.label == label)
    metric, settings = metric_of(score), dict(score.settings)
    reader, use = find_reader(example.task.reader.name), example.task.reader
    confidence = None
    if "confidence" in metric.signature.needs and reader is not None and reader.confidence is not None:
        weighed = reply.scores is not None and not isinstance(answer, Unread)
        row = reader.confidence(reply.scores or (), use.answer, example.row, dict(use.settings)) if weighed else None
        confidence = [row]
    record = example.task.rows.record
    gold = record.type.field(example.task.gold) if record is not None else None
    assert gold is not None
    beside = fields_of([score], [example.row])
    batch = Batch(use.answer, [answer], [example.row[example.task.gold]], gold.type, confidence, fields=beside)
    seen = seen_by(score, batch)
    if metric.per_row is not None and not score.fields:
        return metric.per_row(seen.answers[0], seen.golds[0], seen.type, settings)
    return metric.compute(seen, settings)


def _shown(answer: Any) -> str:
    return f"unread ({answer.reason})" if isinstance(answer, Unread) else repr(answer)
