"""From a model's numbers to an answer: the most likely label, the labels above a half, or boxes.

Detectors give boxes as centre and size in fractions of the image (`pred_boxes`), and for each the logits of its labels. Where
there is one logit more than labels, the last means no object, and the logits are compared (softmax, as DETR and YOLOS); else
each stands for itself (sigmoid, as RT-DETR and Deformable DETR), and one box may have several labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.backends.base import Form, Request
from medspec.types.labels import match_labels

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Numbers = NDArray[numpy.float32]

HALF = 0.5
"""Above it a model of several labels says yes to one, and a detector to a box."""


MOST_BOXES = {"DeformableDetrImageProcessor": 100, "ConditionalDetrImageProcessor": 100}
"""How many boxes with their labels are looked at, where the image processor of transformers has a number for it."""


def label_scores(logits: Numbers, *, several: bool) -> Numbers:
    """The natural log-probability of each label, from its logits [..., labels]: apart from the others with `several`."""
    import numpy as np

    if not several:
        return _log_shares(logits)
    return np.asarray(-np.logaddexp(0.0, -logits.astype(np.float64)), dtype=np.float64)


def _log_shares(logits: Numbers) -> Numbers:
    """The logarithm of softmax over the last axis."""
    import numpy as np

    wide = logits.astype(np.float64)
    shifted = wide - wide.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)), dtype=np.float64)


def said(request: Request, form: Form, scores: Numbers, labels: tuple[str, ...], *, several: bool) -> object:
    """The reply's text, or the scores of the options in their order. Raises `Unmatched`, and `Misfit` from the form."""
    import math

    places = match_labels(labels, form.names, whole=form.kind != "choice")
    own = [float(scores[place]) for place in places]
    if request.options is not None:
        return tuple(own)
    if several:
        return form.write([value for value, score in enumerate(own) if score > math.log(HALF)])
    return form.write([own.index(max(own))])


def boxes_of(
    logits: Numbers,
    boxes: Numbers,
    count: int,
    *,
    wanted: tuple[int, ...],
    threshold: float,
    one: bool,
    labelled: bool = True,
    most: int | None = None,
) -> list[tuple[tuple[float, float, float, float], int, float]]:
    """Boxes (left, top, right, bottom, fractions of the image) of labels in `wanted`, the likeliest first, with the label of
    each and its probability.

    `logits` [boxes, `count` or one more], `boxes` [boxes, 4]. Those above `threshold`; with `one` the likeliest, whatever it is.
    Where labels are compared a box has its likeliest label. Where each stands for itself a box may have several and comes once
    with each, `most` of all together, as many as there are boxes when None: `post_process_object_detection` of transformers.
    Where nobody asks for labels (not `labelled`), every box comes once.
    """
    import numpy as np

    places = list(wanted)
    if logits.shape[1] == count + 1:
        shares = np.exp(_log_shares(logits))[:, places]
    else:
        shares = np.exp(label_scores(logits, several=True))[:, places]
    owner, label = (flat.ravel() for flat in np.indices(shares.shape))
    if logits.shape[1] == count + 1 or not labelled:
        owner, label = np.arange(len(shares)), shares.argmax(axis=1)
    likely = shares[owner, label]
    order = np.argsort(-likely, kind="stable")[: most or len(boxes)]
    chosen = order[:1] if one else order[likely[order] > threshold]
    x, y, width, height = boxes.astype(np.float64)[owner[chosen]].T
    sides = np.clip([x - width / 2, y - height / 2, x + width / 2, y + height / 2], 0.0, 1.0)
    found = []
    for at, box in zip(chosen, sides.T, strict=True):
        left, top, right, bottom = (float(side) for side in box)
        found.append(((left, top, right, bottom), wanted[label[at]], float(likely[at])))
    return found
