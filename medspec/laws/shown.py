"""What a person reads of laws that were tried."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from medspec.laws.trial import Verdict


def laws_as_text(verdicts: Sequence[Verdict], profile: str, seed: int) -> str:
    """Every broken law with what breaks it, and how many hold. Empty when none was tried."""
    if not verdicts:
        return ""
    broken = [one for one in verdicts if one.broken is not None]
    held = sum(one.broken is None and one.skipped is None for one in verdicts)
    tasks = len({one.task for one in verdicts})
    hold = "holds" if held == 1 else "hold"
    closing = f"{held:,} {'law' if held == 1 else 'laws'} of {tasks:,} {'task' if tasks == 1 else 'tasks'} {hold}"
    closing += f", {len(broken)} broken" if broken else ""
    return "\n\n".join([*map(_broken, broken), f"{closing} (profile {profile}, seed {seed})"])


def _broken(one: Verdict) -> str:
    lines = [f"broken: {one.task}: {one.law}", f"  {one.broken}"]
    if one.row is not None:
        lines.append(f"  row    {shown(one.row)}")
    if one.reply is not None:
        lines.append(f"  reply  {shown(one.reply)}")
    return "\n".join(lines)


def shown(value: object) -> str:
    """A row or a reply on one line, control characters escaped, with what JSON cannot say in Python's words."""
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in text)
