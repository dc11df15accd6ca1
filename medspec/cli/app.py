"""The command `medspec`: which commands there are, and what every one of them ends with.

A command lives in a file of its own, is imported when it is asked for, and returns its exit code:

    0   fine                                        3   the run failed
    1   the specs have errors                       4   it ran, and a declared floor was missed
    2   wrong use of the command line               70  our fault

Results go to the standard output, everything else to the standard error. Nothing here imports more than click, so that
`medspec --help` starts about as fast as Python does.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NamedTuple, NoReturn

import click

from medspec import __version__


class Entry(NamedTuple):
    """A member of the catalogue of commands: the attribute `COMMAND` of `module` is the click command."""

    name: str
    module: str
    summary: str


COMMANDS = (
    Entry("init", "medspec.cli.init", "Start a project: a spec with data of its own that compiles and runs."),
    Entry("check", "medspec.cli.check", "Find mistakes in specs."),
    Entry("fmt", "medspec.cli.fmt", "Write specs in the one style."),
    Entry("fix", "medspec.cli.fix", "Mend what can be mended without asking."),
    Entry("compile", "medspec.cli.compile", "Check specs and write their plans to target/."),
    Entry("run", "medspec.cli.run", "Run suites or tasks with a model and score the replies."),
    Entry("fetch", "medspec.cli.fetch", "Download the data that specs name by an address."),
    Entry("resume", "medspec.cli.resume", "Go on with a run that was stopped."),
    Entry("score", "medspec.cli.score", "Score the replies of a run again; no model."),
    Entry("report", "medspec.cli.report", "Show the table of a finished run once more."),
    Entry("compare", "medspec.cli.compare", "Compare two runs on the same rows: differences, intervals, p values."),
    Entry("power", "medspec.cli.power", "Show the smallest differences that the rows of a run can show."),
    Entry("mock", "medspec.cli.mock", "Run on rows and replies invented from the types; no model, no data."),
    Entry(
        "test", "medspec.cli.test", "Run the examples of the specs and try the laws on every task; no model, no data."
    ),
    Entry("explain", "medspec.cli.explain", "Explain a code such as E0304, or the plan of a suite or task."),
    Entry("judge", "medspec.cli.judge", "Compare a judge with people, and take over what people decide."),
    Entry("ls", "medspec.cli.ls", "List what the specs declare."),
    Entry("metrics", "medspec.cli.metrics", "Show the metrics: what they take and give, what unread rows do."),
    Entry("lock", "medspec.cli.lock", "Write down what every task means under its version."),
    Entry("diff", "medspec.cli.diff", "Compare two states of the specs: what changed, and what must be done again."),
    Entry("show", "medspec.cli.show", "Show a declaration, or a task after templates and overrides."),
    Entry("docs", "medspec.cli.docs", "Write a page for each module, from the specs and their doc comments."),
    Entry("gc", "medspec.cli.gc", "Show what no run needs, and remove it."),
    Entry("doctor", "medspec.cli.doctor", "Show versions, the runtime, devices and where files are looked for."),
)


class Commands(click.Group):
    """The group of all commands. It knows their names and summaries without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [entry.name for entry in COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for entry in COMMANDS:
            if entry.name == cmd_name:
                command: click.Command = import_module(entry.module).COMMAND
                return command
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in self.list_commands(ctx) and not name.startswith("-"):
            from medspec.text.suggest import nearest

            guess = nearest(name, self.list_commands(ctx))
            raise click.UsageError(
                f"there is no command `{name}`" + (f"; did you mean `{guess}`?" if guess else ""), ctx
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(entry.name, entry.summary) for entry in COMMANDS])


@click.command(
    cls=Commands,
    name="medspec",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="In a project, `medspec compile` compiles everything and `medspec run` runs the default suite.",
)
@click.version_option(__version__, "-V", "--version", prog_name="medspec", message="%(prog)s %(version)s")
def app() -> None:
    """A compiler for clinical AI benchmarks: check them, compile them, run them, score them."""


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code. `args` is for tests; None: those of the process."""
    arguments = list(sys.argv[1:] if args is None else args)
    if args is None:
        # Rows and replies are many objects without cycles: as often as by default, looking for cycles is a tenth of a run.
        gc.set_threshold(50_000, 20, 20)
    sys.exit(guarded(lambda: _invoke(arguments), arguments))


def _invoke(arguments: list[str]) -> Any:
    if "_MEDSPEC_COMPLETE" in os.environ:
        # A shell asks how to complete a line; click answers and leaves.
        return app.main(arguments, prog_name="medspec")
    # Not `app.main`: it has its own idea of what a closed pipe and Ctrl-C end with.
    with app.make_context("medspec", list(arguments)) as context:
        return app.invoke(context)


def guarded(work: Callable[[], Any], arguments: Sequence[str]) -> int:
    """Do `work` and turn whatever it ends with into an exit code, and into words where there is something to say.

    The one place where exceptions end: usage errors, everything of `medspec.errors`, Ctrl-C, a closed pipe, the
    system's refusals (disk, permissions), and our own faults.
    """
    try:
        code = work()
        sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001  nothing may leave as a traceback
        from medspec.cli.ending import end_of

        return end_of(error, arguments)
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    main()
