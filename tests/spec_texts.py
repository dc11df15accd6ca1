"""Whole specs as a hypothesis strategy: every rule of the grammar, with white space and comments wherever they may stand.

    @given(spec_texts())
    def test_something(text): ...

The texts are of this edition's grammar; nothing in them means anything. Each comment is there once: `#1 ...`, `#2 ...`.
A few of the texts cannot be read, since a line break before certain words ends a declaration: callers pass those over.

Hypothesis draws one number for each declaration, and the declaration is grown from it. That is a hundred times faster than
drawing each token, and a failing spec still shrinks to the declaration that fails.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from random import Random

from hypothesis import strategies as st

NAMES = ("a", "note", "gold", "long_name_of_something", "Finding", "x1", "_private", "accuracy", "seeded", "Qa_Row")
KEYWORDS = (
    "prompt",
    "model",
    "task",
    "record",
    "dataset",
    "enum",
    "suite",
    "example",
    "phrase",
    "judge",
    "panel",
    "dialect",
)
ENTRY_KEYS = ("answer", "reference", "shots", "metrics", "decode", "waive", "override")
STRINGS = ('""', '"a"', '"two words"', r'"\"quoted\" \\ \n \d"', '"# no comment"', '"{ not a block }"', '"é 漢字 𝒳"',
           '"a sentence that is long enough to push what stands behind it over the end of the line"')  # fmt: skip
NUMBERS = ("0", "1", "-2.5", "1.10", "3e-4", "0.95", "1000")
COMMENTS = ("", " why", " { ( [", ' "open', ' """', " a, b = c", "!", " ends in blanks   ", " 漢字", "\tand a tab")
DOCS = ("##", "## what it is", "##tight", "### more", '## "x" {')
TIGHT_GAPS = ("", "", "", " ", " ")
GAPS = (
    " ",
    " ",
    " ",
    " ",
    " ",
    " ",
    "  ",
    "\t",
    "\n  ",
    "\n    ",
    "\n",
    "\n\n  ",
    "\n \n  ",
    " #",
    "#",
    "\n  #",
    "\n\n    #",
)
"""What stands between two tokens; `#` becomes a comment and its line break."""
DOC_GAPS = ("\n", "\n  ", "\n\n", "\n#")
ITEM_GAPS = ("\n", "\n", "\n", "\n\n", "\n\n\n", " #", "\n#", "\n\n#", "\n\n#\n", " #\n\n#", " ")
MARKS = "{}()[],:=@?<>"

Tokens = list[str]
Rule = Callable[["Grower"], Tokens]


