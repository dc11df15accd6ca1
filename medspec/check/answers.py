"""What a task answers: the type, the reader that makes it from a reply, and the gold it is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from medspec.check.anchors import Anchoring
from medspec.check.arguments import ABSENT, Symbol, read_arguments, rules_of
from medspec.check.scope import with_article
from medspec.check.spec import RecordSpec
from medspec.check.types import first_difference, fits, is_unknown, read_type
from medspec.plan.nodes import ReaderUse
from medspec.readers import READERS
from medspec.readers.base import Reader
from medspec.syntax import tree
from medspec.text.source import Place
from medspec.text.suggest import nearest
from medspec.types import AbstainType, BoxType, FloatType, ListType, OptionalType, RecordType, Type, UnknownType

if TYPE_CHECKING:
    from medspec.check.checker import Checker
    from medspec.check.scope import Scope
    from medspec.check.tasks import Clause


@attrs.frozen
class AnswerSpec:
    """The checked answer of a task."""

    use: ReaderUse
    reader: Reader
    place: Place
    reader_place: Place


def read_gold(clause: Clause | None, record: RecordSpec | None, checker: Checker, place: Place) -> str | None:
    """The name of the gold field; None after reporting."""
    if record is None:
        return None
    if clause is None:
        if record.type.field("gold") is not None:
            return "gold"
        checker.report.add(
            "E0210",
            f"`{record.name}` has no field `gold`",
            (place, "what is the reference answer?"),
            (record.place, f"its fields: {', '.join(field.name for field in record.type.fields)}"),
            helps=["name the field that holds it: `gold = FIELD`"],
        )
        return None
    assert isinstance(clause.node, tree.Setting)
    value = clause.node.value
    name = value.path.dotted if isinstance(value, tree.Call) and value.arguments is None else ""
    if record.type.field(name) is not None:
        return name
    close = nearest(name, [field.name for field in record.type.fields]) if name else None
    helps = [f"did you mean `{close}`?"] if close else []
    title = f"`{record.name}` has no field `{name}`" if name else "`gold` names a field of the row"
    checker.report.add("E0408", title, value.place, helps=helps)
    return None


def read_answer(
    clause: Clause, record: RecordSpec | None, gold: str | None, checker: Checker, *, compared: bool
) -> AnswerSpec | None:
    """The answer of a task; None after reporting. Where answer and gold are `compared`, their types must go together."""
    node, scope = clause.node, clause.scope
    assert isinstance(node, tree.Answer)
    type_ = read_type(node.type, checker, scope)
    if record is not None and not is_unknown(type_):
        types = {field.name: field.type for field in record.type.fields}
        places = dict(record.field_places)
        place = node.type.place
        anchoring = Anchoring(types=types, places=places, place=place, scope=scope, checker=checker)
        type_ = anchoring.resolve(type_)
        if is_unknown(type_):
            return None
    clean = not compared or _check_gold(type_, node, record, gold, scope)
    if node.reader is None:
        able = ", ".join(f"`{reader.name}`" for reader in READERS if reader.produces(type_)) or "none yet"
        helps = [f"readers that can produce `{type_.spelled}`: {able}"]
        scope.report.add("E0210", "this answer has no reader", (node.place, "how is it read?"), helps=helps)
        return None
    # An answer of another type than the gold is one mistake; which reader fits is a question for the type that is meant.
    found = read_reader(node.reader, type_ if clean else UnknownType(), scope)
    if found is None or not clean or is_unknown(type_):
        return None
    reader, use = found
    return AnswerSpec(use, reader, node.type.place, node.reader.path.place)


def read_reader(call: tree.Call, type_: Type, scope: Scope) -> tuple[Reader, ReaderUse] | None:
    """The reader that `call` names, for values of `type_`; None after reporting. Any reader fits an unknown type."""
    reader = _find_reader(call, type_, scope)
    if reader is None:
        return None
    settings = read_arguments(call, rules_of(reader.settings), scope.report, values=scope.values)
    if ABSENT in settings.values():
        return None
    known = not is_unknown(type_) and not any(isinstance(value, Symbol) for value in settings.values())
    problem = reader.check(type_, settings) if reader.check is not None and known else None
    if problem is not None:
        given = [a for a in call.arguments or () if a.name is not None and a.name.name == problem.setting]
        place = given[0].value.place if given else call.place
        scope.report.add(problem.code, problem.title, (place, problem.label))
        return None
    return reader, ReaderUse(name=reader.name, settings=tuple(settings.items()), answer=type_, version=reader.version)


def _may_be_missing(gold: Type, answer: Type) -> bool:
    """Whether the reference, or an entry of it, can be none where an answer never is."""
    gold, answer = (one.item if isinstance(one, AbstainType) else one for one in (gold, answer))
    if isinstance(gold, OptionalType):
        return not isinstance(answer, OptionalType) and not is_unknown(answer)
    return isinstance(gold, ListType) and isinstance(answer, ListType) and _may_be_missing(gold.item, answer.item)


def _without_optional(type_: Type) -> Type:
    if isinstance(type_, ListType):
        return ListType(_without_optional(type_.item), type_.low, type_.high)
    return type_.item if isinstance(type_, OptionalType) else type_


def _check_gold(type_: Type, node: tree.Answer, record: RecordSpec | None, gold: str | None, scope: Scope) -> bool:
    field = record.type.field(gold) if record is not None and gold is not None else None
    if field is None or record is None:
        return True
    if isinstance(field.type, AbstainType) and not isinstance(type_, AbstainType):
        scope.report.add(
            "E0305",
            "the reference may be an abstention, and the answer may not",
            (node.type.place, f"answer: `{type_.spelled}`"),
            (record.place_of(field.name), f"reference: `{field.type.spelled}`"),
            notes=["where the reference abstains, no answer could be right"],
            helps=[f"let the model abstain: `answer {type_.spelled} or abstain`"],
        )
        return False
    if _may_be_missing(field.type, type_):
        scope.report.add(
            "E0305",
            "the reference may be missing, and the answer may not",
            (node.type.place, f"answer: `{type_.spelled}`"),
            (record.place_of(field.name), f"reference: `{field.type.spelled}`"),
            notes=["a row without a reference cannot be scored"],
            helps=[f"declare it as `{_without_optional(field.type).spelled}`, so that data without it are refused"],
        )
        return False
    if fits(field.type, type_) or fits(type_, field.type):
        return True
    gold_type, answer_type = (one.item if isinstance(one, AbstainType) else one for one in (field.type, type_))
    if {gold_type.kind, answer_type.kind} == {"set", "list"} and fits(gold_type.children[0], answer_type.children[0]):
        # A metric that asks for sets takes a list as the set of its entries; every other refuses the pair.
        return True
    _report_difference(answer_type, gold_type, (node.type.place, record.place_of(field.name)), scope)
    return False


def _report_difference(answer_type: Type, gold_type: Type, places: tuple[Place, Place], scope: Scope) -> None:
    """What it is that keeps an answer from being compared with its reference; `places` are where each is declared."""
    match first_difference(answer_type, gold_type):
        case BoxType() as answer, BoxType() as reference if answer.of == reference.of:
            scope.report.add(
                "E0306",
                "answer and reference use different box conventions",
                (places[0], f"answer: {_habit(answer)}"),
                (places[1], f"reference: {_habit(reference)}"),
                notes=["comparing these without converting gives a plausible but wrong score"],
                helps=[
                    f"convert while loading the reference: `{answer.spelled} "
                    f"from box({reference.order}, {reference.frame})`"
                ],
            )
        case FloatType(unit=unit), FloatType(unit=other) if unit != other:
            scope.report.add(
                "E0307",
                "answer and reference are numbers in different units",
                (places[0], f"answer: {_in_unit(unit)}"),
                (places[1], f"reference: {_in_unit(other)}"),
                notes=[
                    "the same quantity is a different number in another unit, so right answers would count as wrong"
                ],
                helps=["state the unit that the data are in, for both"],
            )
        case _:
            scope.report.add(
                "E0305",
                "answer and reference have different types",
                (places[0], f"answer: `{answer_type.spelled}`"),
                (places[1], f"reference: `{gold_type.spelled}`"),
                notes=["comparing these would give a plausible but wrong score"],
                helps=_part_that_fits(answer_type, gold_type),
            )


def _part_that_fits(answer: Type, gold: Type) -> list[str]:
    """What to do where one field of the answer is what the reference is."""
    if not isinstance(answer, RecordType) or isinstance(gold, RecordType):
        return []
    fitting = [field.name for field in answer.fields if fits(field.type, gold)]
    if len(fitting) != 1:
        return []
    both = f"or declare a reference that is `{answer.name}` too, and compare with `METRIC on {fitting[0]}`"
    return [
        f"`{fitting[0]}` of `{answer.name}` is what the reference is: ask for it alone, `answer {gold.spelled}`, {both}"
    ]


_ORDERS = {"xyxy": "two corners", "xywh": "corner and size", "cxcywh": "centre and size"}
_FRAMES = {"pixel": "in pixels", "unit": "0 to 1", "mille": "0 to 1000"}


def _habit(box: BoxType) -> str:
    return f"{_ORDERS[box.order]}, {_FRAMES[box.frame]}"


def _in_unit(unit: str | None) -> str:
    return "without a unit" if unit is None else f"in {unit}"


def _find_reader(call: tree.Call, type_: Type, scope: Scope) -> Reader | None:
    name = call.path.dotted
    reader = next((reader for reader in READERS if reader.name == name), None)
    if reader is None:
        close = nearest(name, [reader.name for reader in READERS])
        helps = [f"did you mean `{close}`?"] if close else [f"readers: {', '.join(r.name for r in READERS)}"]
        scope.report.add("E0201", f"cannot find a reader named `{name}`", call.path.place, helps=helps)
        return None
    if is_unknown(type_) or reader.produces(type_):
        return reader
    able = [f"`{other.name}`" for other in READERS if other.produces(type_)]
    word = "a record" if isinstance(type_, RecordType) else with_article(type_.kind)
    if isinstance(type_, AbstainType) and reader.produces(type_.item):
        scope.report.add(
            "E0304",
            f"the reader `{name}` cannot read an abstention",
            (call.path.place, "compares the options there are, and an abstention is none of them"),
            helps=[f"readers that can produce `{type_.spelled}`: {', '.join(able)}"],
        )
        return None
    scope.report.add(
        "E0304",
        f"the reader `{name}` cannot produce `{type_.spelled}`",
        (call.path.place, f"reads one of: {', '.join(reader.kinds)}"),
        helps=[f"readers that can produce {word}: {', '.join(able)}"] if able else ["no reader can produce it yet"],
    )
    return None
