"""Accuracy: the share of rows whose answer equals the gold.

An unread answer counts as wrong: it is in the denominator and never in the numerator.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medspec.metrics.base import FRACTION, Batch, Metric, Signature, Variable
from medspec.readers.base import Unread
from medspec.types.base import Type

SIGNATURE = Signature(variable=Variable("T", "any"), yields=FRACTION, grain="per row", empty=None)


def compute(batch: Batch, settings: Mapping[str, Any]) -> float:
    """The accuracy over all rows; there must be at least one."""
    import torch
    from torchmetrics.functional.classification import multiclass_stat_scores

    predicted, gold, classes = batch.codes
    # torchmetrics takes -1 without a word, so unread answers get a class of their own. Its counts are whole numbers;
    # its accuracy is a 32-bit float, wrong in the eighth digit, so the division is done here.
    predicted = predicted.copy()
    predicted[predicted < 0] = classes
    correct, wrong, *_ = multiclass_stat_scores(
        torch.from_numpy(predicted),
        torch.from_numpy(gold),
        num_classes=classes + 1,
        average="micro",
        validate_args=False,
    ).tolist()
    return float(correct / (correct + wrong))


def per_row(answer: Any, gold: Any, type_: Type, settings: Mapping[str, Any]) -> float:
    """1.0 where the answer equals the gold, else 0.0."""
    return 1.0 if not isinstance(answer, Unread) and answer == gold else 0.0


ACCURACY = Metric(
    name="accuracy",
    summary="share of rows whose answer equals the gold",
    signature=SIGNATURE,
    compute=compute,
    per_row=per_row,
)
