"""The `decode` block of a task: how text is generated, and how many times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from medspec.backends.base import Decode
from medspec.check.arguments import ABSENT, Rule, Symbol, read_arguments
from medspec.syntax import tree

if TYPE_CHECKING:
    from medspec.check.tasks import Clause

_RULES = (
    Rule("temperature", "float", 0.0),
    Rule("max_tokens", "int", 64),
    Rule("stop", "texts", ()),
    Rule("repeats", "int", 1),
)
MOST_REPEATS = 1000


@attrs.frozen
class Decoding:
    """The checked block. `repeats` replies are drawn for each row; `said` are the settings that are written there."""

    decode: Decode
    repeats: int
    said: tuple[str, ...] = ()

    @property
    def settings(self) -> dict[str, Any]:
        """As a task has them."""
        return {"decode": self.decode, "repeats": self.repeats, "decode_said": self.said}


def read_decoding(clause: Clause | None) -> Decoding:
    """The settings of a `decode` block; what is wrong with them is reported, and the default taken in its place."""
    if clause is None:
        return Decoding(Decode(), 1)
    assert isinstance(clause.node, tree.DecodeBlock)
    settings, report = clause.node.settings, clause.scope.report
    call = tree.Call(
        tree.Path((tree.Ident("decode", clause.node.place),), clause.node.place),
        tuple(tree.Argument(setting.key, setting.value, setting.place) for setting in settings),
        clause.node.place,
    )
    read = read_arguments(call, _RULES, report, values=clause.scope.values)
    is_known = {name: value is not ABSENT and not isinstance(value, Symbol) for name, value in read.items()}
    found = {rule.name: read[rule.name] if is_known[rule.name] else rule.default for rule in _RULES}
    places = {setting.key.name: setting.value.place for setting in settings}
    if found["temperature"] < 0:
        report.add("E0301", "`temperature` is not negative", places["temperature"], helps=["0 is greedy"])
    if found["max_tokens"] < 1:
        report.add("E0301", "`max_tokens` is at least 1", places["max_tokens"])
    repeats = found.pop("repeats")
    if not 1 <= repeats <= MOST_REPEATS:
        report.add("E0301", f"`repeats` lies between 1 and {MOST_REPEATS}", places["repeats"])
    elif repeats > 1 and found["temperature"] == 0 and is_known["temperature"]:
        report.add(
            "E0301",
            "repeats of a greedy reply are all the same",
            places["repeats"],
            helps=["set a `temperature` above 0, or leave `repeats` out"],
        )
    return Decoding(Decode(**found), repeats, tuple(places))
