"""Texts that stand in files: `from json("prompts.json", key: "a.b") { sha256 = "..." placeholders = dollar }`.

Checking never reads them: the sha256 says which text is meant, and it is read, compared and checked when data are.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Any

from medspec.check.arguments import ABSENT, Rule, read_arguments, read_value
from medspec.check.scope import Scope, settings_of
from medspec.plan.nodes import TextFile
from medspec.syntax import tree

PLACEHOLDERS = ("none", "braces", "double_braces", "dollar")
_FORMS = {"json": (Rule("path", "text"), Rule("key", "text")), "text": (Rule("path", "text"),)}


def read_text_file(node: tree.TextFile, scope: Scope, *, parameters: tuple[str, ...] = ()) -> TextFile | None:
    """The file a text is taken from; None after reporting. `parameters` are the names its holes may fill."""
    form = node.source.path.dotted
    if form not in _FORMS:
        helps = ['write `from json("file.json", key: "a.b")` or `from text("file.txt")`']
        scope.report.add("E0201", f"a text cannot be taken from `{form}`", node.source.path.place, helps=helps)
        return None
    found = read_arguments(node.source, _FORMS[form], scope.report)
    settings = settings_of(
        node.settings,
        ("sha256", "revision", "after", "before", "placeholders", "names"),
        "a text from a file",
        scope.report,
    )
    if "sha256" not in settings and "revision" not in settings:
        scope.report.add(
            "E0210",
            "a text from a file needs its `sha256`",
            (node.source.place, "which text is meant?"),
            helps=['write `{ sha256 = "..." }`: the hex sha256 of the text as UTF-8'],
        )
        return None
    digest, revision, after, before = (_text(settings.get(name), name, scope) for name in _TEXTS)
    placeholders = "none"
    if "placeholders" in settings:
        rule = Rule("placeholders", "word", "none", PLACEHOLDERS)
        placeholders = read_value(settings["placeholders"].value, rule, scope.report)
    names = _names(settings.get("names"), parameters, scope)
    if ABSENT in (*found.values(), digest, revision, after, before, placeholders) or names is None:
        return None
    if digest is not None and not re.fullmatch(r"[0-9a-f]{64}", digest):
        scope.report.add("E0301", "a sha256 is 64 hex digits, in small letters", settings["sha256"].value.place)
        return None
    path = PurePosixPath(found["path"])
    if path.is_absolute() or ".." in path.parts:
        scope.report.add("E0603", "a data path must stay inside the data root", node.source.place)
        return None
    return TextFile(
        path=found["path"],
        key=found.get("key"),
        sha256=digest,
        revision=revision,
        after=after,
        before=before,
        placeholders=placeholders,
        names=names,
        folder=str(Path(node.place.source.path).parent),
    )


_TEXTS = ("sha256", "revision", "after", "before")


def _text(setting: tree.Setting | None, name: str, scope: Scope) -> Any:
    return None if setting is None else read_value(setting.value, Rule(name, "text"), scope.report)


def _names(
    setting: tree.Setting | None, parameters: tuple[str, ...], scope: Scope
) -> tuple[tuple[str, str], ...] | None:
    """`names = { parameter = "placeholder" }` as pairs."""
    if setting is None:
        return ()
    if not isinstance(setting.value, tree.ObjectValue):
        helps = ['write `names = { question = "Question" }`']
        scope.report.add("E0301", "`names` maps parameters to placeholders", setting.value.place, helps=helps)
        return None
    known = settings_of(setting.value.entries, parameters, "this prompt's parameters", scope.report)
    pairs = []
    for name, entry in known.items():
        text = read_value(entry.value, Rule(name, "text"), scope.report)
        if text is ABSENT:
            return None
        pairs.append((name, text))
    return tuple(pairs)
