r"""Containment accuracy: the share of rows whose gold text occurs somewhere in the answer.

    contains                                                     letter case is ignored
    contains(leave_out: "\"'\n")                                 and these characters, on both sides
    contains(prefix: "The diagnosis is", gold_leave_out: ".")    the gold without these words and characters
    contains(rivals: ["true", "false"])                          right only where no other of these occurs
    contains(first_line: true)                                   only the answer's first line is looked at

Before that blanks at the ends are taken away. This is how MedS-Bench scores closed questions. It is generous: "no"
occurs in "not", "1" in "10", and an answer that names everything is right; use it to repeat published figures, and
`accuracy` with a reader to measure. An unread row is wrong: in the denominator, never in the numerator.

torchmetrics has nothing like it; the tests compare with cases worked out by hand from the published rules.

Wu et al., npj Digital Medicine 2025 (MedS-Bench).
"""

from __future__ import annotations

from typing import Any

from medspec.metrics.base import FRACTION, Metric, Setting, Settings, Signature, Unread, mean_of
from medspec.metrics.patterns import TEXT
from medspec.types.base import Type


def per_row(answer: Any, gold: Any, type_: Type, settings: Settings) -> float:
    """1.0 where the gold occurs in the answer, else 0.0."""
    if isinstance(answer, Unread):
        return 0.0
    wanted = _without(
        gold.replace(settings["prefix"], ""), settings["gold_leave_out"] + settings["leave_out"], settings
    )
    if settings["first_line"]:
        answer = answer.strip().split("\n", 1)[0]
    said = _without(answer, settings["leave_out"], settings)
    rivals = [entry for entry in (_cased(text, settings) for text in settings["rivals"]) if entry != wanted]
    return 1.0 if wanted in said and not any(entry in said for entry in rivals) else 0.0


def _without(text: str, characters: str, settings: Settings) -> str:
    return _cased(text.translate(dict.fromkeys(map(ord, characters))), settings).strip()


def _cased(text: str, settings: Settings) -> str:
    return text.lower() if settings["ignore_case"] else text


CONTAINS = Metric(
    name="contains",
    summary="share of rows whose gold text occurs in the answer",
    unread="wrong: in the denominator, never in the numerator",
    signature=Signature(pred=TEXT, gold=TEXT, yields=FRACTION, grain="per row", empty=None),
    compute=mean_of(per_row),
    per_row=per_row,
    settings=(
        Setting(name="ignore_case", default=True, summary="upper and lower case are the same"),
        Setting(name="leave_out", default="", summary="characters that are left out on both sides"),
        Setting(name="gold_leave_out", default="", summary="characters that are left out of the gold"),
        Setting(name="prefix", default="", summary="words that are left out of the gold"),
        Setting(name="first_line", default=False, summary="only the answer's first line counts"),
        Setting(name="rivals", default=(), summary="texts of which the answer may name the gold only"),
    ),
)
