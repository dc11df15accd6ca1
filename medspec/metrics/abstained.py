"""What metrics see of abstentions.

Few metrics ask for them (`coverage`, `abstention_rate`, `selective_accuracy`). To all others an abstained answer is not
right: where the gold is always an answer, it counts as an unread row does, in the denominator and never in the numerator.
Where the gold may abstain too, an abstention is a value like any other, right where the gold is one; then only metrics of
values that are plainly equal or not can compare the two.
"""

from __future__ import annotations

import attrs

from medspec.metrics.base import Signature
from medspec.metrics.batch import Batch
from medspec.metrics.patterns import AbstainOf
from medspec.readers.base import Unread
from medspec.types.abstention import ABSTAINED, AbstainType
from medspec.types.base import Type

_NOT_RIGHT = Unread("abstained", "")


def seen_type(signature: Signature, answer: Type, gold: Type | None) -> Type:
    """The type of the answers as a metric sees them, where that of the golds is `gold` (None: nothing is compared)."""
    return answer.item if _counts_as_unread(signature, answer, gold) else answer  # type: ignore[attr-defined]


def seen_batch(signature: Signature, batch: Batch) -> Batch:
    """The batch as a metric sees it."""
    gold = None if signature.value is not None else batch.gold_type or batch.type
    if not _counts_as_unread(signature, batch.type, gold):
        return batch
    answers = [_NOT_RIGHT if answer == ABSTAINED else answer for answer in batch.answers]
    return attrs.evolve(batch, type=seen_type(signature, batch.type, gold), answers=answers)


def _counts_as_unread(signature: Signature, answer: Type, gold: Type | None) -> bool:
    if not isinstance(answer, AbstainType) or isinstance(gold, AbstainType):
        return False
    return not any(isinstance(pattern, AbstainOf) for _, pattern in signature.inputs)
