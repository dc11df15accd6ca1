"""Arguments of a call against the parameters it takes: positions, names, defaults, and the type of each value."""

from __future__ import annotations

import re
from typing import Any

import attrs

from medspec.check.paths import model_stays_inside
from medspec.readers.base import Setting
from medspec.syntax import tree
from medspec.text.diagnostic import Report
from medspec.text.source import Place
from medspec.text.suggest import nearest

ABSENT = object()
"""Stands for a default where there is none, and for a value that could not be read (which has been reported)."""


@attrs.frozen
class Symbol:
    """A template's parameter that has no value yet; `kind` is `text`, `int`, `float` or `bool`."""

    kind: str


@attrs.frozen
class Rule:
    """One parameter of a built-in call.

    `kind` is `text`, `int`, `float`, `bool`, `texts`, `floats`, `word` (see `choices`), `field`: the name of a field of the row,
    `case`: the name of an enum's case, or true or false, or `model`: the folder of a model, as text.
    `low` and `high` bound a number, or each of several.
    """

    name: str
    kind: str
    default: Any = ABSENT
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


def rules_of(settings: tuple[Setting, ...]) -> tuple[Rule, ...]:
    """The settings of a reader or metric as parameters."""
    return tuple(
        Rule(
            setting.name,
            "word" if setting.choices else setting.kind or _kind_of(setting.default),
            ABSENT if setting.required else setting.default,
            setting.choices,
            setting.low,
            setting.high,
        )
        for setting in settings
    )


def _kind_of(default: Any) -> str:
    if isinstance(default, tuple):
        return "floats" if default and isinstance(default[0], float) else "texts"
    return {bool: "bool", int: "int", float: "float", str: "text"}[type(default)]


def read_arguments(call: tree.Call, rules: tuple[Rule, ...], report: Report, *, values: Any = None) -> dict[str, Any]:
    """The value of each parameter by name. Whatever could not be read is `ABSENT`, and reported."""
    found: dict[str, Any] = {}
    places: dict[str, Place] = {}
    what = f"`{call.path.dotted}`"
    for index, argument in enumerate(call.arguments or ()):
        rule = _rule_for(argument, index, rules, what, report)
        if rule is None:
            continue
        if rule.name in found:
            label = (argument.place, "given again here")
            report.add("E0211", f"{what} is given `{rule.name}` twice", label, (places[rule.name], "first given here"))
            continue
        places[rule.name] = argument.place
        found[rule.name] = read_value(argument.value, rule, report, values=values)  # type: ignore[arg-type]
    for rule in rules:
        if rule.name not in found:
            if rule.default is ABSENT:
                shown = {"case": "CASE", "model": '"encoders/NAME"'}.get(rule.kind)
                helps = [f"write `{call.path.dotted}({rule.name}: {shown})`"] if shown is not None else []
                report.add("E0211", f"{what} needs `{rule.name}`", call.place, helps=helps)
            found[rule.name] = rule.default
    # In the order of the rules, not of the text: what means the same must be equal.
    return {rule.name: found[rule.name] for rule in rules}


def _rule_for(argument: tree.Argument, index: int, rules: tuple[Rule, ...], what: str, report: Report) -> Rule | None:
    if argument.name is None:
        if index < len(rules):
            return rules[index]
        takes = f"takes {len(rules)} argument{'s' if len(rules) != 1 else ''}" if rules else "takes no arguments"
        report.add("E0211", f"{what} {takes}", (argument.place, "one too many"))
        return None
    name = argument.name.name
    rule = next((rule for rule in rules if rule.name == name), None)
    if rule is None:
        names = [rule.name for rule in rules]
        close = nearest(name, names)
        helps = [f"did you mean `{close}`?"] if close else ([f"it takes: {', '.join(names)}"] if names else [])
        report.add("E0211", f"{what} has no parameter `{name}`", argument.name.place, helps=helps)
    return rule


def read_value(value: tree.Value, rule: Rule, report: Report, *, values: Any = None) -> Any:
    """A literal as a Python value of the rule's kind, or `ABSENT` after reporting. `values` are template parameters."""
    found = _plain_value(value, rule, report, values)
    given = found if isinstance(found, tuple) else (found,)
    numbers = [entry for entry in given if isinstance(entry, int | float) and not isinstance(entry, bool)]
    below = rule.low is not None and any(entry < rule.low for entry in numbers)
    above = rule.high is not None and any(entry > rule.high for entry in numbers)
    if not below and not above:
        return found
    ends = f"lies between {rule.low:g} and {rule.high:g}" if rule.high is not None else f"is at least {rule.low:g}"
    report.add("E0301", f"`{rule.name}` {ends}", value.place)
    return ABSENT


