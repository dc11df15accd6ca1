"""`medspec metrics`: the catalogue of metrics with their signatures, or the page of one of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from medspec.cli.options import format_option
from medspec.cli.output import print_json, print_text
from medspec.errors import UsageError

if TYPE_CHECKING:
    from medspec.metrics.base import Metric
    from medspec.readers.base import Setting


@click.command()
@click.argument("name", required=False)
@format_option()
def COMMAND(name: str | None, format: str) -> None:
    """Show the metrics: what they take and give, and what unread rows do to them.

    With NAME, the whole page of one metric.
    """
    from medspec.metrics import METRICS, find_metric
    from medspec.text.suggest import nearest

    if name is None:
        if format == "json":
            print_json([as_data(metric) for metric in METRICS])
        else:
            print_text(as_text(METRICS))
        return
    metric = find_metric(name)
    if metric is None:
        guess = nearest(name, [member.name for member in METRICS])
        raise UsageError(f"there is no metric `{name}`" + (f"; did you mean `{guess}`?" if guess else ""))
    if format == "json":
        print_json({**as_data(metric), "page": page_of(metric)})
    else:
        print_text(f"{as_text((metric,))}\n\n{page_of(metric)}")


def as_text(metrics: tuple[Metric, ...]) -> str:
    """One signature per metric, aligned; below it what it is, its settings, and what becomes of unread rows."""
    cells = [_cells(metric) for metric in metrics]
    widths = [max(len(row[column]) for row in cells) for column in range(4)]
    lines = []
    for metric, row in zip(metrics, cells, strict=True):
        name, takes, gives, grain, legend = row
        shown = f"{name:<{widths[0]}} : {takes:<{widths[1]}} -> {gives:<{widths[2]}}   {grain:<{widths[3]}}   {legend}"
        lines += [shown.rstrip(), f"    {metric.summary}"]
        if metric.settings:
            lines.append(f"    settings: {', '.join(_setting(setting) for setting in metric.settings)}")
        lines.append(f"    an unread row: {metric.unread}")
        if metric.signature.empty is not None:
            lines.append(f"    nothing to count: {metric.signature.empty:g}")
    return "\n".join(lines)


def as_data(metric: Metric) -> dict[str, Any]:
    """A metric as plain JSON."""
    from medspec.metrics.base import Range

    signature = metric.signature
    yields = signature.yields if isinstance(signature.yields, Range) else None
    return {
        "name": metric.name,
        "summary": metric.summary,
        "signature": signature.spelled(metric.name),
        "inputs": {label: pattern.spelled for label, pattern in signature.inputs},
        "yields": {
            "range": signature.yields.spelled,
            "low": yields.low if yields else None,
            "high": yields.high if yields else None,
            "higher_is_better": yields.higher_is_better if yields else None,
        },
        "grain": signature.grain,
        "needs": sorted(signature.needs),
        "empty": signature.empty,
        "unread": metric.unread,
        "version": signature.version,
        "settings": [
            {
                "name": setting.name,
                "default": list(setting.default) if isinstance(setting.default, tuple) else setting.default,
                "required": setting.required,
                "choices": list(setting.choices),
                "low": setting.low,
                "high": setting.high,
                "summary": setting.summary,
            }
            for setting in metric.settings
        ],
    }


def page_of(metric: Metric) -> str:
    """What the member's own file says of it."""
    from importlib import import_module
    from inspect import cleandoc

    return cleandoc(import_module(f"medspec.metrics.{metric.name}").__doc__ or "")


def _cells(metric: Metric) -> tuple[str, str, str, str, str]:
    signature = metric.signature
    takes = ", ".join(f"{label}: {pattern.spelled}" for label, pattern in signature.inputs)
    return metric.name, f"({takes})", signature.yields.spelled, signature.grain, signature.legend


def _setting(setting: Setting) -> str:
    """`bins: 15`, `variant: l|1|2`, `positive: CASE`: a default, or what there is to choose from, the default first."""
    if setting.required:
        return f"{setting.name}: {'DIR' if setting.kind == 'model' else 'CASE'} (must be given)"
    if setting.kind == "field":
        return f"{setting.name}: FIELD of the row"
    if setting.choices:
        choices = (setting.default, *(choice for choice in setting.choices if choice != setting.default))
        return f"{setting.name}: {'|'.join(choices)}"
    if isinstance(setting.default, bool):
        return f"{setting.name}: {str(setting.default).lower()}"
    if isinstance(setting.default, tuple):
        return f"{setting.name}: [{', '.join(_plain(entry) for entry in setting.default)}]"
    return f"{setting.name}: {_plain(setting.default)}"


def _plain(value: str | float) -> str:
    return json.dumps(value) if isinstance(value, str) else f"{value:g}"
