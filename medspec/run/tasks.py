"""From replies to a task's result: answers read, counted and scored, one line per row for `rows.parquet`."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs

from medspec.backends.base import Reply
from medspec.errors import InternalError
from medspec.metrics.base import Batch
from medspec.metrics.encoded import Corpus
from medspec.metrics.resample import Resampled
from medspec.plan.nodes import Interval, Plan, Read, Scan, Score, TaskPlan
from medspec.plan.speak import type_in
from medspec.readers import find_reader
from medspec.readers.base import Unread
from medspec.run.confidence import BINS, reliability, risk_coverage
from medspec.run.encoders import Encoders, corpora, full_score_hash
from medspec.run.jointly import Clusters, Drawn, cluster_rows, rows_key
from medspec.run.judging.tell import judged_columns, judged_report, verdict_lines
from medspec.run.judging.values import Answered, Judged, Rule, judge_scores, type_of
from medspec.run.quarantine import counted
from medspec.run.reading import FAILED, REFUSED
from medspec.run.reading import read_reply as read_reply
from medspec.run.row_lines import RowLines
from medspec.run.samples import score_samples
from medspec.run.scan import Rows
from medspec.run.score import TaskScores, fields_of, metric_of
from medspec.run.score_key import score_key
from medspec.run.shared_scores import Scored, SharedScores
from medspec.run.slices import names_text, score_slices
from medspec.run.speech import Sizes, reply_text
from medspec.run.unread_bounds import unread_bounds
from medspec.types import ABSTAINED, BooleanType, ChoiceType, EnumType, Type

if TYPE_CHECKING:
    import numpy as np


@attrs.frozen
class TaskResult:
    """The entry of a task in `report.json`, its lines for `rows.parquet`, and its lines for `verdicts.jsonl`."""

    report: dict[str, Any]
    lines: RowLines
    drawn: Callable[[], dict[str, Drawn]] = dict
    """The scores by label, for numbers over several tasks."""
    verdicts: list[dict[str, Any]] = attrs.field(factory=list)


@attrs.frozen
class Beside:
    """What metrics look at beside answer and gold: fields of the rows, and texts as encoders see them."""

    fields: Mapping[str, Sequence[Any]]
    corpora: Mapping[str, Corpus]


def _answers(replies: Sequence[Reply], read: Read, rows: Sequence[dict[str, Any]], sizes: Sizes) -> list[Any]:
    return [read_reply(reply, read, row, sizes) for reply, row in zip(replies, rows, strict=True)]


def finish_task(
    plan: Plan,
    task: TaskPlan,
    rows: Rows,
    replies: Sequence[Reply],
    interval: Interval,
    judge: Rule | None = None,
    encoders: Encoders | None = None,
    shared: SharedScores | None = None,
) -> TaskResult:
    """Read, count and score the replies of one task: those to every row, and again for each further draw.

    `judge` rules about the replies where the task has judged scores; `encoders` are those its metrics name; `shared` has
    scores that need not be computed.
    """
    read, scan = plan.read(task.read), plan.scan(task.scan)
    draws = plan.call(task.call).repeats
    answers = _answers(replies, read, rows.rows * draws, Sizes(scan.record))
    golds, gold_type = [row[task.gold] for row in rows.rows], scan.record.field(task.gold)
    assert gold_type is not None
    sure = confidences(task, read, replies, answers, rows.rows * draws)
    judged = {} if judge is None else judge_scores(task.scores, _answered(task, rows, draws, answers, replies), judge)
    encoders = encoders or {}
    beside = Beside(fields_of(task.scores, rows.rows), corpora(task, encoders, golds))
    batches = _batches(read, gold_type.type, golds, answers, sure, judged, beside)
    clusters = cluster_rows(scan, rows)
    codes = None if clusters is None else clusters.codes
    scoring = _Scoring(plan, task, rows, batches, interval, codes)
    key = None if shared is None else score_key(plan, task, rows, replies, judged, interval)
    scored = scoring.scored() if shared is None else shared.scored(key, task.name, scoring.scored)
    report = {
        "rows": len(rows.rows),
        "draws": draws,
        **_counts(answers, replies),
        "remarks": count_remarks(read, replies, rows.rows * draws),
        **_head(plan, task, rows, encoders),
        **{name: told for name, told in scored.told.items() if name != "slices"},
        "clusters": None if clusters is None else {"by": scan.cluster, "count": len(clusters.names)},
        **({"judged": judged_report(judged)} if judged else {}),
        "slices": scored.told["slices"],
        "references": {r.name: {**dict(r.figures), "source": r.source} for r in task.references},
    }
    added = _added(judged, scored.per_row, sure, codes, draws, private=scan.private)
    lines = _lines(plan, task, rows, replies, answers, golds, added)
    said = list(verdict_lines(task.name, judged, private=scan.private))
    return TaskResult(report, lines, partial(scoring.drawn, clusters), said)


def _answered(task: TaskPlan, rows: Rows, draws: int, answers: Sequence[Any], replies: Sequence[Reply]) -> Answered:
    all_rows = rows.rows * draws
    return Answered(task=task.name, ids=rows.ids, rows=all_rows, answers=answers, replies=replies, draws=draws)


@attrs.define(eq=False)
class _Scoring:
    """The scores of a task, computed when somebody wants them. `clusters` has the cluster of each row."""

    plan: Plan
    task: TaskPlan
    rows: Rows
    batches: Sequence[Batch]
    interval: Interval
    clusters: np.ndarray | None
    _drawn: dict[str, tuple[Resampled, ...]] | None = None

    def scored(self) -> Scored:
        found, scan = self._score(self.task.scores), self.plan.scan(self.task.scan)
        self._drawn = found.drawn
        slices = score_slices(
            scan.slices,
            self.rows.rows,
            self.task.scores,
            self.batches,
            self.interval,
            unread_policy=self._policy,
            smallest=self.plan.slice_rows,
            unnamed=_unnamed(scan),
            clusters=self.clusters,
        )
        metrics = _with_unread_bounds(self.task, found.metrics, self.batches)
        return Scored({"metrics": metrics, **_confidence(self.task, self.batches), "slices": slices}, found.per_row)

    def drawn(self, clusters: Clusters | None) -> dict[str, Drawn]:
        """What aggregates take of the task, ready for the bootstrap; computed now where the numbers were taken over."""
        if self._drawn is None:
            taken = [entry.metric for entry in self.plan.aggregates if self.task.name in entry.tasks]
            wanted = [s for s in self.task.scores if s.label in taken or (s.primary and None in taken)]
            self._drawn = self._score(tuple(wanted)).drawn
        source = rows_key(self.rows)
        return {label: Drawn(source, clusters, forms) for label, forms in self._drawn.items()}

    @property
    def _policy(self) -> str:
        return self.plan.read(self.task.read).unread

    def _score(self, scores: tuple[Score, ...]) -> TaskScores:
        policy, clusters = self._policy, self.clusters
        return score_samples(scores, self.batches, self.interval, unread_policy=policy, clusters=clusters)


def _lines(
    plan: Plan,
    task: TaskPlan,
    rows: Rows,
    replies: Sequence[Reply],
    answers: Sequence[Any],
    golds: Sequence[Any],
    added: Mapping[str, Any],
) -> RowLines:
    """The task's lines of `rows.parquet`."""
    scan = plan.scan(task.scan)
    gold_type = scan.record.field(task.gold)
    assert gold_type is not None
    return RowLines(
        task=task,
        ids=rows.ids,
        replies=replies,
        answers=answers,
        golds=golds,
        answer_type=plan.read(task.read).reader.answer,
        gold_type=gold_type.type,
        private=scan.private,
        added=added,
    )


