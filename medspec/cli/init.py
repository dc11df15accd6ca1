"""`medspec init`: a first project that compiles, passes its own examples and runs, without a question asked."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from medspec.cli.options import format_option, quiet_option
from medspec.cli.output import print_json, print_text
from medspec.cli.specs import shown_path
from medspec.errors import UsageError


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path), metavar="[DIR]")
@format_option()
@quiet_option()
def COMMAND(folder: Path | None, format: str, quiet: bool) -> None:
    """Start a project: settings, a spec with invented data, and its examples.

    DIR is made where it is missing; without it, the project starts in the working directory. No file is overwritten: where
    one of them is there already, nothing is written.
    """
    from medspec.cli.starter import IGNORED, starter_files
    from medspec.run.whole_files import write_whole

    root = folder if folder is not None else Path()
    files = starter_files()
    taken = [name for name in files if (root / name).exists() or (root / name).is_symlink()]
    if taken:
        raise UsageError(
            f"{shown_path(root / taken[0])} is there already, and nothing was written; name another folder"
        )
    # A file that is there is somebody's own: what is in it is theirs to say.
    if not (root / ".gitignore").exists():
        files[".gitignore"] = IGNORED
    for name, text in files.items():
        write_whole(root / name, text.encode())
    paths = [shown_path(root / name) for name in files]
    commands = ["medspec test", "medspec compile", "medspec run"]
    if format == "json":
        print_json({"written": paths, "next": commands})
        return
    print_text("\n".join(f"wrote {path}" for path in paths))
    if not quiet:
        if root.resolve() != Path.cwd().resolve():
            commands[0] = f"cd {shown_path(root)} && {commands[0]}"
        width = max(map(len, commands))
        notes = ("its examples: no model, no data", "its plan", "on invented replies; then --model builtin:quickstart")
        print_text("next:", sys.stderr)
        for command, note in zip(commands, notes, strict=True):
            print_text(f"  {command:<{width}}   # {note}", sys.stderr)
