"""Chat templates: their three places, and the same characters as transformers writes."""

from __future__ import annotations

import datetime
import time
from pathlib import Path

import pytest
import transformers
from tiny_models import CHAT_TEMPLATE, write_json, write_llama

from medspec.backends.base import Decode, Message, Options, Request, sha256_of
from medspec.backends.onnx import SCHEME
from medspec.backends.onnx.chat import ChatRefused, find_template
from medspec.backends.onnx.chat_process import MOST_LETTERS, ChatProcess
from medspec.errors import BackendError, UsageError

TURNS = (Message("system", "Be brief."), Message("user", 'Is <b>"x"</b> & é ok?\n'), Message("assistant", "yes"),
         Message("user", "  And y? "))  # fmt: skip

TEMPLATES = {
    "plain": CHAT_TEMPLATE,
    "blocks": """{%- for message in messages %}
    {% if message.role == 'user' %}
Q: {{ message.content | trim }}
    {% elif message.role == 'assistant' %}
A: {% generation %}{{ message.content }}{{ eos_token }}{% endgeneration %}

    {% endif %}
{% endfor %}
{% if add_generation_prompt %}A:{% endif %}""",
    "namespace and loop controls": """{{- bos_token }}{% set ns = namespace(count=0) %}{% for message in messages %}
{%- if message['role'] == 'system' %}{% continue %}{% endif %}{% set ns.count = ns.count + 1 %}
[{{ ns.count }}/{{ loop.length }}] {{ message | tojson }} {{ message['content'].split('?')[0] | upper }}
{%- if ns.count == 3 %}{% break %}{% endif %}{% endfor %}
{{ messages[1:] | map(attribute='role') | join(',') }} {{ messages | tojson(indent=2) }} {{ tools is none }} {{ pad_token }}""",
}


def apply_with_transformers(folder: Path, turns: tuple[Message, ...]) -> str:
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    messages = [{"role": turn.role, "content": turn.text} for turn in turns]
    return tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)


def settings_of(folder: Path) -> dict[str, object]:
    return {"bos_token": "<s>", "eos_token": {"content": "</s>", "special": True}, "pad_token": "<pad>"}


@pytest.mark.parametrize("name", TEMPLATES)
def test_prompts_equal_those_of_transformers(tmp_path: Path, name: str) -> None:
    write_llama(tmp_path)
    (tmp_path / "chat_template.jinja").write_text(TEMPLATES[name])
    template = find_template([tmp_path], settings_of(tmp_path))
    assert template is not None
    assert template.render(TURNS) == apply_with_transformers(tmp_path, TURNS)


PARTS = "{% for m in messages %}{% for part in m['content'] %}[{{ part.text }}]{% endfor %}{% endfor %}"

TURNS_AS = {
    "parts only": (PARTS, "[Be brief.][Hi]"),
    "the first part": ("{% for m in messages %}{{ m.content[0]['text'] }};{% endfor %}", "Be brief.;Hi;"),
    "refuses texts": ("{% if messages[0].content is string %}{{ raise_exception('no') }}{% endif %}" + PARTS,
                      "[Be brief.][Hi]"),
    "both": ("{% for m in messages %}{% if m.content is string %}<{{ m.content }}>{% else %}{% for p in m.content %}"
             "[{{ p.text }}]{% endfor %}{% endif %}{% endfor %}", "<Be brief.><Hi>"),
    "texts only": ("{% for m in messages %}<{{ m['content'] }}>{% endfor %}", "<Be brief.><Hi>"),
    "letters": ("{% for m in messages %}{% for letter in m.content %}{{ letter }}{% endfor %}{% endfor %}", "Be brief.Hi"),
}  # fmt: skip
"""Templates, and what they write: turns are texts, and lists of parts only for a template that leaves texts out."""


@pytest.mark.parametrize("name", TURNS_AS)
def test_turns_are_given_as_the_template_can_read_them(tmp_path: Path, name: str) -> None:
    source, expected = TURNS_AS[name]
    (tmp_path / "chat_template.jinja").write_text(source)
    template = find_template([tmp_path], {})
    assert template is not None
    assert template.render((Message("system", "Be brief."), Message("user", "Hi"))) == expected


