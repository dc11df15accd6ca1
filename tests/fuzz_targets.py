"""What the fuzzer runs, and what must hold of any text: a value comes back, and nothing is raised.

Each target takes one text. A mistake in it is a diagnostic, and each diagnostic can be drawn. The time for one text, and the
memory, are bounded by the fuzzer (`tests/fuzz/run.py`) and by `tests/fuzz/test_corpus.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from medspec.check import check_text
from medspec.syntax.format import format_source
from medspec.syntax.parse import parse
from medspec.text.diagnostic import Report
from medspec.text.render import render
from medspec.text.source import Source

SPECS = Path(__file__).parents[1] / "specs"

Target = Callable[[str], None]


def parser(text: str) -> None:
    """Any text gives a tree."""
    report = Report()
    module = parse(Source("main.medspec", text), report)
    render(report.diagnostics)
    assert report.has_errors or module.edition is not None


def formatter(text: str) -> None:
    """Any text without mistakes is laid out, keeps its meaning (which the formatter checks), and then stays as it is."""
    report = Report()
    laid_out = format_source(Source("main.medspec", text), report)
    assert (laid_out is None) == report.has_errors
    if laid_out is not None:
        assert format_source(Source("main.medspec", laid_out), Report()) == laid_out


def checker(text: str) -> None:
    """Any text is checked, declaration by declaration, templates and all."""
    render(check_text(text).diagnostics)


def template(text: str) -> None:
    """Any text between the quotes of a prompt is a template or a mistake."""
    quoted = text.replace('"""', '""')
    check = check_text(
        "edition 2026\nrecord Item { name : text  size : float? }\n"
        'prompt ask(note: text, items: Item[], options: text[2..5], n: int, flag: bool) { user """'
        + quoted
        + ' """ }\n'
    )
    render(check.diagnostics)


TARGETS: dict[str, Target] = {one.__name__: one for one in (parser, formatter, checker, template)}


def seeds(target: str) -> list[str]:
    """Texts to start from."""
    specs = [path.read_text("utf-8") for path in sorted(SPECS.rglob("*.medspec"))]
    if target != "template":
        return specs
    return [part for text in specs for part in text.split('"""')[1::2]]
