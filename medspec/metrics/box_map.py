"""Mean average precision of labelled boxes: for each label and each IoU threshold the area under the curve of precision
over recall, and the mean of them all.

    box_map(iou: [0.5, 0.75])

Labels are those that golds have. In a row, boxes are matched one after the other, the surest first, each to the gold box
of its label that it overlaps most among those still free (the last of several), if that is at least the threshold.
Precision is read at recalls 0, 0.01, ..., 1, as the highest at that recall or beyond: the definition of COCO, with no bound
on boxes per row and no classes of size. A field of type `float(0..1)` beside box and label says how sure the model is of
each box. Boxes that are equally sure enter the curve together, so the order of rows does not matter; without such a field
all of them do, and the curve is one point.
Where no gold has a box there is nothing to average, and no value.
An unread row has its gold boxes missed and as many invented, at least one: as sure as can be, of the labels it missed, or
where it has none a share of one of every label.

A box without area overlaps entirely with a gold box that is the same, so that what is marked by a point or a line can be
found; pycocotools has no overlap for such boxes, and counts them as missed and as invented.

torchmetrics has it only where torchvision and pycocotools are installed; the tests compare with pycocotools.

Lin et al., ECCV 2014 (COCO), after Everingham et al., International Journal of Computer Vision 88 (2010) 303-338
(PASCAL VOC).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from medspec.metrics.base import FRACTION, Batch, Metric, Setting, Settings, Signature, Unread
from medspec.metrics.overlaps import iou_of
from medspec.metrics.patterns import Labelled, ListOf, labelled_fields
from medspec.metrics.resample import OfKinds
from medspec.types.base import Type
from medspec.types.record import RecordType

if TYPE_CHECKING:
    import numpy as np

BOXES = ListOf(Labelled("R"))

_INVENTED = 2.0
"""How sure an invented box of an unread row is: above what any model can be, which is 1."""


@attrs.frozen(eq=False)
class _Curve:
    """All boxes of one label at one threshold, the surest first: their rows, whether they match, what each counts, and
    where equally sure ones begin; and the gold boxes of each row."""

    rows: np.ndarray
    matched: np.ndarray
    counts: np.ndarray
    starts: np.ndarray
    golds: np.ndarray

    def precision(self, weights: np.ndarray) -> float:
        """The average precision where row i counts `weights[i]` times; NaN where no gold box is left."""
        import numpy as np

        golds = float(weights @ self.golds)
        if not golds:
            return float("nan")
        if not len(self.rows):
            return 0.0
        of_box = weights[self.rows] * self.counts
        hits = np.cumsum(np.add.reduceat(of_box * self.matched, self.starts))
        boxes = np.cumsum(np.add.reduceat(of_box, self.starts))
        share = np.divide(hits, boxes, out=np.zeros(len(hits)), where=boxes > 0)
        highest = np.maximum.accumulate(share[::-1])[::-1]
        # A recall of 0.57 is 57 of 100 gold boxes: compared as whole numbers, no rounding decides.
        first = np.searchsorted(hits * 100, np.arange(101) * golds - 1e-6, side="left")
        return float(np.append(highest, 0.0)[first].mean())


def _curves(batch: Batch, settings: Settings) -> list[_Curve]:
    type_: RecordType = batch.type.item  # type: ignore[attr-defined]
    fields = labelled_fields(type_)
    assert fields is not None
    box, label, sure = fields
    box_type = next(field.type for field in type_.fields if field.name == box)
    found = []
    labels = {entry[label] for gold in batch.golds for entry in gold}
    for wanted in sorted(labels, key=str):
        pairs = [
            (
                [entry for entry in answer if entry[label] == wanted] if not isinstance(answer, Unread) else None,
                [entry for entry in gold if entry[label] == wanted],
                # Nothing was to be found, and something may have been said: one invented box, shared by the labels.
                1 / len(labels) if not gold else 0.0,
            )
            for answer, gold in zip(batch.answers, batch.golds, strict=True)
        ]
        overlaps = [_overlaps(answer or [], gold, box, sure, box_type) for answer, gold, _ in pairs]
        found += [_curve(pairs, overlaps, threshold, sure) for threshold in settings["iou"]]
    return found


def _overlaps(
    answer: list[Mapping[str, Any]], gold: list[Mapping[str, Any]], box: str, sure: str | None, type_: Type
) -> list[tuple[float, list[float]]]:
    """How sure each box of a row is and how far it overlaps each gold box, the surest first."""
    ranked = sorted(answer, key=lambda entry: -entry[sure]) if sure is not None else answer
    return [
        (1.0 if sure is None else entry[sure], [iou_of(entry[box], other[box], type_) for other in gold])
        for entry in ranked
    ]


def _curve(
    pairs: list[Any], overlaps: list[list[tuple[float, list[float]]]], threshold: float, sure: str | None
) -> _Curve:
    import numpy as np

    boxes: list[tuple[float, int, bool, float]] = []
    for row, ((answer, gold, invented), entries) in enumerate(zip(pairs, overlaps, strict=True)):
        if answer is None:
            count = float(len(gold)) or invented
            boxes += [(_INVENTED, row, False, count)] if count else []
            continue
        free = set(range(len(gold)))
        for confidence, ious in entries:
            # Of gold boxes that it overlaps alike the last, as pycocotools has it: the others stay for the next boxes.
            best = max(free, key=lambda place: (ious[place], place), default=None)
            matched = best is not None and ious[best] >= threshold
            if matched:
                free.discard(best)
            boxes.append((confidence, row, matched, 1.0))
    boxes.sort(key=lambda entry: -entry[0])
    confidences = np.array([entry[0] for entry in boxes])
    starts = np.flatnonzero(np.append(True, confidences[1:] != confidences[:-1])) if boxes else np.empty(0, int)
    return _Curve(
        rows=np.array([entry[1] for entry in boxes], np.int64),
        matched=np.array([entry[2] for entry in boxes], bool),
        counts=np.array([entry[3] for entry in boxes], np.float64),
        starts=starts,
        golds=np.array([len(gold) for _, gold, _ in pairs], np.float64),
    )


def _mean(curves: list[_Curve], weights: np.ndarray) -> float:
    found = [value for value in (curve.precision(weights) for curve in curves) if value == value]
    return sum(found) / len(found) if found else float("nan")


def compute(batch: Batch, settings: Settings) -> float:
    import numpy as np

    return _mean(_curves(batch, settings), np.ones(len(batch)))


def resampled(batch: Batch, settings: Settings) -> OfKinds:
    """Boxes are matched once; what is drawn is how often each row counts."""
    import numpy as np

    curves = _curves(batch, settings)
    return OfKinds(np.arange(len(batch)), len(batch), lambda drawn: np.array([_mean(curves, row) for row in drawn]))


BOX_MAP = Metric(
    name="box_map",
    summary="mean average precision of labelled boxes, over labels and IoU thresholds",
    unread="its gold boxes are missed and as many invented, at least one, surer than any other",
    signature=Signature(pred=BOXES, gold=BOXES, yields=FRACTION, grain="whole set", empty=None, version=2),
    compute=compute,
    resampled=resampled,
    settings=(
        Setting(name="iou", default=(0.5,), low=0.0, high=1.0, summary="the overlaps that make a match, each in turn"),
    ),
)
