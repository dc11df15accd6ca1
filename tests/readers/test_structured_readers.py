"""Replies written by hand for json, quotes, boxes, number, pattern and tagged, each with what must come of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from shared_data import DATA, needs

from medspec.readers import find_reader
from medspec.readers.base import Unread
from medspec.readers.patterns import find_danger
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
    SetType,
    Span,
    SpanType,
    TextType,
    Type,
)

FINDING = EnumType("Finding", (EnumCase("effusion", "Pleural effusion"), EnumCase("none", "No finding")))
ENTITY = EnumType("Entity", (EnumCase("problem", "problem"), EnumCase("drug", "drug")))
VERDICT = RecordType("Verdict", (FieldType("grade", IntegerType(0, 4)), FieldType("why", OptionalType(TextType()))))
ROW = {"options": ("a cough", "a stroke", "a cut"), "note": "Fever. Aspirin given, aspirin stopped.", "scan": "a.png"}


def read(name: str, reply: str, type_: Type, **settings: Any) -> Any:
    reader = find_reader(name)
    assert reader is not None
    given = {entry.name: entry.default for entry in reader.settings} | settings
    found = reader.decode(reply, type_, ROW, given)
    return found.reason if isinstance(found, Unread) else found


def remarks(name: str, reply: str, type_: Type) -> tuple[str, ...]:
    reader = find_reader(name)
    assert reader is not None and reader.remarks is not None
    return reader.remarks(reply, type_, ROW, {entry.name: entry.default for entry in reader.settings})


@pytest.mark.parametrize(
    ("reply", "grade", "repairs"),
    [
        ('{"grade": 3, "why": null}', 3, ()),
        ('```json\n{"grade": 3}\n```', 3, ("code_fence",)),
        ('Here:\n```\n{"grade": 3}\n```\nHope this helps.', 3, ("code_fence", "surrounding_text")),
        ('My answer is {"grade": 3,}.', 3, ("surrounding_text", "trailing_comma")),
        ("{'grade': 3, 'why': 'it\\'s bad'}", 3, ("single_quotes",)),
        ('｛"grade"：3，"why"："发热，头痛"｝', 3, ("wide_punctuation",)),
        ("{“grade”: 3}", 3, ("wide_punctuation",)),
        ('{"grade": 3, "why": None}', 3, ("python_words",)),
        ('{"grade": 3, "why": "two\nlines"}', 3, ("line_break",)),
        ('First {"grade": 1}. No: {"grade": 3}', 3, ("several_values", "surrounding_text")),
        ('<think>{"grade": 1}</think>{"grade": 3}', 3, ()),
        ('As shown [1], the grade is {"grade": 3} [sic]', 3, ("surrounding_text",)),
    ],
)
def test_json_that_needs_repair(reply: str, grade: int, repairs: tuple[str, ...]) -> None:
    assert read("json", reply, VERDICT)["grade"] == grade
    assert remarks("json", reply, VERDICT) == repairs


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("", "empty"),
        ("<think>hm", "empty"),
        ("I cannot help with that.", "refused"),
        ("The grade is three.", "not_json"),
        ('{"grade": 3', "cut_off"),
        ('[{"grade": 3}, {"grade": ', "cut_off"),
        ('Answer: [{"grade": 3}]', "wrong_type"),
        ('{"grade": 3, "grade": 4}', "duplicate_key"),
        ('Answer: {"grade": 3, "grade": 4}', "duplicate_key"),
        ('{"grade": 3, "note": "x"}', "unknown_key"),
        ('{"why": "x"}', "missing_key"),
        ('{"grade": "3"}', "wrong_type"),
        ('{"grade": true}', "wrong_type"),
        ('{"grade": 2.5}', "not_whole"),
        ('{"grade": 5}', "out_of_range"),
        ('{"grade": NaN}', "not_json"),
        ("{'grade': 3, 'why': 'the patient's knee'}", "not_json"),
        ('{"grade": 3 "why": {"grade": 4}}', "not_json"),
        ("[" * 100_000, "too_deep"),
        ('{"why":' * 100_000, "too_deep"),
        ('{"grade": ' + "9" * 5000 + "}", "not_json"),
    ],
)
def test_json_that_cannot_be_read(reply: str, reason: str) -> None:
    assert read("json", reply, VERDICT) == reason


@pytest.mark.parametrize(
    ("reply", "type_", "value"),
    [
        ('["Pleural effusion", "EFFUSION"]', SetType(FINDING), frozenset({"effusion"})),
        ('["pneumonia"]', SetType(FINDING), "no_case"),
        ("[]", SetType(FINDING), frozenset()),
        ('["B", "a cut", "A"]', RankingType("options"), (1, 2, 0)),
        ('["A", "B"]', RankingType("options"), "not_a_ranking"),
        ('["A", "B", "D"]', RankingType("options"), "not_an_option"),
        ("[1, 2]", ListType(IntegerType(), 3, 4), "wrong_length"),
        ("null", OptionalType(IntegerType()), None),
        ("```\n7\n```", IntegerType(), 7),
        ("7 or 8", IntegerType(), "not_json"),
        ("[1, 2, 3, 4]", BoxType("xyxy", "pixel", "scan"), Box((1.0, 2.0, 3.0, 4.0))),
        ("[3, 2, 1, 4]", BoxType("xyxy", "pixel", "scan"), "corners"),
        ("[3, 2, 1, 4]", BoxType("xywh", "pixel", "scan"), Box((3.0, 2.0, 1.0, 4.0))),
        ("[0, 0, 1, 1001]", BoxType("xyxy", "mille", "scan"), "outside_frame"),
        ('[{"label": "drug", "text": "aspirin", "occurrence": 2}]', ListType(SpanType(ENTITY, "note")), "not_found"),
        ('[{"label": "drug", "text": "aspirin"}]', ListType(SpanType(ENTITY, "note")), (Span(22, 29, "drug"),)),
    ],
)
def test_json_of_many_types(reply: str, type_: Type, value: Any) -> None:
    assert read("json", reply, type_) == value


@pytest.mark.parametrize(
    ("reply", "type_", "value"),
    [
        ('{"why": "It does.", "met": true}', BooleanType(), True),
        ('I think so.\n```json\n{"met": false, "why": {"met": true}}\n```', BooleanType(), False),
        ('{"met": "B", "why": "a \\"quoted\\" word, \\"met\\": \\"A\\""}', ChoiceType("options"), 1),
        ('{"why": 1, "met": ["Pleural effusion"]}', SetType(FINDING), frozenset({"effusion"})),
        ('{"met": {"grade": 3}}', VERDICT, {"grade": 3, "why": None}),
        ('{"met": false} No, wait: {"met": true}', BooleanType(), True),
        ('{"why": "It does."}', BooleanType(), "missing_key"),
        ('{"Met": true}', BooleanType(), "missing_key"),
        ('{"met": "maybe"}', BooleanType(), "wrong_type"),
        ('{"met": true, "met": false}', BooleanType(), "duplicate_key"),
        ("[true]", BooleanType(), "wrong_type"),
        ("true", BooleanType(), "wrong_type"),
        ("It is met.", BooleanType(), "not_json"),
        ('{"why": "It does.", "met":', BooleanType(), "cut_off"),
        ("I'm sorry, but I cannot help with that.", BooleanType(), "refused"),
    ],
)
def test_one_field_of_an_object(reply: str, type_: Type, value: Any) -> None:
    assert read("json", reply, type_, field="met") == value


def test_a_model_is_told_the_field_and_may_abstain_in_it() -> None:
    reader, settings = find_reader("json"), {"field": "met"}
    assert reader is not None and reader.format_words is not None
    said = reader.answer_format(BooleanType(), settings)
    assert said == 'Answer with a JSON object that holds {"met": true or false}.'
    assert reader.format_words(BooleanType(), settings) == ("met",)
    maybe = AbstainType(BooleanType(), "unclear")
    assert reader.answer_format(maybe, settings).endswith('If it cannot be told, write only: {"met": "unclear"}.')
    for reply in ('{"met": "unclear"}', '{"why": "Nothing is said.", "met": "unclear"}', "unclear"):
        assert reader.decode(reply, maybe, {}, settings) == ABSTAINED
    assert reader.decode('{"met": true, "why": "unclear"}', maybe, {}, settings) is True


SPANS = ListType(SpanType(ENTITY, "note"))


@pytest.mark.parametrize(
    ("reply", "value", "lost"),
    [
        ('problem: "Fever"', (Span(0, 5, "problem"),), ()),
        ('1. **Problem**: “fever”\n2. drug: "Aspirin given"', (Span(0, 5, "problem"), Span(7, 20, "drug")), ()),
        ("The note says:\n- drug: aspirin stopped", (Span(22, 37, "drug"),), ()),
        ('problem: "Fever"\ndrug: "ibuprofen"', (Span(0, 5, "problem"),), ("not_found",)),
        ('drug: "aspirin" (1)', (Span(22, 29, "drug"),), ()),
        ('drug: "i"', "ambiguous", ("ambiguous",)),
        ('drug: "i" (2)', (Span(12, 13, "drug"),), ()),
        ('test: "Fever"', "no_case", ("no_case",)),
        ("none", (), ()),
        ("There is no drug.\nNone.", (), ()),
        ("I see nothing to report here", "no_quotes", ()),
        (
            '[{"label": "problem", "text": "Fever"}, {"label": "drug", "text": "x"}]',
            (Span(0, 5, "problem"),),
            ("not_found",),
        ),
    ],
)
def test_quotes(reply: str, value: Any, lost: tuple[str, ...]) -> None:
    assert read("quotes", reply, SPANS) == value
    assert remarks("quotes", reply, SPANS) == lost


def test_one_lost_quote_can_make_the_reply_unread() -> None:
    assert read("quotes", 'problem: "Fever"\ndrug: "ibuprofen"', SPANS, lost="unread") == "not_found"


PIXELS = BoxType("xyxy", "pixel", "scan")


@pytest.mark.parametrize(
    ("reply", "style", "value"),
    [
        ("[10, 20, 110, 220]", "strict", (10, 20, 110, 220)),
        ("(10, 20), (110, 220)", "strict", "no_box"),
        ("(10, 20), (110, 220)", "lenient", (10, 20, 110, 220)),
        ("(10,20,110,220)", "lenient", (10, 20, 110, 220)),
        ("<box>10 20 110 220</box>", "lenient", (10, 20, 110, 220)),
        ("[[10, 20], [110, 220]]", "lenient", (10, 20, 110, 220)),
        ('```json\n[{"bbox_2d": [10, 20.5, 110, 220]}]\n```', "lenient", (10, 20.5, 110, 220)),
        ("[10, 20, 110]", "lenient", "no_box"),
        ("[-10, 20, 110, 220]", "lenient", "outside_frame"),
        ("[110, 20, 10, 220]", "lenient", "corners"),
        ("I cannot help with that.", "lenient", "refused"),
    ],
)
def test_boxes(reply: str, style: str, value: Any) -> None:
    found = read("boxes", reply, PIXELS, style=style)
    assert (found if isinstance(found, str) else found.numbers) == value


def test_which_of_several_boxes_counts() -> None:
    reply = "First [1, 1, 2, 2], then [3, 3, 4, 4]."
    assert read("boxes", reply, PIXELS).numbers == (1, 1, 2, 2)
    assert read("boxes", reply, PIXELS, which="last").numbers == (3, 3, 4, 4)
    assert read("boxes", reply, PIXELS, which="only") == "ambiguous"
    assert len(read("boxes", reply, ListType(PIXELS))) == 2
    assert read("boxes", "none", ListType(PIXELS)) == ()


@needs("medsg_bench/golden")
def test_the_legacy_style_reads_what_the_published_scorer_reads() -> None:
    vectors = json.loads((DATA / "medsg_bench/golden/golden_parser_vectors.json").read_text("utf-8"))["parsers"]
    compared = 0
    for vector in vectors:
        wanted = vector["strong"]
        wanted = wanted[0] if wanted and isinstance(wanted[0], list) else wanted
        found = read("boxes", vector["response"], PIXELS, style="legacy")
        if isinstance(found, Box):
            assert list(found.numbers) == wanted, vector
            compared += 1
        else:
            # Nothing found, or a box that overlaps nothing: the published score of both is 0.
            x1, y1, x2, y2 = wanted
            assert wanted == [0.0] * 4 or x2 < x1 or y2 < y1 or min(wanted) < 0, (vector, found)
    assert compared >= 10


MG = FloatType(unit="mg")


@pytest.mark.parametrize(
    ("reply", "type_", "settings", "value"),
    [
        ("3 + 4 = 7", IntegerType(), {}, 7),
        ("3 + 4 = 7", IntegerType(), {"which": "first"}, 3),
        ("3 + 4 = 7", IntegerType(), {"which": "only"}, "ambiguous"),
        ("The answer is 12, not 15.", IntegerType(), {}, 12),
        ("#### 42", IntegerType(), {}, 42),
        ("0.5 g", MG, {}, "other_unit"),
        ("0.5 g", MG, {"also": ("g = 1000",)}, 500.0),
        ("0.3 g or 300 mg", MG, {"also": ("g = 1000",)}, 300.0),
        ("85%", FloatType(0.0, 1.0), {}, "other_unit"),
        ("85%", FloatType(0.0, 1.0), {"percent": "fraction"}, 0.85),
        ("5-10 mg", MG, {}, "range"),
        ("5-10 mg", MG, {"range": "middle"}, 7.5),
        ("from 5 mg to 10 mg", MG, {"range": "middle"}, 7.5),
        ("more than 5", IntegerType(), {}, "not_exact"),
        ("none", IntegerType(), {}, "no_number"),
        ("7.5", IntegerType(), {}, "not_whole"),
        ("11", IntegerType(0, 10), {}, "out_of_range"),
    ],
)
def test_numbers(reply: str, type_: Type, settings: dict[str, Any], value: Any) -> None:
    assert read("number", reply, type_, **settings) == value


def test_tags() -> None:
    assert read("tagged", "<answer>1</answer> no, <ANSWER>2</ANSWER>", IntegerType(), inner="number") == 2
    assert read("tagged", "so <answer>2", IntegerType(), inner="number") == 2
    assert read("tagged", "2", IntegerType(), inner="number") == "no_tag"
    assert read("tagged", "<answer>two</answer>", IntegerType(), inner="number") == "no_number"
    assert read("tagged", '<out>```\n["No finding"]\n```</out>', SetType(FINDING), inner="json", tag="out") == {"none"}


def test_patterns() -> None:
    regex = {"regex": r"final answer\W{0,4}(\w+)"}
    assert read("pattern", "Final answer: drug\n", ENTITY, **regex) == "drug"
    assert read("pattern", "final answer: problem\nFINAL ANSWER: drug", ENTITY, **regex) == "drug"
    assert read("pattern", "final answer: problem\nfinal answer: drug", ENTITY, **regex, which="first") == "problem"
    assert read("pattern", "drug", ENTITY, **regex) == "no_match"
    assert read("pattern", "final answer: both", ENTITY, **regex) == "no_case"
    assert read("pattern", "I20.0, then I21.", TextType(), regex="[A-Z][0-9]{2}") == "I21"


@pytest.mark.parametrize(
    "regex", [r"(a+)+b", r"(a|ab)*c", r"\d+\d+", r"(.*): (.*)", r"(a*)?(a*)?", r"(x)\1", r"(?=a)b", r"\w*[a-f]*z"]
)
def test_expressions_that_may_be_slow_are_refused(regex: str) -> None:
    assert find_danger(regex, 0) is not None


@pytest.mark.parametrize("regex", [r"^([^:]*): (.*)$", r"answer\s*[:=]\s*([A-E])", r"\b(yes|no|maybe)\b", r"(\d{1,3})"])
def test_expressions_that_are_quick_are_taken(regex: str) -> None:
    assert find_danger(regex, 0) is None


@pytest.mark.parametrize(
    ("name", "type_", "settings", "setting"),
    [
        ("tagged", SetType(FINDING), {}, "inner"),
        ("tagged", TextType(), {"tag": "<x>"}, "tag"),
        ("pattern", TextType(), {}, "regex"),
        ("pattern", TextType(), {"regex": "("}, "regex"),
        ("pattern", TextType(), {"regex": "(a)", "group": 2}, "group"),
        ("pattern", ENTITY, {"regex": "(x)"}, "regex"),
        ("number", IntegerType(), {"also": ("g = 1000",)}, "also"),
        ("number", MG, {"also": ("g",)}, "also"),
        ("number", IntegerType(), {"percent": "fraction"}, "percent"),
    ],
)
def test_settings_that_are_no_sense(name: str, type_: Type, settings: dict[str, Any], setting: str) -> None:
    reader = find_reader(name)
    assert reader is not None and reader.check is not None
    problem = reader.check(type_, {entry.name: entry.default for entry in reader.settings} | settings)
    assert problem is not None and problem.setting == setting
