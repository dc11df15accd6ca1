"""Seeing a stop text the moment it is complete, in tokens that are parts of letters."""

from __future__ import annotations

from pathlib import Path

import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import make_tokenizer

from medspec.backends.onnx.reply_text import ReplyText, cut_at_stop
from medspec.backends.onnx.tokens import Tokens

STORIES = Path(__file__).parents[2].parent / "shared" / "data" / "stories260k_onnx" / "tokenizer.json"


def tokens_with(tokenizer: tokenizers.Tokenizer) -> Tokens:
    return Tokens(tokenizer=tokenizer, leading=(), fallback=(), ends=frozenset(), size=tokenizer.get_vocab_size())


TOKENS = {"byte level": tokens_with(make_tokenizer(begins=False))}
if STORIES.exists():
    TOKENS["byte fallback"] = tokens_with(tokenizers.Tokenizer.from_file(str(STORIES)))


def first_stop(tokens: Tokens, ids: list[int], stops: tuple[str, ...]) -> int | None:
    """How many tokens it takes until the decoded text has a stop text in it, by decoding everything every time."""
    for count in range(1, len(ids) + 1):
        if any(stop in tokens.decode(ids[:count]) for stop in stops):
            return count
    return None


@pytest.mark.parametrize("name", TOKENS)
@given(data=st.data())
def test_stops_are_seen_at_the_same_token_as_by_decoding_everything(name: str, data: st.DataObject) -> None:
    tokens = TOKENS[name]
    ids = data.draw(st.lists(st.integers(0, tokens.size - 1), min_size=1, max_size=40))
    text = tokens.decode(ids).replace("\N{REPLACEMENT CHARACTER}", "")
    places = st.integers(0, max(0, len(text) - 1))
    found = [text[start : start + 3] for start in data.draw(st.lists(places, max_size=2))]
    stops = tuple(stop for stop in [*found, data.draw(st.text(max_size=3))] if stop)
    reply = ReplyText(tokens, stops)
    stopped = next((count for count, number in enumerate(ids, start=1) if reply.push(number)), None)
    assert stopped == first_stop(tokens, ids, stops)
    assert reply.text() == (
        cut_at_stop(tokens.decode(ids[:stopped]), stops),
        stopped is not None,
    )


@given(text=st.text(max_size=30), stop=st.text(min_size=1, max_size=2))
def test_a_text_of_any_letters_is_cut_before_its_first_stop(text: str, stop: str) -> None:
    tokens = TOKENS["byte level"]
    reply = ReplyText(tokens, (stop,))
    stopped = any(reply.push(number) for number in tokens.encode(text + stop + "tail", chat=False))
    assert stopped
    assert reply.text() == ((text + stop).split(stop)[0], True)


def test_empty_stops_stop_nothing() -> None:
    tokens = TOKENS["byte level"]
    reply = ReplyText(tokens, ("",))
    assert not any(reply.push(number) for number in tokens.encode("some text", chat=False))
    assert reply.text() == ("some text", False)
