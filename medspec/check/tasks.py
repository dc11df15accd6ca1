"""Tasks: plain, made from another task, and templates.

A task is gathered first (its own clauses, or those of its base with overrides), then built. A template is built once with
symbolic values, so that its mistakes are found where they are written, and again for each task made from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from medspec.check.answer_words import report_unsaid
from medspec.check.answers import read_answer, read_gold
from medspec.check.arguments import ABSENT, Rule, Symbol, read_tags, read_value, read_version
from medspec.check.bindings import Asked, bind_prompt, match_arguments
from medspec.check.decoding import read_decoding
from medspec.check.egress import check_judged
from medspec.check.metric_fields import report_shown_fields
from medspec.check.metrics import compares, range_of, read_metrics
from medspec.check.prompts import report_shadowing
from medspec.check.references import read_references
from medspec.check.rows import read_rows
from medspec.check.scope import Missing, Scope, meant, report_twice
from medspec.check.shots import NoShots, read_shots, same_rows
from medspec.check.spec import RecordSpec, RowsRef, ShotsSpec, TaskSpec, TemplateSpec
from medspec.check.types import read_type
from medspec.check.verdicts import JudgeCalls
from medspec.check.waivers import Waivers, read_waivers
from medspec.plan.nodes import Reference, Score
from medspec.syntax import tree
from medspec.text.diagnostic import Edit, Report
from medspec.text.source import Place
from medspec.text.suggest import nearest

if TYPE_CHECKING:
    from medspec.check.checker import Checker

SETTINGS = ("data", "prompt", "gold", "unread", "tags")
_UNREAD = Rule("unread", "word", "worst", ("worst", "skip"))


@attrs.frozen
class Clause:
    """One clause of a task and the names it sees."""

    node: tree.TaskClause
    scope: Scope


Clauses = dict[str, Clause]


def check_task(declaration: tree.TaskDecl, checker: Checker, scope: Scope) -> TaskSpec | TemplateSpec | None:
    if declaration.params is not None:
        return _check_template(declaration, checker, scope)
    clauses = gather(declaration, checker, scope)
    return None if clauses is None else _build(declaration, clauses, checker)


def _check_template(declaration: tree.TaskDecl, checker: Checker, scope: Scope) -> TemplateSpec | None:
    assert declaration.params is not None
    values: dict[str, Any] = {}
    before = len(checker.report.found)
    for param in declaration.params.entries:
        report_shadowing(param.name, scope)
        values[param.name.name] = _symbolic(param, checker, scope)
    clauses = _own_clauses(declaration, scope.with_values(values))
    _build(declaration, clauses, checker)
    if any(diagnostic.is_error for diagnostic in checker.report.found[before:]):
        return None
    return TemplateSpec(
        name=declaration.name.name,
        module=scope.module.name,
        place=declaration.name.place,
        doc=declaration.doc,
        parameters=tuple((param.name.name, param.type.place.text) for param in declaration.params.entries),
    )


def _symbolic(param: tree.Param, checker: Checker, scope: Scope) -> Any:
    """What stands for a parameter while the template itself is checked."""
    record = rows_record(param, checker, scope)
    if record is not None:
        return RowsRef(None, None, "", record if isinstance(record, RecordSpec) else None)
    type_ = read_type(param.type, checker, scope)
    if type_.kind not in ("text", "int", "float", "bool", "unknown"):
        helps = ["a task's parameter is `rows<Record>`, `text`, `int`, `float` or `bool`"]
        scope.report.add("E0301", f"a task cannot take `{type_.spelled}`", param.type.place, helps=helps)
        return Symbol("unknown")
    return Symbol(type_.kind)


def rows_record(param: tree.Param, checker: Checker, scope: Scope) -> RecordSpec | Missing | None:
    """The record of a parameter `rows<Record>`; None when the parameter is something else."""
    node = param.type
    if not isinstance(node, tree.GenericType) or node.name.name != "rows":
        return None
    if not isinstance(node.item, tree.NamedType):
        scope.report.add("E0301", "`rows<...>` needs the name of a record", node.item.place)
        return Missing()
    found = checker.declared(node.item.path, scope, "record", (tree.RecordDecl,))
    return Missing() if found is None else found


def gather(declaration: tree.TaskDecl, checker: Checker, scope: Scope) -> Clauses | None:
    """The clauses of a task by name, its base's first; None when the base cannot be used."""
    if declaration.base is None:
        return _own_clauses(declaration, scope)
    found = scope.find(declaration.base.path, "task", kinds=(tree.TaskDecl,))
    if isinstance(found, Missing):
        return None
    base: tree.TaskDecl = found.declaration  # type: ignore[assignment]
    if checker.checked(found.module, base) is None:
        return None
    base_scope = checker.scope(found.module)
    if base.params is not None:
        values = _bind_arguments(declaration.base, base, checker, scope, base_scope)
        if values is None:
            return None
        clauses = _own_clauses(base, base_scope.with_values(values))
    else:
        if declaration.base.arguments:
            label = (declaration.base.place, "takes no arguments")
            scope.report.add("E0211", f"`{base.name.name}` is no template", label, (base.name.place, "declared here"))
        inherited = gather(base, checker, base_scope)
        if inherited is None:
            return None
        clauses = inherited
    _apply_overrides(declaration, clauses, scope)
    return clauses


