"""Anchors: is the field that a choice, span or box refers to there, and of the right type?

A record that is made for use inside rows (`record Located { where : box(xyxy, unit) in images }`) need not hold the field
itself: such an anchor is left open while the record is declared, and checked where the record is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

from medspec.check.scope import Scope
from medspec.check.types import is_unknown
from medspec.syntax import tree
from medspec.text.source import Place
from medspec.text.suggest import nearest
from medspec.types import (
    AbstainType,
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
    Type,
    UnknownType,
)

if TYPE_CHECKING:
    from medspec.check.checker import Checker

Labels = tuple[tuple[Place, str], ...]


@attrs.frozen(kw_only=True)
class Anchoring:
    """Checks the anchors of one type against the `types` of a row's (or record's) fields, which stand at `places`.

    `place` is where the type is used. With `open`, a field that is not there may come from outside.
    """

    types: Mapping[str, Type]
    places: Mapping[str, Place]
    place: Place
    scope: Scope
    checker: Checker
    open: bool = False

    def resolve(self, type_: Type, own: frozenset[str] = frozenset(), labels: Labels = ()) -> Type:
        """`type_` with what only its anchors tell; unknown where one is wrong, which has been reported.

        `own` are the fields of the record around it, whose anchors have been checked where it was declared.
        """
        match type_:
            case ListType() | OptionalType() | AbstainType() | SetType():
                return attrs.evolve(type_, item=self.resolve(type_.item, own, labels))
            case RecordType(name, fields):
                names = own | {field.name for field in fields}
                found = []
                for field in fields:
                    place = _declared_at(name, field.name, self.checker)
                    within = labels if place is None else ((place, "in this record"),)
                    found.append(attrs.evolve(field, type=self.resolve(field.type, names, within)))
                return RecordType(name, tuple(found))
            case ChoiceType() | RankingType() if type_.of not in own:
                return type_ if self._choice(type_, labels) else UnknownType()
            case SpanType() if type_.of not in own:
                return type_ if self._span(type_, labels) else UnknownType()
            case BoxType() if type_.of not in own:
                return self._box(type_, labels)
            case TextType(boxes=BoxType() as boxes) if boxes.of not in own:
                shown = self._box(boxes, labels)
                return attrs.evolve(type_, boxes=shown) if isinstance(shown, BoxType) else UnknownType()
        return type_

    def _target(self, of: str, labels: Labels, fitting: list[str], written: str) -> Type | None:
        """The type of the field `of`. Where there is none: unknown if that may be so, else None after reporting."""
        if of in self.types:
            return self.types[of]
        close = nearest(of, self.types) or (fitting[0] if len(fitting) == 1 else None)
        if self.open and close is None:
            return UnknownType()
        helps = [f"did you mean `{written} {close}`?"] if close else []
        if not close and written in ("choice of", "ranking of"):
            helps = [f"give the record a field with the options: `{of} : text[2..4]`"]
        title = f"there is no field `{of}`" + (" to choose from" if written.endswith(" of") else "")
        main = (self.place, "refers to it") if labels else self.place
        self.scope.report.add("E0303", title, main, *labels, helps=helps)
        return None

    def _choice(self, type_: ChoiceType | RankingType, labels: Labels) -> bool:
        report, word = self.scope.report, type_.kind
        fitting = [name for name, found in self.types.items() if _is_list_of(found, TextType)]
        target = self._target(type_.of, labels, fitting, f"{word} of")
        if target is None or is_unknown(target):
            return target is not None
        options = self.places[type_.of]
        if not isinstance(target, ListType) or target.item.kind != "text":
            report.add(
                "E0303",
                f"a {word} must be anchored to a list of texts",
                (self.place, "chooses from this field"),
                (options, f"`{type_.of}` is `{target.spelled}`"),
                *labels,
                helps=[f"write `{word} of {fitting[0]}`"] if fitting else [],
            )
            return False
        if (target.low or 0) >= 2:
            return True
        # The record's own choice may have said so already; an answer that makes the same choice is no second mistake.
        if any(one.code == "E0308" and one.place == options for one in report.found):
            return False
        report.add(
            "E0308",
            f"`{type_.of}` may hold fewer than two options",
            (options, f"`{target.spelled}` allows {'an empty list' if not target.low else 'a single option'}"),
            (self.place, "the choice is made here"),
            helps=[f"state how many there are: `{target.item.spelled}[2..10]`"],
        )
        return False

    def _span(self, type_: SpanType, labels: Labels) -> bool:
        fitting = [name for name, found in self.types.items() if isinstance(found, TextType)]
        target = self._target(type_.of, labels, [], type_.spelled.rpartition(" ")[0])
        if target is None or is_unknown(target) or isinstance(target, TextType):
            return target is not None
        helps = [f"write `{type_.spelled.rpartition(' ')[0]} {fitting[0]}`"] if len(fitting) == 1 else []
        if _is_image(target):
            helps = [f"for a region of an image use `box(xyxy, unit) in {type_.of}`"]
        self._report_misplaced("a span must be anchored to a text field", "a range of characters", type_, labels, helps)
        return False

    def _box(self, type_: BoxType, labels: Labels) -> Type:
        fitting = [name for name, found in self.types.items() if _is_image(found)]
        target = self._target(type_.of, labels, fitting, type_.spelled.rpartition(" ")[0])
        if target is None:
            return UnknownType()
        if is_unknown(target):
            return type_
        if not _is_image(target):
            helps = [f"write `{type_.spelled.rpartition(' ')[0]} {fitting[0]}`"] if len(fitting) == 1 else []
            title = "a box must be anchored to an image field"
            self._report_misplaced(title, "a region of an image", type_, labels, helps)
            return UnknownType()
        for name in type_.needs:
            size = self.types.get(name)
            if size is None and self.open:
                continue
            if not isinstance(size, IntegerType | FloatType | UnknownType):
                what = f"there is no field `{name}`" if size is None else f"the size `{name}` is `{size.spelled}`"
                self.scope.report.add("E0303", what, (self.place, "an image's size is a number of pixels"), *labels)
                return UnknownType()
        return attrs.evolve(type_, many=isinstance(target, ListType))

    def _report_misplaced(
        self, title: str, what: str, type_: SpanType | BoxType, labels: Labels, helps: list[str]
    ) -> None:
        field = (self.places[type_.of], f"`{type_.of}` is `{self.types[type_.of].spelled}`")
        self.scope.report.add("E0302", title, (self.place, what), field, *labels, helps=helps)


def _is_list_of(type_: Type, item: type) -> bool:
    return isinstance(type_, ListType) and isinstance(type_.item, item)


def _is_image(type_: Type) -> bool:
    return isinstance(type_, ImageType) or _is_list_of(type_, ImageType)


def _declared_at(record: str, field: str, checker: Checker) -> Place | None:
    """Where a field of a record is declared, for a label; records of one name in two modules are told apart by fields."""
    for module in checker.modules.values():
        declaration = module.names.get(record)
        if isinstance(declaration, tree.RecordDecl):
            for node in declaration.fields:
                if node.name.name == field:
                    return node.type.place
    return None
