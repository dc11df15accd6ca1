"""Judges: typed functions with a pinned model, `judge clinical(question: text, answer: text) -> Verdict { ... }`.

A judge's prompt may show it the gold; it sees its own parameters and nothing else, so that what it is shown stands where
it is called. Whether the judge is the model under test is not known before a run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medspec.backends.base import Decode
from medspec.check.anchors import Anchoring
from medspec.check.answer_words import report_unsaid
from medspec.check.answers import AnswerSpec, read_reader
from medspec.check.arguments import Rule
from medspec.check.calibration import read_calibration
from medspec.check.judge_prompts import JudgeBindings, bind_judge_prompt, report_unshown
from medspec.check.judge_specs import JudgeSpec, ModelSpec
from medspec.check.prompts import read_parameters
from medspec.check.setting_blocks import needs, read_settings, settings_in
from medspec.check.spec import ParameterSpec, PromptSpec
from medspec.check.types import is_unknown, read_type
from medspec.check.waivers import Waivers
from medspec.plan.judge_nodes import Judge, Model
from medspec.syntax import tree
from medspec.text.diagnostic import Report
from medspec.types import OptionalType, RecordType, Type

if TYPE_CHECKING:
    from medspec.check.checker import Checker
    from medspec.check.scope import Scope

VERDICTS = ("record", "enum", "bool", "score")
"""Kinds of type a verdict may have."""

MOST_REPEATS = 100
MAX_TOKENS = 512
"""How long a judge's reply may get where neither judge nor dialect says so: room for a reason beside the verdict."""

COMBINE = ("mean", "majority", "unanimous")
_RULES = (
    Rule("repeats", "int", 1, low=1, high=MOST_REPEATS),
    Rule("quorum", "int", None, low=1),
    Rule("retries", "int", 0, low=0, high=10),
    Rule("on_malformed", "word", "unscored", ("unscored", "worst")),
    Rule("combine", "word", None, COMBINE),
    Rule("fence", "bool", True),
)
_DECODING = (
    Rule("temperature", "float", None, low=0),
    Rule("max_tokens", "int", None, low=1),
    Rule("stop", "texts", None),
)
_SETTINGS = ("model", "prompt", "reader", "swap", *(rule.name for rule in (*_RULES, *_DECODING)))
_EXAMPLES = {"model": "model = NAME", "prompt": "prompt = NAME"}


def check_judge(declaration: tree.JudgeDecl, checker: Checker, scope: Scope) -> JudgeSpec | None:
    report = scope.report
    parameters = read_parameters(declaration.params, checker, scope)
    verdict = _verdict(declaration, parameters, checker, scope)
    settings = settings_in(declaration.clauses, _SETTINGS, "a judge", report)
    complete = needs(("model", "prompt"), settings, declaration.clauses, declaration.name, _EXAMPLES, report)
    model = _model(settings["model"].value, checker, scope) if "model" in settings else None
    bound = bind_judge_prompt(settings["prompt"].value, parameters, checker, scope) if "prompt" in settings else None
    answer = _reader(settings.get("reader"), verdict, declaration, scope) if verdict is not None else None
    swap = _swap(settings.get("swap"), parameters, verdict, report)
    asking = _read_asking(settings, verdict, model.node if model is not None else None, report)
    if bound is not None:
        report_unshown(parameters, bound[1], verdict, report)
    calibrates = [clause for clause in declaration.clauses if isinstance(clause, tree.Calibrate)]
    calibration = None
    # A parameter with another name than its prompt's has one with another name than its rows' too.
    if calibrates and verdict is not None and bound is not None:
        calibration = read_calibration(calibrates, parameters, verdict, checker, scope)
        complete &= calibration is not None
    if (
        not complete
        or model is None
        or bound is None
        or answer is None
        or asking is None
        or verdict is None
        or swap is None
    ):
        return None
    prompt = bound[0]
    report_unsaid(prompt, (), answer, settings["prompt"].value.place, Waivers({}), report)
    node = _node(declaration.name.name, model.node, bound, parameters, answer, swap, asking)
    return JudgeSpec(
        name=declaration.name.name,
        module=scope.module.name,
        place=declaration.name.place,
        doc=declaration.doc,
        parameters=parameters,
        model=model,
        prompt=prompt,
        verdict=verdict,
        verdict_place=declaration.verdict.place,
        node=node,
        calibration=calibration,
    )


