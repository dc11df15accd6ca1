"""The written forms of set, span, box and score: what stands in their brackets, and what they must be anchored in."""

from __future__ import annotations

from medspec.check.scope import Scope
from medspec.readers import find_reader
from medspec.readers.base import Unread
from medspec.readers.wording import folded
from medspec.syntax import tree
from medspec.text.suggest import nearest
from medspec.types import AbstainType, BoxType, EnumType, ScoreType, SetType, SpanType, TurnsType, Type, UnknownType
from medspec.types.abstention import WORD
from medspec.types.box import FRAMES, ORDERS
from medspec.types.turns import turn_of

_MOST_WORD = 60

SHAPED = {
    "set": "set<Finding>",
    "span": "span<Entity> in note",
    "box": "box(xyxy, unit) in image",
    "score": "score(0..4)",
    "choice": "choice of options",
    "ranking": "ranking of options",
}
"""Types whose name alone says too little, with an example of each."""


def report_bare(name: str, node: tree.TypeNode, scope: Scope) -> Type:
    """E0302 or E0301 for one of `SHAPED` that is written without what it needs."""
    anchored = " in " in SHAPED[name] or " of " in SHAPED[name]
    title = f"a {name} must say which field it belongs to" if anchored else f"`{name}` needs more than its name"
    if name == "set":
        title = "a set must say of what"
    elif name == "score":
        title = "a score must say its range"
    scope.report.add("E0302" if anchored else "E0301", title, node.place, helps=[f"write `{SHAPED[name]}`"])
    return UnknownType()


def read_set(item: Type, node: tree.GenericType, scope: Scope) -> Type:
    """`set<item>`; the item is an enum or text."""
    if item.kind not in ("enum", "text", "unknown"):
        label = (node.item.place, f"`{item.spelled}`")
        helps = [f"for several of these in their order write `{item.spelled}[]`"]
        scope.report.add("E0301", "a set holds cases of an enum, or texts", label, helps=helps)
        return UnknownType()
    return SetType(item)


def read_turns(item: Type, node: tree.GenericType, scope: Scope) -> Type:
    """`turns<item>`; the item is an enum of those who speak."""
    if isinstance(item, EnumType):
        return TurnsType(item=turn_of(item))
    if item.kind != "unknown":
        label = (node.item.place, f"`{item.spelled}`")
        helps = [
            "write `enum Speaker { doctor  patient }` and `turns<Speaker>`, or `turns` for system, user and assistant"
        ]
        scope.report.add("E0301", "those who speak are the cases of an enum", label, helps=helps)
    return UnknownType()


def read_anchored(node: tree.AnchoredType, label: Type | None, scope: Scope) -> Type:
    """`span<E> in FIELD` and `box(order, frame) in FIELD`; `label` is the type inside `span<...>`, already read."""
    item, of = node.item, node.field.name
    match item:
        case tree.RefinedType(name) if name.name == "box":
            frame = read_frame(item, scope)
            return UnknownType() if frame is None else BoxType(*frame, of)
        case tree.GenericType(name) if name.name == "span":
            if isinstance(label, EnumType):
                return SpanType(label, of)
            if label is not None and label.kind != "unknown":
                where = (item.item.place, f"`{label.spelled}`")
                scope.report.add("E0301", "the label of a span is a case of an enum", where)
            return UnknownType()
        case tree.NamedType(path) if path.dotted == "span":
            return SpanType(None, of)
        case tree.NamedType(path) if path.dotted == "box":
            helps = [f"write `box(xyxy, unit) in {of}`"]
            scope.report.add(
                "E0301", "a box must say the order of its numbers and their frame", item.place, helps=helps
            )
            return UnknownType()
    scope.report.add("E0310", "only spans and boxes are anchored in a field", node.place)
    return UnknownType()


def read_frame(node: tree.RefinedType, scope: Scope, settings: tuple[str, ...] = ()) -> tuple[str, str] | None:
    """Order and frame of `box(order, frame)`; None after reporting. `settings` are named arguments read elsewhere."""
    order: str | None = None
    frame: str | None = None
    clean = True
    for argument in node.arguments:
        name = argument.name.name if isinstance(argument, tree.Argument) and argument.name else None
        if name in settings:
            continue
        word = ""
        if isinstance(argument, tree.Argument) and isinstance(argument.value, tree.Call):
            word = argument.value.path.dotted if argument.value.arguments is None else ""
        if word in ORDERS and order is None and name is None:
            order = word
        elif word in FRAMES and frame is None and name is None:
            frame = word
        else:
            close = nearest(name or word, settings if name else (*ORDERS, *FRAMES))
            helps = (
                [f"did you mean `{close}`?"] if close else [f"orders: {', '.join(ORDERS)}; frames: {', '.join(FRAMES)}"]
            )
            title = f"`box` has no setting `{name}`" if name else "this says nothing about a box"
            scope.report.add("E0301", title, argument.place, helps=helps)
            clean = False
    if not clean:
        return None
    if order is None or frame is None:
        lacks = "the order of its numbers" if order is None else "their frame"
        ways = ORDERS if order is None else FRAMES
        scope.report.add("E0301", f"a box must say {lacks}", node.place, helps=[f"one of: {', '.join(ways)}"])
        return None
    return order, frame


def read_score(node: tree.RefinedType, bounds: tuple[int | float | None, int | float | None], scope: Scope) -> Type:
    """`score(low..high)`: whole numbers where both ends are written as such."""
    low, high = bounds
    if low is None or high is None:
        if not any(isinstance(entry, tree.Bounds) for entry in node.arguments):
            report_bare("score", node, scope)
        return UnknownType()
    if low == high:
        scope.report.add("E0309", "a scale with one value rates nothing", node.place, helps=["write `score(0..4)`"])
        return UnknownType()
    return ScoreType(low, high, isinstance(low, int) and isinstance(high, int))


def read_abstaining(item: Type, node: tree.AbstainTypeNode, scope: Scope) -> Type:
    """`item or abstain`; unknown after reporting (E0301) a word that could not stand for an abstention."""
    if item.kind == "unknown":
        return item
    word = WORD if node.word is None else node.word.text
    said = folded(word)
    plain = find_reader("plain")
    assert plain is not None
    problem = None
    if not any(letter.isalnum() for letter in said) or "\n" in word or len(word) > _MOST_WORD:
        problem = f"write a word or a few, at most {_MOST_WORD} characters in one line"
    elif item.kind in ("choice", "ranking") and len(said) == 1:
        problem = "a single letter or digit is what an option is called"
    elif item.kind != "text" and plain.produces(item) and not isinstance(plain.decode(word, item, {}, {}), Unread):
        problem = f"it is read as an answer of the type `{item.spelled}`"
    if problem is None:
        return AbstainType(item, word)
    helps = ['name another: `or abstain("cannot be told")`'] if node.word is None else []
    place = node.place if node.word is None else node.word.place
    scope.report.add("E0301", f'"{word}" cannot stand for an abstention here', (place, problem), helps=helps)
    return UnknownType()
