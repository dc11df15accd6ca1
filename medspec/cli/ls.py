"""`medspec ls`: what the specs declare, module by module."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from medspec.cli.options import format_option
from medspec.cli.output import counted, print_json, print_text
from medspec.cli.selecting import select_option, selected
from medspec.cli.specs import check_specs
from medspec.config import find_config

if TYPE_CHECKING:
    from medspec.check.judge_specs import JudgeSpec, ModelSpec, PanelSpec
    from medspec.check.spec import DatasetSpec, Declared, Spec, SuiteSpec, TaskSpec

KINDS = (
    "suite", "task", "template", "dataset", "prompt", "phrase", "judge", "panel", "model", "dialect", "record", "enum",
)  # fmt: skip
"""Kinds of declaration, those that can be run first."""


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--kind", type=click.Choice(KINDS), multiple=True, help="Only declarations of this kind; can be repeated."
)
@select_option()
@format_option()
def COMMAND(paths: tuple[Path, ...], kind: tuple[str, ...], select: tuple[str, ...], format: str) -> int:
    """List what the specs declare.

    PATHS are spec files, or folders with spec files. Without any, the project's specs are listed. Specs with mistakes are
    listed as far as they can be understood, and the command ends with 1.
    """
    config = find_config(Path.cwd())
    checked = check_specs(config, paths)
    entries = [entry for entry in listing(checked.spec) if not kind or entry["kind"] in kind]
    if select:
        wanted = set(selected(checked.spec, config, select))
        entries = [entry for entry in entries if (entry["kind"], f"{entry['module']}.{entry['name']}") in wanted]
    if format == "json":
        print_json(entries)
    else:
        print_text(as_text(entries, width=shutil.get_terminal_size().columns if sys.stdout.isatty() else None))
    if checked.has_errors:
        print_text("the specs have mistakes, so this list may be incomplete; see `medspec check`", sys.stderr)
    return 1 if checked.has_errors else 0


def listing(spec: Spec) -> list[dict[str, Any]]:
    """Every declaration as plain JSON, by module, in the order of `KINDS` and then of the text."""
    entries = [
        {
            "kind": kind,
            "name": declared.name,
            "module": declared.module,
            "path": declared.place.source.path,
            "line": declared.place.line,
            "doc": declared.doc[0] if declared.doc else "",
            **_facts(kind, declared),
        }
        for kind, declared in _declarations(spec)
    ]
    return sorted(entries, key=lambda entry: (entry["module"], KINDS.index(entry["kind"]), entry["line"]))


def _declarations(spec: Spec) -> Iterator[tuple[str, Any]]:
    for kind in KINDS:
        for declared in getattr(spec, f"{kind}s").values():
            yield kind, declared


def _facts(kind: str, declared: Declared) -> dict[str, Any]:
    """What is worth knowing about a declaration of this kind, as plain JSON."""
    match kind:
        case "suite":
            suite: SuiteSpec = declared  # type: ignore[assignment]
            tasks = [member.qualified for member, _ in suite.members]
            return {"version": suite.version, "tasks": tasks, "tags": list(suite.tags)}
        case "task":
            task: TaskSpec = declared  # type: ignore[assignment]
            dataset = task.rows.dataset
            return {
                "version": task.version,
                "dataset": dataset.qualified if dataset else None,
                "subset": task.rows.subset,
                "split": task.rows.split,
                "reader": task.reader.name,
                "tags": list(task.tags),
                "metrics": [score.label for score in sorted(task.scores, key=lambda score: not score.primary)],
            }
        case "dataset":
            data: DatasetSpec = declared  # type: ignore[assignment]
            return {"splits": list(data.splits), "license": data.license, "source": data.source.path}
        case "model":
            model = cast("ModelSpec", declared).node
            return {"artifact": f"{model.scheme}:{model.place}", "remote": model.remote}
        case "judge":
            judge = cast("JudgeSpec", declared)
            return {"model": judge.node.model.name, "verdict": judge.verdict.spelled}
        case "panel":
            panel = cast("PanelSpec", declared)
            return {"judges": [judge.qualified for judge in panel.members], "verdict": panel.verdict.spelled}
        case _:
            return {}


def as_text(entries: list[dict[str, Any]], *, width: int | None = None) -> str:
    """The list for people: one block per module. Lines longer than `width` are cut."""
    blocks = []
    for path, group in groupby(entries, key=lambda entry: entry["path"]):
        rows = [(entry["kind"], _titled(entry), _described(entry)) for entry in group]
        widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
        lines = [f"  {row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]}".rstrip() for row in rows]
        blocks.append("\n".join([path, *(_cut(line, width) for line in lines)]))
    return "\n\n".join(blocks)


def _cut(line: str, width: int | None) -> str:
    return line if width is None or len(line) <= width else line[: max(width - 3, 0)] + "..."


def _titled(entry: dict[str, Any]) -> str:
    version = entry.get("version")
    return f"{entry['name']} @{version}" if version else str(entry["name"])


def _described(entry: dict[str, Any]) -> str:
    match entry["kind"]:
        case "suite":
            facts = counted(len(entry["tasks"]), "task")
        case "task":
            parts = ((entry["dataset"] or "?").rpartition(".")[2], entry["subset"], entry["split"])
            facts = f"{'.'.join(part for part in parts if part)} via {entry['reader']}: {', '.join(entry['metrics'])}"
        case "dataset":
            facts = ", ".join(entry["splits"]) + (f"; license {entry['license']}" if entry["license"] else "")
        case "model":
            facts = entry["artifact"] + (", remote" if entry["remote"] else "")
        case "judge":
            facts = f"{entry['model']} -> {entry['verdict']}"
        case "panel":
            facts = f"{', '.join(name.rpartition('.')[2] for name in entry['judges'])} -> {entry['verdict']}"
        case _:
            facts = ""
    return "  ".join(part for part in (facts, f"# {entry['doc']}" if entry["doc"] else "") if part)
