"""Panels: several judges of the same things, `panel board { judges = [first, second]  combine = majority }`.

A panel can be called where a judge can. Its judges take the same parameters and give the same type of verdict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medspec.check.arguments import Rule
from medspec.check.judge_specs import JudgeSpec, PanelSpec
from medspec.check.judges import COMBINE, can_be_averaged, report_not_averaged
from medspec.check.setting_blocks import needs, read_settings, settings_in
from medspec.check.types import is_unknown
from medspec.plan.judge_nodes import Panel
from medspec.syntax import tree
from medspec.text.suggest import nearest

if TYPE_CHECKING:
    from medspec.check.checker import Checker
    from medspec.check.scope import Scope

_RULES = (Rule("combine", "word", choices=COMBINE), Rule("quorum", "int", None, low=1))
_SETTINGS = ("judges", *(rule.name for rule in _RULES), "on_disagreement")
_WAYS = ("third", "human", "unscored")
_EXAMPLES = {"judges": "judges = [FIRST, SECOND]", "combine": "combine = majority"}


def check_panel(declaration: tree.PanelDecl, checker: Checker, scope: Scope) -> PanelSpec | None:
    report = scope.report
    settings = settings_in(declaration.settings, _SETTINGS, "a panel", report)
    found, clean = read_settings(settings, _RULES, report)
    complete = needs(("judges", "combine"), settings, declaration.settings, declaration.name, _EXAMPLES, report)
    judges = _judges(settings["judges"].value, checker, scope) if "judges" in settings else None
    way, third = _disagreement(settings.get("on_disagreement"), judges, checker, scope)
    if not complete or not clean or judges is None or way is None:
        return None
    if not _agree(judges, settings, found, scope):
        return None
    node = Panel(
        name=declaration.name.name,
        judges=tuple(judge.node for judge in judges),
        combine=found["combine"],
        quorum=found["quorum"] or len(judges),
        on_disagreement=way,
        third=third.node if third is not None else None,
    )
    return PanelSpec(
        name=declaration.name.name,
        module=scope.module.name,
        place=declaration.name.place,
        doc=declaration.doc,
        judges=judges,
        third=third,
        node=node,
    )


def _judge(value: tree.Value, checker: Checker, scope: Scope) -> JudgeSpec | None:
    if not isinstance(value, tree.Call) or value.arguments is not None:
        scope.report.add("E0301", "a panel needs the names of judges", value.place, helps=["write `[first, second]`"])
        return None
    found: JudgeSpec | None = checker.declared(value.path, scope, "judge", (tree.JudgeDecl,))
    return found


def _judges(value: tree.Value, checker: Checker, scope: Scope) -> tuple[JudgeSpec, ...] | None:
    """At least two judges who take and give the same; None after reporting."""
    if not isinstance(value, tree.ListValue):
        scope.report.add("E0301", "`judges` needs a list of names", value.place, helps=["write `[first, second]`"])
        return None
    found: list[JudgeSpec] = []
    for entry in value.entries:
        judge = _judge(entry, checker, scope)
        if judge is None:
            return None
        if judge in found:
            scope.report.add("E0512", f"`{judge.name}` is on this panel twice", (entry.place, "again here"))
            return None
        if found and not _alike(found[0], judge, entry, scope):
            return None
        found.append(judge)
    if len(found) < 2:
        helps = ["call the judge itself"] if found else ["write `judges = [first, second]`"]
        scope.report.add("E0512", "a panel has at least two judges", value.place, helps=helps)
        return None
    return tuple(found)


def _alike(first: JudgeSpec, judge: JudgeSpec, value: tree.Value, scope: Scope) -> bool:
    """Whether a judge takes and gives the same as the first of the panel; reports E0512."""
    if judge.verdict != first.verdict:
        scope.report.add(
            "E0512",
            "the judges of a panel give different verdicts",
            (value.place, f"`{judge.name}` gives `{judge.verdict.spelled}`"),
            (judge.verdict_place, f"of `{judge.name}`"),
            (first.verdict_place, f"`{first.name}` gives `{first.verdict.spelled}`"),
        )
        return False
    if not _same_parameters(first, judge):
        scope.report.add(
            "E0512",
            "the judges of a panel take different parameters",
            (value.place, f"`{judge.name}({_written(judge)})`"),
            (first.place, f"`{first.name}({_written(first)})`"),
            helps=["a panel shows each of its judges the same things, under the same names"],
        )
        return False
    return True


def _same_parameters(one: JudgeSpec, other: JudgeSpec) -> bool:
    """Whether two judges take the same under the same names; what is not known counts as the same."""
    if len(one.parameters) != len(other.parameters):
        return False
    for left, right in zip(one.parameters, other.parameters, strict=True):
        if (left.name, left.has_default, left.default) != (right.name, right.has_default, right.default):
            return False
        if left.type != right.type and not is_unknown(left.type) and not is_unknown(right.type):
            return False
    return True


def _written(judge: JudgeSpec) -> str:
    return ", ".join(f"{parameter.name}: {parameter.type.spelled}" for parameter in judge.parameters)


def _disagreement(
    setting: tree.Setting | None, judges: tuple[JudgeSpec, ...] | None, checker: Checker, scope: Scope
) -> tuple[str | None, JudgeSpec | None]:
    """What happens where the judges disagree, and who is asked then; (None, None) after reporting."""
    if setting is None:
        return "unscored", None
    value = setting.value
    name = value.path.dotted if isinstance(value, tree.Call) else ""
    if name not in _WAYS or not isinstance(value, tree.Call) or (name == "third") != bool(value.arguments):
        close = nearest(name, _WAYS) if name else None
        helps = ["write `third(JUDGE)`, `human` or `unscored`"]
        if close is not None and close != name:
            helps = [f"did you mean `{close}`?"]
        scope.report.add("E0301", "this is no way to settle a disagreement", value.place, helps=helps)
        return None, None
    if name != "third":
        return name, None
    arguments = value.arguments or ()
    if len(arguments) > 1 or arguments[0].name is not None:
        scope.report.add("E0211", "`third` takes one judge", value.place)
        return None, None
    given = arguments[0].value
    third = _judge(given, checker, scope)  # type: ignore[arg-type]
    if third is None or judges is None:
        return None, None
    if third in judges:
        label = (given.place, "has judged already")
        scope.report.add("E0512", f"`{third.name}` is a judge of this panel and cannot settle its disagreement", label)
        return None, None
    return ("third", third) if _alike(judges[0], third, given, scope) else (None, None)  # type: ignore[arg-type]


def _agree(
    judges: tuple[JudgeSpec, ...], settings: dict[str, tree.Setting], found: dict[str, Any], scope: Scope
) -> bool:
    """Whether the rules of the panel go together; reports E0512."""
    if found["quorum"] is not None and found["quorum"] > len(judges):
        title = f"a quorum of {found['quorum']} is never reached"
        label = (settings["quorum"].value.place, f"there are {len(judges)} judges")
        scope.report.add("E0512", title, label)
        return False
    if found["combine"] == "mean" and not can_be_averaged(judges[0].verdict):
        report_not_averaged(judges[0].verdict, settings["combine"], scope.report)
        return False
    if found["combine"] == "mean" and "on_disagreement" in settings:
        scope.report.add(
            "E0512",
            "a mean has no disagreement to settle",
            (settings["on_disagreement"].key.place, "never happens"),
            (settings["combine"].value.place, "every verdict is part of it"),
            helps=["write `combine = majority` or `combine = unanimous`"],
        )
        return False
    return True
