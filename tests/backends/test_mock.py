"""Invented replies: the same every time, useful to readers, and of no use at the rate that was asked for."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspec.backends import SCHEMES
from medspec.backends.base import Decode, Message, Options, Reply, Request
from medspec.backends.mock import FORMS, SCHEME, UNUSABLE
from medspec.errors import BackendError

MCQ = "Case {number}. Which drug?\nA. aspirin\n(B) beta {{blocker}}\n C) digoxin 0.25 mg\nAnswer:"
OPTIONS = {"A": "aspirin", "B": "beta {blocker}", "C": "digoxin 0.25 mg"}


def ask(
    prompts: list[str], settings: dict[str, str], options: tuple[str, ...] | None = None, seed: int = 0
) -> list[Reply]:
    backend = SCHEME.open("", settings, Options(seed=seed))
    requests = [
        Request(task="t", row=str(row), messages=(Message("user", prompt),), decode=Decode(), options=options)
        for row, prompt in enumerate(prompts)
    ]
    replies = dict(backend.answer(requests))
    backend.close()
    return [replies[row] for row in range(len(prompts))]


def prompts(count: int) -> list[str]:
    return [MCQ.format(number=number) for number in range(count)]


def test_a_reply_picks_an_option_of_the_prompt_in_a_known_form() -> None:
    found = Counter(reply.text for reply in ask(prompts(3000), {"unread": "0"}))
    possible = {form.format(letter=letter, text=text) for form in FORMS for letter, text in OPTIONS.items()}
    assert set(found) == possible
    assert found["The answer is (B)."] > 20
    assert found["beta {blocker}"] > 20


def test_a_prompt_without_options_gets_letters() -> None:
    found = {reply.text for reply in ask([f"Question {number}" for number in range(1500)], {"unread": "0"})}
    assert found == {form.format(letter=letter, text=letter) for form in FORMS for letter in "ABCD"}


@pytest.mark.parametrize(
    ("settings", "share"), [({}, 0.1), ({"unread": "0.3"}, 0.3), ({"unread": "0"}, 0), ({"unread": "1"}, 1)]
)
def test_the_share_of_unusable_replies(settings: dict[str, str], share: float) -> None:
    found = [reply.text in UNUSABLE for reply in ask(prompts(4000), settings)]
    # Four standard deviations of a binomial share of 4,000.
    assert sum(found) / 4000 == pytest.approx(share, abs=4 * (share * (1 - share) / 4000) ** 0.5)


def test_replies_can_be_given() -> None:
    found = Counter(reply.text for reply in ask(prompts(900), {"replies": "yes|no|maybe", "unread": "0"}))
    assert set(found) == {"yes", "no", "maybe"}
    assert min(found.values()) > 200


@given(st.text(), st.lists(st.text(), min_size=1, max_size=4), st.integers(0, 99))
def test_the_same_prompt_gets_the_same_reply(prompt: str, options: list[str], seed: int) -> None:
    once = ask([prompt, "another", prompt], {}, seed=seed)
    assert once[0] == once[2] == ask([prompt], {}, seed=seed)[0]
    scored = ask([prompt], {}, tuple(options), seed)[0]
    assert scored == ask([prompt], {}, tuple(options), seed)[0]
    assert scored.scores is not None and len(scored.scores) == len(options)
    assert all(-10 < score <= 0 for score in scored.scores)
    # An option's score does not depend on its place.
    assert ask([prompt], {}, tuple(reversed(options)), seed)[0].scores == tuple(reversed(scored.scores))


def test_seed_and_settings_are_part_of_the_digest() -> None:
    assert SCHEME in SCHEMES
    backends = [
        SCHEME.open("", settings, Options(seed=seed))
        for settings in ({}, {"unread": "0.5"}, {"replies": "a"}, {"replies": "a|b"})
        for seed in (0, 1)
    ]
    assert len({backend.digest for backend in backends}) == len(backends)
    assert backends[0].digest == SCHEME.open("", {"unread": "0.1"}, Options()).digest
    assert [reply.text for reply in ask(prompts(50), {})] != [reply.text for reply in ask(prompts(50), {}, seed=1)]
    for backend in backends:
        assert backend.abilities == SCHEME.abilities
        json.dumps(backend.describe())


@pytest.mark.parametrize(
    ("path", "settings", "words"),
    [
        ("file", {}, "`mock` reads no file, but `file` was given; settings stand after `?`: `mock:?unread=0.1`"),
        ("", {"rate": "1"}, "`mock` has no setting `rate`; it has `unread` and `replies`"),
        ("", {"unread": "1.5"}, "`unread=1.5`: expected a share from 0 to 1, such as 0.1"),
        ("", {"unread": "many"}, "`unread=many`: expected a share from 0 to 1, such as 0.1"),
        ("", {"unread": "nan"}, "`unread=nan`: expected a share from 0 to 1, such as 0.1"),
    ],
)
def test_what_is_refused(path: str, settings: dict[str, str], words: str) -> None:
    with pytest.raises(BackendError) as caught:
        SCHEME.open(path, settings, Options())
    assert str(caught.value) == words
