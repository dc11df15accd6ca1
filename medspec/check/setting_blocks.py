"""Blocks of plain settings, `{ context = 8192  family = "qwen" }`: known names, each once, each of its kind."""

from __future__ import annotations

from typing import Any

from medspec.check.arguments import ABSENT, Rule, read_value
from medspec.check.scope import settings_of
from medspec.syntax import tree
from medspec.text.diagnostic import Report


def read_settings(
    settings: dict[str, tree.Setting], rules: tuple[Rule, ...], report: Report
) -> tuple[dict[str, Any], bool]:
    """The value of each setting that has a rule, its default where it is not set; and whether all could be read."""
    found: dict[str, Any] = {}
    clean = True
    for rule in rules:
        setting = settings.get(rule.name)
        value = rule.default if setting is None else read_value(setting.value, rule, report)
        clean &= setting is None or value is not ABSENT
        found[rule.name] = rule.default if value is ABSENT else value
    return found, clean


def settings_in(
    clauses: tuple[Any, ...], known: tuple[str, ...], where: str, report: Report
) -> dict[str, tree.Setting]:
    """The settings among `clauses` by name; names that are unknown or given twice are reported."""
    return settings_of(tuple(c for c in clauses if isinstance(c, tree.Setting)), known, where, report)


def needs(
    names: tuple[str, ...],
    settings: dict[str, tree.Setting],
    clauses: tuple[Any, ...],
    declared: tree.Ident,
    examples: dict[str, str],
    report: Report,
) -> bool:
    """Whether all of `names` are set; reports E0210 for those that are not, unless one is only misspelt."""
    from medspec.check.scope import meant

    misspelt = meant((c for c in clauses if isinstance(c, tree.Setting)), (*names, *settings))
    missing = [name for name in names if name not in settings]
    said = [name for name in missing if name not in misspelt]
    if said:
        title = f"`{declared.name}` does not say its {', '.join(f'`{name}`' for name in said)}"
        report.add("E0210", title, declared.place, helps=[f"write `{examples[name]}`" for name in said])
    return not missing
