"""How the answer of a model that writes no text becomes a reply: the task's own reader writes it, and will read it.

So the replies of a classifier or a detector are texts like all others: they are kept, read again, and scored again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from medspec.backends.base import Form, Found
from medspec.errors import InternalError
from medspec.plan.form import digest
from medspec.plan.judge_nodes import BoxForm
from medspec.plan.nodes import Plan, TaskPlan
from medspec.plan.speak import type_in
from medspec.readers import find_reader
from medspec.run.speech import Sizes, converted, to_model
from medspec.types import Box, BoxType
from medspec.types.box import checked
from medspec.types.labels import located_fields, names_of

_UNIT = BoxForm(order="xyxy", frame="unit")


def form_maker(plan: Plan, asking: Plan, task: str) -> Callable[[dict[str, Any]], Form]:
    """A function from one row to the form of its answer in `plan`, to what the task of that name asks in `asking`.

    The two plans differ where replies are scored again: then answers are looked for as they were written.
    """
    [call_hash] = [one.call_hash for one in asking.tasks if one.name == task]
    same = [one for one in plan.tasks if one.call_hash == call_hash]
    found = next((one for one in same if one.name == task), same[0])
    read = plan.read(found.read)
    use = read.reader
    key = digest([use.name, use.answer, use.settings, None if read.dialect is None else read.dialect.boxes])

    record = plan.scan(found.scan).record

    def make(row: dict[str, Any]) -> Form:
        names = names_of(use.answer, row)

        def write(answer: Sequence[Any]) -> str:
            return written(plan, found, _value(use.answer, answer, row, Sizes(record)), row)

        return Form(f"{key} {names}", use.answer.kind, names, write)

    return make


def _value(type_: Any, answer: Sequence[Any], row: Mapping[str, Any], sizes: Sizes) -> Any:
    """A value of `type_`: from the places of values, or from boxes as fractions of the image."""
    match type_.kind:
        case "bool":
            return answer[0] == 0
        case "enum":
            return type_.cases[answer[0]].name
        case "choice":
            return answer[0]
        case "set":
            return frozenset(type_.item.cases[place].name for place in answer)
        case "box":
            return _box(type_, answer[0].numbers, row, sizes)
    return tuple(_entry(type_.item, found, row, sizes) for found in answer)


def _entry(type_: Any, found: Found, row: Mapping[str, Any], sizes: Sizes) -> Any:
    """A box of a list, or a record of it with its label."""
    fields = located_fields(type_)
    if fields is None:
        return _box(type_, found.numbers, row, sizes)
    box, label, sure = fields
    kinds = {field.name: field.type for field in type_.fields}
    values = {box: _box(kinds[box], found.numbers, row, sizes), label: kinds[label].cases[found.place].name}
    if sure is not None:
        values[sure] = found.probability
    return {name: values[name] for name in kinds}


def _box(type_: BoxType, numbers: Any, row: Mapping[str, Any], sizes: Sizes) -> Box:
    image = 0 if type_.many else None
    own = BoxForm(order=type_.order, frame=type_.frame)
    turned = converted(numbers, _UNIT, own, lambda: sizes.of(row, type_.of, image))
    return Box(checked(turned, type_.order, type_.frame), image)


def written(plan: Plan, task: TaskPlan, value: Any, row: Mapping[str, Any]) -> str:
    """The reply that means `value`, with its boxes as the dialect has them. Raises `Misfit`."""
    read = plan.read(task.read)
    use, form = read.reader, None if read.dialect is None else read.dialect.boxes
    reader = find_reader(use.name)
    if reader is None:
        raise InternalError(f"there is no reader `{use.name}`")
    if form is not None:
        value = to_model(value, use.answer, form, row, Sizes(plan.scan(task.scan).record))
    return reader.encode(value, type_in(use.answer, form), row, dict(use.settings))
