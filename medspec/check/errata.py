"""`errata = jsonl("exam.errata.jsonl", version: 3)` of a dataset: corrections of its rows, in a file beside the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.check.arguments import ABSENT, Rule, read_arguments
from medspec.check.paths import stays_inside
from medspec.plan.errata import Errata
from medspec.syntax import tree

if TYPE_CHECKING:
    from medspec.check.scope import Scope
    from medspec.check.spec import RecordSpec

_RULES = (Rule("path", "text"), Rule("version", "int", low=1))


def read_errata(
    setting: tree.Setting | None,
    record: RecordSpec | None,
    splits: tuple[str, ...],
    subsets: tuple[str, ...],
    scope: Scope,
) -> Errata | None:
    """The errata of a dataset; None where there are none, or after reporting."""
    if setting is None:
        return None
    value = setting.value
    if not isinstance(value, tree.Call) or value.path.dotted != "jsonl":
        helps = ['write `errata = jsonl("exam.errata.jsonl", version: 1)`']
        scope.report.add("E0301", "errata are a JSON Lines file with its version", value.place, helps=helps)
        return None
    found = read_arguments(value, _RULES, scope.report)
    if ABSENT in found.values() or not stays_inside(found["path"], value, scope):
        return None
    if "{" in found["path"]:
        helps = ["an erratum names its `split` and its `subset` itself"]
        scope.report.add("E0602", "one file holds the errata of all splits", value.place, helps=helps)
        return None
    return Errata(
        path=found["path"],
        version=found["version"],
        fields=() if record is None else tuple(field.name for field in record.type.fields),
        by_split=len(splits) > 1,
        by_subset=len(subsets) > 1,
    )
