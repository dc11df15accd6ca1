"""What a run tells about its judges: counts and tables for `report.json`, columns for `rows.parquet`, and every reply.

    verdict.<label>   the verdict as JSON; a list where a judge was asked about every entry of a list
    judged.<label>    `scored`, `unscored`, `worst`, `waiting`, `no_entries`, or `not_shown` (the answer is unread);
                      of several entries the first of waiting, worst, unscored, scored that occurs
    verdicts.jsonl    one line for each reply of a judge, in the order in which they were asked

Of private rows the texts stay in the journal: a judge's reply, and verdicts that hold text.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from medspec.backends.base import lasting
from medspec.plan.judge_nodes import Judge, VerdictValue, judges_of
from medspec.run.judging.ask import Asking
from medspec.run.judging.panel import Ruling
from medspec.run.judging.values import Judged
from medspec.types import Type

_ORDER = ("waiting", "worst", "unscored", "scored")
MOST_VALUES = 50
"""A table of verdicts has so many lines at most; what is rarer is counted together under `others`."""


def judged_report(judged: Mapping[str, Judged]) -> dict[str, Any]:
    """For each judged score: who judged, what came of the cases, and how often each verdict was given."""
    return {
        label: {
            "judge": one.value.judge.name,
            "cases": sum(len(found) for found in one.rulings),
            **{outcome: one.counts.get(outcome, 0) for outcome in reversed(_ORDER)},
            "disagreed": one.counts.get("disagreed", 0),
            "rows_unscored": one.counts.get("rows_unscored", 0),
            "rows_not_shown": one.counts.get("rows_not_shown", 0),
            "reasons": _reasons(one),
            "verdicts": _table(one),
        }
        for label, one in judged.items()
    }


def _reasons(one: Judged) -> dict[str, int]:
    found = Counter(ruling.reason for row in one.rulings for ruling in row if ruling.reason is not None)
    return dict(sorted(found.items()))


def _table(one: Judged) -> dict[str, dict[str, int]]:
    """How often each value was given, for the verdict or each field of it that is no text."""
    type_ = _verdict_type(one.value)
    fields = type_.fields if type_.kind == "record" else ()  # type: ignore[attr-defined]
    verdicts = [ruling.verdict for row in one.rulings for ruling in row if ruling.outcome == "scored"]
    if not fields:
        return {"": _counted(verdicts)}
    return {field.name: _counted([v[field.name] for v in verdicts]) for field in fields if not has_text(field.type)}


def _counted(values: list[Any]) -> dict[str, int]:
    found = Counter(_json(value) for value in values)
    rows = dict(sorted(found.most_common(MOST_VALUES)))
    rest = len(values) - sum(rows.values())
    return {**rows, **({"others": rest} if rest else {})}


def judged_columns(judged: Mapping[str, Judged], *, private: bool) -> dict[str, list[Any]]:
    """The columns of `rows.parquet`."""
    columns: dict[str, list[Any]] = {}
    for label, one in judged.items():
        hidden = private and has_text(_verdict_type(one.value))
        columns[f"verdict.{label}"] = [None if hidden else _verdict(one, found) for found in one.rulings]
        columns[f"judged.{label}"] = [
            "not_shown" if shown is False else _outcome(found)
            for shown, found in zip(one.shown, one.rulings, strict=True)
        ]
    return columns


def _verdict(one: Judged, found: tuple[Ruling, ...]) -> str | None:
    type_ = _verdict_type(one.value)
    said = [None if ruling.verdict is None else type_.to_json(ruling.verdict) for ruling in found]
    if one.value.each is not None:
        return _json(said) if said else None
    return None if not said or said[0] is None else _json(said[0])


def _outcome(found: tuple[Ruling, ...]) -> str:
    outcomes = {ruling.outcome for ruling in found}
    return next((outcome for outcome in _ORDER if outcome in outcomes), "no_entries")


def verdict_lines(task: str, judged: Mapping[str, Judged], *, private: bool) -> Iterator[dict[str, Any]]:
    """The lines of `verdicts.jsonl`: every reply of every judge. Scores that share their judging share the lines."""
    told: list[Any] = []
    for one in judged.values():
        if any(one.rulings is rulings for rulings in told):
            continue
        told.append(one.rulings)
        labels = [name for name, other in judged.items() if other.rulings is one.rulings]
        types = {judge.name: judge.reader.answer for judge in judges_of(one.value)}
        for ruling in (ruling for row in one.rulings for ruling in row):
            for name, opinion in ruling.opinions:
                hidden = private and has_text(types[name])
                for said in opinion.said:
                    yield {
                        "task": task,
                        "scores": labels,
                        "row": ruling.case.name,
                        "judge": name,
                        "repeat": said.repeat,
                        "attempt": said.attempt,
                        "swapped": said.swapped,
                        "prompt_sha256": said.reply.prompt_sha256,
                        "reply": None if private else said.reply.text,
                        "verdict": None if said.trouble or hidden else types[name].to_json(said.verdict),
                        "trouble": said.trouble,
                        "tokens_in": said.reply.tokens_in,
                        "tokens_out": said.reply.tokens_out,
                    }


def judges_report(askings: list[Asking]) -> dict[str, Any]:
    """For each judge that was asked: its model, what it cost, and what its replies were."""
    return {_name(asking.judge, askings): _judge_report(asking) for asking in askings}


def _name(judge: Judge, askings: list[Asking]) -> str:
    same = [asking.judge for asking in askings if asking.judge.name == judge.name]
    return judge.name if len(same) == 1 else f"{judge.name} {same.index(judge) + 1}"


def _judge_report(asking: Asking) -> dict[str, Any]:
    tally, backend = asking.tally, asking.caller.backend
    return {
        "model": {**lasting(backend.describe()), "digest": backend.digest},
        "family": asking.judge.model.family,
        "replies": tally.replies,
        "verdicts": tally.verdicts,
        "unread": dict(sorted(tally.unread.items())),
        "failed": dict(sorted(tally.failed.items())),
        "flips": tally.flips,
        "asked": tally.asked,
        "reused": tally.reused,
    }


def _verdict_type(value: VerdictValue) -> Type:
    return judges_of(value)[0].reader.answer


def has_text(type_: Type) -> bool:
    """Whether values of `type_` are, or hold, free text."""
    return type_.kind == "text" or any(has_text(child) for child in type_.children)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
