"""The catalogue of metrics: one file per member, listed in `METRICS`."""

from medspec.metrics.accuracy import ACCURACY
from medspec.metrics.base import Metric
from medspec.metrics.macro_f1 import MACRO_F1

METRICS: tuple[Metric, ...] = (ACCURACY, MACRO_F1)


def find_metric(name: str) -> Metric | None:
    """The metric called `name` in a spec; None when there is none."""
    return next((metric for metric in METRICS if metric.name == name), None)
