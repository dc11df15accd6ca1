"""The models of judges: those the spec pins, or others that stand in for them.

    model judge_lm { artifact = onnx("judges/clin-judge-8b") }      opened as `onnx:judges/clin-judge-8b`
    --judge clinical=replay:verdicts.jsonl                         what the judge `clinical` said before
    --judge judge_lm=mock                                          every judge with this model

A folder is looked for under the data roots and then where medspec runs. A judge that is replaced is named in the report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

from medspec.backends.base import Abilities, Backend
from medspec.backends.openai.agreed import require_agreed
from medspec.errors import BackendError, StoreError, UsageError
from medspec.plan.judge_nodes import LOCAL_SCHEMES, Judge, Model
from medspec.plan.judged import judges_in
from medspec.plan.nodes import Plan
from medspec.run.folder import RunRecord
from medspec.run.rescore import Recorded
from medspec.run.roots import DataRoots, find_model
from medspec.text.suggest import nearest

Open = Callable[[str], Backend]
"""Opens a model by the name the command line would give it."""


def name_of(model: Model, roots: DataRoots) -> str:
    """The name of a model as `--model` takes it: `onnx:DIR`, `openai:NAME@URL`.

    Raises `BackendError` for one with settings: a spec or a plan must not say which variable of the environment is sent.
    """
    if "?" in model.place or "?" in (model.url or ""):
        raise BackendError(f"the model `{model.name}` has settings after a `?`, which only `--judge` may have")
    if model.remote:
        require_agreed(model.url or "", f"the model `{model.name}` of a judge", "--judge NAME=openai:MODEL@URL")
    if model.url is not None:
        return f"{model.scheme}:{model.place}@{model.url}"
    if model.scheme in LOCAL_SCHEMES and model.scheme != "builtin":
        return f"{model.scheme}:{find_model(model.place, roots) or Path(model.place)}"
    return f"{model.scheme}:{model.place}"


@attrs.define
class OpenedJudges:
    """Judges with real models, each opened once. `instead` says by the name of a judge or model what stands in for it."""

    open: Open
    roots: DataRoots
    instead: Mapping[str, str] = attrs.field(factory=dict)
    _opened: dict[str, Backend] = attrs.field(factory=dict, init=False)

    def name_for(self, judge: Judge) -> str:
        """What is opened for `judge`."""
        given = self.instead.get(judge.name) or self.instead.get(judge.model.name)
        return given if given is not None else name_of(judge.model, self.roots)

    def model_of(self, judge: Judge) -> Backend:
        """The loaded model that `judge` asks. Raises `BackendError` when it cannot be had."""
        name = self.name_for(judge)
        if name not in self._opened:
            self._opened[name] = self.open(name)
        return self._opened[name]

    def close(self) -> None:
        """Give back all models."""
        for backend in self._opened.values():
            backend.close()
        self._opened.clear()


def read_replacements(given: tuple[str, ...], plan: Plan) -> dict[str, str]:
    """`NAME=MODEL` pairs of the command line. Raises `UsageError` for a name no judge of the plan has."""
    judges = [judge for judge, _ in judges_in(plan)]
    known = {judge.name for judge in judges} | {judge.model.name for judge in judges}
    found: dict[str, str] = {}
    for entry in given:
        name, equals, model = entry.partition("=")
        if not equals or not model:
            raise UsageError(f"`--judge {entry}`: write NAME=MODEL, as in `--judge clinical=replay:verdicts.jsonl`")
        if name not in known:
            close = nearest(name, sorted(known))
            advice = f"did you mean `{close}`?" if close else f"there are: {', '.join(sorted(known)) or 'none'}"
            raise UsageError(f"`--judge {entry}`: no judge of this plan is called `{name}`; {advice}")
        if name in found:
            raise UsageError(f"`--judge`: `{name}` is replaced twice")
        found[name] = model
    return found


class NoJudges:
    """For plans without judged scores."""

    def model_of(self, judge: Judge) -> Backend:
        raise UsageError(f"no model was given for the judge `{judge.name}`")

    def close(self) -> None: ...


def describe_replacements(judges: Any) -> dict[str, str]:
    """Which judges were replaced by what, for reports."""
    return dict(getattr(judges, "instead", {}))


def record_judges(plan: Plan, judges: Any) -> dict[str, Any]:
    """What `run.json` says of the judges, for `resume` and `score`; empty where a plan asks none."""
    models = {}
    for judge, _ in judges_in(plan):
        backend = judges.model_of(judge)
        models[judge.name] = {
            "digest": backend.digest,
            "by_row": backend.abilities.by_row,
            "described": backend.describe(),
        }
    return {"instead": describe_replacements(judges), "models": models} if models else {}


@attrs.frozen
class RecordedJudges:
    """The judges of an earlier run: who they were, and what they said."""

    run: Path
    record: RunRecord
    private: bool

    def model_of(self, judge: Judge) -> Backend:
        """Raises `StoreError` for a judge that the run did not ask."""
        known = self.record.judges.get("models", {}).get(judge.name)
        if known is None:
            raise StoreError(f"{self.run} did not ask the judge `{judge.name}`; `medspec run` asks it")
        record = attrs.evolve(self.record, digest=known["digest"], described=known["described"])
        return Recorded(self.run, record, self.private, Abilities(by_row=known["by_row"]))

    def close(self) -> None: ...
