"""Types as written to types as meant, and which type fits where another is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from medspec.check.arguments import ABSENT, Rule, read_value
from medspec.check.structured_types import (
    SHAPED,
    read_abstaining,
    read_anchored,
    read_score,
    read_set,
    read_turns,
    report_bare,
)
from medspec.check.text_types import read_boxes_in_text
from medspec.syntax import tree
from medspec.text.source import Place
from medspec.text.suggest import nearest
from medspec.types import (
    AbstainType,
    BooleanType,
    BoxType,
    ChoiceType,
    FloatType,
    ImageType,
    IntegerType,
    ListType,
    OptionalType,
    RankingType,
    RecordType,
    SetType,
    SpanType,
    TextType,
    TurnsType,
    Type,
    UnknownType,
)

if TYPE_CHECKING:
    from medspec.check.checker import Checker
    from medspec.check.scope import Scope

RESERVED = ("mask", "volume", "audio")
"""Types of the language's design that this version refuses by name."""

_FOREIGN = {
    **dict.fromkeys(("str", "string", "String", "varchar"), "text"),
    **dict.fromkeys(("integer", "Int", "int64", "long"), "int"),
    **dict.fromkeys(("double", "Float", "float64", "real", "decimal"), "float"),
    **dict.fromkeys(("boolean", "Bool"), "bool"),
    **dict.fromkeys(("number", "num"), "int` or `float"),
    **dict.fromkeys(("list", "List", "array", "Array", "seq", "Sequence"), "TYPE[]"),
    **dict.fromkeys(("Optional", "optional", "Maybe"), "TYPE?"),
}
"""What types of other languages are called here."""

_PLAIN: dict[str, Type] = {
    "bool": BooleanType(),
    "int": IntegerType(),
    "float": FloatType(),
    "text": TextType(),
    "image": ImageType(),
    "turns": TurnsType(),
}


def read_type(node: tree.TypeNode, checker: Checker, scope: Scope) -> Type:
    """The type a node means; `UnknownType` after reporting what is wrong."""
    match node:
        case tree.NamedType(path):
            return _named(path, checker, scope)
        case tree.OptionalTypeNode(item):
            return OptionalType(read_type(item, checker, scope))
        case tree.AbstainTypeNode(item):
            return read_abstaining(read_type(item, checker, scope), node, scope)
        case tree.ListTypeNode(item, bounds):
            low, high = _counts(bounds, scope) if bounds else (None, None)
            if bounds is not None and low is None:
                read_type(item, checker, scope)
                return UnknownType()
            return ListType(read_type(item, checker, scope), low, high)  # type: ignore[arg-type]
        case tree.ChoiceTypeNode(of):
            return ChoiceType(of.name)
        case tree.RefinedType():
            return _refined(node, checker, scope)
        case tree.RankingTypeNode():
            return RankingType(node.of.name)
        case tree.AnchoredType(item):
            label = None
            if isinstance(item, tree.GenericType) and item.name.name == "span":
                label = read_type(item.item, checker, scope)
            return read_anchored(node, label, scope)
        case tree.GenericType(name, item):
            if name.name == "set":
                return read_set(read_type(item, checker, scope), node, scope)
            if name.name == "turns":
                return read_turns(read_type(item, checker, scope), node, scope)
            if name.name in SHAPED:
                return report_bare(name.name, node, scope)
            title = f"cannot find a type named `{name.name}<...>`"
            helps = ["`rows<...>` is the type of a task's parameter, not of a value"] if name.name == "rows" else []
            if name.name in _FOREIGN:
                helps.append(f"write `{_FOREIGN[name.name].replace('TYPE', node.item.place.text)}`")
            scope.report.add("E0201", title, name.place, helps=helps)
            return UnknownType()


def _reserved(name: str, place: Place, scope: Scope) -> Type:
    scope.report.add(
        "E0310",
        f"the type `{name}` is reserved and not built yet",
        place,
        notes=["its name is kept free, so that specs written later keep their meaning"],
    )
    return UnknownType()


