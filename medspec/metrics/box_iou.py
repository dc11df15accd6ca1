"""Box IoU: how far the box of a row overlaps the gold box, the shared area over the area of both together.

Both boxes have the same corners, the same unit and the same image field, which the checker sees to. A box on another
image of the row overlaps by 0. An unread row counts 0.

Why not torchmetrics: see `overlaps`. The tests compare with pycocotools.

Everingham et al., International Journal of Computer Vision 88 (2010) 303-338 (PASCAL VOC).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medspec.metrics.base import FRACTION, Batch, Metric, Settings, Signature, Unread, mean_of_rows
from medspec.metrics.overlaps import iou_of, ious_of
from medspec.metrics.patterns import BOX
from medspec.types.base import Type

if TYPE_CHECKING:
    import numpy as np


def per_row(answer: Any, gold: Any, type_: Type, settings: Settings) -> float:
    """The overlap of one row."""
    return 0.0 if isinstance(answer, Unread) else iou_of(answer, gold, type_)


def rows(batch: Batch, settings: Settings) -> np.ndarray:
    """`per_row` of all rows at once."""
    import numpy as np

    read = (~batch.unread).nonzero()[0].tolist()
    found = np.zeros(len(batch))
    answers, golds = batch.answers, batch.golds
    found[read] = ious_of([answers[row] for row in read], [golds[row] for row in read], batch.type)
    return found


BOX_IOU = Metric(
    name="box_iou",
    summary="overlap of the row's box with the gold box",
    unread="0: in the denominator, never in the numerator",
    signature=Signature(pred=BOX, gold=BOX, yields=FRACTION, grain="per row", empty=None),
    compute=mean_of_rows(rows),
    per_row=per_row,
    rows=rows,
)