def _apply_overrides(declaration: tree.TaskDecl, clauses: Clauses, scope: Scope) -> None:
    """Change what the base sets, by `override`, and add what it does not set."""
    for key, added in _own_clauses(declaration, scope).items():
        if key in clauses:
            place = key_of(added.node)[1]
            edits = [] if " " in key else [Edit(Place(place.source, place.start, place.start), "override ")]
            helps = [f"to change it, write `override {key}`" if edits else "leave one of them out"]
            scope.report.add("E0208", f"`{key}` is set by the base", place, helps=helps, edits=edits)
        else:
            clauses[key] = added
    seen: dict[str, tree.Override] = {}
    for override in declaration.overrides:
        key, place = key_of(override.clause)
        if key in seen:
            report_twice(key, "this task", key_of(seen[key].clause)[1], place, scope.report)
        elif key not in clauses:
            close = nearest(key, clauses)
            helps = [f"did you mean `{close}`?"] if close else [f"the base sets: {', '.join(clauses)}"]
            title = f"`override {key}`, but the base does not set `{key}`"
            scope.report.add("E0208", title, place, helps=helps)
        else:
            clauses[key] = Clause(override.clause, scope)
        seen[key] = override


def key_of(clause: tree.TaskClause) -> tuple[str, Any]:
    """The name of a clause, and where it stands."""
    match clause:
        case tree.Setting(key):
            return key.name, key.place
        case tree.Answer():
            return "answer", _first_word(clause.place, "answer")
        case tree.DecodeBlock():
            return "decode", _first_word(clause.place, "decode")
        case tree.Metrics():
            return "metrics", _first_word(clause.place, "metrics")
        case tree.Shots():
            return "shots", _first_word(clause.place, "shots")
        case tree.Reference(name):
            return f'reference "{name.text}"', name.place
        case tree.Waive(code):
            return f"waive {code.name}", code.place


def _first_word(place: Place, word: str) -> Place:
    return Place(place.source, place.start, place.start + len(word))


def _own_clauses(declaration: tree.TaskDecl, scope: Scope) -> Clauses:
    clauses: Clauses = {}
    for clause in declaration.clauses:
        key, place = key_of(clause)
        if isinstance(clause, tree.Setting) and key not in SETTINGS:
            close = nearest(key, (*SETTINGS, "answer", "decode", "metrics"))
            helps = [f"did you mean `{close}`?"] if close else [f"a task may set: {', '.join(SETTINGS)}"]
            scope.report.add("E0204", f"`{key}` is no setting of a task", place, helps=helps)
        elif key in clauses:
            report_twice(key, "this task", key_of(clauses[key].node)[1], place, scope.report)
        else:
            clauses[key] = Clause(clause, scope)
    return clauses


