"""The catalogue of metrics: one file per member, listed in `METRICS`."""

from medspec.metrics.base import Metric

METRICS: tuple[Metric, ...] = ()