def _added(
    judged: Mapping[str, Judged],
    per_row: Mapping[str, np.ndarray],
    sure: Sequence[tuple[float, ...] | None] | None,
    codes: np.ndarray | None,
    draws: int,
    *,
    private: bool,
) -> dict[str, Any]:
    """The columns of `rows.parquet` that come from scoring."""
    added: dict[str, Any] = {**judged_columns(judged, private=private)}
    added |= {f"metric.{label}": found for label, found in per_row.items()}
    if sure is not None:
        added["confidence"] = [None if one is None else list(one) for one in sure]
    if codes is not None:
        added["cluster"] = codes.tolist() * draws
    return added


def _batches(
    read: Read,
    gold_type: Type,
    golds: Sequence[Any],
    answers: Sequence[Any],
    sure: Sequence[tuple[float, ...] | None] | None,
    judged: Mapping[str, Judged],
    beside: Beside,
) -> list[Batch]:
    """One batch for each draw."""
    size = max(len(golds), 1)
    return [
        Batch(
            read.reader.answer,
            answers[start : start + size],
            golds,
            gold_type,
            None if sure is None else sure[start : start + size],
            {label: (type_of(one.value), one.values[start : start + size]) for label, one in judged.items()},
            beside.corpora,
            beside.fields,
        )
        for start in range(0, len(answers), size)
    ]


def _head(plan: Plan, task: TaskPlan, rows: Rows, encoders: Encoders) -> dict[str, Any]:
    """What a task is, whatever came of it."""
    read, scan = plan.read(task.read), plan.scan(task.scan)
    return {
        "primary": next(score.label for score in task.scores if score.primary),
        "version": task.version,
        "call_hash": task.call_hash,
        "score_hash": full_score_hash(task, encoders),
        **_origin(rows, scan),
        "unread_policy": read.unread,
        "waivers": dict(task.waivers),
        "chance": chance(read.reader.answer, rows.rows),
    }