def _node(
    name: str,
    model: Model,
    bound: tuple[PromptSpec, JudgeBindings],
    parameters: tuple[ParameterSpec, ...],
    answer: AnswerSpec,
    swap: tuple[str, str] | tuple[()],
    asking: dict[str, Any],
) -> Judge:
    prompt, bindings = bound
    return Judge(
        name=name,
        model=model,
        prompt=prompt.name,
        turns=prompt.turns,
        bindings=(*bindings, *prompt.phrases),
        parameters=tuple((parameter.name, parameter.type) for parameter in parameters),
        reader=answer.use,
        swap=swap or None,
        **asking,
    )


def _verdict(
    declaration: tree.JudgeDecl, parameters: tuple[ParameterSpec, ...], checker: Checker, scope: Scope
) -> Type | None:
    """The type of the verdict, anchored in the judge's parameters; None after reporting."""
    place = declaration.verdict.place
    type_ = read_type(declaration.verdict, checker, scope)
    if is_unknown(type_):
        return None
    if type_.kind not in VERDICTS:
        scope.report.add(
            "E0512",
            f"a verdict cannot be `{type_.spelled}`",
            (place, "a verdict is a record, an enum, `bool` or `score(low..high)`"),
            helps=["a rating has a scale with two ends: `score(0..4)`"] if type_.kind in ("int", "float") else [],
        )
        return None
    types = {parameter.name: parameter.type for parameter in parameters}
    places = {parameter.name: parameter.place for parameter in parameters}
    found = Anchoring(types=types, places=places, place=place, scope=scope, checker=checker).resolve(type_)
    return None if is_unknown(found) else found


def _model(value: tree.Value, checker: Checker, scope: Scope) -> ModelSpec | None:
    if not isinstance(value, tree.Call) or value.arguments is not None:
        helps = ['declare one: `model judge_lm { artifact = onnx("judges/NAME") }`']
        scope.report.add("E0301", "`model` needs the name of a model", value.place, helps=helps)
        return None
    found: ModelSpec | None = checker.declared(value.path, scope, "model", (tree.ModelDecl,))
    return found


def _reader(
    setting: tree.Setting | None, verdict: Type, declaration: tree.JudgeDecl, scope: Scope
) -> AnswerSpec | None:
    """How a reply becomes a verdict: records from JSON, everything else from plain words, unless `reader` says otherwise."""
    place = declaration.verdict.place if setting is None else setting.value.place
    if setting is None:
        name = "json" if verdict.kind == "record" else "plain"
        call: tree.Value = tree.Call(tree.Path((tree.Ident(name, place),), place), None, place)
    else:
        call = setting.value
    if not isinstance(call, tree.Call):
        scope.report.add("E0301", "`reader` needs the name of a reader", place, helps=["write `reader = json`"])
        return None
    found = read_reader(call, verdict, scope)
    if found is None:
        return None
    reader, use = found
    if reader.asks != "text":
        scope.report.add("E0304", f"a verdict is read from text, and `{reader.name}` reads none", call.path.place)
        return None
    return AnswerSpec(use, reader, declaration.verdict.place, call.path.place)


