"""`medspec gc`: shows what no run needs, and removes it when told so."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from medspec.cli.options import format_option
from medspec.cli.output import print_json, print_text
from medspec.cli.specs import make_plan, shown_path, sound_specs
from medspec.config import Config, find_config

if TYPE_CHECKING:
    from medspec.run.unneeded import Unneeded


@click.command()
@click.option("--yes", is_flag=True, help="Remove what is shown.")
@click.option("--cache", is_flag=True, help="Also downloads that no spec of this project names.")
@format_option()
def COMMAND(yes: bool, cache: bool, format: str) -> None:
    """Show what no run needs: half files of killed processes, and runs that were never answered anything.

    With --cache also downloads that no spec of this project names, half ones among them; specs of another project may name them.
    Nothing is removed without --yes. Finished and stopped runs are never touched: remove their folders yourself.
    """
    from medspec.run.unneeded import unneeded

    config = find_config(Path.cwd())
    found = unneeded(config.root / "runs")
    if cache:
        found += _downloads(config)
    if yes:
        for one in found:
            one.remove()
    if format == "json":
        listed = [{"path": str(one.path), "why": one.why, "bytes": one.size} for one in found]
        print_json({"unneeded": listed, "removed": yes})
        return
    for one in found:
        print_text(f"{shown_path(one.path)}  {_size(one.size)}  {one.why}", sys.stdout)
    total = _size(sum(one.size for one in found))
    if not found:
        print_text("nothing is left over", sys.stdout)
    elif yes:
        print_text(f"removed {len(found):,}, {total}", sys.stdout)
    else:
        print_text(f"{len(found):,} can go, {total}; `medspec gc --yes` removes what is shown", sys.stdout)


def _downloads(config: Config) -> list[Unneeded]:
    """What can go from the cache. Raises `CompileFailed` where the specs have errors: then nobody knows what they name."""
    from medspec.run.lock_data import addresses_of
    from medspec.run.unneeded_cache import unneeded_downloads

    spec = sound_specs(config, (), quiet=True)
    names = list(spec.tasks)
    named = addresses_of(make_plan(spec, names, level=0, without=())) if names else ()
    return unneeded_downloads(named)


def _size(count: int) -> str:
    return f"{count:,} bytes" if count < 10_000 else f"{count / 1000:,.0f} kB"
