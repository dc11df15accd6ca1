"""From what stands on a command line to checked specs and to the suites and tasks that are meant."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from medspec.cli.output import print_diagnostics, print_for_programs, print_text
from medspec.config import Config
from medspec.errors import CompileFailed, UsageError

if TYPE_CHECKING:
    from medspec.check.check import Checked
    from medspec.check.spec import Spec
    from medspec.plan.judge_nodes import Dialect
    from medspec.plan.nodes import Plan
    from medspec.text.diagnostic import Diagnostic

SUFFIX = ".medspec"


@attrs.frozen
class Asked:
    """What the arguments of a command name: files and folders, or suites and tasks. Either may be empty, not mixed."""

    paths: tuple[Path, ...]
    names: tuple[str, ...]


def sort_arguments(arguments: Sequence[str]) -> Asked:
    """Tell paths from names: a path ends in `.medspec`, has a separator in it, or is a folder or file that exists."""
    paths = [text for text in arguments if _is_path(text)]
    names = [text for text in arguments if not _is_path(text)]
    if paths and names:
        raise UsageError(f"give either paths or names, not both: {paths[0]} is a path, {names[0]} is a name")
    return Asked(tuple(Path(text) for text in paths), tuple(names))


def _is_path(text: str) -> bool:
    separators = {os.sep, os.altsep or os.sep, "/"}
    return text.endswith(SUFFIX) or any(mark in text for mark in separators) or text == "." or Path(text).is_dir()


def check_specs(config: Config, paths: Sequence[Path] = ()) -> Checked:
    """Check the files and folders `paths`, or all of the project's specs."""
    from medspec.check.check import check_paths

    chosen, root = chosen_paths(config, paths)
    return check_paths(chosen, root=root)


def chosen_paths(config: Config, paths: Sequence[Path] = ()) -> tuple[list[Path], Path]:
    """The files and folders that are meant, and the folder module names count from."""
    chosen = [Path(shown_path(path)) for path in paths or _project_specs(config)]
    return chosen, _root(chosen, config)


def _project_specs(config: Config) -> list[Path]:
    """The folder of specs; without one and without settings, the spec files that lie in the working directory itself."""
    if config.specs.is_dir():
        return [config.specs]
    loose = sorted(config.root.glob(f"*{SUFFIX}")) if config.file is None else []
    if not loose:
        raise UsageError(
            f"there is no folder {shown_path(config.specs)} here; name a file or folder with specs, "
            "or say in medspec.toml where they are; `medspec init` starts a project"
        )
    return loose


def _root(paths: Sequence[Path], config: Config) -> Path:
    """The folder module names count from: the project's, or for specs that lie elsewhere the folder they lie in."""
    resolved = [path.resolve() for path in paths]
    if all(path.is_relative_to(config.specs.resolve()) for path in resolved):
        return Path(shown_path(config.specs))
    folders = [path if path.is_dir() else path.parent for path in resolved]
    return Path(shown_path(Path(os.path.commonpath(folders))))


def shown_path(path: Path) -> str:
    """`path` as a person wants to read it: relative to the working directory where it lies below it."""
    resolved, here = path.resolve(), Path.cwd()
    return str(resolved.relative_to(here)) if resolved.is_relative_to(here) else str(path)


def sound_specs(config: Config, paths: Sequence[Path] = (), *, quiet: bool = False) -> Spec:
    """Checked specs without errors; warnings go to the standard error. Raises `CompileFailed` where there are errors."""
    checked = check_specs(config, paths)
    if checked.has_errors:
        raise CompileFailed(checked.diagnostics)
    if not quiet:
        print_diagnostics(checked.diagnostics, sys.stderr)
    return checked.spec


def write_diagnostics(diagnostics: Sequence[Diagnostic], format: str) -> None:
    """Write diagnostics to the standard output as `text`, `json`, `sarif` or `github`."""
    from medspec.text import export

    if format == "json":
        print_for_programs(export.json_lines(diagnostics))
    elif format == "sarif":
        from medspec import __version__
        from medspec.codes import CODES

        print_for_programs(export.sarif(diagnostics, CODES, version=__version__))
    elif format == "github":
        print_text(export.github(diagnostics))
    else:
        print_diagnostics(diagnostics, sys.stdout)


def everything(spec: Spec) -> list[str]:
    """Every suite, and each task that is in none of them: what `medspec compile` compiles when it is told nothing."""
    in_suites = {task.qualified for suite in spec.suites.values() for task, _ in suite.members}
    return [*spec.suites, *(name for name in spec.tasks if name not in in_suites)]


def make_plan(
    spec: Spec, names: Sequence[str], *, level: int, without: Sequence[str], dialect: Dialect | None = None
) -> Plan:
    """One optimised plan of the suites and tasks named, for models that speak `dialect`.

    Raises `UsageError` for an unknown name.
    """
    from medspec.plan.lower import lower
    from medspec.plan.optimise import optimise

    return optimise(lower(spec, names, dialect=dialect), level=level, without=without)


def unfit(plan: Plan, spec: Spec, model: str) -> tuple[Diagnostic, ...]:
    """What the plan asks for that `model` cannot do. Nothing is loaded to find out."""
    from medspec.backends import abilities_of
    from medspec.plan.fit import check_fit

    return check_fit(plan, spec, model, abilities_of(model)).diagnostics
