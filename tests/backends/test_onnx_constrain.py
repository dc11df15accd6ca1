"""A random model that is held to the form of the answer writes replies that can be read, every one of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import pytest
from tiny_models import TinyModel, write_llama

from medspec.backends.base import Decode, Message, Options, Reply, Request
from medspec.backends.onnx.backend import OnnxBackend, open_model
from medspec.errors import BackendError
from medspec.readers import find_reader
from medspec.readers.base import Unread
from medspec.readers.grammars import grammar_of
from medspec.run.journal import request_key
from medspec.types import (
    BooleanType,
    ChoiceType,
    EnumCase,
    EnumType,
    FieldType,
    FloatType,
    IntegerType,
    ListType,
    OptionalType,
    RecordType,
    SetType,
    TextType,
)

FINDING = EnumType("Finding", (EnumCase("effusion", 'Pleural "effusion"'), EnumCase("none", "Kein Befund: é")))
VERDICT = RecordType(
    "Verdict",
    (
        FieldType("grade", IntegerType(0, 4)),
        FieldType("sure", BooleanType()),
        FieldType("found", SetType(FINDING)),
        FieldType("next", OptionalType(ChoiceType("options"))),
    ),
)
ROW = {"options": ["Gout", "Sepsis", "Nothing"]}
CASES: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "letter of a choice": ("letter", ChoiceType("options"), {}),
    "letter of an enum": ("letter", FINDING, {}),
    "text of an enum": ("plain", FINDING, {}),
    "yes or no": ("plain", BooleanType(), {}),
    "a number of few": ("plain", IntegerType(0, 10), {}),
    "in a tag": ("tagged", BooleanType(), {"tag": "answer", "inner": "plain"}),
    "a record": ("json", VERDICT, {}),
    "a field of an object": ("json", BooleanType(), {"field": "met"}),
    "a list in a field": ("json", ListType(IntegerType(0, 99), 2, 3), {"field": "doses"}),
    "a list": ("json", ListType(IntegerType(0, 99), 2, 3), {}),
}
PROMPTS = ("The patient", "no", "A question about the heart:", "The fever and the cough", "yes", "A", "{")


@pytest.fixture(scope="module", params=["generic", "gqa"])
def tiny(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TinyModel:
    return write_llama(tmp_path_factory.mktemp("tiny"), seed=51, family=request.param, context=512)


def replies(backend: OnnxBackend, grammar: str | None, **decode: Any) -> list[Reply]:
    settings = Decode(**{"max_tokens": 200, **decode})
    asked = [
        Request(task="t", row=text, messages=(Message("user", text),), decode=settings, grammar=grammar)
        for text in PROMPTS
    ]
    return [reply for _, reply in sorted(backend.answer(asked), key=lambda pair: pair[0])]


@pytest.mark.parametrize("name", CASES)
def test_every_reply_can_be_read(tiny: TinyModel, name: str) -> None:
    reader_name, type_, settings = CASES[name]
    reader = find_reader(reader_name)
    assert reader is not None
    grammar = grammar_of(reader, type_, ROW, settings)
    free = open_model(str(tiny.folder), {}, Options(device="cpu"))
    held = open_model(str(tiny.folder), {}, Options(device="cpu", constrain=True, batch=3))
    assert (free.abilities.constrain, held.abilities.constrain) == (False, True)
    # Without the grammar a random model says nothing of the kind.
    assert any(isinstance(reader.decode(reply.text, type_, ROW, settings), Unread) for reply in replies(free, grammar))
    for temperature in (0.0, 1.5):
        for reply in replies(held, grammar, temperature=temperature):
            assert (reply.failure, reply.finish) == (None, "stop")
            assert not isinstance(reader.decode(reply.text, type_, ROW, settings), Unread), reply.text
            assert reader.remarks is None or reader.remarks(reply.text, type_, ROW, settings) == ()


def test_the_likeliest_of_the_allowed_is_written(tiny: TinyModel) -> None:
    """Held to letters of one token each, the reply is the letter with the highest score."""
    letters = [letter for letter in "ABCD" if len(tiny.tokenizer.encode(letter, add_special_tokens=False).ids) == 1]
    assert len(letters) == 4
    held = open_model(str(tiny.folder), {}, Options(device="cpu", constrain=True))
    for reply, text in zip(replies(held, 'start: "A" | "B" | "C" | "D"'), PROMPTS, strict=True):
        # A line break, so that prompt and letter are cut into tokens apart.
        asked = Request(task="t", row="1", messages=(Message("user", text),), decode=Decode(), options=tuple(letters))
        [(_, scored)] = held.answer([asked])
        assert scored.scores is not None
        if len(held.tokens.encode(text + "A", chat=False)) == len(held.tokens.encode(text, chat=False)) + 1:
            assert reply.text == letters[scored.scores.index(max(scored.scores))]


def test_a_reply_without_a_grammar_is_free(tiny: TinyModel) -> None:
    free = open_model(str(tiny.folder), {}, Options(device="cpu"))
    held = open_model(str(tiny.folder), {}, Options(device="cpu", constrain=True))
    settings = {"max_tokens": 12}
    assert [one.text for one in replies(held, None, **settings)] == [
        one.text for one in replies(free, None, **settings)
    ]
    assert held.digest != free.digest and held.describe()["constrain"] is True


def test_what_cannot_be_promised_has_no_grammar() -> None:
    def grammar(reader_name: str, type_: Any, row: dict[str, Any] | None = None) -> str | None:
        reader = find_reader(reader_name)
        assert reader is not None
        return grammar_of(reader, type_, ROW if row is None else row, {})

    assert grammar("plain", TextType()) is None
    assert grammar("plain", IntegerType(0, 10**6)) is None
    assert grammar("plain", FloatType(0.0, 1.0)) is None
    assert grammar("letter", ChoiceType("options"), {"options": ["x"] * 30}) is None
    assert grammar("json", ChoiceType("options"), {}) is None
    inside = RecordType("Where", (FieldType("options", ListType(TextType())), FieldType("best", ChoiceType("options"))))
    assert grammar("json", inside) is None, "the options stand in the reply itself"
    text = grammar("json", RecordType("Note", (FieldType("why", TextType()), FieldType("sure", FloatType(0.0, 1.0)))))
    assert text is not None
    schema = json.loads(text.removeprefix('start: " "? %json '))
    assert schema["properties"]["why"]["maxLength"] > 0 and schema["properties"]["sure"]["maximum"] == 1.0


def test_a_tokenizer_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    tiny = write_llama(tmp_path)
    backend = open_model(str(tiny.folder), {}, Options(device="cpu", constrain=True))
    unreadable = tmp_path / "other.json"
    unreadable.write_text("{}", encoding="utf-8")
    assert backend.grammars is not None
    backend.grammars = attrs.evolve(backend.grammars, tokenizer_file=unreadable)
    with pytest.raises(BackendError, match=r"other\.json: replies cannot be held .* run without --constrain"):
        replies(backend, 'start: "A"')
    with pytest.raises(BackendError, match="the grammar of a reply cannot be used"):
        replies(open_model(str(tiny.folder), {}, Options(device="cpu", constrain=True)), "no grammar")


def test_the_grammar_is_part_of_what_was_asked() -> None:
    plain = Request(task="t", row="1", messages=(Message("user", "?"),), decode=Decode())
    keys = {request_key("m", attrs.evolve(plain, grammar=text)) for text in (None, 'start: "A"', 'start: "B"')}
    assert len(keys) == 3
