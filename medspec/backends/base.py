"""The contract of the catalogue of backends: what runs a model, and what it can do.

A backend gets `Request`s and yields `(index, Reply)` pairs in whatever order is fastest. A reply that went wrong is data
(`Reply.failure`), never an exception: one bad row does not end a run. An exception (`BackendError`) means that the model
as a whole cannot be used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, Protocol

import attrs


@attrs.frozen
class Abilities:
    """What a backend can do; the compiler's last check compares them with what the plan asks for."""

    text: bool = True
    logits: bool = False
    images: bool = False
    prefix: str = "none"
    """Reuse of a shared prompt prefix: `none`, `single` (one row at a time) or `batch`."""
    constrain: bool = False
    """Replies are held to the grammar of their request; a model does so where it was opened with `Options.constrain`."""
    deterministic: bool = True
    remote: bool = False
    """What it is asked leaves this machine."""
    answers: str = "text"
    """What it answers with: `text`; `label` or `labels` (one or several of `labels`); `boxes` on the one image it sees. All
    but `text` need a `Form` in the request, and their replies are what the form makes of the answer."""
    labels: tuple[str, ...] = ()
    by_row: bool = False
    """The reply depends on which row of which task is asked for, not on the prompt: only `replay`."""

    @property
    def needs_form(self) -> bool:
        """Whether it answers with something else than words, which a `Form` makes a reply of."""
        return self.answers != "text"

    @property
    def opens_images(self) -> bool:
        """Whether the files of images are read, and not only their paths told."""
        return self.images and not self.by_row


@attrs.frozen(kw_only=True)
class Decode:
    """How text is generated. Temperature 0 is greedy, ties go to the smallest token id."""

    temperature: float = 0.0
    max_tokens: int = 64
    stop: tuple[str, ...] = ()


IMAGE = "<image>"
"""Stands in the text of a turn where an image is."""


@attrs.frozen
class Picture:
    """One image of a prompt."""

    path: str
    """As the data name it, relative to the data root."""
    file: str = ""
    """Where it lies on this machine; empty where the backend opens no images."""
    sha256: str = ""
    """Hex digest of the file's bytes; empty like `file`."""


@attrs.frozen
class Message:
    """One turn as the model gets it. `role` is `system`, `user` or `assistant`."""

    role: str
    text: str
    images: tuple[Picture, ...] = ()
    """The images of this turn, one for each `IMAGE` in its text, in order."""


@attrs.frozen
class Found:
    """A box on an image as fractions of it (left, top, right, bottom), the place in `Form.names` of what it shows, where the
    form has names, and how probable it is."""

    numbers: tuple[float, float, float, float]
    place: int | None
    probability: float


@attrs.frozen
class Form:
    """How the answer of a model that writes no text becomes the text that a reader reads.

    `names` are the names of each value that the answer may be, where it is one or several of a few values. `key` stands for
    all that decides what is written. `write` takes the places in `names` of the values that are the answer, or `Found`s;
    it may raise `Misfit`.
    """

    key: str
    kind: str
    """The kind of the answer's type: `bool`, `enum`, `choice`, `set`, `box` or `list` (of boxes)."""
    names: tuple[tuple[str, ...], ...]
    write: Callable[[Sequence[Any]], str] = attrs.field(eq=False)


@attrs.frozen(kw_only=True)
class Request:
    """One use of a model for one row.

    With `options` it asks for the log-likelihood of each option text after the prompt, else for text.
    `row` and `task` say what the request is for; only `replay` looks at them.
    """

    task: str
    row: str
    messages: tuple[Message, ...]
    decode: Decode
    options: tuple[str, ...] | None = None
    grammar: str | None = None
    """What the reply may be, in llguidance's Lark, for a model that holds replies to it (`Abilities.constrain`)."""
    form: Form | None = None
    """What an answer is written as, for a model that needs it (`Abilities.needs_form`)."""
    sample: int = 0
    """Which of several draws for the row this is, from 0; each has a stream of random numbers of its own."""

    @property
    def plain_prompt(self) -> str:
        """What a model without a chat template is sent: the turns joined by one empty line, answers by one blank.

        Question: Q1
        Answer: B

        Question: Q2
        Answer:
        """
        text = ""
        for index, message in enumerate(self.messages):
            text += ("" if index == 0 else " " if message.role == "assistant" else "\n\n") + message.text
        return text


