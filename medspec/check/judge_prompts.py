"""What fills the prompt of a judge: the judge's own parameters, by name, and values known now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.check.arguments import ABSENT, Rule, read_value
from medspec.check.bindings import match_arguments
from medspec.check.spec import ParameterSpec, PromptSpec
from medspec.check.types import fits
from medspec.plan.judge_nodes import JudgeParameter
from medspec.plan.nodes import Constant, TextFile
from medspec.syntax import tree
from medspec.text.diagnostic import Report
from medspec.text.suggest import nearest
from medspec.types import Type, anchors

if TYPE_CHECKING:
    from medspec.check.checker import Checker
    from medspec.check.scope import Scope

JudgeBindings = tuple[tuple[str, JudgeParameter | Constant | TextFile], ...]


def bind_judge_prompt(
    value: tree.Value, parameters: tuple[ParameterSpec, ...], checker: Checker, scope: Scope
) -> tuple[PromptSpec, JudgeBindings] | None:
    """The judge's prompt and what fills it: the judge's parameters of the same names, unless arguments say otherwise."""
    if not isinstance(value, tree.Call):
        scope.report.add("E0301", "`prompt` needs the name of a prompt", value.place)
        return None
    prompt: PromptSpec | None = checker.declared(value.path, scope, "prompt", (tree.PromptDecl,))
    if prompt is None:
        return None
    names = [wanted.name for wanted in prompt.parameters]
    given, clean = match_arguments(value, names, f"the prompt `{prompt.name}`", prompt.place, scope)
    if not clean:
        return None
    own = {parameter.name: parameter for parameter in parameters}
    found = []
    for wanted in prompt.parameters:
        argument = given.get(wanted.name)
        inner = argument.value if argument is not None else None
        name = wanted.name if argument is None else _plain_name(inner)
        if name in own:
            bound: JudgeParameter | Constant | None = _parameter(own[name], wanted, argument, value, scope)
        elif argument is None:
            bound = _default(wanted, prompt, own, value, scope)
        else:
            bound = _constant(wanted, argument, own, scope)
        if bound is None:
            return None
        found.append((wanted.name, bound))
    return prompt, tuple(found)


def _plain_name(value: tree.Value | tree.TypeNode | None) -> str:
    return value.path.dotted if isinstance(value, tree.Call) and value.arguments is None else ""


def _parameter(
    own: ParameterSpec, wanted: ParameterSpec, argument: tree.Argument | None, call: tree.Call, scope: Scope
) -> JudgeParameter | None:
    if fits(own.type, wanted.type):
        return JudgeParameter(own.name)
    scope.report.add(
        "E0409",
        f"`{own.name}` does not fit the parameter `{wanted.name}` of the prompt",
        (argument.value.place if argument is not None else call.place, f"the judge has `{own.type.spelled}`"),
        (own.place, "the judge's parameter"),
        (wanted.place, f"the prompt's parameter is `{wanted.type.spelled}`"),
    )
    return None


def _default(
    wanted: ParameterSpec, prompt: PromptSpec, own: dict[str, ParameterSpec], call: tree.Call, scope: Scope
) -> Constant | None:
    if wanted.has_default:
        return Constant(wanted.default)
    close = nearest(wanted.name, own)
    hint = f"did you mean `{close}`? write `{prompt.name}({wanted.name}: {close})`" if close else None
    scope.report.add(
        "E0211",
        f"nothing fills the parameter `{wanted.name}` of `{prompt.name}`",
        (call.place, f"the judge has no parameter `{wanted.name}`"),
        (wanted.place, "the prompt's parameter"),
        helps=[hint or f"add it to the judge: `{wanted.name}: {wanted.type.spelled}`"],
    )
    return None


def _constant(
    wanted: ParameterSpec, argument: tree.Argument, own: dict[str, ParameterSpec], scope: Scope
) -> Constant | None:
    name = _plain_name(argument.value)
    if name or wanted.type.kind not in ("text", "int", "float", "bool"):
        close = nearest(name, own) if name else None
        helps = [f"did you mean `{close}`?" if close else f"it has: {', '.join(own) or 'none'}"]
        title = f"the judge has no parameter `{name}`" if name else f"give `{wanted.name}` a parameter of the judge"
        scope.report.add("E0211", title, argument.value.place, helps=helps)
        return None
    value = read_value(argument.value, Rule(wanted.name, wanted.type.kind), scope.report)  # type: ignore[arg-type]
    return None if value is ABSENT else Constant(value)


def report_unshown(
    parameters: tuple[ParameterSpec, ...], bindings: JudgeBindings, verdict: Type | None, report: Report
) -> None:
    """W0405 for parameters of a judge that neither its prompt nor its verdict takes."""
    used = {bound.name for _, bound in bindings if isinstance(bound, JudgeParameter)}
    used |= anchors(verdict) if verdict is not None else set()
    for parameter in parameters:
        if parameter.name not in used and not parameter.name.startswith("_"):
            report.add(
                "W0405",
                f"`{parameter.name}` is never shown to this judge",
                (parameter.place, "its prompt does not take it"),
                helps=["remove it, or start the name with `_` to keep it on purpose"],
            )