def _plain_value(value: tree.Value, rule: Rule, report: Report, values: Any) -> Any:
    if isinstance(value, tree.Call) and value.arguments is None and len(value.path.parts) == 1:
        name = value.path.dotted
        if values and name in values and name not in rule.choices:
            return _from_parameter(name, values[name], value.place, rule, report)
        if rule.kind in ("name", "field"):
            return name
        if rule.kind == "word":
            if name in rule.choices:
                return name
            close = nearest(name, rule.choices)
            helps = [f"did you mean `{close}`?"] if close else []
            title = f"`{rule.name}` is one of {', '.join(rule.choices)}"
            report.add("E0301", title, (value.place, f"`{name}` is none of them"), helps=helps)
            return ABSENT
        if rule.kind == "case":
            return name
    match rule.kind, value:
        case "word", tree.NumberValue(written) if written in rule.choices:
            return written
        case "case", tree.BooleanValue(flag):
            return flag
        case "text", tree.StringValue(text):
            return text
        case "model", tree.StringValue(text):
            return text if model_stays_inside(text, value.place, report) else ABSENT
        case "int", tree.NumberValue() if isinstance(value.number, int):
            return value.number
        case "float", tree.NumberValue():
            return float(value.number)
        case "bool", tree.BooleanValue(flag):
            return flag
        case "texts", tree.ListValue(entries) if all(isinstance(entry, tree.StringValue) for entry in entries):
            return tuple(entry.text for entry in entries)  # type: ignore[union-attr]
        case "floats", tree.ListValue(entries) if entries and all(isinstance(e, tree.NumberValue) for e in entries):
            return tuple(float(entry.number) for entry in entries)  # type: ignore[union-attr]
    report.add(
        "E0301", f"`{rule.name}` needs {_NEEDS[rule.kind]}", (value.place, _what_is(value)), helps=_advice(rule, value)
    )
    return ABSENT


def _from_parameter(name: str, given: Any, place: Place, rule: Rule, report: Report) -> Any:
    """The value of a template's parameter, if it is of the kind the rule asks for."""
    if rule.kind == "word":
        if isinstance(given, Symbol) and given.kind in ("text", "unknown"):
            return rule.choices[0]  # while the template itself is checked, any of the words stands for it
        if given in rule.choices:
            return given
        title = f"`{rule.name}` is one of {', '.join(rule.choices)}"
        report.add("E0301", title, (place, f"`{name}` is none of them"))
        return ABSENT
    kind = given.kind if isinstance(given, Symbol) else _KIND_OF_VALUE.get(type(given), "")
    if rule.kind == "model" and isinstance(given, str):
        return given if model_stays_inside(given, place, report) else ABSENT
    asked = "text" if rule.kind == "model" else rule.kind
    if kind in (asked, "unknown") or (kind == "int" and rule.kind == "float"):
        return given
    report.add("E0301", f"`{rule.name}` needs {_NEEDS[rule.kind]}", (place, f"`{name}` is another kind of value"))
    return ABSENT


_KIND_OF_VALUE = {bool: "bool", int: "int", float: "float", str: "text"}

_NEEDS = {
    "text": 'a text ("...")',
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "texts": 'a list of texts (["...", "..."])',
    "floats": "a list of numbers ([0.5, 0.75])",
    "word": "one of its words",
    "name": "a name",
    "field": "the name of a field of the row, which holds a number",
    "model": 'the folder of a model, as a text ("...")',
    "case": "a case of the answer's enum, or true or false",
}


def _advice(rule: Rule, value: tree.Value | tree.TypeNode) -> list[str]:
    if isinstance(value, tree.StringValue) and value.text in rule.choices:
        return [f"leave out the quotes: `{rule.name}: {value.text}`"]
    return [f"write one of: {', '.join(rule.choices)}"] if rule.kind == "word" else []


def _what_is(value: tree.Value | tree.TypeNode) -> str:
    match value:
        case tree.StringValue() | tree.TextValue():
            return "this is a text"
        case tree.NumberValue():
            return "this is a number"
        case tree.BooleanValue():
            return "this is true or false"
        case tree.ListValue():
            return "this is a list"
        case tree.ObjectValue():
            return "this is an object"
        case _:
            return "this is a name"


def read_version(node: tree.NumberValue | None, report: Report) -> int | None:
    """The meaning version of a task or suite, written `@2`; None where there is none, or after reporting."""
    if node is None:
        return None
    if not isinstance(node.number, int) or node.number < 1:
        report.add("E0301", "a version is a whole number from 1", node.place, helps=["the first version is `@1`"])
        return None
    return node.number


def read_tags(setting: tree.TaskClause | tree.Setting | None, report: Report) -> tuple[str, ...]:
    """`tags = ["a", "b"]`: words without blanks, by which `--select tag:a` finds a declaration."""
    if not isinstance(setting, tree.Setting):
        return ()
    found = read_value(setting.value, Rule("tags", "texts"), report)
    if found is ABSENT:
        return ()
    assert isinstance(setting.value, tree.ListValue)
    for index, (tag, entry) in enumerate(zip(found, setting.value.entries, strict=True)):
        if not re.fullmatch(r"[\w.-]+", tag):
            helps = ["a tag is made of letters, digits, `_`, `-` and `.`"]
            report.add("E0301", f"`{tag}` is no tag" if tag else "a tag is empty", entry.place, helps=helps)
        elif tag in found[:index]:
            report.add("E0211", f"the tag `{tag}` is given twice", entry.place)
    return tuple(found)