def _origin(rows: Rows, scan: Scan) -> dict[str, Any]:
    """Where the rows come from, and what was done with them before they were asked about."""
    return {
        "data": {
            "file": rows.file.name,
            "sha256": rows.digest,
            "others": rows.others_digest(),
            "split": scan.split,
            "subset": scan.subset,
        },
        "errata": rows.errata,
        "quarantined": counted(rows.quarantined),
        "license": scan.license,
    }


def _with_unread_bounds(
    task: TaskPlan, metrics: dict[str, dict[str, Any]], batches: Sequence[Batch]
) -> dict[str, dict[str, Any]]:
    """The metrics, each with where it would lie whatever the unread replies had said, where there are any."""
    if not any(batch.unread.any() for batch in batches):
        return metrics
    bounds = {score.label: unread_bounds(score, batches) for score in task.scores}
    return {label: {**value, "unread_bounds": bounds[label]} for label, value in metrics.items()}


def _confidence(task: TaskPlan, batches: Sequence[Batch]) -> dict[str, Any]:
    """What confidence is worth, where a metric of the task asks for it."""
    if not batches or batches[0].confidence is None:
        return {}
    bins = next((dict(score.settings)["bins"] for score in task.scores if score.metric == "ece"), BINS)
    return {"reliability": reliability(batches[0], bins=bins), "risk_coverage": risk_coverage(batches[0])}


def confidences(
    task: TaskPlan, read: Read, replies: Sequence[Reply], answers: Sequence[Any], rows: Sequence[dict[str, Any]]
) -> list[tuple[float, ...] | None] | None:
    """How sure the model is of every possible value of each row (None: unread); None where no metric of the task asks.

    What it is, the reader says; see `confidence` of `likelihood`.
    """
    if not any("confidence" in metric_of(score).signature.needs for score in task.scores):
        return None
    reader, settings = find_reader(read.reader.name), dict(read.reader.settings)
    if reader is None or reader.confidence is None:
        raise InternalError(f"the reader `{read.reader.name}` offers no confidence")
    weigh, type_ = reader.confidence, read.reader.answer
    return [
        None if isinstance(answer, Unread) or reply.scores is None else weigh(reply.scores, type_, row, settings)
        for answer, reply, row in zip(answers, replies, rows, strict=True)
    ]


def count_remarks(read: Read, replies: Sequence[Reply], rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """What the reader had to do to read the replies, by name: how many repairs, and how many quotes were left out."""
    reader, settings = find_reader(read.reader.name), dict(read.reader.settings)
    if reader is None or reader.remarks is None:
        return {}
    counted: Counter[str] = Counter()
    for reply, row in zip(replies, rows, strict=True):
        if reply.failure is None:
            text = reply_text(reply.text, read.dialect)
            form = None if read.dialect is None else read.dialect.boxes
            counted.update(reader.remarks(text, type_in(read.reader.answer, form), row, settings))
    return dict(sorted(counted.items()))


def _unnamed(scan: Scan) -> frozenset[str]:
    """The slices whose groups a report may not name."""
    return frozenset(rule.name for rule in scan.slices if scan.private and names_text(rule, scan.record))


def _counts(answers: Sequence[Any], replies: Sequence[Reply]) -> dict[str, Any]:
    """What did not give an answer, and why: unread, abstained, refused, failed and truncated are five different things."""
    reasons = Counter(answer.reason for answer in answers if isinstance(answer, Unread))
    abstained = sum(answer == ABSTAINED for answer in answers)
    failures: Counter[str] = Counter()
    truncated = 0
    for reply in replies:  # once: they may lie in a file
        if reply.failure is not None:
            failures[reply.failure] += 1
        elif reply.finish == "length":
            truncated += 1
    refused, _ = reasons.pop(REFUSED, 0), reasons.pop(FAILED, 0)
    return {
        "unread": sum(reasons.values()) / len(answers) if answers else 0.0,
        "unread_reasons": dict(sorted(reasons.items())),
        "abstained": abstained,
        "refused": refused,
        "failed": sum(failures.values()),
        "failures": dict(sorted(failures.items())),
        "truncated": truncated,
    }


def chance(type_: Type, rows: Sequence[dict[str, Any]]) -> float | None:
    """The accuracy of guessing among the possible answers, each as likely; None where they are not few and known."""
    if isinstance(type_, BooleanType):
        return 0.5
    if isinstance(type_, EnumType):
        return 1 / len(type_.cases)
    if isinstance(type_, ChoiceType) and rows:
        return math.fsum(1 / len(row[type_.of]) for row in rows) / len(rows)
    return None