def _swap(
    setting: tree.Setting | None, parameters: tuple[ParameterSpec, ...], verdict: Type | None, report: Report
) -> tuple[str, str] | tuple[()] | None:
    """The two sides of a pair that are shown in both orders; () where there are none, None after reporting."""
    if setting is None:
        return ()
    entries = setting.value.entries if isinstance(setting.value, tree.ListValue) else ()
    names = [entry.path.dotted for entry in entries if isinstance(entry, tree.Call) and entry.arguments is None]
    types = {parameter.name: parameter.type for parameter in parameters}
    if len(names) != 2 or len(set(names)) != 2 or not set(names) <= set(types):
        helps = [f"its parameters: {', '.join(types)}"]
        report.add(
            "E0301", "`swap` names two parameters of the judge: `swap = [a, b]`", setting.value.place, helps=helps
        )
        return None
    if types[names[0]] != types[names[1]]:
        title = f"`{names[0]}` and `{names[1]}` have different types and cannot be swapped"
        report.add("E0512", title, setting.value.place)
        return None
    cases = [case.name for case in getattr(verdict, "cases", ())]
    if verdict is not None and not set(names) <= set(cases):
        title = "a judge of a pair says which side is better"
        label = (setting.value.place, f"the verdict is `{verdict.spelled}`")
        helps = [f"give it an enum with the cases `{names[0]}`, `{names[1]}`, and `tie` where there can be one"]
        report.add("E0512", title, label, helps=helps)
        return None
    return names[0], names[1]


def _read_asking(
    settings: dict[str, tree.Setting], verdict: Type | None, model: Model | None, report: Report
) -> dict[str, Any] | None:
    """How often and how the model is asked, and what is made of its replies; None after reporting."""
    found, clean = read_settings(settings, _RULES, report)
    drawn, read = read_settings(settings, _DECODING, report)
    dialect = model.dialect if model is not None else None
    for name in drawn:
        if drawn[name] is None and dialect is not None:
            drawn[name] = getattr(dialect, name)
    decode = Decode(
        temperature=drawn["temperature"] or 0.0, max_tokens=drawn["max_tokens"] or MAX_TOKENS, stop=drawn["stop"] or ()
    )
    if not clean or not read:
        return None
    repeats = found["repeats"]
    if found["quorum"] is None:
        found["quorum"] = repeats // 2 + 1
    elif found["quorum"] > repeats:
        report.add("E0301", f"`quorum` is at most {repeats}, the number of repeats", settings["quorum"].value.place)
        return None
    if found["combine"] == "mean" and verdict is not None and not can_be_averaged(verdict):
        report_not_averaged(verdict, settings["combine"], report)
        return None
    if found["combine"] is None:
        found["combine"] = "mean" if verdict is None or can_be_averaged(verdict) else "majority"
    if model is not None and model.context is not None and decode.max_tokens >= model.context:
        place = (settings.get("max_tokens") or settings["model"]).value.place
        label = (place, f"`{model.name}` has room for {model.context} tokens, the prompt included")
        report.add("E0301", f"a reply of {decode.max_tokens} tokens leaves no room for a prompt", label)
        return None
    if decode.temperature == 0 and model is not None:
        _report_greedy(repeats, found["retries"], model, settings, report)
    return {**found, "decode": decode}


def _report_greedy(repeats: int, retries: int, model: Model, settings: dict[str, tree.Setting], report: Report) -> None:
    """W0514 for what only a judge that is drawn from can make use of."""
    for name, times in (("repeats", repeats - 1), ("retries", retries)):
        if times:
            label = (settings[name].value.place, f"`{model.name}` writes the same reply each time, and is asked once")
            helps = [f"set a `temperature` above 0, or leave `{name}` out"]
            report.add("W0514", f"`{name}` of a greedy judge are all the same", label, helps=helps)


def can_be_averaged(verdict: Type) -> bool:
    """Whether there is a number or a yes-or-no in the verdict."""
    inner = verdict.item if isinstance(verdict, OptionalType) else verdict
    if isinstance(inner, RecordType):
        return any(can_be_averaged(field.type) for field in inner.fields)
    return inner.kind in ("score", "bool", "int", "float")


def report_not_averaged(verdict: Type, setting: tree.Setting, report: Report) -> None:
    """E0512 for `combine = mean` over verdicts that have no mean."""
    label = (setting.value.place, f"`{verdict.spelled}` holds no rating, number or yes-or-no")
    report.add("E0512", "these verdicts have no mean", label, helps=["write `combine = majority`"])
