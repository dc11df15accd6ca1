"""Mean of one number per row: `mean(answer)`, `mean(answer.severity)`.

    mean(answer)                     of ratings, numbers, or yes and no (yes is 1)
    mean(answer, better: lower)      the same, where less is better: of how harmful an answer is

An unread row counts as the worst number of its type: the lowest, or with `better: lower` the highest.

A plain mean in 64 bits; torchmetrics sums in 32.

Altman, Practical Statistics for Medical Research, 1991, chapter 3.
"""

from __future__ import annotations

from medspec.metrics.base import Metric, SameRange, Signature, mean_of_rows
from medspec.metrics.patterns import Variable
from medspec.metrics.worth import BETTER, UNREAD, worst_of, worth, worths

S = Variable("S", "value")

MEAN = Metric(
    name="mean",
    summary="mean of one number per row",
    unread=UNREAD,
    signature=Signature(value=S, yields=SameRange("S"), grain="per row", empty=None),
    compute=mean_of_rows(worths),
    per_row=worth,
    rows=worths,
    settings=(BETTER,),
    worst_of=worst_of,
)
