"""Golds that a metric over words cannot see: said before a model is asked, and in the report, and never scored 0 in silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from medspec.metrics import find_metric
from medspec.metrics.base import Metric
from medspec.metrics.chinese_words import is_chinese
from medspec.metrics.selection import select_value
from medspec.plan.nodes import Plan, TaskPlan
from medspec.run.scan import Rows

_KNOW_IDEOGRAPHS = ("zh", "ja")


def unseen_words(plan: Plan, scored: Mapping[str, Rows]) -> list[str]:
    """A sentence for each metric of a task, and each way in which it does not see words of golds."""
    return [line for task in plan.tasks if task.scan in scored for line in _of_task(task, scored[task.scan])]


def _of_task(task: TaskPlan, rows: Rows) -> Iterator[str]:
    looked: set[tuple[Any, ...]] = set()
    for score in task.scores:
        metric, settings = find_metric(score.metric), dict(score.settings)
        key = (score.metric, settings.get("language"), score.on)
        if metric is None or "language" not in settings or key in looked:
            continue
        looked.add(key)
        golds = (select_value(row[task.gold], score.on) for row in rows.rows)
        for line in _of_metric(metric, settings, (gold for gold in golds if isinstance(gold, str) and gold.strip())):
            yield f"{task.name}: {line}"


def _of_metric(metric: Metric, settings: Mapping[str, Any], golds: Iterable[str]) -> Iterator[str]:
    """What is to be said of the golds of a metric, which are not empty."""
    cuts_chinese = settings["language"] in _KNOW_IDEOGRAPHS
    rows = chinese = wordless_chinese = wordless = 0
    for gold in golds:
        rows += 1
        is_wordless = metric.words is not None and not metric.words(gold, settings)
        if not cuts_chinese and is_chinese(gold):
            chinese += 1
            wordless_chinese += is_wordless
        else:
            wordless += is_wordless
    if chinese:
        without = f", and score 0 where they have no other ({wordless_chinese:,})" if wordless_chinese else ""
        yield (
            f"{_counted(chinese, rows)} Chinese words, which `{metric.name}(language: {settings['language']})` does not "
            f"know{without}; write `{metric.name}(language: zh)`"
        )
    if wordless:
        yield f"{_counted(wordless, rows)} no word that `{metric.name}` knows: 0 whatever is answered"


def _counted(count: int, rows: int) -> str:
    return f"{count:,} of {rows:,} gold{'s' * (rows != 1)} {'has' if count == 1 else 'have'}"
