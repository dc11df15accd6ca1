"""From requests to the work a decoder is asked for, and from what became of it to replies.

A row that cannot be asked gets its reply at once: a prompt that does not fit, a template that refuses it, an option
that adds nothing. Nothing is cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import attrs

from medspec.backends.base import Picture, Reply, Request, sha256_of
from medspec.backends.onnx.chat import ChatRefused, ChatTemplate
from medspec.backends.onnx.constrain import Grammars
from medspec.backends.onnx.generate import WritingJob, Written
from medspec.backends.onnx.prompts import Prompt, writing_job
from medspec.backends.onnx.score import OptionIds, Scored, ScoringJob
from medspec.backends.onnx.tokens import Tokens
from medspec.backends.onnx.vision.model import Vision
from medspec.backends.onnx.vision.pixels import BadImage
from medspec.backends.onnx.vision.prompts import Misplaced


@attrs.frozen
class Asking:
    """How a decoder is asked. `context` is how many tokens it can see, None when no file says so."""

    context: int | None
    tokens: Tokens
    template: ChatTemplate | None
    vision: Vision | None
    grammars: Grammars | None

    def answers(
        self,
        requests: Sequence[Request],
        score: Callable[[Sequence[ScoringJob]], Iterable[Scored]],
        write: Callable[[Sequence[WritingJob]], Iterable[Written]],
    ) -> Iterator[tuple[int, Reply]]:
        """A reply for each request with its index: first those that cannot be asked, then scored ones, then written ones."""
        prompts: dict[int, Prompt] = {}
        writing: list[WritingJob] = []
        scoring: list[ScoringJob] = []
        for index, request in enumerate(requests):
            ready = self._prepare(index, request)
            if isinstance(ready, Reply):
                yield index, ready
                continue
            prompts[index], job = ready
            if isinstance(job, WritingJob):
                writing.append(job)
            else:
                scoring.append(job)
        for scored in score(scoring):
            yield scored.job.index, prompts[scored.job.index].scored(scored.scores, scored.seconds, scored.fault)
        for written in write(writing):
            yield written.job.index, prompts[written.job.index].written(written)

    def _prepare(self, index: int, request: Request) -> Reply | tuple[Prompt, WritingJob | ScoringJob]:
        """The work a request asks for, or the failure it is."""
        text, chat = request.plain_prompt, self.template is not None
        if self.vision is not None:
            text = self.vision.plain(request.messages, text)
        if self.template is not None:
            try:
                text = self.template.render(request.messages)
            except ChatRefused as err:
                return Reply(prompt_sha256=sha256_of(text), failure="model_error", detail=str(err))
        pictures = tuple(picture for message in request.messages for picture in message.images)
        try:
            ids = self._placed(self.tokens.encode(text, chat=chat), pictures) or self.tokens.fallback
            prompt = Prompt(sha256_of(text), tuple(ids))
            if request.options is None:
                return self._writing(index, request, prompt)
            pairs = self.tokens.encode_pairs(text, request.options, chat=chat)
            options = tuple(self._option(ids, start, pictures) for ids, start in pairs)
        except BadImage as err:
            return Reply(prompt_sha256=sha256_of(text), failure="bad_image", detail=str(err))
        except Misplaced as err:
            return Reply(prompt_sha256=sha256_of(text), failure="model_error", detail=str(err))
        for option, text_of in zip(options, request.options, strict=True):
            if len(option.ids) <= option.start or option.start < 1:
                return prompt.failed("model_error", f"the option {text_of!r} adds no token to the prompt")
        longest = max((len(option.ids) for option in options), default=0)
        if self._exceeds(longest):
            detail = f"prompt and longest option {longest:,} tokens, context {self.context:,}"
            return prompt.failed("too_long", detail)
        return prompt, ScoringJob(index=index, options=options)

    def _placed(self, ids: list[int], pictures: Sequence[Picture]) -> Sequence[int]:
        """`ids` with the places of images. A text that spells out the image token is told from an image by their number."""
        return ids if self.vision is None else self.vision.placed(ids, pictures)

    def _option(self, ids: Sequence[int], start: int, pictures: Sequence[Picture]) -> OptionIds:
        if self.vision is None:
            return OptionIds(tuple(ids), start)
        before = self.vision.placed(list(ids[:start]), pictures)
        return OptionIds((*before, *ids[start:]), len(before))

    def _writing(self, index: int, request: Request, prompt: Prompt) -> Reply | tuple[Prompt, WritingJob]:
        length, context, room = len(prompt.ids), self.context, request.decode.max_tokens
        if not length:
            return prompt.failed("model_error", "the prompt has no token, and the tokenizer no beginning token")
        if self._exceeds(length + 1):
            return prompt.failed("too_long", f"prompt {length:,} tokens, context {context:,}")
        if context is not None:
            room = min(room, context - length)
        return prompt, writing_job(index, request, prompt, room, self.tokens, self.grammars)

    def _exceeds(self, length: int) -> bool:
        return self.context is not None and length > self.context
