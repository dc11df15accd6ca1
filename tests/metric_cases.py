"""Types with strategies for their values, and the settings and types under which each metric is tested."""

from __future__ import annotations

import random
from typing import Any

import attrs
from hypothesis import strategies as st

from medspec.metrics import METRICS
from medspec.metrics.base import Batch, Metric
from medspec.metrics.encoded import Corpus
from medspec.metrics.patterns import AbstainOf
from medspec.readers.base import Unread
from medspec.run.invent_vectors import InventedEncoder
from medspec.types import (
    ABSTAINED,
    AbstainType,
    BooleanType,
    Box,
    BoxType,
    ChoiceType,
    EnumCase,
    EnumType,
    FieldType,
    FloatType,
    IntegerType,
    ListType,
    OptionalType,
    RankingType,
    RecordType,
    ScoreType,
    SetType,
    Span,
    SpanType,
    TextType,
    Type,
)

UNREAD = Unread("no_letter", "?")
NAMES = ("red", "amber", "green", "blue")
COLOUR = EnumType("Colour", tuple(EnumCase(name, name) for name in NAMES))
BOX = BoxType("xyxy", "mille", "scan")
LOCATED = RecordType("Located", (FieldType("label", COLOUR), FieldType("where", BOX)))
SURE = RecordType("Sure", (*LOCATED.fields, FieldType("sure", FloatType(0.0, 1.0))))

numbers = st.sampled_from((0, 200, 300, 500, 1000))
corner_pairs = st.tuples(numbers, numbers, numbers, numbers)
boxes = corner_pairs.map(
    lambda n: Box((float(min(n[0], n[1])), float(min(n[2], n[3])), float(max(n[0], n[1])), float(max(n[2], n[3]))))
)
colours = st.sampled_from(NAMES[:3])
spans = st.builds(
    lambda start, length, label: Span(start, start + length, label), st.integers(0, 12), st.integers(1, 5), colours
)
GOLDS = ("fever and cough", "fever since Morning", "the cough")
"""All golds of the task of which a batch holds some rows, for metrics that look at them."""
words = st.sampled_from(("fever", "and", "cough", "since", "the", "Morning", "37.5", "C,"))
texts = st.lists(words, min_size=4, max_size=9).map(" ".join)
located = st.fixed_dictionaries({"label": colours, "where": boxes})
sure = st.fixed_dictionaries({"label": colours, "where": boxes, "sure": st.sampled_from((0.25, 0.5, 0.75, 1.0))})

KINDS: dict[str, tuple[Type, st.SearchStrategy[Any]]] = {
    "enum": (COLOUR, colours),
    "bool": (BooleanType(), st.booleans()),
    "choice": (ChoiceType("options"), st.integers(0, 5)),
    "enum?": (OptionalType(COLOUR), st.one_of(st.none(), colours)),
    "choice?": (OptionalType(ChoiceType("options")), st.one_of(st.none(), st.integers(0, 2))),
    "enum or abstain": (AbstainType(COLOUR), st.one_of(st.just(ABSTAINED), colours)),
    "choice or abstain": (AbstainType(ChoiceType("options")), st.one_of(st.just(ABSTAINED), st.integers(0, 2))),
    "int": (IntegerType(-3, 3), st.integers(-3, 3)),
    "float": (FloatType(-10.0, 10.0), st.sampled_from((0.0, 0.5, -1.0, 0.1, 0.3))),
    "score": (ScoreType(0, 4), st.integers(0, 4)),
    "text": (TextType(), texts),
    "set": (SetType(COLOUR), st.frozensets(colours)),
    "set of text": (SetType(TextType()), st.frozensets(st.sampled_from(("", "fever", "cough")))),
    "list": (ListType(COLOUR), st.lists(colours, max_size=3).map(tuple)),
    "spans": (ListType(SpanType(COLOUR, "note")), st.lists(spans, max_size=4).map(tuple)),
    "box": (BOX, boxes),
    "located": (ListType(LOCATED), st.lists(located, max_size=3).map(tuple)),
    "sure": (ListType(SURE), st.lists(sure, max_size=3).map(tuple)),
    "ranking": (RankingType("options"), st.permutations(range(4)).map(tuple)),
}

SETTINGS: dict[str, list[dict[str, Any]]] = {
    "ece": [{}, {"bins": 3}],
    "rouge": [{"variant": variant} for variant in ("1", "2", "l")] + [{"variant": "l", "language": "zh"}],
    "bleu": [{}, {"order": 1}, {"language": "zh"}],
    "sentence_bleu": [{}, {"order": 2}, {"language": "zh"}],
    "token_f1": [{}, {"language": "zh"}],
    "exact_match": [{}, {"ignore_case": True, "ignore_punctuation": True, "ignore_articles": True}],
    "bertscore": [{"model": "it"}, {"model": "it", "idf": True, "baseline": 0.2}, {"model": "it", "value": "recall"}],
    "smoothed_bleu": [{"order": 1}, {}],
    "contains": [{}, {"leave_out": ".,", "first_line": True}],
    "phrase_f1": [{}, {"none": "cough"}],
    "within": [{}, {"absolute": 0.2}, {"relative": 0.5}],
    "multilabel_f1": [{"average": "macro"}, {"average": "micro"}],
    "span_f1": [{"match": "exact"}, {"match": "overlap"}],
    "iou_at": [{}, {"threshold": 0.0}],
    "box_map": [{}, {"iou": (0.25, 0.75)}],
    "mean": [{}, {"better": "lower"}],
    "rate": [{}, {"better": "lower"}],
    "worst": [{}, {"better": "lower"}],
}