UNREACHABLE = "unreachable"
"""The failure of a row that an endpoint gave nothing for. It says nothing about the model, so it is not kept for later."""


@attrs.frozen(kw_only=True)
class Reply:
    """What came back for one request.

    `text` is the raw reply, `scores` the summed natural log-likelihood of each option (in the order of the request).
    `failure` is None, or why there is no reply: `too_long` (the prompt does not fit the context; nothing was cut),
    `model_error`, `bad_image`, `no_reply` (a replay file has none for this row), `unreachable`. `finish` is `stop`, `length`
    (cut off at max_tokens), `refused` (the endpoint says so itself) or `scored`.
    """

    prompt_sha256: str
    text: str = ""
    scores: tuple[float, ...] | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    seconds: float | None = None
    finish: str = "stop"
    failure: str | None = None
    detail: str | None = None
    """For people: more about a failure, such as `prompt 5,120 tokens, context 4,096`."""


@attrs.frozen(kw_only=True)
class Options:
    """What the command line says about how to run a model. Backends ignore what does not concern them."""

    device: str = "auto"
    """`auto` (CUDA when it is there, else CPU), `cpu`, `cuda` (an error when it cannot be had), `cuda:1`, or several."""
    threads: int | None = None
    dtype: str | None = None
    """Which export to load, as the file suffix names it: `fp32`, `fp16`, `q4`, ..."""
    batch: int | None = None
    """Rows at a time; None for as many as suit the model."""
    chat: str = "auto"
    """`auto` (use the model's chat template when it has one), `on` (an error when it has none), or `off`."""
    seed: int = 0
    exact: bool = False
    """Leave out whatever may move a logit by rounding: batches, shared prefixes, logits of some positions only."""
    constrain: bool = False
    """Hold replies to the form of the answer, where the reader knows one."""
    beside: int = 1
    """How many models share the memory of this machine, this one included."""

    def rows(self, usual: int = 8) -> int:
        """Rows at a time: what was asked for, or else what is usual."""
        return usual if self.batch is None else max(1, self.batch)


class Backend(Protocol):
    """A loaded model."""

    abilities: Abilities

    @property
    def digest(self) -> str:
        """Identifies everything that can change a reply: weights, tokenizer, chat template, settings. Hex sha256."""

    def describe(self) -> dict[str, Any]:
        """For `report.json` and `doctor`: what is loaded and how it runs. Plain JSON."""

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Reply]]:
        """Yield one reply for every request, with its index, in any order."""

    def close(self) -> None:
        """Give back memory and files."""


OF_ONE_START = frozenset({"cache_bytes", "images_encoded"})
"""What backends say of themselves and is so only this time: how much memory was free, what was left to do."""


def lasting(described: Mapping[str, Any]) -> dict[str, Any]:
    """What a report says of a model: without what a run that goes on later would say otherwise."""
    return {name: value for name, value in described.items() if name not in OF_ONE_START}


@attrs.frozen
class Scheme:
    """A member of the catalogue: the word before the colon in `--model onnx:DIR`, and what opens it."""

    name: str
    summary: str
    open: Callable[[str, Mapping[str, str], Options], Backend]
    """Arguments: what stands after the colon, the `?key=value&...` settings, and the options. Raises `BackendError`."""
    abilities: Abilities
    abilities_at: Callable[[str], Abilities] | None = None
    """What the model at a place can do, found without loading it, where that differs from model to model."""


def sha256_of(text: str) -> str:
    """Hex sha256 of the UTF-8 bytes of `text`."""
    return sha256(text.encode()).hexdigest()
