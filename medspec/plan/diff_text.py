"""Differences between two states, as people read them.

    ~ medqa_5shot @2     call    prompt ask_mcq, system turn, line 1: text changed           needs @3
                                 - You are a careful clinician.
                                 + You are a careful, concise clinician.
    = open_qa @1, note_summary @1

What is the same is one line; the legend says what the marks and the words mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from medspec.plan.changes import LEGEND, Change
from medspec.plan.diff import MARKS, Difference

_WIDTH = 120


def diff_text(found: Sequence[Difference], *, verdicts: bool = True) -> str:
    """All differences and the legend; a single line where there are none. `verdicts`: say which version is needed."""
    shown = [one for one in found if one.mark != "="]
    same = [_titled(one) for one in found if one.mark == "="]
    lines: list[str] = []
    if shown:
        width = max(len(_titled(one)) for one in shown)
        for one in shown:
            lines += _one(one, width, verdicts=verdicts)
    if same:
        lines += wrap(f"= {', '.join(same)}", _WIDTH, subsequent_indent="  ", break_long_words=False)
    if not shown:
        return "\n".join([*lines, "nothing changed"])
    marks = "   ".join(f"{mark} {word}" for mark, word in MARKS.items())
    classes = [f"{kind}: {meaning}" for kind, meaning in reversed(LEGEND.items())]
    return "\n".join([*lines, "", f"legend  {marks}", *(f"        {line}" for line in classes)])


def _one(one: Difference, width: int, *, verdicts: bool) -> Iterator[str]:
    head = f"{one.mark} {_titled(one):<{width}}"
    if not one.changes:
        version = one.mark == "~"
        yield f"{head}  {'version only, the meaning is the same' if version else _fate(one)}".rstrip()
        return
    for index, change in enumerate(one.changes):
        lead = head if index == 0 else " " * len(head)
        line = f"{lead}  {change.kind:<8}  {change.what}"
        verdict = _verdict(one) if verdicts and index == 0 else ""
        yield f"{line}   {verdict}".rstrip()
        yield from _lines(change, len(head) + 12)


def _fate(one: Difference) -> str:
    return "" if one.mark == "=" else {"+": "new", "-": "gone"}.get(one.mark, "")


def _lines(change: Change, indent: int) -> Iterator[str]:
    pad = " " * indent
    yield from (f"{pad}- {line}".rstrip() for line in change.removed)
    yield from (f"{pad}+ {line}".rstrip() for line in change.added)


def _verdict(one: Difference) -> str:
    reused = ", replies reused" if one.reuses_replies else ""
    if one.needs is not None:
        return f"needs @{one.needs}{reused}"
    if one.mark == "~" and one.kind in ("score", "call", "data"):
        return f"has @{one.after}{reused}"
    return "no new version needed"


def _titled(one: Difference) -> str:
    if one.mark in "~>" and one.before != one.after:
        return f"{one.name} {_version(one.before)} -> {_version(one.after)}"
    version = one.before if one.mark == "-" else one.after
    return f"{one.name} @{version}" if version is not None else one.name


def _version(version: int | None) -> str:
    return "without @" if version is None else f"@{version}"
