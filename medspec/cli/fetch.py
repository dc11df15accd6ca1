"""`medspec fetch`: downloads the data that specs name by an address, once. No other command downloads anything unasked."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from medspec.cli.options import quiet_option
from medspec.cli.output import print_text
from medspec.cli.specs import everything, make_plan, sort_arguments, sound_specs
from medspec.config import Config, find_config

if TYPE_CHECKING:
    from medspec.plan.nodes import Plan
    from medspec.run.download import Wanted


@click.command()
@click.argument("things", nargs=-1, metavar="[NAMES|PATHS]")
@click.option("--check", is_flag=True, help="Download nothing; list what is missing, and end with 1 if anything is.")
@quiet_option()
def COMMAND(things: tuple[str, ...], check: bool, quiet: bool) -> int:
    """Download the data of suites and tasks into the cache, from hf://, https:// and s3:// addresses.

    What medspec.lock says of a file is checked. A download that broke off goes on where it was. MEDSPEC_OFFLINE=1 forbids
    downloads; HF_TOKEN is sent to the Hugging Face hub, and to nobody else.
    """
    from medspec.run.fetched import is_fetched

    config = find_config(Path.cwd())
    asked = sort_arguments(things)
    spec = sound_specs(config, asked.paths, quiet=quiet)
    plan = make_plan(spec, asked.names or everything(spec), level=1, without=())
    wanted = wanted_by(plan, config)
    lacking = [one for one in wanted if not is_fetched(one.path)]
    if check:
        for one in lacking:
            print_text(one.path, sys.stdout)
        return 1 if lacking else 0
    download(lacking, quiet=quiet)
    if not quiet:
        print_text(f"{len(lacking):,} fetched, {len(wanted) - len(lacking):,} were there", sys.stdout)
        _tell_by_hand(plan, config)
    return 0


def _tell_by_hand(plan: Plan, config: Config) -> None:
    """Say on the standard error which files are missing that have no address, and where a person gets them."""
    from medspec.run.missing_files import missing_files, missing_lines
    from medspec.run.roots import DataRoots
    from medspec.text.remote_address import is_remote

    roots = DataRoots.of((), config.data)
    by_hand = [file for file in missing_files(plan, roots) if not is_remote(file.path)]
    if by_hand:
        lines = ["by hand, since the specs name no address:", *missing_lines(by_hand, roots)]
        print_text("\n".join(lines), sys.stderr)


def wanted_by(plan: Plan, config: Config) -> list[Wanted]:
    """Every address of `plan`, once, with what medspec.lock says of it."""
    from medspec.cli.locking import lock_file
    from medspec.plan.lock import needed_lock
    from medspec.run.download import Wanted
    from medspec.run.lock_data import addresses_of

    file = lock_file(config)
    tasks = needed_lock(file).tasks.values() if file.is_file() else ()
    digests = {path: digest for task in tasks for path, digest in (task.data or {}).items()}
    return [
        Wanted(path=path, sha256=digests.get(path), dataset=scan.dataset, license=scan.license, fetch=scan.fetch)
        for path, scan in addresses_of(plan).items()
    ]


def download(wanted: list[Wanted], *, quiet: bool) -> None:
    """Download all of `wanted`, and say so on the standard error."""
    from medspec.run.download import Downloads

    if not wanted:
        return
    downloads = Downloads.of_environment()
    for one in wanted:
        if not quiet:
            print_text(f"fetching {one.path}", sys.stderr)
        downloads.fetch(one)