def _named(path: tree.Path, checker: Checker, scope: Scope) -> Type:
    name = path.dotted
    if name in _PLAIN:
        return _PLAIN[name]
    if name in RESERVED:
        return _reserved(name, path.place, scope)
    if len(path.parts) == 1 and name not in scope.module.names and name not in scope.module.imports:
        if name in SHAPED:
            return report_bare(name, tree.NamedType(path, path.place), scope)
        close = _FOREIGN.get(name) or nearest(name, _PLAIN)
        if close is not None and not scope.module.tree.may_declare(name):
            label = (path.place, "not declared here and not imported")
            scope.report.add("E0201", f"cannot find a type named `{name}`", label, helps=[f"did you mean `{close}`?"])
            return UnknownType()
    declared = checker.declared(path, scope, "type", (tree.EnumDecl, tree.RecordDecl))
    return UnknownType() if declared is None else declared.type


def _refined(node: tree.RefinedType, checker: Checker, scope: Scope) -> Type:
    name = node.name.name
    if name in RESERVED:
        return _reserved(name, node.place, scope)
    if name == "score":
        entry = next((entry for entry in node.arguments if isinstance(entry, tree.Bounds)), None)
        return read_score(node, _bounds(entry, scope) if entry else (None, None), scope)
    if name in SHAPED:
        return report_bare(name, node, scope)
    if name == "text":
        boxes, rest = read_boxes_in_text(node, scope)
        most = _keyword(rest, scope, Rule("max_words", "int"))
        return UnknownType() if most is ABSENT or isinstance(boxes, UnknownType) else TextType(most, boxes)
    if name in ("int", "float"):
        bounds = next((entry for entry in node.arguments if isinstance(entry, tree.Bounds)), None)
        low, high = _bounds(bounds, scope) if bounds else (None, None)
        is_whole = isinstance(low, int | None) and isinstance(high, int | None)
        if bounds is not None and name == "int" and not is_whole:
            scope.report.add("E0309", "the range of an `int` has whole numbers at its ends", bounds.place)
        if bounds is not None and (low is None or (name == "int" and not is_whole)):
            return UnknownType()
        unit = _keyword(node, scope, None if name == "int" else Rule("unit", "text"))
        if unit is ABSENT:
            return UnknownType()
        if name == "int":
            return IntegerType(low, high)  # type: ignore[arg-type]
        return FloatType(None if low is None else float(low), None if high is None else float(high), unit)
    close = nearest(name, ("text", "int", "float"))
    helps = [f"did you mean `{close}`?"] if close else ["only `text`, `int` and `float` take settings"]
    scope.report.add("E0201", f"cannot find a type named `{name}(...)`", node.name.place, helps=helps)
    return UnknownType()


def _keyword(node: tree.RefinedType, scope: Scope, rule: Rule | None) -> Any:
    """The one named setting of a type, or None; `ABSENT` after reporting what is wrong with it."""
    found: Any = None
    numbers = [e for e in node.arguments if not isinstance(e, tree.Bounds) and isinstance(e.value, tree.NumberValue)]
    if len(numbers) == len(node.arguments) and not any(number.name for number in numbers) and node.name.name != "text":
        low, high = ("0", numbers[0].place.text) if len(numbers) == 1 else (e.place.text for e in numbers[:2])
        helps = [f"write `{node.name.name}({low}..{high})`"]
        place = numbers[0].place.to(numbers[-1].place)
        scope.report.add("E0301", f"`{node.name.name}` takes a range", (place, "not a range"), helps=helps)
        return ABSENT
    for entry in node.arguments:
        if isinstance(entry, tree.Bounds):
            if rule is not None and rule.name == "max_words":
                scope.report.add("E0301", "`text` has no range", entry.place, helps=["write `text(max_words: 300)`"])
                found = ABSENT
            continue
        if rule is None or entry.name is None or entry.name.name != rule.name:
            shown = entry.name.name if entry.name else "this"
            helps = [f"it takes `{rule.name}: ...`"] if rule else ["it takes a range, such as `int(0..10)`"]
            title = f"`{node.name.name}` has no setting `{shown}`" if entry.name else "a setting of a type needs a name"
            scope.report.add("E0211", title, entry.place, helps=helps)
            found = ABSENT
            continue
        value = read_value(entry.value, rule, scope.report)  # type: ignore[arg-type]
        found = ABSENT if found is ABSENT else value
    return found


