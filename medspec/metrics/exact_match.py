"""Exact match: the share of rows whose text is the gold text, after what is not to matter has been taken away.

    exact_match                                                             spaces at the ends and runs of spaces
    exact_match(ignore_case: true)                                          and letter case
    exact_match(ignore_case: true, ignore_punctuation: true, ignore_articles: true)    as SQuAD compares

Nothing else is changed: letters with and without accents differ, so do `ß` and `ss`. An unread row is wrong: in the
denominator, never in the numerator.

torchmetrics has it only in the SQuAD form and by way of dictionaries, a text at a time; the tests compare with that.

Rajpurkar et al., EMNLP 2016 (SQuAD).
"""

from __future__ import annotations

from typing import Any

from medspec.metrics.base import FRACTION, Metric, Setting, Settings, Signature, Unread, mean_of
from medspec.metrics.patterns import TEXT
from medspec.metrics.words import plain_form
from medspec.types.base import Type


def per_row(answer: Any, gold: Any, type_: Type, settings: Settings) -> float:
    """1.0 where both texts are the same in their plain form, else 0.0."""
    if isinstance(answer, Unread):
        return 0.0
    return 1.0 if answer == gold or _plain(answer, settings) == _plain(gold, settings) else 0.0


def _plain(text: str, settings: Settings) -> str:
    return plain_form(
        text,
        case=settings["ignore_case"],
        punctuation=settings["ignore_punctuation"],
        articles=settings["ignore_articles"],
        space=settings["ignore_space"],
    )


EXACT_MATCH = Metric(
    name="exact_match",
    summary="share of rows whose text is the gold text",
    unread="wrong: in the denominator, never in the numerator",
    signature=Signature(pred=TEXT, gold=TEXT, yields=FRACTION, grain="per row", empty=None),
    compute=mean_of(per_row),
    per_row=per_row,
    settings=(
        Setting(name="ignore_case", default=False, summary="upper and lower case are the same"),
        Setting(name="ignore_punctuation", default=False, summary="ASCII punctuation is left out"),
        Setting(name="ignore_articles", default=False, summary="the English articles are left out"),
        Setting(name="ignore_space", default=True, summary="runs of white space are one space, none at the ends"),
    ),
)
