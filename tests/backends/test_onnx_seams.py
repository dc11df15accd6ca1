"""Texts cut in parts have the tokens of the whole: laws over tokenizers of several kinds, against the library itself."""

from __future__ import annotations

from functools import cache

import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from medspec.backends.onnx.seams import Seams, has_seams
from medspec.backends.onnx.tokens import Tokens

LLAMA_3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN_2 = LLAMA_3.replace("{1,3}", "")

PIECES = [
    *("\n", "\n\n", "\r\n", "\r", " ", "  ", "\t", "\u2028", "\u00a0"),
    *("Question: ", "Answer:", "a", "B", "s", "'s", "é", "e\u0301", "\u0301", "\u212b", "5", "1234", "\u0663", "٣"),
    *(
        "?",
        ".",
        "...",
        "-",
        "/",
        "<s>",
        "<turn>",
        "Where",
        "日本",
        "\U0001f600",
        "\ud55c\u1100",
        "Q\nA",
        "1\n2",
        "?\nQ",
    ),
]

SPLITTERS = {
    "gpt-2": [pre_tokenizers.ByteLevel(add_prefix_space=False)],
    "digits": [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)],
    "llama-3": [
        pre_tokenizers.Split(Regex(LLAMA_3), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ],
    "qwen-2": [
        pre_tokenizers.Split(Regex(QWEN_2), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ],
}


@cache
def byte_level(name: str) -> tokenizers.Tokenizer:
    """A tokenizer whose merges go over ends of lines and words wherever its splitter lets them."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    trainer = trainers.BpeTrainer(
        vocab_size=700,
        special_tokens=["<s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = [f"{one}{other}\n{one}\n\n{other}" for one in PIECES for other in PIECES]
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(SPLITTERS[name])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_tokens(["<turn>", AddedToken("Where", single_word=True)])
    if name == "qwen-2":
        tokenizer.normalizer = normalizers.NFC()
    return tokenizer


def metaspace() -> tokenizers.Tokenizer:
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=["<unk>"], show_progress=False)
    tokenizer.train_from_iterator(PIECES, trainer)
    return tokenizer


texts = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@pytest.mark.parametrize("name", SPLITTERS)
@settings(max_examples=300)
@given(shots=texts, rows=st.lists(st.tuples(texts, st.lists(texts, max_size=3)), max_size=4))
def test_tokens_are_those_of_the_whole(name: str, shots: str, rows: list[tuple[str, list[str]]]) -> None:
    tokenizer = byte_level(name)
    seams = Seams(tokenizer)
    for question, options in rows:
        for text in (shots + question, *(shots + question + option for option in options)):
            assert seams.encode(text) == tokenizer.encode(text, add_special_tokens=False).ids


@pytest.mark.parametrize("name", SPLITTERS)
def test_what_is_shared_is_cut_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cut: list[str] = []
    plain = Seams._cut
    monkeypatch.setattr(Seams, "_cut", lambda self, text: cut.append(text) or plain(self, text))
    seams = Seams(byte_level(name))
    for row in ("one", "two", "three"):
        seams.encode("Shots are long.\nQuestion: " + row)
    assert cut == [
        "Shots are long.\nQuestion: one",
        *("Shots are long.\n", "Question: two"),
        "Question: three",
    ]


@pytest.mark.parametrize("name", SPLITTERS)
def test_these_tokenizers_have_seams(name: str) -> None:
    assert has_seams(byte_level(name))


@pytest.mark.parametrize(
    "change",
    [
        lambda one: setattr(one, "pre_tokenizer", pre_tokenizers.ByteLevel(add_prefix_space=True)),
        lambda one: setattr(one, "pre_tokenizer", pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)),
        lambda one: setattr(one, "pre_tokenizer", pre_tokenizers.Metaspace()),
        lambda one: setattr(one, "pre_tokenizer", pre_tokenizers.Split(Regex(r"\s+\S*"), "isolated")),
        lambda one: setattr(one, "pre_tokenizer", pre_tokenizers.Split(Regex(LLAMA_3), "merged_with_next")),
        lambda one: setattr(one, "normalizer", normalizers.Prepend("_")),
        lambda one: setattr(one, "normalizer", normalizers.Strip()),
        lambda one: one.add_tokens(["\nQuestion"]),
        lambda one: one.add_special_tokens([AddedToken("Answer", lstrip=True)]),
        lambda one: setattr(one.model, "dropout", 0.1),
    ],
)
def test_others_are_given_whole_texts(change: object) -> None:
    tokenizer = Tokenizer.from_str(byte_level("gpt-2").to_str())
    assert has_seams(tokenizer)
    change(tokenizer)  # type: ignore[operator]
    assert not has_seams(tokenizer)


def test_a_tokenizer_without_splitting_has_none() -> None:
    assert not has_seams(Tokenizer(models.BPE()))
    assert not has_seams(metaspace())


@settings(max_examples=50)
@given(prompt=texts, options=st.lists(texts, min_size=1, max_size=4))
def test_options_get_the_same_tokens_with_and_without(prompt: str, options: list[str]) -> None:
    tokenizer = byte_level("llama-3")
    plain = Tokens(tokenizer=tokenizer, leading=(0,), fallback=(0,), ends=frozenset(), size=700)
    cut = Tokens(tokenizer=tokenizer, leading=(0,), fallback=(0,), ends=frozenset(), size=700, seams=Seams(tokenizer))
    assert cut.encode_pairs(prompt, options, chat=False) == plain.encode_pairs(prompt, options, chat=False)


@pytest.mark.parametrize("name", SPLITTERS)
@pytest.mark.parametrize(
    "last", ["a?\n\n\n Question", "a?\n\nQuestion", "a?\n \n", "a?\n", "a?", "a?\n\u0301", "a?\n\n"]
)
def test_a_seam_is_one_only_before_a_letter(name: str, last: str) -> None:
    """A beginning that ends at a seam of the texts before is none where another character follows in this text."""
    tokenizer = byte_level(name)
    seams = Seams(tokenizer)
    for text in ("a?\nQa", "a?\nQb", last):
        assert seams.encode(text) == tokenizer.encode(text, add_special_tokens=False).ids