def _bounds(bounds: tree.Bounds, scope: Scope) -> tuple[int | float | None, int | float | None]:
    low, high = bounds.low.number, bounds.high.number
    if low > high:
        title = f"the range {bounds.low.written}..{bounds.high.written} is empty"
        scope.report.add("E0309", title, bounds.place, helps=["the smaller end comes first"])
        return None, None
    return low, high


def _counts(bounds: tree.Bounds, scope: Scope) -> tuple[int | float | None, int | float | None]:
    """How many entries a list has: whole numbers from 0."""
    low, high = _bounds(bounds, scope)
    if low is not None and high is not None and (low < 0 or not (isinstance(low, int) and isinstance(high, int))):
        helps = ["write `[2..10]` for two to ten entries"]
        scope.report.add("E0309", "the length of a list is a whole number from 0", bounds.place, helps=helps)
        return None, None
    return low, high


def is_unknown(type_: Type) -> bool:
    """Whether `type_` or anything inside it could not be resolved."""
    return isinstance(type_, UnknownType) or any(is_unknown(child) for child in type_.children)


def fits(given: Type, wanted: Type) -> bool:
    """Whether a value of `given` may stand where `wanted` is asked for.

    Equal types fit; so does `T` for `T?`, and `T[a..b]` for `T[c..d]` when its bounds lie inside.
    """
    if is_unknown(given) or is_unknown(wanted) or given == wanted:
        return True
    match given, wanted:
        case OptionalType(item), OptionalType(other):
            return fits(item, other)
        case _, OptionalType(other):
            return fits(given, other)
        case AbstainType(item), AbstainType(other):
            return fits(item, other)
        case _, AbstainType(other):
            return fits(given, other)
        case ListType(item, low, high), ListType(other, wanted_low, wanted_high):
            return (
                fits(item, other)
                and (wanted_low is None or (low is not None and low >= wanted_low))
                and (wanted_high is None or (high is not None and high <= wanted_high))
            )
        case TextType(), TextType():
            # A prompt that does not know of the boxes in a text would show them in a frame that is not the model's.
            return given.boxes == wanted.boxes
        case IntegerType(), IntegerType(low, high):
            return _within(given, low, high)
        case FloatType(), FloatType(low, high):
            return given.unit == wanted.unit and _within(given, low, high)
        case _:
            return False


def first_difference(one: Type, other: Type) -> tuple[Type, Type]:
    """The innermost types at which two types part: where a record's boxes differ, the boxes."""
    named = (getattr(one, "name", None), len(one.children)) == (getattr(other, "name", None), len(other.children))
    if type(one) is type(other) and named:
        for pair in zip(one.children, other.children, strict=True):
            if not fits(*pair) and not fits(*reversed(pair)):
                return first_difference(*pair)
    return one, other


def _within(given: IntegerType | FloatType, low: float | None, high: float | None) -> bool:
    return (low is None or (given.low is not None and given.low >= low)) and (
        high is None or (given.high is not None and given.high <= high)
    )


def canonical(type_: Type) -> Type:
    """The type without what it says of how data files write it: values in specs are written in the default way."""
    match type_:
        case ChoiceType(of):
            return ChoiceType(of)
        case RankingType(of):
            return RankingType(of)
        case SpanType(label, of):
            return SpanType(label, of)
        case BoxType():
            return attrs.evolve(type_, written=None)
        case TurnsType():
            return attrs.evolve(type_, written="turns")
        case SetType(item):
            return SetType(item)
        case ListType(item, low, high):
            return ListType(canonical(item), low, high)
        case OptionalType(item):
            return OptionalType(canonical(item))
        case AbstainType(item):
            return AbstainType(canonical(item))
        case RecordType(name, fields):
            return RecordType(name, tuple(attrs.evolve(field, type=canonical(field.type)) for field in fields))
        case _:
            return type_
