"""Types inside prompt texts: every name, field, loop and filter, before a row is seen.

Gives the tree back with one change: an enum is printed as its case text (`_case_text`), never as its internal name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs

from medspec.check.shown_values import case_text, narrowed, with_shown_values
from medspec.check.types import is_unknown
from medspec.syntax import template
from medspec.syntax.blocks import Block
from medspec.syntax.filters import FILTERS, find_filter
from medspec.syntax.template import Expression, Piece
from medspec.text.diagnostic import Report
from medspec.text.source import Place, Source
from medspec.text.suggest import nearest
from medspec.types import (
    BooleanType,
    BoxType,
    EnumType,
    FieldType,
    FloatType,
    IntegerType,
    ListType,
    OptionalType,
    RecordType,
    TextType,
    Type,
    UnknownType,
)

ANSWER_FORMAT = "answer_format"
"""The one implicit name in templates: how to answer, written by the reader from the answer type."""

_LOOP = RecordType(
    "loop",
    (
        FieldType("index", IntegerType()),
        FieldType("index0", IntegerType()),
        FieldType("first", BooleanType()),
        FieldType("last", BooleanType()),
        FieldType("length", IntegerType()),
    ),
)
_BY_KIND: dict[str, Type] = {"text": TextType(), "int": IntegerType(), "float": FloatType(), "bool": BooleanType()}


@attrs.define
class TemplateChecker:
    """Checks one text. `hints` map a column's name to the field it fills, for better suggestions; `phrases` can be seen.

    `lost` are names that mean something, but for a mistake that has been reported.
    """

    source: Source
    block: Block
    report: Report
    parameters_place: Place
    hints: Mapping[str, str] = attrs.field(factory=dict)
    phrases: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    used: set[str] = attrs.field(factory=set)

    def pieces(self, pieces: tuple[Piece, ...], names: Mapping[str, Type]) -> tuple[Piece, ...]:
        return tuple(self._piece(piece, names) for piece in pieces)

    def _piece(self, piece: Piece, names: Mapping[str, Type]) -> Piece:
        match piece:
            case template.Text():
                return piece
            case template.Output(expression):
                return template.Output(self._printed(expression, names))
            case template.If(branches, otherwise):
                checked = []
                for test, body in branches:
                    self._type(test, names)
                    shown = with_shown_values(test, names, self._type)
                    checked.append((shown, self.pieces(body, narrowed(test, names))))
                return template.If(tuple(checked), self.pieces(otherwise, names))
            case template.For():
                return self._loop(piece, names)

    def _loop(self, piece: template.For, names: Mapping[str, Type]) -> template.For:
        over = self._type(piece.over, names)
        item: Type = UnknownType()
        if isinstance(over, ListType):
            item = over.item
        elif not is_unknown(over):
            lists = [name for name, type_ in names.items() if isinstance(type_, ListType)]
            self.report.add(
                "E0403",
                f"cannot loop over {_written(piece.over)}, which is {_said(over)}",
                (self._place(piece.over), f"has type `{over.spelled}`"),
                notes=["plain jinja would loop over the letters of the text one by one"] if over.kind == "text" else [],
                helps=[f"a list with the name `{lists[0]}` has the type `{names[lists[0]].spelled}`"] if lists else [],
            )
        if piece.name in names or piece.name == "loop" or piece.name in self._phrase_names:
            self._report_hidden(piece)
        inner = {**names, piece.name: item, "loop": _LOOP}
        shown = with_shown_values(piece.over, names, self._type)
        return attrs.evolve(piece, over=shown, body=self.pieces(piece.body, inner))

    @property
    def _phrase_names(self) -> set[str]:
        return {phrase.split(".")[0] for phrase in self.phrases}

    def _report_hidden(self, piece: template.For) -> None:
        labels = [(self._range(piece.offset, len(piece.name)), "choose another name")]
        if piece.name == "loop":
            self.report.add("E0206", "`loop` is taken: it counts the rounds of a loop", *labels)
            return
        parameter = re.search(rf"\b{piece.name}\s*:", self.parameters_place.text)
        if parameter is not None:
            start = self.parameters_place.start + parameter.start()
            labels.append((Place(self.parameters_place.source, start, start + len(piece.name)), "this would be hidden"))
        hidden = "a parameter" if parameter is not None else "the name of an outer loop"
        if parameter is None and piece.name in self._phrase_names:
            hidden = "a phrase"
        self.report.add("E0206", f"the loop name `{piece.name}` hides {hidden}", *labels)

    def _printed(self, expression: Expression, names: Mapping[str, Type]) -> Expression:
        type_ = self._type(expression, names)
        # Types are asked for again on the way; what is wrong is kept once.
        expression = with_shown_values(expression, names, self._type)
        if isinstance(type_, EnumType):
            return case_text(expression, type_)
        if type_.kind == "image":
            return template.Filter(expression, "_image", offset=expression.offset)
        box = type_ if isinstance(type_, BoxType) else type_.boxes if isinstance(type_, TextType) else None
        if box is not None:
            self.used.add(box.of)  # the box is written by the size of this image
            self._check_image_of(box, expression, names)
            name = "_box" if type_ is box else "_boxes"
            return template.Filter(expression, name, (box.order, box.frame, box.of), offset=expression.offset)
        if is_unknown(type_) or type_.kind in ("text", "int", "float"):
            return expression
        it = _written(expression).strip("`") if isinstance(expression, template.Name | template.Attribute) else "..."
        helps = {
            "list": [f'write `{{{{ {it} | join(", ") }}}}`, or loop over it with `{{% for entry in {it} %}}`'],
            "bool": [f"choose the words: `{{% if {it} %}}yes{{% else %}}no{{% endif %}}`"],
            "optional": [
                f'say what stands there when there is none: `{{{{ {it} | default("none") }}}}`, or test it with `{{% if %}}`'
            ],
            "choice": [f"write the letter: `{{{{ {it} | letter }}}}`"],
            "record": [f"print one of its fields, or write it as JSON: `{{{{ {it} | json }}}}`"],
        }
        self.report.add(
            "E0410",
            f"{_written(expression)} cannot be printed as it is",
            (self._place(expression), f"has type `{type_.spelled}`"),
            helps=helps.get(type_.kind, []),
        )
        return expression

    def _check_image_of(self, box: BoxType, expression: Expression, names: Mapping[str, Type]) -> None:
        if box.of not in names:
            title = f"a box of `{box.of}` is shown, and the prompt has no parameter `{box.of}`"
            helps = [f"add `{box.of}: image` to the parameters: models write boxes by the size of the image"]
            self.report.add("E0303", title, (self._place(expression), "the box"), self.parameters_place, helps=helps)

    def _type(self, expression: Expression, names: Mapping[str, Type]) -> Type:
        match expression:
            case template.Literal(value):
                return _literal_type(value)
            case template.Name(name):
                return self._name(expression, name, names)
            case template.Attribute(target, name):
                return self._attribute(expression, self._type(target, names), name)
            case template.Item(target, index):
                return self._item(expression, self._type(target, names), index)
            case template.Filter():
                return self._filter(expression, names)
            case template.Compare(left, op, right):
                self._compare(expression, self._type(left, names), op, right, self._type(right, names))
                return BooleanType()
            case template.Logic(op, terms):
                for term in terms:
                    self._type(term, names)
                    names = narrowed(term, names) if op == "and" else names
                return BooleanType()

    def _name(self, expression: template.Name, name: str, names: Mapping[str, Type]) -> Type:
        is_new = name not in self.used
        self.used.add(name)
        if name in names:
            return names[name]
        if name == ANSWER_FORMAT:
            return TextType()
        # Reported before: on its first use, or where it is declared or imported.
        if not is_new or name in self.phrases or name in self.lost:
            return UnknownType()
        helps = []
        if name in self.hints and self.hints[name] in names:
            helps.append(f"did you mean `{self.hints[name]}`? it is loaded from the column {name!r}".replace("'", '"'))
        elif close := nearest(name, [*(other for other in names if ":" not in other), *self.phrases, ANSWER_FORMAT]):
            helps.append(f"did you mean `{close}`?")
        elif name == "loop":
            helps.append("`loop` is there between `{% for ... %}` and `{% endfor %}` only")
        elif name == "gold":
            helps.append("the reference answer is not shown to the model that is asked")
        self.report.add(
            "E0401",
            f"the prompt uses `{name}`, which is not one of its parameters",
            (self._place(expression), "no value has this name here"),
            (self.parameters_place, "the parameters"),
            helps=helps,
        )
        return UnknownType()

    def _attribute(self, expression: Expression, target: Type, name: str) -> Type:
        if is_unknown(target) and not isinstance(target, RecordType):
            return UnknownType()
        if isinstance(target, RecordType):
            field = target.field(name)
            if field is not None:
                return field.type
            close = nearest(name, [field.name for field in target.fields])
            helps = [f"did you mean `{close}`?"] if close else [f"it has: {', '.join(f.name for f in target.fields)}"]
            label = (self._range(expression.offset, len(name)), "no such field")
            self.report.add("E0408", f"`{target.name}` has no field `{name}`", label, helps=helps)
            return UnknownType()
        helps = ["test it first with `{% if ... %}`"] if isinstance(target, OptionalType) else []
        label = (self._range(expression.offset, len(name)), f"the value has type `{target.spelled}`")
        self.report.add("E0408", f"{_said(target)} has no field `{name}`", label, helps=helps)
        return UnknownType()

    def _item(self, expression: template.Item, target: Type, index: int) -> Type:
        if is_unknown(target):
            return UnknownType()
        if not isinstance(target, ListType):
            title = f"{_written(expression.target)} is {_said(target)}, not a list"
            self.report.add("E0403", title, (self._place(expression.target), f"has type `{target.spelled}`"))
            return UnknownType()
        if index >= (target.low or 0):
            self.report.add(
                "E0403",
                f"{_written(expression.target)} may have no entry {index}",
                (self._place(expression.target), f"has type `{target.spelled}`"),
                helps=[
                    f"a list that always has one is written `{target.item.spelled}[{index + 1}..{max(index + 1, 10)}]`"
                ],
            )
        return target.item

    def _filter(self, expression: template.Filter, names: Mapping[str, Type]) -> Type:
        target = self._type(expression.target, names)
        rule = find_filter(expression.name) if not expression.name.startswith("_") else None
        place = self._range(expression.offset, len(expression.name))
        if rule is None:
            known = [rule.name for rule in FILTERS if not rule.name.startswith("_")]
            close = nearest(expression.name, known)
            helps = [f"did you mean `{close}`?"] if close else [f"filters: {', '.join(known)}"]
            self.report.add("E0404", f"there is no filter `{expression.name}`", place, helps=helps)
            return UnknownType()
        self._check_arguments(expression, rule.arguments, rule.required, place)
        if is_unknown(target):
            return _BY_KIND.get(rule.gives, UnknownType())
        if "any" not in rule.takes and target.kind not in rule.takes:
            label = (place, f"needs {' or '.join(rule.takes)}, gets `{target.spelled}`")
            self.report.add("E0404", f"the filter `{rule.name}` does not fit {_said(target)}", label)
            return UnknownType()
        if isinstance(target, OptionalType) and rule.name == "default":
            return self._default(expression, target.item, place)
        if rule.gives == "item" and isinstance(target, ListType):
            if not target.low:
                title = f"{_written(expression.target)} may be empty"
                label = (self._place(expression.target), f"has type `{target.spelled}`")
                helps = ["state in its type that there is an entry, such as `text[1..10]`, or test it with `{% if %}`"]
                self.report.add("E0403", title, label, helps=helps)
            return target.item
        if rule.name == "join" and isinstance(target, ListType) and target.item.kind not in ("text", "int", "float"):
            label = (place, f"the entries have type `{target.item.spelled}`")
            self.report.add("E0404", "the filter `join` needs a list of texts or numbers", label)
        return _BY_KIND.get(rule.gives, UnknownType())

    def _default(self, expression: template.Filter, item: Type, place: Place) -> Type:
        """The type of `... | default(value)`: that of the values, or text where a text stands in for another value."""
        if len(expression.arguments) != 1 or isinstance(expression.arguments[0], bool):
            return item  # which has been reported
        (value,) = expression.arguments
        if isinstance(value, str) and item.kind in ("text", "enum", "int", "float"):
            return TextType()
        if not isinstance(value, {"int": (int,), "float": (int, float)}.get(item.kind, ())):
            label = (place, f"gets {value!r} in the place of `{item.spelled}`")
            self.report.add("E0404", "the filter `default` needs a value of the same kind, or a text", label)
        return item

    def _check_arguments(
        self, expression: template.Filter, wanted: tuple[tuple[type, ...], ...], required: int, place: Place
    ) -> None:
        given = expression.arguments
        if not required <= len(given) <= len(wanted):
            takes = f"{required}" if required == len(wanted) else f"{required} to {len(wanted)}"
            title = f"the filter `{expression.name}` takes {takes} argument{'' if takes == '1' else 's'}"
            self.report.add("E0404", title, (place, f"{len(given)} given"))
            return
        for value, kinds in zip(given, wanted, strict=False):
            if not isinstance(value, kinds) or isinstance(value, bool):
                title = f"the filter `{expression.name}` takes {' or '.join(_PYTHON_WORDS[kind] for kind in kinds)}"
                self.report.add("E0404", title, (place, f"gets {value!r}"))

    def _compare(self, expression: Expression, left: Type, op: str, right_node: Expression, right: Type) -> None:
        if is_unknown(left) or is_unknown(right):
            return
        if isinstance(left, EnumType) and isinstance(right_node, template.Literal):
            names = [case.name for case in left.cases]
            if right_node.value not in names:
                close = nearest(str(right_node.value), names)
                helps = [f"did you mean `{close}`?"] if close else [f"its cases: {', '.join(names)}"]
                title = f"`{left.name}` has no case `{right_node.value}`"
                self.report.add("E0409", title, (self._place(right_node), "never equal"), helps=helps)
            return
        inner = left.item if isinstance(left, OptionalType) else left
        numbers = ("int", "float")
        comparable = inner.kind == right.kind or (inner.kind in numbers and right.kind in numbers)
        if op == "in":
            comparable = (right.kind == "text" and left.kind == "text") or (
                isinstance(right, ListType) and right.item.kind == left.kind
            )
        elif op not in ("==", "!="):
            comparable = left.kind in numbers and right.kind in numbers
        if isinstance(right_node, template.Literal) and right_node.value is None:
            comparable = isinstance(left, OptionalType) and op in ("==", "!=")
        if not comparable:
            title = f"cannot compare {_said(left)} with {_said(right)} by `{op}`"
            self.report.add("E0409", title, self._place(expression))

    def _place(self, expression: Expression) -> Place:
        offset = expression.offset
        match expression:
            case template.Name(name):
                return self._range(offset, len(name))
            case template.Attribute(target, name) | template.Filter(target, name):
                start = self._place(target)
                return Place(self.source, start.start, self._range(offset, len(name)).end)
            case template.Literal():
                return self._range(offset, 1)
            case template.Item(target):
                return self._place(target)
            case template.Compare(left, _, right):
                return Place(self.source, self._place(left).start, self._place(right).end)
            case template.Logic(_, terms):
                return Place(self.source, self._place(terms[0]).start, self._place(terms[-1]).end)

    def _range(self, offset: int, length: int) -> Place:
        start = self.block.source_offset(offset)
        return Place(self.source, start, start + length)


_PYTHON_WORDS = {str: "a text", int: "a whole number", float: "a number"}


def _literal_type(value: object) -> Type:
    if value is None:
        return OptionalType(UnknownType())
    if isinstance(value, bool):
        return BooleanType()
    if isinstance(value, int):
        return IntegerType()
    return FloatType() if isinstance(value, float) else TextType()


def _said(type_: Type) -> str:
    """A type in words, as part of a sentence."""
    words = {
        "text": "text",
        "list": "a list",
        "int": "a whole number",
        "float": "a number",
        "optional": "an optional value",
    }
    return words.get(type_.kind, f"`{type_.spelled}`")


def _written(expression: Expression) -> str:
    match expression:
        case template.Name(name):
            return f"`{name.rpartition('.')[2] if ':' in name else name}`"
        case template.Attribute(target, name):
            return f"{_written(target)[:-1]}.{name}`"
        case _:
            return "this"
