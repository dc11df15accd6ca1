"""Options that several commands share, written once so that they read the same everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Callback = TypeVar("Callback", bound=Callable[..., Any])

CHECK_FORMATS = ("text", "json", "sarif", "github")
"""How diagnostics can be written: for people, as JSON lines, as SARIF 2.1.0, as annotations of a GitHub workflow."""


def format_option(*choices: str) -> Callable[[Callback], Callback]:
    """`--format`, `text` unless said otherwise. Without arguments the choice is `text` or `json`."""
    return click.option(
        "--format",
        "format",
        type=click.Choice(choices or ("text", "json")),
        default="text",
        show_default=True,
        help="How to write the result.",
    )


def quiet_option() -> Callable[[Callback], Callback]:
    """`--quiet`: only results and errors."""
    return click.option("-q", "--quiet", is_flag=True, help="Write results and errors only.")


def data_option() -> Callable[[Callback], Callback]:
    """`--data`, any number of times."""
    return click.option(
        "--data",
        multiple=True,
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="A folder to look for data in, before all others. Can be given several times.",
    )


def level_options() -> Callable[[Callback], Callback]:
    """`-O` and `--without`: how far the plan is optimised. No choice of them moves a number."""

    def decorate(callback: Callback) -> Callback:
        level = click.option(
            "-O", "level", type=click.IntRange(0, 1), default=1, show_default=True, help="0: the plan as it is written."
        )
        without = click.option("--without", multiple=True, metavar="PASS", help="Leave out one pass; can be repeated.")
        return level(without(callback))

    return decorate
