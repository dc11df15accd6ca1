"""The public functions, re-exported lazily by `medspec`.

They are not called `check` and `run`, since these are the names of packages inside `medspec`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medspec.errors import CompileFailed

if TYPE_CHECKING:
    from medspec.backends.base import Options
    from medspec.check import Checked
    from medspec.plan.nodes import Plan


def check_specs(paths: Sequence[str | Path], *, root: str | Path | None = None) -> Checked:
    """Check files or folders of specs. `root` is the folder module names count from; the first path by default.

    Gives `.spec` and `.diagnostics`; nothing raises for a wrong spec. Raises `DataError` for a path that is not there.
    """
    from medspec.check import check_paths

    found = [Path(path) for path in paths]
    base = Path(root) if root is not None else (found[0] if found[0].is_dir() else found[0].parent)
    return check_paths(found, root=base)


def compile_specs(paths: Sequence[str | Path], *names: str, root: str | Path | None = None, level: int = 1) -> Plan:
    """The optimised plan of the named suites and tasks. Raises `CompileFailed` when the specs have errors."""
    from medspec.plan.lower import lower
    from medspec.plan.optimise import optimise

    checked = check_specs(paths, root=root)
    if checked.has_errors:
        raise CompileFailed(checked.diagnostics)
    return optimise(lower(checked.spec, names), level=level)


def run_plan(
    plan: Plan,
    model: str,
    *,
    out: str | Path | None = None,
    data: Sequence[str | Path] = (),
    limit: int | None = None,
    options: Options | None = None,
    fresh: bool = False,
    keep_going: bool = False,
) -> dict[str, Any]:
    """Run a plan with the model called `model` and return the report. `data` are folders with data files.

    Replies that another run in the same folder got from the same model are used again, unless `fresh`. With
    `keep_going` rows that cannot be used are set aside and counted.
    Raises `RunError` in one of its kinds; see `medspec.errors`.
    """
    from medspec.backends import open_model
    from medspec.backends.base import Options as Defaults
    from medspec.run.execute import execute
    from medspec.run.folder import run_folder
    from medspec.run.roots import DataRoots
    from medspec.run.shared_replies import sharing

    options = options or Defaults()
    backend = open_model(model, options)
    try:
        with run_folder(None if out is None else Path(out), Path("runs"), plan.suite) as folder:
            others = None if fresh else sharing(folder, backend)
            roots = DataRoots.of(data)
            return execute(
                plan,
                backend,
                model=model,
                out=folder,
                roots=roots,
                limit=limit,
                options=options,
                others=others,
                keep_going=keep_going,
            )
    finally:
        backend.close()
