"""The stand-in model against its published formula, and against what lm-evaluation-harness made of the same formula."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from medspec.backends import SCHEMES
from medspec.backends.base import Decode, Message, Options, Reply, Request
from medspec.backends.hash import SCHEME
from medspec.errors import BackendError

ORACLE = Path(__file__).parents[3] / "shared" / "data" / "peer_oracle"


def ask(prompt: str, options: tuple[str, ...] | None) -> Reply:
    backend = SCHEME.open("", {}, Options())
    request = Request(task="t", row="0", messages=(Message("user", prompt),), decode=Decode(), options=options)
    ((index, reply),) = backend.answer([request])
    assert index == 0
    backend.close()
    return reply


def test_the_formula() -> None:
    # sha256 of "What?", U+001F, " yes" begins with these digits (sha256sum says so).
    digits = {" yes": "196524da", " no": "45e2fa3e"}
    reply = ask("What?", tuple(digits))
    assert reply.scores == tuple(-(int(first, 16) / 2**32 * 10) - 0.001 for first in digits.values())
    assert reply.prompt_sha256 == sha256(b"What?").hexdigest()
    assert (reply.text, reply.finish, reply.failure) == ("", "scored", None)


def test_text_is_a_letter_of_the_prompt_alone() -> None:
    replies = {prompt: ask(prompt, None).text for prompt in map(str, range(200))}
    assert replies == {prompt: "ABCD"[sha256(prompt.encode()).digest()[0] % 4] for prompt in replies}
    assert set(replies.values()) == set("ABCD")


def test_turns_are_joined_by_an_empty_line() -> None:
    backend = SCHEME.open("", {}, Options())
    messages = (Message("system", "Be brief."), Message("user", "What?"))
    request = Request(task="t", row="0", messages=messages, decode=Decode(), options=(" a",))
    ((_, reply),) = backend.answer([request])
    assert reply == ask("Be brief.\n\nWhat?", (" a",))


@pytest.mark.skipif(not ORACLE.is_dir(), reason="the shared data folder is not beside the project")
@pytest.mark.parametrize("task", ["medqa_4options_0shot", "mmlu_anatomy_0shot", "pubmedqa_0shot"])
def test_the_first_item_of_each_recorded_task(task: str) -> None:
    with (ORACLE / f"lm_eval_{task}.jsonl").open(encoding="utf-8") as stream:
        first = json.loads(stream.readline())
    prompt = (ORACLE / f"lm_eval_{task}.first_prompt.txt").read_bytes().decode()
    reply = ask(prompt, tuple(first["continuations"]))
    assert reply.prompt_sha256 == first["prompt_sha256"]
    assert reply.scores is not None
    assert reply.scores.index(max(reply.scores)) == first["pred"]


def test_nothing_can_be_set() -> None:
    assert SCHEME in SCHEMES
    for path, settings in [("model", {}), ("", {"a": "b"})]:
        with pytest.raises(BackendError, match="`hash` takes no path and no settings: write `--model hash`"):
            SCHEME.open(path, settings, Options())
    backend = SCHEME.open("", {}, Options())
    assert backend.abilities == SCHEME.abilities
    assert backend.digest == SCHEME.open("", {}, Options(seed=5)).digest
    json.dumps(backend.describe())