class Grower:
    """Grows the tokens of one declaration from a number. One method for each rule of the grammar; `##` is a doc comment."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.depth = 0

    def pick(self, *choices: str) -> str:
        return self.random.choice(choices)

    def chance(self, share: float = 0.5) -> bool:
        return self.random.random() < share

    def maybe(self, rule: Rule, share: float = 0.5) -> Tokens:
        return rule(self) if self.chance(share) else []

    def many(self, rule: Rule, most: int = 3) -> Tokens:
        return [token for _ in range(self.random.randint(0, most)) for token in rule(self)]

    def commas(self, rule: Rule, least: int = 0, most: int = 3, *, trailing: bool = True) -> Tokens:
        tokens = [token for _ in range(self.random.randint(least, most)) for token in (*rule(self), ",")]
        return tokens if trailing and self.chance(0.3) else tokens[:-1]

    def braces(self, rule: Rule, most: int = 3) -> Tokens:
        return ["{", *self.many(rule, most), "}"]

    def documented(self, rule: Rule) -> Tokens:
        return [*["##"] * self.random.choice((0, 0, 0, 1, 2)), *rule(self)]

    def name(self) -> str:
        return self.pick(*NAMES)

    def path(self) -> Tokens:
        return [token for _ in range(self.random.choice((1, 1, 2, 3))) for token in (".", self.name())][1:]

    def string(self) -> str:
        # Lengths of all kinds, so that lines end right before and right behind the limit.
        return self.pick(*STRINGS) if self.chance(0.7) else f'"{"x" * self.random.randint(0, 60)}"'

    def text(self) -> str:
        lines = [
            self.pick("", "", "  ", "    ", "      ", "\t", "\t  ", "   \t")
            + self.pick("", "a b", "{{ x }}", "#7", '"', "é  ")
            for _ in range(self.random.randint(0, 4))
        ]
        inside = "\n".join(["", *lines] if self.chance() else lines)
        # A quote right before the closing ones would be read as one of them.
        return f'"""{inside}{self.pick("", chr(10), chr(10) + "   ")}'.rstrip('"').ljust(3, '"') + '"""'

    # Values

    def value(self) -> Tokens:
        self.depth += 1
        choices = [self.call] * 3 + [
            lambda: [self.string()],
            lambda: [self.pick(*NUMBERS)],
            lambda: [self.pick("true", "false")],
        ]
        if self.depth < 4:
            choices += [lambda: [self.text()], self.list, self.entries, self.list, self.entries]
        found = self.random.choice(choices)()
        self.depth -= 1
        return found

    def list(self) -> Tokens:
        return ["[", *self.commas(Grower.value, most=5), "]"]

    def setting(self) -> Tokens:
        return [self.pick(*NAMES, *NAMES, *KEYWORDS), "=", *self.value()]

    def block(self) -> Tokens:
        return self.braces(Grower.setting)

    def entry_key(self) -> str:
        return self.pick(*NAMES, *NAMES, *KEYWORDS, *ENTRY_KEYS)

    def entries(self) -> Tokens:
        """An object, or columns: what data call their fields can be written here."""
        return self.braces(lambda g: [g.entry_key(), "=", *g.value()])

    def call(self) -> Tokens:
        if self.depth > 4 or self.chance():
            return self.path()
        self.depth += 1
        found = [*self.path(), "(", *self.commas(Grower.argument), ")", *self.maybe(lambda g: [".", g.name()], 0.2)]
        self.depth -= 1
        return found

    def argument(self) -> Tokens:
        comprehension = self.maybe(lambda g: ["for", g.name(), "in", *g.path()], 0.15)
        return [*self.maybe(lambda g: [g.pick(*NAMES, "prompt"), ":"]), *self.value(), *comprehension]

    # Types

    def type(self) -> Tokens:
        self.depth += 1
        choices = [self.path, self.path, lambda: ["choice", "of", self.name()], lambda: ["ranking", "of", self.name()]]
        if self.depth < 5:
            choices += [
                lambda: [self.name(), "<", *self.type(), ">"],
                lambda: [self.name(), "(", *self.commas(Grower.type_argument, 1, trailing=False), ")"],
                lambda: [*self.type(), "?"],
                lambda: [*self.type(), "[", *self.maybe(Grower.bounds), "]"],
                lambda: [*self.type(), "in", self.name()],
                lambda: ["(", *self.type(), ")"],
            ]
        found = self.random.choice(choices)()
        self.depth -= 1
        return found

    def type_argument(self) -> Tokens:
        return self.bounds() if self.chance() else self.argument()

    def bounds(self) -> Tokens:
        return [self.pick(*NUMBERS), "..", self.pick(*NUMBERS)]

    # Clauses

    def clause(self, *rules: Rule) -> Tokens:
        return self.random.choice((Grower.setting, Grower.setting, *rules))(self)

    def own_text(self) -> Tokens:
        return self.random.choice((lambda: [self.text()], lambda: [self.string()], self.text_file))()

    def text_file(self) -> Tokens:
        return ["from", *self.call(), *self.block()]

    def params(self) -> Tokens:
        return [
            "(",
            *self.commas(lambda g: [g.name(), ":", *g.type(), *g.maybe(lambda g: ["=", *g.value()], 0.3)]),
            ")",
        ]

    def version(self) -> Tokens:
        return self.maybe(lambda g: ["@", g.pick("1", "12")])

    def waive(self) -> Tokens:
        return ["waive", self.name(), "because", self.string()]

    def reference(self) -> Tokens:
        return ["reference", self.string(), *self.block()]

    def comparison(self) -> Tokens:
        literal = self.random.choice((self.string(), *NUMBERS, "true"))
        return [*self.path(), self.pick("==", "!=", "<=", ">=", "<", ">"), literal]

    def split(self) -> Tokens:
        return ["split", self.name(), "where", self.name(), *self.maybe(lambda g: ["not"]), "in", *self.call()]

    def slice(self) -> Tokens:
        more = self.maybe(lambda g: ["and", *g.comparison()])
        rule = ["by", *self.path()] if self.chance() else ["when", *self.comparison(), *more]
        return ["slice", self.name(), *rule]

    def dataset_clause(self) -> Tokens:
        columns: Rule = lambda g: ["columns", *g.entries()]  # noqa: E731
        cluster: Rule = lambda g: ["cluster", "by", *g.path()]  # noqa: E731
        return self.clause(columns, Grower.split, Grower.slice, cluster, Grower.waive)

    def answer(self) -> Tokens:
        return ["answer", *self.type(), *self.abstention(), *self.maybe(lambda g: ["via", *g.call()])]

    def abstention(self) -> Tokens:
        return self.maybe(lambda g: ["or", "abstain", *g.maybe(lambda g: ["(", g.string(), ")"])], 0.2)

    def shots(self) -> Tokens:
        return ["shots", *self.value(), "from", *self.call(), *self.maybe(Grower.block)]

    def metric(self) -> Tokens:
        label = self.maybe(lambda g: ["as", g.name()], 0.3)
        return [*self.maybe(lambda g: ["primary"]), *self.call(), *self.maybe(lambda g: ["on", *g.path()], 0.2), *label]

    def task_clause(self) -> Tokens:
        decode: Rule = lambda g: ["decode", *g.block()]  # noqa: E731
        metrics: Rule = lambda g: ["metrics", *g.braces(Grower.metric)]  # noqa: E731
        return self.clause(Grower.answer, Grower.shots, decode, metrics, Grower.reference, Grower.waive)

    def judge_clause(self) -> Tokens:
        return self.clause(lambda g: ["calibrate", "on", *g.call(), *g.maybe(Grower.block)])

    def members(self) -> Tokens:
        member: Rule = lambda g: [*g.path(), *g.maybe(lambda g: ["weight", g.pick(*NUMBERS)])]  # noqa: E731
        return ["tasks", *self.braces(member, 6)]

    def aggregate(self) -> Tokens:
        return ["aggregate", self.name(), "=", *self.call(), *self.maybe(lambda g: ["over", *g.list()])]

    def report(self) -> Tokens:
        return ["report", "slices", *self.list(), *self.maybe(Grower.block)]

    def suite_clause(self) -> Tokens:
        return self.clause(Grower.members, Grower.aggregate, Grower.report, Grower.reference, Grower.waive)

    # Declarations

    def enum(self) -> Tokens:
        case: Rule = lambda g: [g.name(), *g.maybe(lambda g: [g.string()])]  # noqa: E731
        return ["enum", self.name(), *self.braces(lambda g: g.documented(case))]

    def record(self) -> Tokens:
        source: Rule = lambda g: ["from", *g.type()]  # noqa: E731
        field: Rule = lambda g: [g.entry_key(), ":", *g.type(), *g.abstention(), *g.maybe(source, 0.2)]  # noqa: E731
        return ["record", self.name(), *self.braces(lambda g: g.documented(field))]

    def dataset(self) -> Tokens:
        return ["dataset", self.name(), ":", *self.path(), *self.braces(Grower.dataset_clause, 5)]

    def phrase(self) -> Tokens:
        text = self.text_file() if self.chance(0.3) else ["=", self.text() if self.chance() else self.string()]
        return ["phrase", self.name(), *text]

    def prompt(self) -> Tokens:
        turn: Rule = lambda g: [g.pick("system", "user", "assistant"), *g.own_text()]  # noqa: E731
        return ["prompt", self.name(), *self.params(), *self.braces(turn)]

    def named_block(self) -> Tokens:
        return [self.pick("model", "dialect", "panel"), self.name(), *self.block()]

    def judge(self) -> Tokens:
        return ["judge", self.name(), *self.params(), "->", *self.type(), *self.braces(Grower.judge_clause)]

    def task(self) -> Tokens:
        return ["task", self.name(), *self.version(), *self.maybe(Grower.params), *self.braces(Grower.task_clause, 6)]

    def task_from(self) -> Tokens:
        overrides = self.maybe(lambda g: g.braces(lambda g: ["override", *g.task_clause()]))
        return ["task", self.name(), *self.version(), "=", *self.call(), *overrides]

    def suite(self) -> Tokens:
        return ["suite", self.name(), *self.version(), *self.braces(Grower.suite_clause, 5)]

    def example(self) -> Tokens:
        return ["example", *self.path(), self.string(), *self.block()]

    def imports(self) -> Tokens:
        if self.chance():
            return ["import", *self.path(), *self.maybe(lambda g: ["as", g.name()])]
        names = [
            token
            for _ in range(self.random.randint(1, 4))
            for token in (self.name(), *self.maybe(lambda g: [","], 0.8))
        ]
        return ["import", *self.path(), "{", *names, "}"]

    def item(self) -> Tokens:
        """A declaration or an import."""
        if self.chance(0.15):
            return self.imports()
        rules = (Grower.enum, Grower.record, Grower.dataset, Grower.phrase, Grower.prompt, Grower.named_block, Grower.judge,
                 Grower.task, Grower.task_from, Grower.task_from, Grower.suite, Grower.example)  # fmt: skip
        return self.documented(self.random.choice(rules))


class Writer:
    """Writes tokens with white space and numbered comments between them. `calm` is the share of gaps that are one blank."""

    def __init__(self, seed: int, calm: float) -> None:
        self.random = Random(seed)
        self.calm = calm
        self.count = 0

    def blanks(self, *gaps: str) -> str:
        return "".join(self._comment() if letter == "#" else letter for letter in self.random.choice(gaps))

    def item(self, tokens: Tokens) -> str:
        pieces = [self._token(tokens[0])]
        for left, right in pairwise(tokens):
            pieces += [self._gap(left, right), self._token(right)]
        return "".join(pieces)

    def _comment(self) -> str:
        self.count += 1
        return f"#{self.count}{self.random.choice(COMMENTS)}\n"

    def _gap(self, left: str, right: str) -> str:
        if "##" in (left, right):
            return "\n" if right != "##" and self.random.random() < self.calm else self.blanks(*DOC_GAPS)
        is_tight = left[-1] in MARKS or right[0] in MARKS
        if self.random.random() < self.calm:
            return self.random.choice(TIGHT_GAPS) if is_tight else " "
        return self.blanks(*GAPS)

    def _token(self, token: str) -> str:
        return self.random.choice(DOCS) if token == "##" else token


def write_spec(items: list[Tokens], seed: int, calm: float) -> str:
    """A file with these items after its edition."""
    writer = Writer(seed, calm)
    docs = ["##"] * (seed % 3)
    pieces = [writer.blanks("", "", "#", "\n", "#\n#"), writer.item([*docs, "edition", "2026"])]
    for tokens in items:
        pieces += [writer.blanks(*ITEM_GAPS), writer.item(tokens)]
    pieces.append(writer.blanks("\n", "", "\n\n\n", " #", "\n#", "\n\n#"))
    return "".join(pieces)


seeds = st.integers(0, 2**32 - 1)


def spec_texts(most: int = 5) -> st.SearchStrategy[str]:
    """The text of a spec of up to `most` declarations and imports."""
    items = st.lists(seeds.map(lambda seed: Grower(seed).item()), max_size=most)
    return st.builds(write_spec, items, seeds, st.sampled_from((0.3, 0.8, 0.95, 1.0)))
