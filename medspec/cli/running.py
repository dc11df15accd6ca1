"""What `run` and `resume` share: a model opened, a plan run into a folder under somebody's eyes, the result shown."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from medspec.cli.output import print_json, print_text
from medspec.cli.specs import shown_path
from medspec.errors import StoreError, UsageError

if TYPE_CHECKING:
    from medspec.backends.base import Backend, Options
    from medspec.plan.nodes import Plan
    from medspec.run.roots import DataRoots


def carry_out(
    plan: Plan,
    model: str,
    options: Options,
    *,
    out: Path | None,
    runs: Path,
    roots: DataRoots,
    limit: int | None,
    fresh: bool,
    keep_going: bool,
    quiet: bool,
    digest: str | None = None,
    judge: tuple[str, ...] = (),
) -> tuple[dict[str, Any], Path]:
    """Run `plan` into `out`, or into a new folder in `runs`; the report and the folder.

    `judge` holds the values of `--judge`. Raises `StoreError` where the model has another digest than `digest`.
    """
    from medspec.backends import open_model
    from medspec.cli.judging import open_judges
    from medspec.cli.progress import progress
    from medspec.run.execute import execute
    from medspec.run.folder import run_folder
    from medspec.run.missing_files import refuse_missing
    from medspec.run.shared_replies import sharing

    # Loading a model takes minutes, and this does not.
    refuse_missing(plan, roots)
    judges = open_judges(judge, plan, roots, attrs.evolve(options, constrain=False))
    backend = open_model(model, options)
    watch = progress(quiet=quiet)
    try:
        _refuse_unfit(model, backend, options, digest)
        _say_where(backend, quiet=quiet)
        with run_folder(out, runs, plan.suite) as folder:
            others = None if fresh else sharing(folder, backend)
            ways = {"options": options, "others": others, "keep_going": keep_going, "watch": watch, "limit": limit}
            report = execute(plan, backend, model=model, out=folder, roots=roots, judges=judges, **ways)  # type: ignore[arg-type]
            return report, folder
    finally:
        watch.finish()
        backend.close()
        judges.close()


def _refuse_unfit(model: str, backend: Backend, options: Options, digest: str | None) -> None:
    if options.constrain and not backend.abilities.constrain:
        raise UsageError(f"`{model}` cannot hold replies to a form: run it without --constrain")
    if digest not in (None, backend.digest):
        raise StoreError(
            f"the model {model} is no longer the one that the run was begun with: its files or settings changed; "
            "bring them back, or start another run"
        )


def require_agreed_model(model: str, what: str, typed: str) -> None:
    """Raises `UsageError` for a remote model that stands in a file and is not agreed to; `typed` is how to name it."""
    from medspec.backends import find_scheme
    from medspec.backends.openai.agreed import require_agreed

    if find_scheme(model).abilities.remote:
        require_agreed(model.partition("?")[0].rpartition("@")[2], what, typed)


def show_report(report: dict[str, Any], folder: Path, format: str) -> None:
    """The result on the standard output: the table, or the report itself."""
    if format == "json":
        print_json(report)
        return
    from medspec.cli.view_report import view_report

    view_report(report, sys.stdout, folder=shown_path(folder))


def _say_where(backend: Backend, *, quiet: bool) -> None:
    """One line when the GPU was wanted and is not used: a run that is slow for no visible reason is a riddle."""
    running = backend.describe()
    # The demonstration models take seconds on any processor.
    if not quiet and running.get("why_cpu") and not running.get("demonstration"):
        print_text(f"running on the CPU: {running['why_cpu']}", sys.stderr)
