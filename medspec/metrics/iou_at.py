"""IoU at a threshold: the share of rows whose box overlaps the gold box by at least so much.

    iou_at(threshold: 0.5)      what grounding benchmarks call Acc@0.5

The threshold itself is enough. An unread row is wrong: in the denominator, never in the numerator, also where the
threshold is 0.

Everingham et al., International Journal of Computer Vision 88 (2010) 303-338 (PASCAL VOC); there the
overlap has to exceed the threshold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medspec.metrics import box_iou
from medspec.metrics.base import FRACTION, Batch, Metric, Setting, Settings, Signature, Unread, mean_of_rows
from medspec.metrics.patterns import BOX
from medspec.types.base import Type

if TYPE_CHECKING:
    import numpy as np


def per_row(answer: Any, gold: Any, type_: Type, settings: Settings) -> float:
    """1.0 where the overlap of one row is enough, else 0.0."""
    if isinstance(answer, Unread):
        return 0.0
    return 1.0 if box_iou.per_row(answer, gold, type_, settings) >= settings["threshold"] else 0.0


def rows(batch: Batch, settings: Settings) -> np.ndarray:
    """`per_row` of all rows at once."""
    import numpy as np

    found: np.ndarray = ((box_iou.rows(batch, settings) >= settings["threshold"]) & ~batch.unread).astype(np.float64)
    return found


IOU_AT = Metric(
    name="iou_at",
    summary="share of rows whose box overlaps the gold box by at least `threshold`",
    unread="wrong: in the denominator, never in the numerator",
    signature=Signature(pred=BOX, gold=BOX, yields=FRACTION, grain="per row", empty=None),
    compute=mean_of_rows(rows),
    per_row=per_row,
    rows=rows,
    settings=(Setting(name="threshold", default=0.5, low=0.0, high=1.0, summary="the overlap that is enough"),),
)
