"""`medspec gc`: shows what no run needs, and removes it when told so."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from medspec.cli.options import format_option
from medspec.cli.output import print_json, print_text
from medspec.cli.specs import shown_path
from medspec.config import find_config


@click.command()
@click.option("--yes", is_flag=True, help="Remove what is shown.")
@format_option()
def COMMAND(yes: bool, format: str) -> None:
    """Show what no run needs: half files of killed processes, and runs that were never answered anything.

    Nothing is removed without --yes. Finished and stopped runs are never touched: remove their folders yourself.
    """
    from medspec.run.unneeded import unneeded

    found = unneeded(find_config(Path.cwd()).root / "runs")
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


def _size(count: int) -> str:
    return f"{count:,} bytes" if count < 10_000 else f"{count / 1000:,.0f} kB"