def _bind_arguments(
    call: tree.Call, template: tree.TaskDecl, checker: Checker, scope: Scope, base_scope: Scope
) -> Mapping[str, Any] | None:
    """The template's parameters by name, from the arguments of `call`; None after reporting."""
    assert template.params is not None
    rules = {param.name.name: param for param in template.params.entries}
    what, place = f"`{call.path.dotted}`", template.params.place
    given, clean = match_arguments(call, list(rules), what, place, scope, "the parameters")
    values: dict[str, Any] = {}
    for name, param in rules.items():
        value = param.default if name not in given else given[name].value
        if value is None and not clean:
            # The argument that was refused may have been meant for this parameter.
            continue
        if value is None:
            label = (param.place, "a parameter without a default")
            scope.report.add("E0211", f"{what} needs `{name}`", (call.place, "not given here"), label)
            clean = False
            continue
        in_scope = scope if name in given else base_scope
        values[name] = _argument_value(param, value, checker, in_scope, base_scope)  # type: ignore[arg-type]
        clean &= values[name] is not ABSENT
    return values if clean else None


def _argument_value(param: tree.Param, value: tree.Value, checker: Checker, scope: Scope, base_scope: Scope) -> Any:
    record = rows_record(param, checker, base_scope)
    if record is None:
        kind = read_type(param.type, checker, base_scope).kind
        return read_value(value, Rule(param.name.name, kind), scope.report, values=scope.values)
    rows = read_rows(value, checker, scope)
    if rows is None:
        return ABSENT
    if isinstance(record, RecordSpec) and rows.record is not None and rows.record.qualified != record.qualified:
        scope.report.add(
            "E0301",
            f"`{param.name.name}` needs rows of `{record.name}`",
            (value.place, f"these are rows of `{rows.record.name}`"),
            (param.place, "the parameter"),
        )
        return ABSENT
    return rows


def _report_missing(declaration: tree.TaskDecl, clauses: Clauses, report: Report) -> None:
    misspelt = meant((clause for clause in declaration.clauses if isinstance(clause, tree.Setting)), SETTINGS)
    missing = [key for key in _EXAMPLES if key not in clauses and key not in misspelt]
    if missing:
        title = f"`{declaration.name.name}` does not say its {', '.join(f'`{key}`' for key in missing)}"
        report.add("E0210", title, declaration.name.place, helps=[_EXAMPLES[key] for key in missing])


def _build(declaration: tree.TaskDecl, clauses: Clauses, checker: Checker) -> TaskSpec | None:
    """A task from its clauses; None when something is missing or wrong, all of which has been reported."""
    report = checker.report
    place = declaration.name.place
    _report_missing(declaration, clauses, report)
    rows = read_rows(clauses["data"].node.value, checker, clauses["data"].scope) if "data" in clauses else None  # type: ignore[union-attr]
    record = rows.record if rows is not None else None
    gold = read_gold(clauses.get("gold"), record, checker, place)
    waivers = read_waivers(_waives(clauses), report)
    shots = read_shots(clauses.get("shots"), clauses.get("data"), rows, waivers, checker)
    has_shots = _has_shots(clauses, shots, declaration)
    asked = None if record is None else Asked(record=record, gold=gold, has_shots=has_shots, waivers=waivers)
    bound = bind_prompt(clauses["prompt"], asked, checker) if "prompt" in clauses else None
    compared = has_shots or "metrics" not in clauses or compares(clauses["metrics"])
    answer = read_answer(clauses["answer"], record, gold, checker, compared=compared) if "answer" in clauses else None
    unread = _read_unread(clauses.get("unread"), waivers)
    judges = JudgeCalls.of(checker, record, gold, None if answer is None else answer.use.answer)
    scores = read_metrics(clauses["metrics"], answer, record, gold, unread, judges) if "metrics" in clauses else None
    report_shown_fields(scores or (), () if bound is None else bound[1], clauses.get("prompt"), waivers, report)
    if bound is not None and answer is not None:
        report_unsaid(*bound, answer, clauses["prompt"].node.value.place, waivers, report)  # type: ignore[union-attr]
    decoding = read_decoding(clauses.get("decode"))
    if rows is None or record is None or gold is None or bound is None or answer is None or scores is None:
        return None
    if shots is None or judges is None or not _may_be_judged(judges, rows, shots, clauses["data"], waivers):
        return None
    waivers.report_unused(_written(declaration), report)
    references = _read_references(clauses, scores, report)
    prompt, bindings = bound
    return TaskSpec(
        name=declaration.name.name,
        module=clauses_module(declaration, checker),
        place=place,
        doc=declaration.doc,
        version=read_version(declaration.version, report),
        rows=_without_held(rows, shots),
        prompt=prompt,
        bindings=bindings,
        reader=answer.use,
        gold=gold,
        **decoding.settings,
        tags=read_tags(clauses["tags"].node, report) if "tags" in clauses else (),
        scores=scores,
        unread=unread,
        shots=None if isinstance(shots, NoShots) else shots,
        references=references,
        waivers=waivers.reasons(),
        judges=judges.judging,
        answer_place=answer.place,
    )


