"""What the compiler writes into templates before they are planned, so that values look as people expect.

    {{ triage | upper }}             the case's text in capital letters, never its internal name
    {{ age | default("unknown") }}   a number where there is one, as text

Types are known here, and values are not: the filters that are put in begin with `_` and cannot be written in a spec.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from medspec.syntax import template
from medspec.syntax.template import Expression
from medspec.types import EnumType, ListType, OptionalType, Type

Names = Mapping[str, Type]
TypeOf = Callable[[Expression, Names], Type]


def with_shown_values(expression: Expression, names: Names, type_of: TypeOf) -> Expression:
    """`expression` with case texts in the place of case names wherever a filter makes a text of an enum."""
    match expression:
        case template.Attribute() | template.Item():
            return attrs.evolve(expression, target=with_shown_values(expression.target, names, type_of))
        case template.Compare(left, _, right):
            left = with_shown_values(left, names, type_of)
            return attrs.evolve(expression, left=left, right=with_shown_values(right, names, type_of))
        case template.Logic(op, terms):
            found = []
            for term in terms:
                found.append(with_shown_values(term, names, type_of))
                names = narrowed(term, names) if op == "and" else names
            return attrs.evolve(expression, terms=tuple(found))
        case template.Filter(target, name, arguments):
            inner = with_shown_values(target, names, type_of)
            return attrs.evolve(expression, target=_shown_for(name, arguments, inner, type_of(target, names)))
    return expression


def _shown_for(name: str, arguments: tuple[object, ...], target: Expression, type_: Type) -> Expression:
    """The target of the filter `name` as that filter should see it."""
    if name in ("lower", "upper") and isinstance(type_, EnumType):
        return case_text(target, type_)
    if name == "default" and isinstance(type_, OptionalType):
        if isinstance(type_.item, EnumType):
            return case_text(target, type_.item)
        if type_.item.kind != "text" and arguments and isinstance(arguments[0], str):
            return template.Filter(target, "_as_text", offset=target.offset)
    return target


def case_text(expression: Expression, type_: EnumType) -> Expression:
    """The text of the case that `expression` names."""
    if all(case.name == case.text for case in type_.cases):
        return expression
    pairs = tuple(word for case in type_.cases for word in (case.name, case.text))
    return template.Filter(expression, "_case_text", pairs, offset=expression.offset)


def narrowed(test: Expression, names: Names) -> Names:
    """Names as they are where `test` holds: an optional that was tested is there, and a list that was has an entry."""
    match test:
        case template.Name(name) if isinstance(names.get(name), OptionalType):
            return {**names, name: names[name].item}  # type: ignore[attr-defined]
        case template.Name(name) if isinstance(names.get(name), ListType):
            type_ = names[name]
            return {**names, name: attrs.evolve(type_, low=max(type_.low or 0, 1))}  # type: ignore[misc, attr-defined]
        case template.Logic("and", terms):
            for term in terms:
                names = narrowed(term, names)
        case template.Compare(template.Name(name), "!=", template.Literal(None)):
            return narrowed(template.Name(name), names)
    return names
