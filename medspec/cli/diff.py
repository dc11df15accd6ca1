"""`medspec diff`: two states of the specs, and what has to be done again because of what changed between them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from medspec.cli.options import format_option
from medspec.cli.output import print_json, print_text
from medspec.cli.specs import check_specs
from medspec.config import Config, find_config
from medspec.errors import CompileFailed, UsageError

if TYPE_CHECKING:
    from medspec.check.check import Checked
    from medspec.check.spec import Spec
    from medspec.plan.state import State


@click.command()
@click.argument("states", nargs=-1, metavar="[OLD] [NEW]")
@format_option()
def COMMAND(states: tuple[str, ...], format: str) -> int:
    """Compare two states of the specs: what changed, and what must be done again.

    A state is a plan (target/NAME.plan.json), a medspec.lock, a spec file or a folder of specs, or a git revision of this
    project. `A..B` are two revisions. With OLD alone, it is compared with the specs as they are; with neither, medspec.lock
    is. Ends with 0, or with 1 where a task changed its meaning and kept its version.
    """
    from medspec.plan.diff import as_json, diff
    from medspec.plan.diff_text import diff_text

    config = find_config(Path.cwd())
    old, new = _sides(states, config)
    found = diff(_state(old, config), _state(new, config))
    if format == "json":
        print_json(as_json(found))
    else:
        print_text(diff_text(found))
    return 1 if any(one.needs is not None for one in found) else 0


def _sides(states: tuple[str, ...], config: Config) -> tuple[str, str | None]:
    """What is compared with what; None is the project's specs as they are."""
    match states:
        case ():
            from medspec.cli.locking import lock_file

            if not lock_file(config).is_file():
                raise UsageError(
                    "say what to compare: medspec diff OLD NEW; without, medspec.lock is, and there is none"
                )
            return str(lock_file(config)), None
        case (one,) if ".." in one and not Path(one).exists():
            before, _, after = one.partition("..")
            return before or "HEAD", after.lstrip(".") or "HEAD"
        case (one,):
            return one, None
        case (one, two):
            return one, two
    raise UsageError(f"two states are compared, and {len(states)} are given")


def _state(name: str | None, config: Config) -> State:
    from medspec.plan.state import state_of_spec

    if name is None:
        return state_of_spec(_sound(check_specs(config)))
    path = Path(name)
    if path.is_dir() or (path.is_file() and name.endswith(".medspec")):
        return state_of_spec(_sound(check_specs(config, [path])))
    if path.is_file():
        return _state_in_file(path)
    if path.suffix in (".json", ".lock", ".medspec"):
        raise UsageError(f"there is no file {name}")
    return _state_of_revision(name, config)


def _state_in_file(path: Path) -> State:
    from medspec.plan.form import from_json
    from medspec.plan.lock import from_text
    from medspec.plan.state import state_of_plan

    try:
        text = path.read_text("utf-8")
        return from_text(text) if '"medspec_lock"' in text else state_of_plan(from_json(text))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} is neither a plan nor a lock: {error}") from error


def _state_of_revision(revision: str, config: Config) -> State:
    from tempfile import TemporaryDirectory

    from medspec.check.check import check_paths
    from medspec.cli.revisions import unpack
    from medspec.plan.state import state_of_spec

    with TemporaryDirectory(prefix="medspec-diff-") as folder:
        specs = unpack(revision, config.root, config.specs, Path(folder))
        checked = check_paths([specs], root=specs)
        if checked.has_errors:
            # Their places are in a folder that is gone in a moment.
            first = next(one for one in checked.diagnostics if one.is_error)
            where = f"{Path(first.place.source.path).relative_to(specs)}:{first.place.line}"
            raise UsageError(
                f"the specs of `{revision}` have errors; the first is {first.code} in {where}: {first.title}"
            )
        return state_of_spec(checked.spec)


def _sound(checked: Checked) -> Spec:
    if checked.has_errors:
        raise CompileFailed(checked.diagnostics)
    return checked.spec