def _has_shots(clauses: Clauses, shots: ShotsSpec | NoShots | None, declaration: tree.TaskDecl) -> bool:
    """Whether rows are shown as examples; in a template it is not known yet how many."""
    return "shots" in clauses and (declaration.params is not None or not isinstance(shots, NoShots))


def _written(declaration: tree.TaskDecl) -> tuple[tree.TaskClause, ...]:
    """The clauses that stand with the task itself; none for a template, since its waivers may be needed by its tasks."""
    if declaration.params is not None:
        return ()
    return (*declaration.clauses, *(override.clause for override in declaration.overrides))


def _may_be_judged(
    judges: JudgeCalls, rows: RowsRef, shots: ShotsSpec | NoShots, data: Clause, waivers: Waivers
) -> bool:
    if judges.uses:
        # Who is under test is known when the task is run.
        waivers.allows("E0703")
    shown = None if isinstance(shots, NoShots) else shots.rows
    place = data.node.value.place  # type: ignore[union-attr]
    scored = _without_held(rows, shots)
    return rows.dataset is None or check_judged(judges.uses, scored, shown, place, waivers, data.scope.report)


def _read_references(clauses: Clauses, scores: tuple[Score, ...], report: Report) -> tuple[Reference, ...]:
    nodes = [clause.node for clause in clauses.values() if isinstance(clause.node, tree.Reference)]
    ranges = {score.label: range_of(score) for score in scores}
    return read_references(nodes, ranges, "this task", report)


def _waives(clauses: Clauses) -> Iterator[tree.Waive]:
    for clause in clauses.values():
        if isinstance(clause.node, tree.Waive):
            yield clause.node


def _without_held(rows: RowsRef, shots: ShotsSpec | NoShots) -> RowsRef:
    """The scored rows: those of their split that are not held out for shots."""
    if isinstance(shots, NoShots) or shots.rows.part is None or not same_rows(shots.rows, rows):
        return rows
    return attrs.evolve(rows, part=attrs.evolve(shots.rows.part, held=False))


_EXAMPLES = {
    "data": "write `data = DATASET.SPLIT`",
    "prompt": "write `prompt = NAME`",
    "answer": "write `answer TYPE via READER`",
    "metrics": "write `metrics { primary accuracy }`",
}


def clauses_module(declaration: tree.TaskDecl, checker: Checker) -> str:
    """The module a declaration stands in."""
    path = declaration.place.source
    return next(name for name, module in checker.modules.items() if module.tree.source is path)


def _read_unread(clause: Clause | None, waivers: Waivers) -> str:
    if clause is None:
        return "worst"
    assert isinstance(clause.node, tree.Setting)
    value = read_value(clause.node.value, _UNREAD, clause.scope.report)
    if value == "skip" and not waivers.allows("W0509"):
        clause.scope.report.add(
            "W0509",
            "`unread = skip` takes unread rows out of the denominator",
            (clause.node.place, "the score is then over the readable rows only"),
            notes=["a model that answers only when it is sure looks better than it is"],
            helps=["leave it out: an unread row counts as wrong"],
        )
    return "worst" if value is ABSENT else str(value)
