"""`medspec show`: a declaration as it is written, or a task after templates and overrides."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from medspec.cli.options import format_option
from medspec.cli.output import print_json, print_source, print_text
from medspec.cli.specs import chosen_paths, sound_specs
from medspec.config import Config, find_config
from medspec.errors import UsageError

if TYPE_CHECKING:
    from medspec.check.module import Module
    from medspec.check.spec import Declared, Spec, TaskSpec


@click.command()
@click.argument("name")
@click.option("--resolved", is_flag=True, help="A task with all its clauses: no base, no override, no parameter left.")
@format_option()
def COMMAND(name: str, resolved: bool, format: str) -> None:
    """Show a declaration as spec text.

    NAME is what it is called, short or with its module. With --resolved, a task is shown as a module of its own: every clause
    it has from templates and other tasks, parameters filled in, and imports. That module means the same: its two hashes are
    those of the task.
    """
    config = find_config(Path.cwd())
    spec = sound_specs(config, quiet=True)
    kind, declared = _find(spec, name)
    private: tuple[str, ...] = ()
    if resolved:
        if kind != "task":
            raise UsageError(f"`{name}` is a {kind}; only tasks are resolved")
        text, private = _resolved(declared, config)  # type: ignore[arg-type]
    else:
        text = _written(declared, config)
    if format == "json":
        place = {"path": declared.place.source.path, "line": declared.place.line}
        names = {"kind": kind, "name": declared.name, "module": declared.module}
        print_json({**names, **place, "resolved": resolved, "private": list(private), "text": text})
        return
    print_source(text)
    if private:
        print_text(f"private, so only their own module can name them: {', '.join(private)}", sys.stderr)


def _find(spec: Spec, name: str) -> tuple[str, Declared]:
    from medspec.plan.graph import declarations
    from medspec.text.suggest import nearest

    known = list(declarations(spec))
    found = [(kind, one) for (kind, _), one in known if name in (one.name, one.qualified)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(
            f"`{name}` is declared in several modules; write one of: {', '.join(one.qualified for _, one in found)}"
        )
    close = nearest(name, [*(one.name for _, one in known), *(one.qualified for _, one in known)])
    raise UsageError(f"nothing here is named `{name}`" + (f"; did you mean `{close}`?" if close else ""))


def _written(declared: Declared, config: Config) -> str:
    """The text of the declaration with its doc comment, in the one style."""
    import attrs

    from medspec.syntax.format import format_tree

    module = _modules(config)[declared.module]
    own = module.names[declared.name]
    return format_tree(attrs.evolve(module.tree, edition=None, imports=(), declarations=(own,)))


def _resolved(task: TaskSpec, config: Config) -> tuple[str, tuple[str, ...]]:
    from medspec.check.resolved import resolve_task
    from medspec.syntax.format import format_tree

    found = resolve_task(_modules(config), task)
    return format_tree(found.module), found.private


def _modules(config: Config) -> dict[str, Module]:
    from medspec.check.check import load_paths
    from medspec.text.diagnostic import Report

    return load_paths(*chosen_paths(config), Report())
