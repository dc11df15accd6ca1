"""Published figures beside what a run measured, as a person reads them.

A few are told in a line each. Of many, the two between which the measured number lies are shown, one line for each task and
suite; `medspec report RUN --references` shows all of them, with the run in its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from medspec.cli.view_numbers import number
from medspec.text.cells import safe

if TYPE_CHECKING:
    from rich.table import Table

FEW = 8
"""So many figures are all shown after a run."""

_NO_MODELS = ("invented", "mock")

HERE = "this run"


@attrs.frozen(kw_only=True)
class Published:
    """What is published for one task, or for the suite, beside the numbers of the run by the same names."""

    of: str
    figures: Mapping[str, Mapping[str, Any]]
    measured: Mapping[str, float | None]
    label: str
    """The number by which is compared."""

    @property
    def labels(self) -> list[str]:
        """The names of all figures, in the order in which they come."""
        return list(dict.fromkeys(label for one in self.figures.values() for label in one if label != "source"))

    @property
    def value(self) -> float | None:
        """What the run measured, None where that is nothing."""
        return self.measured.get(self.label)

    def nearest(self) -> tuple[tuple[str, float] | None, tuple[str, float] | None]:
        """Name and figure of the next above what was measured, and of the next that is not."""
        if self.value is None:
            return None, None
        here = self.value
        known = [(name, float(one[self.label])) for name, one in self.figures.items() if self.label in one]
        above = min((one for one in known if one[1] > here), key=lambda one: one[1], default=None)
        return above, max((one for one in known if one[1] <= here), key=lambda one: one[1], default=None)


def published(report: Mapping[str, Any]) -> list[Published]:
    """Everything that is published for the suite of a report and for its tasks; nothing is compared with what was invented."""
    found: list[Published] = []
    if report["model"].get("backend") in _NO_MODELS:
        return found
    if report.get("references"):
        found.append(_published(report["suite"], report, report.get("aggregates") or {}, None))
    for name, task in report["tasks"].items():
        if task.get("references"):
            found.append(_published(name, task, task["metrics"], task.get("primary")))
    return found


def _published(of: str, entry: Mapping[str, Any], numbers: Mapping[str, Any], primary: str | None) -> Published:
    figures = entry["references"]
    measured = {label: number["value"] for label, number in numbers.items()}
    shared = [label for label in measured if any(label in one for one in figures.values())]
    label = primary if primary in shared else next(iter(shared), "")
    return Published(of=of, figures=figures, measured=measured, label=label)


def count(report: Mapping[str, Any]) -> int:
    """How many lines all published figures of a report take."""
    return sum(len(one.figures) for one in published(report))


def sentences(report: Mapping[str, Any]) -> Iterator[str]:
    """Each published model in a line, with its source."""
    for one in published(report):
        for model, figures in one.figures.items():
            values = ", ".join(f"{label} {number(value)}" for label, value in figures.items() if label != "source")
            yield f"{one.of}: published for {model}: {values} ({figures['source']})"


def heading(report: Mapping[str, Any]) -> str:
    """What stands over a table: where the figures are from, if all are from one place."""
    sources = {str(figures["source"]) for one in published(report) for figures in one.figures.values()}
    return f"Published figures ({sources.pop()})" if len(sources) == 1 else "Published figures"


def nearest_table(report: Mapping[str, Any], *, ascii: bool) -> Table:
    """For each task and suite: what was measured, between which published figures that lies, and how many there are."""
    table = _table(ascii)
    for title in ("", "", "Here", "Next above", "", "At or below", "", "Published"):
        table.add_column(title, justify="right" if title in ("Here", "Published") else "left", no_wrap=True)
    for one in published(report):
        cells = [one.of, one.label, number(one.value)]
        for near in one.nearest():
            cells += ["none", ""] if near is None else [near[0], number(near[1])]
        _add(table, [*cells, f"{len(one.figures):,}"])
    return table


def nearest_lines(report: Mapping[str, Any]) -> Iterator[str]:
    """The same for a narrow screen."""
    for one in published(report):
        above, below = one.nearest()
        yield f"{one.of}: {one.label} {number(one.value)}, {len(one.figures):,} published"
        near = [
            f"{word} {found[0]} {number(found[1])}"
            for word, found in (("at or above", below), ("below", above))
            if found
        ]
        if near:
            yield f"  {', '.join(near)}"


def full_table(report: Mapping[str, Any], *, ascii: bool) -> Table:
    """Every published model under its task, the run among them, by what is compared and the largest first."""
    found = published(report)
    labels = list(dict.fromkeys(label for one in found for label in one.labels))
    several = len({str(figures["source"]) for one in found for figures in one.figures.values()}) > 1
    table = _table(ascii)
    table.add_column("")
    for label in labels:
        table.add_column(label, justify="right")
    if several:
        table.add_column("source")
    for place, one in enumerate(found):
        if place:
            table.add_row()
        _add(table, [one.of])
        for model, figures in _sorted(one):
            cells = [f"  {model}", *(number(figures[label]) if label in figures else "" for label in labels)]
            _add(table, [*cells, *([str(figures.get("source", ""))] if several else [])], bold=figures is one.measured)
    return table


def _sorted(one: Published) -> list[tuple[str, Mapping[str, Any]]]:
    """The models of `one` and the run; what has no figure comes last."""

    def key(entry: tuple[str, Mapping[str, Any]]) -> tuple[bool, float]:
        value = entry[1].get(one.label)
        return value is None, 0.0 if value is None else -value

    return sorted([(HERE, one.measured), *one.figures.items()], key=key)


def _table(ascii: bool) -> Table:
    from rich import box
    from rich.table import Table

    return Table(
        box=box.ASCII2 if ascii else box.SIMPLE_HEAD,
        header_style="bold",
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )


def _add(table: Table, cells: Sequence[str], *, bold: bool = False) -> None:
    from rich.text import Text

    # Text, not str: a name must not be read as markup.
    table.add_row(*(Text(safe(cell), style="bold" if bold else "") for cell in cells))
