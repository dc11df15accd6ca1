"""Rate: the share of rows whose answer, or a field of it, is yes.

    rate(answer)    rate(answer.harmful, better: lower)

An unread row counts as no, or with `better: lower` as yes: in the denominator either way.

A plain share in 64 bits.

Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, third edition, 2003.
"""

from __future__ import annotations

from medspec.metrics.base import Metric, SameRange, Signature, mean_of_rows
from medspec.metrics.patterns import Variable
from medspec.metrics.worth import BETTER, worth, worths

B = Variable("B", "yes or no")

RATE = Metric(
    name="rate",
    summary="share of rows that are yes",
    unread="no, or with `better: lower` yes",
    signature=Signature(value=B, yields=SameRange("B"), grain="per row", empty=None),
    compute=mean_of_rows(worths),
    per_row=worth,
    rows=worths,
    settings=(BETTER,),
)
