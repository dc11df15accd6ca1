"""Waivers: rules that a task breaks on purpose, with the reason, since a published protocol does."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from medspec.syntax import tree
from medspec.text.diagnostic import Report
from medspec.text.suggest import nearest

WAIVABLE = ("E0407", "E0604", "E0608", "E0609", "E0703", "W0406", "W0509")
"""Rules that a published benchmark may break, or that an agreement about data may lift."""


@attrs.define
class Waivers:
    """The waivers of one task. `used` are the codes that were in fact broken."""

    entries: dict[str, tree.Waive]
    used: set[str] = attrs.field(factory=set)

    def allows(self, code: str) -> bool:
        """Whether the rule `code` may be broken here; the waiver then counts as used."""
        if code in self.entries:
            self.used.add(code)
            return True
        return False

    def reasons(self) -> tuple[tuple[str, str], ...]:
        """Code and reason of every waiver in force: those of a base that an override made needless are not."""
        return tuple((code, node.reason.text) for code, node in self.entries.items() if code in self.used)

    def report_unused(self, own: Iterable[object], report: Report) -> None:
        """W0606 for waivers that waive nothing and stand among the clauses `own` of the task itself."""
        written = {id(clause) for clause in own}
        for code, node in self.entries.items():
            if code not in self.used and id(node) in written:
                report.add(
                    "W0606",
                    f"this waiver of {code} waives nothing",
                    (node.code.place, "the rule is not broken here"),
                    helps=["remove it"],
                )


def read_waivers(nodes: Iterable[tree.Waive], report: Report) -> Waivers:
    """The waivers of a task; codes that cannot be waived are reported."""
    entries: dict[str, tree.Waive] = {}
    for node in nodes:
        code = node.code.name
        if code not in WAIVABLE:
            close = nearest(code, WAIVABLE)
            helps = [f"did you mean {close}?"] if close else [f"these can be waived: {', '.join(WAIVABLE)}"]
            report.add("E0605", f"{code} cannot be waived", node.code.place, helps=helps)
        elif not node.reason.text.strip():
            report.add("E0605", "a waiver needs a reason", node.reason.place)
        else:
            entries[code] = node
    return Waivers(entries)
