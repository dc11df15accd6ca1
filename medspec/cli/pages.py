"""Pages about specs, in Markdown: one for each module and an index. What is said comes from the specs alone.

Doc comments (`##`) are taken as they are, so they may use Markdown. Pages link to each other by the names of their files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from medspec.check.module import Module
from medspec.check.spec import (
    DatasetSpec,
    Declared,
    EnumSpec,
    PhraseSpec,
    PromptSpec,
    RecordSpec,
    RowsRef,
    Spec,
    SuiteSpec,
    TaskSpec,
)
from medspec.metrics import find_metric
from medspec.plan.graph import declarations
from medspec.plan.nodes import Constant, Reference, TurnPlan
from medspec.plan.words import aggregate_words, errata_words, metric_words, spell
from medspec.readers import READERS
from medspec.syntax.format import format_tree
from medspec.syntax.spell_template import spell_template

HEADINGS = {
    "suite": "Suites",
    "task": "Tasks",
    "template": "Templates of tasks",
    "dataset": "Datasets",
    "prompt": "Prompts",
    "phrase": "Phrases",
    "judge": "Judges",
    "panel": "Panels",
    "model": "Models",
    "dialect": "Dialects",
    "record": "Records",
    "enum": "Enums",
}
"""Kinds in the order of a page."""


def pages(spec: Spec, modules: Mapping[str, Module], suffix: str = ".md") -> dict[str, str]:
    """The text of each page by its file name. `suffix` is that of the files that links lead to."""
    by_module: dict[str, list[tuple[str, Declared]]] = {}
    for (kind, _), declared in declarations(spec):
        by_module.setdefault(declared.module, []).append((kind, declared))
    found = {"index": _index(spec, modules, by_module, suffix)}
    for name in sorted(by_module):
        found[name] = _Page(name, modules, suffix).text(by_module[name])
    return found


def _index(
    spec: Spec, modules: Mapping[str, Module], by_module: Mapping[str, list[tuple[str, Declared]]], suffix: str
) -> str:
    lines = ["# Specs", ""]
    suites = sorted(spec.suites.values(), key=lambda suite: suite.qualified)
    if suites:
        lines += [
            "## Suites",
            "",
            *_table(("suite", "tasks", "about"), (_suite_row(one, suffix) for one in suites)),
            "",
        ]
    lines += ["## Modules", ""]
    rows = (
        (
            f"[{name}]({name}{suffix})",
            ", ".join(_counted(found, kind) for kind in HEADINGS if any(one == kind for one, _ in found)),
            _sentence(modules[name].tree.doc),
        )
        for name, found in sorted(by_module.items())
    )
    lines += _table(("module", "declares", "about"), rows)
    return "\n".join(lines) + "\n"


def _suite_row(suite: SuiteSpec, suffix: str) -> tuple[str, ...]:
    title = _link(suite, _titled(suite), suffix)
    return (title, str(len(suite.members)), _sentence(suite.doc))


def _counted(found: list[tuple[str, Declared]], kind: str) -> str:
    count = sum(one == kind for one, _ in found)
    return f"{count} {kind}" if count == 1 else f"{count} {HEADINGS[kind].lower()}"


@attrs.frozen
class _Page:
    """The page of the module `name`."""

    name: str
    modules: Mapping[str, Module]
    suffix: str

    def text(self, found: list[tuple[str, Declared]]) -> str:
        module = self.modules[self.name].tree
        path = module.source.path.replace("\\", "/")
        lines = [f"# {self.name}", "", f"`{path}`", "", *_paragraph(module.doc)]
        for kind, heading in HEADINGS.items():
            entries = sorted((one for one_kind, one in found if one_kind == kind), key=lambda one: one.place.start)
            if not entries:
                continue
            lines += [f"## {heading}", ""]
            for declared in entries:
                lines += [f"### {_titled(declared)}", "", *_paragraph(declared.doc), *self._about(declared), ""]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip("\n") + "\n"

    def _about(self, declared: Declared) -> Iterator[str]:
        match declared:
            case SuiteSpec():
                yield from self._suite(declared)
            case TaskSpec():
                yield from self._task(declared)
            case DatasetSpec():
                yield from self._dataset(declared)
            case PromptSpec():
                yield from self._prompt(declared)
            case PhraseSpec():
                value = declared.value
                yield from _fence(value.value if isinstance(value, Constant) else spell(value), "text")
            case RecordSpec():
                nodes = self._tree(declared).fields
                rows = ((f"`{one.name.name}`", f"`{_one_line(one)}`", " ".join(one.doc)) for one in nodes)
                yield from _table(("field", "type", "about"), rows)
            case EnumSpec():
                docs = {one.name.name: " ".join(one.doc) for one in self._tree(declared).cases}
                rows = ((f"`{case.name}`", case.text, docs.get(case.name, "")) for case in declared.type.cases)
                yield from _table(("case", "text", "about"), rows)
            case _:
                yield from _fence(self._written(declared), "medspec")

    def _suite(self, suite: SuiteSpec) -> Iterator[str]:
        rows = (
            (
                self._to(task),
                f"{weight:g}",
                next(score.label for score in task.scores if score.primary),
                " ".join(task.doc),
            )
            for task, weight in suite.members
        )
        yield from _table(("task", "weight", "primary metric", "about"), rows)
        yield ""
        names = f"[{', '.join(task.name for task, _ in suite.members)}]"
        short = f"all {len(suite.members)} tasks" if len(suite.members) > 2 else names
        yield from (f"- `{one.name}` = {aggregate_words(one).replace(names, short, 1)}" for one in suite.aggregates)
        interval = suite.interval
        yield f"- intervals: {interval.method}, level {interval.level:g}"
        yield from ([f"- slices: {', '.join(suite.slices)}"] if suite.slices else [])
        yield from _tags(suite.tags)
        yield ""
        yield from _references(suite.references, [one.name for one in suite.aggregates])

    def _task(self, task: TaskSpec) -> Iterator[str]:
        settings = ", ".join(f"{name}: {spell(value)}" for name, value in task.reader.settings)
        reader = f"`{task.reader.name}`" + (f" ({settings})" if settings else "")
        about = _sentence(task.rows.dataset.doc) if task.rows.dataset is not None else ""
        rows = [("rows", self._rows(task.rows) + (f": {about}" if about else "")), ("prompt", self._to(task.prompt))]
        rows += [("answer", f"`{task.reader.answer.spelled}` via {reader}"), ("gold", f"`{task.gold}`")]
        if task.shots is not None:
            picked = f"picked by {task.shots.pick}" + (
                f", seed {task.shots.seed}" if task.shots.pick == "seeded" else ""
            )
            rows.append(("shots", f"{task.shots.count} from {self._rows(task.shots.rows)}, {picked}"))
        if next(one for one in READERS if one.name == task.reader.name).asks != "logits":
            decode = task.decode
            rows.append(("decode", f"temperature {decode.temperature:g}, at most {decode.max_tokens} tokens"))
        unread = {"worst": "count as wrong", "skip": "are left out"}.get(task.unread, task.unread)
        rows.append(("unread replies", unread))
        yield from _table(("", ""), rows)
        yield ""
        head = ("metric", "as", "what it is", "signature")
        yield from _table(head, (self._metric(score) for score in task.scores))
        yield ""
        yield from _references(task.references, [score.label for score in task.scores])
        yield from (f"- waives {code}: {reason}" for code, reason in task.waivers)
        yield from _tags(task.tags)

    def _metric(self, score: Any) -> tuple[str, ...]:
        metric = find_metric(score.metric)
        label = f"**{score.label}**, primary" if score.primary else score.label
        if metric is None:
            return (f"`{metric_words(score)}`", label, "", "")
        usual = metric.defaults
        # A number says something even where it is the usual one; an empty text or list does not.
        settings = tuple(
            (name, value)
            for name, value in score.settings
            if usual.get(name) != value or (isinstance(value, int | float) and not isinstance(value, bool))
        )
        words = metric_words(attrs.evolve(score, settings=settings))
        return (f"`{words}`", label, metric.summary, f"`{metric.signature.spelled(metric.name)}`")

    def _dataset(self, data: DatasetSpec) -> Iterator[str]:
        rows = [("rows of", self._to(data.record)), ("source", f"`{spell(data.source)}`")]
        rows += [("subsets", ", ".join(data.subsets))] if data.subsets else []
        rows += [("splits", ", ".join(data.splits)), ("licence", data.license or "not stated")]
        rows += [("to get it", data.fetch)] if data.fetch is not None else []
        rows += [("private", "yes: rows do not appear in reports")] if data.private else []
        rows += [("id", f"`{data.id_field}`" if data.id_field else "the number of the row")]
        rows += [(f"split `{name}`", f"`{spell(keep)}`") for name, keep in data.keeps]
        rows += [
            (f"slice `{one.name}`", f"`{spell(one.by if one.by is not None else one.when)}`") for one in data.slices
        ]
        rows += [("errata", f"`{errata_words(data.errata)}`")] if data.errata is not None else []
        rows += [("clustered by", f"`{data.cluster}`")] if data.cluster is not None else []
        yield from _table(("", ""), rows)
        if data.columns:
            yield ""
            columns = ((f"`{field}`", f"`{spell(column)}`") for field, column in data.columns)
            yield from _table(("field", "from"), columns)

    def _prompt(self, prompt: PromptSpec) -> Iterator[str]:
        rows = (
            (f"`{one.name}`", f"`{one.type.spelled}`", f"`{spell(one.default)}`" if one.has_default else "")
            for one in prompt.parameters
        )
        if prompt.parameters:
            yield from _table(("parameter", "type", "default"), rows)
        for turn in prompt.turns:
            yield ""
            yield f"{turn.role}:"
            yield ""
            yield from _fence(_turn_text(turn), "jinja")

    def _rows(self, rows: RowsRef) -> str:
        assert rows.dataset is not None
        parts = ".".join(part for part in (rows.subset, rows.split) if part is not None)
        held = ""
        if rows.part is not None:
            held = f", {rows.part.count} held out" if rows.part.held else f" without the {rows.part.count} held out"
        return f"{self._to(rows.dataset)}, {parts}{held}"

    def _to(self, declared: Declared) -> str:
        return _link(declared, declared.name, "" if declared.module == self.name else self.suffix)

    def _tree(self, declared: Declared) -> Any:
        return self.modules[declared.module].names[declared.name]

    def _written(self, declared: Declared) -> str:
        module = self.modules[declared.module].tree
        own = attrs.evolve(self._tree(declared), doc=())
        return format_tree(attrs.evolve(module, edition=None, imports=(), declarations=(own,)))


def _turn_text(turn: TurnPlan) -> str:
    if turn.file is not None:
        return spell(turn.file)
    # Inside templates a phrase goes by this name.
    return re.sub(r"\bphrase:[\w.]*?(\w+)(?= )", r"\1", spell_template(turn.pieces))


def _one_line(field: Any) -> str:
    written = field.type.place.text + (f" from {field.conversion.place.text}" if field.conversion is not None else "")
    return " ".join(written.split())


def _titled(declared: Declared) -> str:
    version = getattr(declared, "version", None)
    return declared.name if version is None else f"{declared.name} @{version}"


def _link(declared: Declared, text: str, suffix: str) -> str:
    page = f"{declared.module}{suffix}" if suffix else ""
    return f"[{text}]({page}#{anchor(_titled(declared))})"


def anchor(heading: str) -> str:
    """What a heading is linked to by, as code hosts make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _references(references: Sequence[Reference], names: Iterable[str]) -> Iterator[str]:
    """The figures that are published, those of `names` that any of them has."""
    labels = [name for name in names if any(name in dict(one.figures) for one in references)]
    if references:
        yield from _table(("published for", *labels, "source"), (_published(one, labels) for one in references))
        yield ""


def _published(reference: Reference, labels: list[str]) -> tuple[str, ...]:
    figures = dict(reference.figures)
    shown = (f"{figures[label]:g}" if label in figures else "" for label in labels)
    return (reference.name, *shown, reference.source)


def _sentence(doc: tuple[str, ...]) -> str:
    """The first sentence of a doc comment, which may go over several lines."""
    text = " ".join(doc)
    found = re.match(r".*?[.!?](?=\s+[^a-z\s]|$)", text)
    return text if found is None else found[0]


def _tags(tags: tuple[str, ...]) -> list[str]:
    return [f"- tags: {', '.join(tags)}"] if tags else []


def _paragraph(doc: tuple[str, ...]) -> list[str]:
    return [*doc, ""] if doc else []


def _table(head: tuple[str, ...], rows: Any) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|').replace(chr(10), ' ') for cell in row)} |"


def _fence(text: str, language: str) -> Iterator[str]:
    longest = max((len(found) for found in re.findall(r"`+", text)), default=0)
    mark = "`" * max(3, longest + 1)
    yield f"{mark}{language}"
    yield text.rstrip("\n")
    yield mark