def put(folder: Path, place: str, text: str) -> None:
    if place == "jinja":
        (folder / "chat_template.jinja").write_text(text)
    elif place == "json":
        write_json(folder / "chat_template.json", {"chat_template": text})
    elif place == "config":
        write_json(folder / "tokenizer_config.json", {"bos_token": "<s>", "eos_token": "</s>", "chat_template": text})
    else:
        listed = [{"name": "tool_use", "template": "tools"}, {"name": "default", "template": text}]
        write_json(folder / "tokenizer_config.json", {"bos_token": "<s>", "eos_token": "</s>", "chat_template": listed})


def asked(folder: Path, options: Options | None = None) -> str:
    """The sha256 of the prompt that a user turn `Hello` becomes."""
    backend = SCHEME.open(str(folder), {}, options or Options())
    request = Request(task="t", row="1", messages=(Message("user", "Hello"),), decode=Decode(max_tokens=1))
    [(_, reply)] = backend.answer([request])
    return reply.prompt_sha256


@pytest.mark.parametrize("place", ["jinja", "json", "config", "list"])
@pytest.mark.parametrize("configs", [".", "onnx"])
def test_every_place_is_found(tmp_path: Path, place: str, configs: str) -> None:
    write_llama(tmp_path, graph="onnx/model.onnx", configs=configs)
    put(tmp_path / configs, place, CHAT_TEMPLATE)
    expected = "<s><|turn|>user\nHello<|end|>\n<|turn|>assistant\n"
    assert asked(tmp_path) == sha256_of(expected)
    if place != "json":  # transformers reads that file for processors of several inputs only
        assert apply_with_transformers(tmp_path / configs, (Message("user", "Hello"),)) == expected


def test_order_of_the_places(tmp_path: Path) -> None:
    write_llama(tmp_path)
    for place in ("config", "json", "jinja"):
        put(tmp_path, place, f"from {place}")
        assert asked(tmp_path) == sha256_of(f"from {place}")


def test_a_single_named_template_is_taken(tmp_path: Path) -> None:
    config = {"chat_template": [{"name": "rag", "template": "the only one"}]}
    template = find_template([tmp_path], config)
    assert template is not None and template.render(TURNS) == "the only one"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([{"name": "a", "template": "x"}, {"name": "b", "template": "y"}], "no chat template is named `default`"),
        (7, "neither a text nor a list"),
        ("{% if %}", "not valid Jinja"),
    ],
)
def test_templates_that_are_none(tmp_path: Path, value: object, words: str) -> None:
    with pytest.raises(BackendError, match=words):
        find_template([tmp_path], {"chat_template": value})


def test_a_template_may_refuse_turns_and_touch_nothing(tmp_path: Path) -> None:
    for source, words in (
        ("{{ raise_exception('System role not supported') }}", "System role not supported"),
        ("{{ messages.append(1) }}", "append"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ messages[9].content }}", "no element 9"),
        ("{{ messages + 1 }}", "can only concatenate"),
    ):
        template = find_template([tmp_path], {"chat_template": source})
        assert template is not None
        with pytest.raises(ChatRefused, match=words):
            template.render(TURNS)


def test_refused_turns_are_a_failed_reply(tmp_path: Path) -> None:
    write_llama(tmp_path, chat_template="{{ raise_exception('no system turn') }}")
    backend = SCHEME.open(str(tmp_path), {}, Options())
    request = Request(task="t", row="1", messages=TURNS, decode=Decode())
    [(_, reply)] = backend.answer([request])
    assert reply.failure == "model_error"
    assert reply.detail == "the chat template refuses these turns: no system turn"


def test_chat_on_and_off(tmp_path: Path) -> None:
    with_template = write_llama(tmp_path / "a", chat_template=CHAT_TEMPLATE).folder
    without = write_llama(tmp_path / "b").folder
    assert asked(with_template, Options(chat="on")) == asked(with_template)
    assert asked(with_template, Options(chat="off")) == asked(without) == sha256_of("Hello")
    with pytest.raises(BackendError, match="no chat template"):
        SCHEME.open(str(without), {}, Options(chat="on"))
    with pytest.raises(UsageError, match="choose one of auto, on, off"):
        SCHEME.open(str(without), {}, Options(chat="yes"))


