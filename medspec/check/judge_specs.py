"""The checked form of models, dialects, judges and panels. See `spec.py` for what holds of all declarations."""

from __future__ import annotations

import attrs

from medspec.check.spec import Declared, ParameterSpec, PromptSpec, RowsRef
from medspec.plan.judge_nodes import Dialect, Judge, Model, Panel
from medspec.text.source import Place
from medspec.types import Type


@attrs.frozen(kw_only=True)
class DialectSpec(Declared):
    node: Dialect


@attrs.frozen(kw_only=True)
class ModelSpec(Declared):
    dialect: DialectSpec | None
    node: Model


@attrs.frozen(kw_only=True)
class Calibration:
    """How well a judge must agree with people: on `rows`, whose field `label` holds what people say.

    `field` is what is compared of the verdict (empty: the whole of it), and of labels that are verdicts themselves;
    `agreement` is `quadratic_kappa`, `kappa`, `accuracy` or `ac1`. Below `at_least` the judge's numbers are not to be
    relied on, and a run says so.
    """

    rows: RowsRef
    label: str
    field: tuple[str, ...]
    agreement: str
    at_least: float
    place: Place = attrs.field(eq=False, repr=False)


@attrs.frozen(kw_only=True)
class JudgeSpec(Declared):
    """`verdict_place` is where the type of the verdict is written."""

    parameters: tuple[ParameterSpec, ...]
    model: ModelSpec
    prompt: PromptSpec
    verdict: Type
    verdict_place: Place = attrs.field(eq=False, repr=False)
    node: Judge
    calibration: Calibration | None

    @property
    def members(self) -> tuple[JudgeSpec, ...]:
        return (self,)


@attrs.frozen(kw_only=True)
class PanelSpec(Declared):
    """A panel takes and gives what each of its judges does. `members` are all judges it may ask, the third included."""

    judges: tuple[JudgeSpec, ...]
    third: JudgeSpec | None
    node: Panel

    @property
    def members(self) -> tuple[JudgeSpec, ...]:
        return self.judges if self.third is None else (*self.judges, self.third)

    @property
    def parameters(self) -> tuple[ParameterSpec, ...]:
        return self.judges[0].parameters

    @property
    def verdict(self) -> Type:
        return self.judges[0].verdict

    @property
    def verdict_place(self) -> Place:
        return self.judges[0].verdict_place


Judging = JudgeSpec | PanelSpec
"""What can be called in a metric."""
