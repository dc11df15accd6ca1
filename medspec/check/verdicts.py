"""Calls of judges inside metrics: `mean(clinical(question, gold, answer).correct)`.

question          a field of the row, also `patient.age`
gold              the reference of the task, whichever field holds it
answer, reply     what the model under test answered, as read and as written
point             in `for point in gold.points`, one entry of that list; the judge is asked once for each
"...", 3          what is known now, parameters of a template too
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from medspec.check.arguments import ABSENT, Rule, Symbol, read_value
from medspec.check.bindings import match_arguments
from medspec.check.judge_specs import Judging
from medspec.check.scope import Missing, Scope
from medspec.check.spec import ParameterSpec, RecordSpec
from medspec.check.types import fits
from medspec.metrics.selection import fields_of, select_type
from medspec.plan.judge_nodes import EntryValue, Given, ReplyText, RowValue, VerdictValue
from medspec.plan.nodes import AnswerValue, Constant
from medspec.syntax import tree
from medspec.text.source import Place
from medspec.text.suggest import nearest
from medspec.types import ListType, SetType, TextType, Type, UnknownType

if TYPE_CHECKING:
    from medspec.check.checker import Checker

ANSWER, REPLY, GOLD = "answer", "reply", "gold"


@attrs.frozen(kw_only=True)
class JudgeUse:
    """One call of a judge in a task, for the checks of what flows to it."""

    judging: Judging
    value: VerdictValue
    place: Place


@attrs.define(kw_only=True)
class JudgeCalls:
    """Reads the judge calls in the metrics of one task, over rows of `record`. `uses` are those found so far."""

    checker: Checker
    record: RecordSpec
    gold: str
    answer: Type
    uses: list[JudgeUse] = attrs.field(factory=list)

    @classmethod
    def of(
        cls, checker: Checker, record: RecordSpec | None, gold: str | None, answer: Type | None
    ) -> JudgeCalls | None:
        """None where what a judge could be shown is not known, which has been reported."""
        if record is None or gold is None or answer is None:
            return None
        return cls(checker=checker, record=record, gold=gold, answer=answer)

    @property
    def judging(self) -> tuple[Judging, ...]:
        """The judges and panels found so far, each once."""
        return tuple({use.judging.qualified: use.judging for use in self.uses}.values())

    def read(
        self, call: tree.Call, each: tree.Comprehension | None, scope: Scope, points: tree.Argument | None = None
    ) -> tuple[VerdictValue, Judging, Type] | None:
        """What is asked of which judge, and the type of what comes of it; None after reporting.

        `points` names what an entry of the list is worth.
        """
        found = scope.find(call.path, "judge", kinds=(tree.JudgeDecl, tree.PanelDecl))
        if isinstance(found, Missing):
            return None
        judging: Judging | None = self.checker.checked(found.module, found.declaration)
        if judging is None:
            return None
        names = _Names(calls=self, scope=scope)
        over = None
        if each is not None:
            over = names.enter(each)
            if over is None:
                return None
        arguments = self._arguments(call, judging, names, scope)
        if arguments is None:
            return None
        if each is not None and not any(isinstance(given, EntryValue) for _, given in arguments):
            title = f"the judge is asked the same thing for every `{each.name.name}`"
            helps = [f"pass `{each.name.name}` to the judge, or leave out `{each.place.text}`"]
            scope.report.add("E0511", title, (each.place, "no argument takes it"), helps=helps)
            return None
        path = tuple(part.name for part in call.member)
        type_ = select_type(judging.verdict, path)
        if type_ is None:
            _report_no_field(path, call, judging, scope)
            return None
        worth = None if points is None else names.points(points)
        if points is not None and worth is None:
            return None
        value = VerdictValue(judge=judging.node, arguments=tuple(arguments), path=path, each=over, points=worth)
        self.uses.append(JudgeUse(judging=judging, value=value, place=call.path.place))
        return value, judging, type_

    def _arguments(
        self, call: tree.Call, judging: Judging, names: _Names, scope: Scope
    ) -> list[tuple[str, Given]] | None:
        what = f"the judge `{judging.name}`"
        given, clean = match_arguments(call, [one.name for one in judging.parameters], what, judging.place, scope)
        if not clean:
            return None
        within = next((one.comprehension for one in given.values() if one.comprehension is not None), None)
        if within is not None:
            helps = ["write it behind the call: `mean(JUDGE(point, answer).FIELD for point in gold.points)`"]
            scope.report.add("E0511", "a list is gone through outside of the call", within.place, helps=helps)
            return None
        filled: list[tuple[str, Given]] = []
        for parameter in judging.parameters:
            argument = given.get(parameter.name)
            if argument is not None:
                bound = names.argument(argument, parameter)
            elif parameter.has_default:
                bound = Constant(parameter.default)
            else:
                label = (call.place, f"`{parameter.name}` is not given here")
                title = f"{what} needs `{parameter.name}`"
                scope.report.add("E0211", title, label, (parameter.place, "the parameter"))
                bound = None
            if bound is None:
                return None
            filled.append((parameter.name, bound))
        return filled


@attrs.define(kw_only=True)
class _Names:
    """The names that arguments of one call may use. `entry` is the name and type of the entries that are gone through."""

    calls: JudgeCalls
    scope: Scope
    entry: tuple[str, Type] | None = None

    def enter(self, each: tree.Comprehension) -> RowValue | AnswerValue | None:
        """The list of `for NAME in LIST`, whose entries then have a name; None after reporting."""
        name, report = each.name.name, self.scope.report
        if name in (ANSWER, REPLY, GOLD) or self.calls.record.type.field(name) is not None:
            report.add("E0206", f"`{name}` is a name of the row already", (each.name.place, "choose another name"))
            return None
        found = self.value(each.over)
        if found is None:
            return None
        over, type_ = found
        if isinstance(type_, UnknownType):
            self.entry = (name, type_)
        elif isinstance(type_, ListType | SetType):
            self.entry = (name, type_.item)
        else:
            label = (each.over.place, f"`{each.over.dotted}` is `{type_.spelled}`")
            report.add("E0403", f"cannot go through `{each.over.dotted}`, which is no list", label)
            return None
        assert isinstance(over, RowValue | AnswerValue)
        return over

    def points(self, argument: tree.Argument) -> EntryValue | None:
        """The number of an entry that says what it is worth; None after reporting."""
        value, report = argument.value, self.scope.report
        if self.entry is None or not isinstance(value, tree.Call) or value.arguments is not None:
            title = "`points` names a number of each entry"
            helps = ["write `rubric_points(JUDGE(item.text, answer) for item in gold.items, points: item.points)`"]
            report.add("E0511", title, argument.place, helps=helps)
            return None
        found = self.value(value.path)
        if found is None:
            return None
        given, type_ = found
        if isinstance(given, EntryValue) and type_.kind in ("int", "float", "score", "unknown"):
            return given
        title = f"`{value.path.dotted}` is no number of `{self.entry[0]}`"
        report.add("E0511", title, (argument.place, f"it is `{type_.spelled}`"))
        return None

    def argument(self, argument: tree.Argument, parameter: ParameterSpec) -> Given | None:
        """What fills a parameter of the judge; None after reporting."""
        value, report = argument.value, self.scope.report
        if isinstance(value, tree.Call) and value.arguments is None and value.path.dotted not in self.scope.values:
            found = self.value(value.path)
            if found is None:
                return None
            given, type_ = found
            if fits(type_, parameter.type):
                return given
            helps = []
            if isinstance(given, AnswerValue) and parameter.type.kind == "text":
                helps.append(f"to show the judge what the model wrote: `{parameter.name}: {REPLY}`")
            report.add(
                "E0409",
                f"`{value.path.dotted}` does not fit the parameter `{parameter.name}`",
                (value.place, f"this is `{type_.spelled}`"),
                (parameter.place, f"the parameter is `{parameter.type.spelled}`"),
                helps=helps,
            )
            return None
        kind = parameter.type.kind
        if kind not in ("text", "int", "float", "bool"):
            title = f"`{parameter.name}` has type `{parameter.type.spelled}`"
            label = (parameter.place, "the parameter")
            report.add("E0409", title, (value.place, "give it a field of the row"), label)
            return None
        read = read_value(value, Rule(parameter.name, kind), report, values=self.scope.values)  # type: ignore[arg-type]
        if read is ABSENT:
            return None
        return Constant("" if isinstance(read, Symbol) else read)

    def value(self, path: tree.Path) -> tuple[RowValue | AnswerValue | ReplyText | EntryValue, Type] | None:
        """What a dotted name means, and its type; None after reporting."""
        first, *rest = (part.name for part in path.parts)
        record, calls = self.calls.record, self.calls
        inside = tuple(rest)
        if self.entry is not None and first == self.entry[0]:
            return self._inside(EntryValue(inside), self.entry[1], path)
        if first == ANSWER:
            return self._inside(AnswerValue(inside), calls.answer, path)
        if first == REPLY and record.type.field(REPLY) is None:
            return self._inside(ReplyText(), TextType(), path)
        name = calls.gold if first == GOLD else first
        field = record.type.field(name)
        if field is not None:
            return self._inside(RowValue((name, *inside)), field.type, path)
        known = [field.name for field in record.type.fields] + [ANSWER, REPLY, GOLD, *self.scope.values]
        known += [self.entry[0]] if self.entry is not None else []
        close = nearest(first, known)
        helps = [f"did you mean `{close}`?"] if close else [f"a judge can be shown: {', '.join(dict.fromkeys(known))}"]
        title = f"`{record.name}` has no field `{first}`"
        self.scope.report.add("E0408", title, (path.place, "no such field"), (record.place, "the rows"), helps=helps)
        return None

    def _inside(
        self, given: RowValue | AnswerValue | ReplyText | EntryValue, whole: Type, path: tree.Path
    ) -> tuple[RowValue | AnswerValue | ReplyText | EntryValue, Type] | None:
        """`given` with the type of what the rest of `path` selects in `whole`."""
        rest = tuple(part.name for part in path.parts[1:])
        type_ = select_type(whole, rest)
        if type_ is not None:
            return given, type_
        fields = fields_of(whole)
        close = nearest(rest[0], fields)
        helps = [f"did you mean `{close}`?"] if close else [f"its fields: {', '.join(fields)}"] if fields else []
        title = f"`{path.parts[0].name}` has no field `{'.'.join(rest)}`"
        self.scope.report.add("E0408", title, (path.place, f"it is `{whole.spelled}`"), helps=helps)
        return None


def _report_no_field(path: tuple[str, ...], call: tree.Call, judging: Judging, scope: Scope) -> None:
    fields = fields_of(judging.verdict)
    close = nearest(path[0], fields)
    helps = [f"did you mean `{close}`?"] if close else [f"its fields: {', '.join(fields)}"] if fields else []
    scope.report.add(
        "E0511",
        f"the verdict has no field `{'.'.join(path)}`",
        (call.member[0].place, "selects it"),
        (judging.verdict_place, f"the verdict is `{judging.verdict.spelled}`"),
        helps=helps,
    )