@pytest.mark.parametrize("chat", ["on", "off"])
def test_one_beginning_token(tmp_path: Path, chat: str) -> None:
    """The template writes `<s>`, and the tokenizer adds it to plain texts: never both."""
    tiny = write_llama(tmp_path, chat_template=CHAT_TEMPLATE)
    text = "<s><|turn|>user\nHello<|end|>\n<|turn|>assistant\n" if chat == "on" else "Hello"
    backend = SCHEME.open(str(tmp_path), {}, Options(chat=chat))
    request = Request(task="t", row="1", messages=(Message("user", "Hello"),), decode=Decode(max_tokens=1))
    [(_, reply)] = backend.answer([request])
    plain = tiny.tokenizer.encode(text, add_special_tokens=False).ids
    assert reply.tokens_in == len(plain) + (chat == "off")
    assert (plain[0] == 1) == (chat == "on")


def test_today_can_be_set(tmp_path: Path) -> None:
    write_llama(tmp_path, chat_template="{{ strftime_now('%d %b %Y') }}")
    backend = SCHEME.open(str(tmp_path), {"date": "2026-01-31"}, Options())
    request = Request(task="t", row="1", messages=(Message("user", "x"),), decode=Decode(max_tokens=1))
    [(_, reply)] = backend.answer([request])
    assert reply.prompt_sha256 == sha256_of(datetime.date(2026, 1, 31).strftime("%d %b %Y"))
    assert backend.describe()["chat_template_uses_date"] is True
    other = SCHEME.open(str(tmp_path), {"date": "2026-02-01"}, Options())
    assert backend.digest != other.digest
    for settings, words in (({"date": "soon"}, "not a date"), ({"day": "1"}, "no setting 'day'")):
        with pytest.raises(UsageError, match=words):
            SCHEME.open(str(tmp_path), settings, Options())


ENDLESS = {
    "a range": ("{% for n in range(10**12) %}{% endfor %}", "Range too big"),
    "loops in loops": ("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "did not end"),
    "a sum": ("{{ 10 ** (10 ** 9) }}", "did not end"),
    "memory": ("{{ 'x' * 10 ** 10 }}", "memory"),
    "a width": ("{{ '%99999999999d' % 1 }}", "too big|memory|did not end"),
    "output": ("{% for n in range(40) %}{{ 'x' * 1000000 }}{% endfor %}", "more than 32,000,000 letters"),
    "itself": ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "without end"),
}


@pytest.mark.parametrize("case", ENDLESS)
def test_a_template_has_bounds_in_time_memory_and_output(case: str) -> None:
    source, words = ENDLESS[case]
    began = time.monotonic()
    with pytest.raises(ChatRefused, match=words):
        ChatProcess(source, {}, None, seconds=1).render([{"role": "user", "content": "x"}])
    assert time.monotonic() - began < 20  # a bound against forever, not a measure of speed


def test_a_template_that_does_not_end_is_given_up_and_hurts_no_other_row() -> None:
    source = "{% if messages[0].content == 'x' %}{{ 10 ** (10 ** 9 + messages | length) }}{% else %}fine{% endif %}"
    process = ChatProcess(source, {}, None, seconds=1)
    x, y = ([{"role": "user", "content": text}] for text in "xy")
    assert process.render(y) == "fine"
    for words in ("did not end", "did not end", "did not end", "given up"):
        with pytest.raises(ChatRefused, match=words):
            process.render(x)
    assert ChatProcess("{{ messages[0].content }}", {}, None).render(y) == "y"


def test_a_template_sees_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were it to get out of the sandbox, there would be no key."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    process = ChatProcess("{{ messages[0].content }}", {}, None)
    process.render([{"role": "user", "content": "x"}])
    assert process._process is not None
    seen = Path(f"/proc/{process._process.pid}/environ")
    if not seen.exists():
        pytest.skip("this system does not show the environment of a process")
    assert b"sk-secret" not in seen.read_bytes()


@pytest.mark.parametrize("source", ["{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "x" * (MOST_LETTERS + 1)])
def test_a_template_that_is_too_deep_or_too_long(tmp_path: Path, source: str) -> None:
    with pytest.raises(BackendError, match="nested too deep|letters; at most"):
        find_template([tmp_path], {"chat_template": source})
