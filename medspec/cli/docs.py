"""`medspec docs`: a page for each module, from the specs and their doc comments."""

from __future__ import annotations

from pathlib import Path

import click

from medspec.cli.options import format_option, quiet_option
from medspec.cli.output import counted, print_json, print_text
from medspec.cli.specs import chosen_paths, shown_path, sound_specs
from medspec.config import find_config


@click.command()
@click.argument("out", required=False, type=click.Path(path_type=Path), metavar="[OUT]")
@click.option("--html", "as_html", is_flag=True, help="Pages a browser shows, instead of Markdown.")
@format_option()
@quiet_option()
def COMMAND(out: Path | None, as_html: bool, format: str, quiet: bool) -> None:
    """Write a page for each module, and an index.

    What is on them: records with their types, datasets with splits and licences, prompts with their text, tasks with reader,
    metrics and their signatures, suites, and what doc comments (`##`) say. OUT is a folder, target/docs unless said
    otherwise; equal specs give equal pages.
    """
    from medspec.check.check import load_paths
    from medspec.cli.pages import pages
    from medspec.run.whole_files import write_whole
    from medspec.text.diagnostic import Report

    config = find_config(Path.cwd())
    spec = sound_specs(config, quiet=quiet)
    modules = load_paths(*chosen_paths(config), Report())
    folder = out if out is not None else config.root / "target" / "docs"
    suffix = ".html" if as_html else ".md"
    found = pages(spec, modules, suffix)
    for name, text in found.items():
        if as_html:
            from medspec.cli.pages_html import html_page

            text = html_page(name, text, index=None if name == "index" else "index.html")
        write_whole(folder / f"{name}{suffix}", text.encode())
    index = shown_path(folder / f"index{suffix}")
    if format == "json":
        print_json({"index": index, "pages": [shown_path(folder / f"{name}{suffix}") for name in found]})
    else:
        print_text(f"{counted(len(found), 'page')} -> {index}")