@attrs.frozen
class Case:
    """A metric with all its settings, over rows of one kind."""

    metric: Metric
    kind: str
    settings: dict[str, Any]

    @property
    def name(self) -> str:
        shown = ",".join(str(value) for value in self.settings.values())
        return f"{self.metric.name}-{self.kind}-{shown}".rstrip("-")

    @property
    def type(self) -> Type:
        return KINDS[self.kind][0]

    @property
    def counts_abstentions(self) -> bool:
        """Whether the metric is about abstentions; then every gold of its rows is an answer, which is best."""
        return isinstance(self.metric.signature.pred, AbstainOf)

    @property
    def yields(self) -> Any:
        types = {"pred": self.type, "gold": self.type, "value": self.type}
        return self.metric.signature.range_for(types, self.settings)

    def batch(self, rows: list[tuple[Any, Any, Any]]) -> Batch:
        """Rows are (answer, gold, confidence)."""
        answers, golds = [row[0] for row in rows], [row[1] for row in rows]
        if self.metric.signature.value is not None:
            golds = [None] * len(rows)
        needs = "confidence" in self.metric.signature.needs
        encoders = {"it": Corpus(InventedEncoder(), GOLDS)} if self.metric.encoder(self.settings) is not None else {}
        confidence = [row[2] for row in rows] if needs else None
        return Batch(self.type, answers, golds, confidence=confidence, encoders=encoders)

    def value(self, rows: list[tuple[Any, Any, Any]]) -> float:
        return self.metric.compute(self.batch(rows), self.settings)

    def rows(self, *, least: int = 1, most: int = 25) -> st.SearchStrategy[list[tuple[Any, Any, Any]]]:
        """Rows as a reader gives them: the answer is the value with the highest confidence."""
        values = KINDS[self.kind][1]
        if self.counts_abstentions:
            golds = values.filter(lambda value: value != ABSTAINED)
            row = st.tuples(st.one_of(values, st.just(UNREAD)), golds, st.none())
            return st.lists(row, min_size=least, max_size=most)
        if "confidence" not in self.metric.signature.needs:
            row = st.tuples(st.one_of(values, st.just(UNREAD)), values, st.none())
            return st.lists(row, min_size=least, max_size=most)
        count = {"bool": 2, "enum": len(NAMES)}.get(self.kind, 6)
        shares = st.lists(st.integers(0, 8), min_size=count, max_size=count).filter(any)
        confidence = shares.map(lambda found: tuple(share / sum(found) for share in found))
        row = st.tuples(st.one_of(st.none(), confidence), values).map(
            lambda pair: (self._surest(pair[0]), pair[1], pair[0])
        )
        return st.lists(row, min_size=least, max_size=most)

    def _surest(self, confidence: tuple[float, ...] | None) -> Any:
        return UNREAD if confidence is None else self.value_at(confidence.index(max(confidence)))

    def value_at(self, place: int) -> Any:
        """The value with this place in the order of the type."""
        return bool(place) if self.kind == "bool" else NAMES[place] if self.kind == "enum" else place

    def place_of(self, value: Any) -> int:
        return NAMES.index(value) if self.kind == "enum" else int(value)

    def perfect(self, row: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
        """The row with the best answer there can be."""
        _, gold, confidence = row
        if self.metric.signature.value is not None:
            yields = self.yields
            best = yields.high if yields.higher_is_better else yields.low
            case = self.settings.get("positive", self.settings.get("winner"))
            if case is not None:
                return (case, gold, None)
            return (bool(best) if self.kind == "bool" else best, gold, None)
        if "confidence" not in self.metric.signature.needs:
            return (gold, gold, None)
        count = len(confidence) if confidence is not None else {"bool": 2, "enum": len(NAMES)}.get(self.kind, 6)
        return (gold, gold, tuple(1.0 if place == self.place_of(gold) else 0.0 for place in range(count)))


def settings_of(metric: Metric, type_: Type) -> list[dict[str, Any]]:
    cases = (True, False) if type_.kind == "bool" else ("amber", "green")
    given = SETTINGS.get(metric.name, [{}])
    asked = dict(zip([setting.name for setting in metric.settings if setting.kind == "case"], cases, strict=False))
    return [{**metric.defaults, **asked, **one} for one in given]


def fits(metric: Metric, type_: Type) -> bool:
    return not metric.signature.mismatches({"pred": type_, "gold": type_, "value": type_})


CASES = [
    Case(metric, kind, settings)
    for metric in METRICS
    for kind, (type_, _) in KINDS.items()
    if fits(metric, type_) and not ("confidence" in metric.signature.needs and kind.endswith(("?", "abstain")))
    for settings in settings_of(metric, type_)
]


def invented(case: Case, rows: int) -> list[tuple[Any, Any, Any]]:
    """Rows of which about half are right and a tenth unread."""
    rng = random.Random(7)
    row = {"options": ["a", "b", "c", "d"], "note": "x" * 40, "scan": None}
    found = []
    for _ in range(rows):
        gold = case.type.invent(rng, row)
        answer = gold if rng.random() < 0.5 else UNREAD if rng.random() < 0.2 else case.type.invent(rng, row)
        confidence = None
        if "confidence" in case.metric.signature.needs and answer is not UNREAD:
            shares = [rng.random() for _ in range({"bool": 2}.get(case.kind, 4))]
            shares[case.place_of(answer)] += 1
            confidence = tuple(share / sum(shares) for share in shares)
        found.append((answer, gold, confidence))
    return found
