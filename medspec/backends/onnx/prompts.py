"""What models that write have in common: the prompt in tokens, the work a request asks for, and the reply that comes of it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from functools import partial
from typing import Any

import attrs

from medspec.backends.base import Options, Reply, Request
from medspec.backends.onnx.chat import ChatTemplate, find_template
from medspec.backends.onnx.constrain import Grammars
from medspec.backends.onnx.generate import WritingJob, Written
from medspec.backends.onnx.layout import ModelFolder
from medspec.backends.onnx.tokens import Tokens
from medspec.errors import BackendError, UsageError

_SETTINGS = ("date",)
_CHAT = ("auto", "on", "off")


@attrs.frozen
class Prompt:
    """A prompt ready for the model."""

    sha256: str
    ids: tuple[int, ...]

    def failed(self, failure: str, detail: str) -> Reply:
        return self._reply(failure=failure, detail=detail)

    def scored(self, scores: tuple[float, ...] | None, seconds: float, fault: str | None) -> Reply:
        failure = "model_error" if fault else None
        return self._reply(scores=scores, seconds=seconds, finish="scored", failure=failure, detail=fault)

    def written(self, written: Written) -> Reply:
        return self._reply(
            text=written.text,
            tokens_out=len(written.ids),
            seconds=written.seconds,
            finish=written.finish,
            failure="model_error" if written.fault else None,
            detail=written.fault,
        )

    def _reply(self, **said: Any) -> Reply:
        return Reply(prompt_sha256=self.sha256, tokens_in=len(self.ids), **said)


def writing_job(
    index: int, request: Request, prompt: Prompt, room: int, tokens: Tokens, grammars: Grammars | None
) -> WritingJob:
    """A reply of at most `room` tokens, which ends where the model or the request ends it."""
    # A stop text that is a special token never shows in decoded text.
    special = {tokens.special_id(stop) for stop in request.decode.stop} - {None}
    return WritingJob(
        index=index,
        task=request.task,
        row=request.row if request.sample == 0 else f"{request.row}\0{request.sample}",
        ids=prompt.ids,
        room=room,
        ends=tokens.ends | frozenset(number for number in special if number is not None),
        decode=request.decode,
        hold=None if not grammars or not request.grammar else partial(grammars.hold, request.grammar),
    )


def chat_template(folder: ModelFolder, options: Options, date: datetime.date | None) -> ChatTemplate | None:
    """The template that prompts are put in, as `--chat` says. Raises `UsageError`, and `BackendError` where there is none."""
    if options.chat not in _CHAT:
        raise UsageError(f"chat {options.chat!r} does not exist; choose one of {', '.join(_CHAT)}")
    if options.chat == "off":
        return None
    template = find_template(folder.config_folders, folder.tokenizer_config, date=date)
    if options.chat == "on" and template is None:
        raise BackendError(f"{folder.root}: chat is on, and the model has no chat template")
    return template


def date_of(settings: Mapping[str, str], scheme: str) -> datetime.date | None:
    """The one setting `date=2026-01-31`: what a chat template that writes today's date takes for today. Raises `UsageError`."""
    unknown = [name for name in settings if name not in _SETTINGS]
    if unknown:
        raise UsageError(f"`{scheme}:` has no setting {unknown[0]!r}; it has {', '.join(_SETTINGS)}")
    if "date" not in settings:
        return None
    try:
        return datetime.date.fromisoformat(settings["date"])
    except ValueError as err:
        raise UsageError(f"date={settings['date']}: not a date like 2026-01-31") from err
