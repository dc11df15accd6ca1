"""Models that are part of the measure: `model NAME { artifact = onnx("judges/clin-8b")  context = 8192 }`.

The artifact says where a model runs, and so whether what it is asked leaves this machine. Nothing is loaded here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medspec.check.arguments import ABSENT, Rule, read_arguments
from medspec.check.judge_specs import DialectSpec, ModelSpec
from medspec.check.paths import model_stays_inside
from medspec.check.setting_blocks import needs, read_settings, settings_in
from medspec.plan.judge_nodes import Model
from medspec.syntax import tree
from medspec.text.suggest import nearest
from medspec.text.web_address import is_web_address

if TYPE_CHECKING:
    from medspec.check.checker import Checker
    from medspec.check.scope import Scope

ARTIFACTS: dict[str, tuple[Rule, ...]] = {
    "onnx": (Rule("path", "text"),),
    "genai": (Rule("path", "text"),),
    "builtin": (Rule("name", "text"),),
    "openai": (Rule("name", "text"), Rule("url", "text")),
}
"""Where a model can come from, and what each takes."""

_RULES = (Rule("context", "int", None, low=1), Rule("revision", "text", None), Rule("family", "text", None))
_SETTINGS = ("artifact", *(rule.name for rule in _RULES), "dialect")
_EXAMPLES = {"artifact": 'artifact = onnx("judges/NAME")'}


def check_model(declaration: tree.ModelDecl, checker: Checker, scope: Scope) -> ModelSpec | None:
    settings = settings_in(declaration.settings, _SETTINGS, "a model", scope.report)
    found, clean = read_settings(settings, _RULES, scope.report)
    dialect: DialectSpec | None = None
    if "dialect" in settings:
        dialect = _dialect(settings["dialect"].value, checker, scope)
        clean &= dialect is not None
    if not needs(("artifact",), settings, declaration.settings, declaration.name, _EXAMPLES, scope.report):
        return None
    artifact = _artifact(settings["artifact"].value, scope)
    if artifact is None or not clean:
        return None
    node = Model(name=declaration.name.name, **artifact, **found, dialect=dialect.node if dialect is not None else None)
    return ModelSpec(
        name=declaration.name.name,
        module=scope.module.name,
        place=declaration.name.place,
        doc=declaration.doc,
        dialect=dialect,
        node=node,
    )


def _dialect(value: tree.Value, checker: Checker, scope: Scope) -> DialectSpec | None:
    if not isinstance(value, tree.Call) or value.arguments is not None:
        scope.report.add("E0301", "`dialect` needs the name of a dialect", value.place)
        return None
    found: DialectSpec | None = checker.declared(value.path, scope, "dialect", (tree.DialectDecl,))
    return found


def _artifact(value: tree.Value, scope: Scope) -> dict[str, Any] | None:
    """Scheme, place and address of an artifact; None after reporting."""
    report = scope.report
    name = value.path.dotted if isinstance(value, tree.Call) else ""
    if not isinstance(value, tree.Call) or name not in ARTIFACTS:
        close = nearest(name, ARTIFACTS) if name else None
        written = ('onnx("DIR")', 'genai("DIR")', 'builtin("NAME")', 'openai("NAME", url: "https://...")')
        helps = [f"did you mean `{close}`?" if close else f"write one of: {', '.join(written)}"]
        title = f"a model cannot come from `{name}`" if name else "an artifact says where the model comes from"
        report.add("E0201" if name else "E0301", title, value.place, helps=helps)
        return None
    found = read_arguments(value, ARTIFACTS[name], report)
    if ABSENT in found.values():
        return None
    place = found.get("path", found.get("name"))
    if not place:
        report.add("E0301", "an artifact needs a name", value.place)
        return None
    if "?" in place or "?" in found.get("url", ""):
        helps = ["whoever runs it gives settings: `--judge NAME=openai:MODEL@URL?key=...`"]
        report.add("E0301", "an artifact has no settings after a `?`", value.place, helps=helps)
        return None
    if "path" in found and not model_stays_inside(place, value.place, report):
        return None
    if "url" in found and not is_web_address(found["url"]):
        helps = ['write the whole address: `url: "https://host/v1"`']
        report.add("E0301", "`url` is an address that begins with https:// or http://", value.place, helps=helps)
        return None
    return {"scheme": name, "place": place, "url": found.get("url")}
