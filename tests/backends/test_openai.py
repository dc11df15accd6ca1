"""An endpoint as a model: what is sent, what becomes of every kind of answer, and that no secret gets out."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

import attrs
import pytest
from local_endpoint import Answer, Place, Turn, endpoint, refuses, says

from medspec.backends import abilities_of, open_model
from medspec.backends.base import Decode, Message, Options, Picture, Reply, Request
from medspec.backends.openai import asking
from medspec.backends.openai.backend import OpenaiBackend
from medspec.errors import BackendError, UsageError


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_FIRST_PAUSE", 0.001)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret-key")


def asked(row: str, text: str = "", **more: Any) -> Request:
    decode = more.pop("decode", Decode())
    return Request(task="t", row=row, messages=(Message("user", text or f"row {row}"),), decode=decode, **more)


def opened(place: Place, settings: str = "", *, name: str = "m", seed: int = 0) -> OpenaiBackend:
    model = open_model(f"openai:{name}@{place.url}{settings}", Options(seed=seed))
    assert isinstance(model, OpenaiBackend)
    return model


def replies(behave: Callable[[Turn], Answer], *requests: Request, settings: str = "") -> list[Reply]:
    with endpoint(behave) as place:
        backend = opened(place, settings)
        found = dict(backend.answer(requests or [asked("1")]))
        backend.close()
    return [found[index] for index in sorted(found)]


def first(answers: list[Answer]) -> Callable[[Turn], Answer]:
    """These answers in order, then the last again and again."""
    return lambda turn: answers[min(turn.number, len(answers) - 1)]


def test_what_is_sent() -> None:
    turns = (Message("system", "Be brief."), Message("user", "Which?"))
    request = Request(
        task="t", row="1", messages=turns, decode=Decode(temperature=0.5, max_tokens=7, stop=("\n",)), sample=2
    )
    with endpoint(lambda turn: says("B")) as place:
        ((_, reply),) = opened(place, name="org/model@2").answer([request])
    (turn,) = place.turns
    sent_seed = turn.body.pop("seed")
    assert turn.body == {
        "model": "org/model@2",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Which?"}],
        "temperature": 0.5,
        "max_tokens": 7,
        "stop": ["\n"],
    }
    assert 0 <= sent_seed < 2**31
    assert turn.headers["authorization"] == "Bearer sk-very-secret-key"
    assert (reply.text, reply.finish, reply.failure) == ("B", "stop", None)


def test_draws_have_seeds_of_their_own_and_greedy_requests_none() -> None:
    warm = Decode(temperature=1.0)
    requests = [asked(row, decode=warm, sample=sample) for row in "ab" for sample in (0, 1)]
    with endpoint(lambda turn: says("B")) as place:
        for _ in range(2):
            list(opened(place, seed=3).answer(requests))
        list(opened(place, seed=4).answer(requests))
        list(opened(place).answer([asked("a")]))
        list(opened(place, "?seed=off").answer(requests[:1]))
    seeds = [turn.body.get("seed") for turn in place.turns]
    assert sorted(seeds[:4]) == sorted(seeds[4:8]) and len({*seeds[:4]}) == 4
    assert not {*seeds[:4]} & {*seeds[8:12]}
    assert seeds[12:] == [None, None]


def test_settings_change_what_is_sent() -> None:
    shot = (Message("system", "s"), Message("user", "q"), Message("assistant", "a"))
    requests = [
        Request(task="t", row=row, messages=(*shot, Message("user", row)), decode=Decode(max_tokens=5)) for row in "ab"
    ]
    with endpoint(lambda turn: says("B")) as place:
        list(opened(place, "?limit=max_completion_tokens&cache=on").answer(requests))
    one, two = (turn.body for turn in place.turns)
    assert one["max_completion_tokens"] == 5 and "max_tokens" not in one
    assert one["prompt_cache_key"] == two["prompt_cache_key"]


def test_images_stand_where_the_text_has_them(tmp_path: Path) -> None:
    content = b"\x89PNG\r\n\x1a\n and more"
    (tmp_path / "a.png").write_bytes(content)
    message = Message("user", "See <image> and say.", (Picture("a.png", str(tmp_path / "a.png"), "x"),))
    with endpoint(lambda turn: says("B")) as place:
        list(opened(place).answer([Request(task="t", row="1", messages=(message,), decode=Decode())]))
    url = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    assert place.turns[0].body["messages"][0]["content"] == [
        {"type": "text", "text": "See "},
        {"type": "image_url", "image_url": {"url": url}},
        {"type": "text", "text": " and say."},
    ]


def test_an_image_that_cannot_be_sent_fails_its_row_only(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"no image")
    bad = Message("user", "<image>", (Picture("x.png", str(tmp_path / "x.png"), "x"),))
    gone = Message("user", "<image>", (Picture("y.png", str(tmp_path / "y.png"), "x"),))
    requests = [Request(task="t", row=str(n), messages=(m,), decode=Decode()) for n, m in enumerate((bad, gone))]
    found = replies(lambda turn: says("B"), *requests, asked("fine"))
    assert [(reply.failure, reply.text) for reply in found] == [("bad_image", ""), ("bad_image", ""), (None, "B")]
    assert "x.png" in str(found[0].detail) and "y.png" in str(found[1].detail)


@pytest.mark.parametrize(
    ("answer", "text", "finish"),
    [
        (says("B", finish="length"), "B", "length"),
        (says("", finish="content_filter"), "", "refused"),
        (says(None, refusal="I cannot help with that."), "I cannot help with that.", "refused"),
        (says(None), "", "stop"),
        (says("B", finish="tool_calls"), "B", "stop"),
        (says("\x1b[31m red \x00"), "\x1b[31m red \x00", "stop"),
    ],
)
def test_an_answer_becomes_a_reply(answer: Answer, text: str, finish: str) -> None:
    (reply,) = replies(lambda turn: answer)
    assert (reply.text, reply.finish, reply.failure) == (text, finish, None)


def test_a_refusal_of_the_endpoint_is_counted_as_one(tmp_path: Path) -> None:
    from planned_specs import plan_of, run_plan, write_lines

    spec = """edition 2026
      import std.metrics { accuracy }
      enum Side { left right }
      record Row { id : text  gold : Side }
      dataset d : Row { source = jsonl("rows.jsonl")  splits = [test] }
      prompt ask(id: text) { user "{{ id }}" }
      task side { data = d.test  prompt = ask  answer Side via plain  metrics { primary accuracy } }
    """
    write_lines(tmp_path / "rows.jsonl", [{"id": str(n), "gold": "left"} for n in range(4)])
    kinds = {
        "0": says("left"),
        "1": says(None, refusal="left"),
        "2": refuses(400, "bad"),
        "3": says("l", finish="length"),
    }
    with endpoint(lambda turn: kinds[turn.text]) as place:
        report = run_plan(plan_of(spec, "side"), tmp_path / "run", opened(place), data=tmp_path)
    task = report["tasks"]["side"]
    assert (task["refused"], task["failed"], task["truncated"]) == (1, 1, 1)
    assert task["metrics"]["accuracy"]["value"] == 0.25
    assert "secret" not in "".join(p.read_text("utf-8", "replace") for p in (tmp_path / "run").iterdir())


TRANSIENT = {
    "rate limit": refuses(429, Retry_After="0"),
    "overloaded": refuses(503),
    "gateway page": Answer(status=502, body=b"<html>bad gateway</html>", headers={"Content-Type": "text/html"}),
    "dropped": Answer(drop=True),
    "cut short": attrs.evolve(says("B" * 500), cut=100),
    "a page in place of an answer": Answer(body=b"<html>Log in</html>", headers={"Content-Type": "text/html"}),
    "no JSON": Answer(body=b'{"choices": [', headers={"Content-Type": "application/json"}),
    "no choices": Answer(body=b'{"id": "1", "choices": []}', headers={"Content-Type": "application/json"}),
    "a list": Answer(body=b"[1, 2]", headers={"Content-Type": "application/json"}),
    "nothing": Answer(body=b"", headers={"Content-Type": "application/json"}),
    "late": attrs.evolve(says("too late"), delay=0.6),
}


@pytest.mark.parametrize("fault", TRANSIENT)
def test_what_may_pass_is_tried_again(fault: str) -> None:
    with endpoint(first([TRANSIENT[fault], TRANSIENT[fault], says("B")])) as place:
        backend = opened(place, "?timeout=0.3")
        ((_, reply),) = backend.answer([asked("1")])
    assert (reply.text, reply.failure) == ("B", None)
    assert len(place.turns) == 3 and backend.describe()["repeated"] == 2


@pytest.mark.parametrize("fault", TRANSIENT)
def test_what_does_not_pass_is_a_row_without_a_reply(fault: str) -> None:
    def behave(turn: Turn) -> Answer:
        return TRANSIENT[fault] if turn.text == "row 1" else says("B")

    bad, good = replies(behave, asked("1"), asked("2"), settings="?retries=1&timeout=0.3")
    assert (bad.failure, bad.text) == ("unreachable", "")
    assert str(bad.detail).endswith("after 2 attempts")
    assert (good.failure, good.text) == (None, "B")


def test_a_retry_waits_as_long_as_it_is_told_and_so_do_all_others() -> None:
    def behave(turn: Turn) -> Answer:
        return refuses(429, Retry_After="0.4") if turn.number == 0 else says("B")

    with endpoint(behave) as place:
        list(opened(place, "?concurrency=1").answer([asked(str(n)) for n in range(3)]))
    waited = [turn.when - place.turns[0].when for turn in place.turns[1:]]
    assert all(seconds >= 0.39 for seconds in waited)


def test_a_date_is_a_time_to_wait_for() -> None:
    when = formatdate(time.time() + 1.6, usegmt=True)  # whole seconds: up to one is cut off
    with endpoint(first([refuses(503, Retry_After=when), says("B")])) as place:
        list(opened(place).answer([asked("1")]))
    assert place.turns[1].when - place.turns[0].when > 0.4


def test_a_wait_that_is_too_long_is_not_begun() -> None:
    (reply,) = replies(lambda turn: refuses(429, "come back tomorrow", Retry_After="86400"))
    assert reply.failure == "unreachable"
    assert "come back tomorrow" in str(reply.detail)


def test_an_endpoint_that_is_gone_ends_the_run_and_keeps_what_there_is() -> None:
    requests = [asked(str(n)) for n in range(60)]
    with endpoint(lambda turn: says("B") if turn.number < 20 else refuses(500)) as place:
        backend = opened(place, "?retries=0&concurrency=2")
        got: list[Reply] = []
        with pytest.raises(BackendError, match=r"no reply to 8 rows in a row .*status 500"):
            got.extend(reply for _, reply in backend.answer(requests))
    assert sum(reply.failure is None for reply in got) == 20
    assert len(place.turns) < 40


FATAL = {
    "wrong key": refuses(401, "Incorrect API key provided: sk-very-secret-key."),
    "forbidden": refuses(403),
    "no such model": refuses(404, "model m does not exist"),
    "no money": refuses(429, "You exceeded your quota", code="insufficient_quota"),
    "a setting it does not know": refuses(400, "Unsupported parameter: 'max_tokens'", code="unsupported_parameter"),
    "a redirect": Answer(status=307, headers={"Location": "https://elsewhere.example.org/v1"}),
}


@pytest.mark.parametrize("fault", FATAL)
def test_what_no_request_can_pass_ends_the_run_at_once(fault: str) -> None:
    with endpoint(lambda turn: FATAL[fault]) as place:
        with pytest.raises(BackendError) as caught:
            list(opened(place, "?concurrency=1").answer([asked(str(n)) for n in range(30)]))
    assert place.url in str(caught.value)
    assert "secret" not in str(caught.value)
    assert len(place.turns) <= 2


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (
            refuses(400, "This model's maximum context length is 4096 tokens", code="context_length_exceeded"),
            "too_long",
        ),
        (refuses(413, "request entity too large"), "too_long"),
        (refuses(400, "Invalid \x1b[31m message"), "model_error"),
        (refuses(422, "validation"), "model_error"),
    ],
)
def test_a_request_the_endpoint_cannot_take_fails_its_row(answer: Answer, failure: str) -> None:
    (reply,) = replies(lambda turn: answer)
    assert reply.failure == failure
    assert "\x1b" not in str(reply.detail)


def test_as_many_requests_as_asked_for_and_no_more() -> None:
    with endpoint(lambda turn: attrs.evolve(says("B"), delay=0.02)) as place:
        list(opened(place, "?concurrency=5").answer([asked(str(n)) for n in range(40)]))
    assert place.most == 5


def test_tokens_and_cost_are_counted() -> None:
    usage = {
        "prompt_tokens": 1000,
        "completion_tokens": 10,
        "total_tokens": 1010,
        "prompt_tokens_details": {"cached_tokens": 600},
    }
    with endpoint(lambda turn: says("B", usage=usage, system_fingerprint="fp_1")) as place:
        backend = opened(place, "?price_in=2.5&price_out=10")
        ((_, reply), *_) = list(backend.answer([asked(str(n)) for n in range(4)]))
    found = backend.describe()
    assert (reply.tokens_in, reply.tokens_out) == (1000, 10)
    assert (found["requests"], found["tokens_in"], found["tokens_cached"], found["tokens_out"]) == (4, 4000, 2400, 40)
    assert found["cost"] == pytest.approx(4000 * 2.5e-6 + 40 * 10e-6)
    assert found["systems"] == ["fp_1"]


@pytest.mark.parametrize("usage", [None, {"prompt_tokens": -5, "completion_tokens": "many"}, "free", [1]])
def test_a_count_that_cannot_be_true_is_no_count(usage: Any) -> None:
    (reply,) = replies(lambda turn: says("B", usage=usage))
    assert (reply.text, reply.tokens_in, reply.tokens_out) == ("B", None, None)


def test_likelihoods_are_refused() -> None:
    with endpoint(lambda turn: says("B")) as place, pytest.raises(BackendError, match="no likelihoods"):
        list(opened(place).answer([asked("1", options=(" a", " b"))]))


def test_a_lost_row_is_asked_for_again_by_the_next_run(tmp_path: Path) -> None:
    from medspec.run.calls import Caller
    from medspec.run.execute import Unwatched
    from medspec.run.journal import Journal

    requests = [asked("1"), asked("2")]
    with endpoint(lambda turn: refuses(500) if turn.text == "row 1" and turn.number < 3 else says("B")) as place:
        backend = opened(place, "?retries=0")
        with Journal.open(tmp_path) as journal:
            once = Caller(backend, journal, Unwatched()).answer(requests)
            again = Caller(opened(place, "?retries=2"), journal, Unwatched()).answer(requests)
    assert [reply.failure for reply in once] == ["unreachable", None]
    assert [reply.failure for reply in again] == [None, None]
    assert sum(turn.text == "row 2" for turn in place.turns) == 1


def test_what_is_under_way_when_somebody_stops_the_run_is_kept() -> None:
    requests = [asked(str(n)) for n in range(50)]
    with endpoint(lambda turn: attrs.evolve(says("B"), delay=0.05 if turn.number else 0.0)) as place:
        backend = opened(place, "?concurrency=4")
        answers = backend.answer(requests)
        got = [next(answers)]
        with pytest.raises(KeyboardInterrupt):
            # Delivered where a person's Ctrl-C arrives: while the generator waits.
            got.append((0, answers.throw(KeyboardInterrupt)[1]))  # type: ignore[attr-defined]
            got.extend(answers)
        assert len(got) == len(place.turns) < 20


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("openai:", "needs the model's name and the endpoint's address"),
        ("openai:gpt", "needs the model's name and the endpoint's address"),
        ("openai:@http://localhost/v1", "needs the model's name and the endpoint's address"),
        ("openai:gpt@localhost:8000", "no address that begins with https:// or http://"),
        ("openai:gpt@http://[broken/v1", "no address that begins with https:// or http://"),
        ("openai:gpt@http://h/v1?concurency=2", "did you mean `concurrency`?"),
        ("openai:gpt@http://h/v1?concurrency=0", "expected a whole number from 1 to 1024"),
        ("openai:gpt@http://h/v1?timeout=nan", "expected a number from 0.01 to 86400"),
        ("openai:gpt@http://h/v1?seed=maybe", "expected on or off"),
        ("openai:gpt@http://h/v1?limit=tokens", "expected max_tokens or max_completion_tokens"),
    ],
)
def test_a_name_that_is_written_wrong(name: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_model(name, Options())
    assert said in str(caught.value)


def test_a_key_is_needed_far_away_and_not_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    open_model("openai:m@http://localhost:1/v1", Options()).close()
    with pytest.raises(BackendError, match="OPENAI_API_KEY holds no key"):
        open_model("openai:m@https://models.example.org/v1", Options())
    with pytest.raises(BackendError, match="HOSPITAL_KEY holds no key"):
        open_model("openai:m@http://localhost:1/v1?key=HOSPITAL_KEY", Options())


def test_the_key_is_nowhere_to_be_seen() -> None:
    with endpoint(lambda turn: says("B")) as place:
        backend = opened(place)
        shown = json.dumps(backend.describe()) + repr(backend) + backend.digest
    assert "secret" not in shown


def test_rows_leave_this_machine_where_the_address_is_elsewhere() -> None:
    assert abilities_of("openai:m@https://models.example.org/v1").remote
    assert abilities_of("openai:m@https://models.example.org/v1?key=K").remote
    assert not abilities_of("openai:m@http://127.0.0.1:8000/v1").remote
    assert not abilities_of("openai:m@http://localhost:8000/v1?concurrency=2").remote
