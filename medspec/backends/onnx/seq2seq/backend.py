"""An encoder-decoder model of a folder as a backend: it writes replies and scores options.

The encoder reads the prompt as its tokenizer writes texts, end token included. A reply begins behind the start token of
config.json. An option is cut into tokens by itself, its blank included, as lm-evaluation-harness does for these models.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from medspec.backends.base import Abilities, Options, Reply, Request, sha256_of
from medspec.backends.onnx.chat import ChatRefused, ChatTemplate
from medspec.backends.onnx.constrain import Grammars
from medspec.backends.onnx.generate import WritingJob
from medspec.backends.onnx.layout import ModelFolder, resolve_folder, whole_graph
from medspec.backends.onnx.prompts import Prompt, chat_template, writing_job
from medspec.backends.onnx.room import Room, free_memory
from medspec.backends.onnx.seq2seq.engine import OptionsJob, score_all, write_all
from medspec.backends.onnx.seq2seq.graphs import Graphs, open_graphs
from medspec.backends.onnx.seq2seq.self_check import check_graphs
from medspec.backends.onnx.session import runtime_version
from medspec.backends.onnx.tokens import Tokens, load_tokens, require_fit
from medspec.errors import BackendError, UsageError

ABILITIES = Abilities(text=True, logits=True)

_CHECK_TEXT = "The patient was seen in clinic today and had no new complaints."


@attrs.define
class Seq2SeqBackend:
    """A loaded encoder-decoder model. Made by `open_model`."""

    folder: ModelFolder
    tokens: Tokens
    template: ChatTemplate | None
    graphs: Graphs | None
    room: Room
    options: Options
    grammars: Grammars | None
    abilities: Abilities = ABILITIES
    _files: dict[str, str] | None = None

    @property
    def digest(self) -> str:
        """Hex sha256 over the files, the template and every setting that can change a reply."""
        graphs = self._loaded()
        parts = {
            "files": self._file_digests(),
            "template": self.template.source if self.template else None,
            "start": graphs.start,
            "ends": sorted(self.tokens.ends),
            "context": self.folder.context,
            "seed": self.options.seed,
            "device": graphs.decoder.opened.device,
            "exact": self.options.exact,
            "constrain": self.options.constrain,
            "runtime": runtime_version(),
        }
        return sha256_of(json.dumps(parts, sort_keys=True))

    def describe(self) -> dict[str, Any]:
        """What is loaded and how it runs."""
        folder, graphs = self.folder, self._loaded()
        opened = graphs.decoder.opened
        return {
            "scheme": "onnx",
            "folder": str(folder.root),
            "graph": str(folder.graph.relative_to(folder.root)),
            "dtype": folder.dtype,
            "note": folder.note,
            "family": "encoder-decoder",
            "files": self._file_digests(),
            "runtime": f"onnxruntime {runtime_version()}",
            "provider": opened.session.get_providers()[0],
            "device": opened.device,
            "why_cpu": opened.cpu_reason,
            "threads": opened.threads,
            "batch": self.room.batch,
            "cache_bytes": self.room.limit,
            "caches": "none" if graphs.continuer is None else "growing",
            "exact": self.options.exact,
            "constrain": self.options.constrain,
            "context": folder.context,
            "vocabulary": graphs.vocabulary,
            "start": list(graphs.start),
            "ends": sorted(self.tokens.ends),
            "chat_template": self.template.origin if self.template else None,
            "seed": self.options.seed,
        }

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Reply]]:
        """Rows that cannot be asked first, then scored rows, then written ones, the longest prompts first."""
        graphs = self._loaded()
        prompts: dict[int, Prompt] = {}
        writing: list[WritingJob] = []
        scoring: list[OptionsJob] = []
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
        for scored in score_all(graphs, scoring, room=self.room):
            yield scored.job.index, prompts[scored.job.index].scored(scored.scores, scored.seconds, scored.fault)
        for written in write_all(graphs, self.tokens, writing, room=self.room, seed=self.options.seed):
            yield written.job.index, prompts[written.job.index].written(written)

    def close(self) -> None:
        """Forget the sessions; the backend answers no more."""
        self.graphs = None

    def _loaded(self) -> Graphs:
        if self.graphs is None:
            raise BackendError(f"{self.folder.root}: the model was closed")
        return self.graphs

    def _file_digests(self) -> dict[str, str]:
        if self._files is None:
            self._files = self.folder.digests()
        return self._files

    def _prepare(self, index: int, request: Request) -> Reply | tuple[Prompt, WritingJob | OptionsJob]:
        """The work a request asks for, or the failure it is."""
        text = request.plain_prompt
        if self.template is not None:
            try:
                text = self.template.render(request.messages)
            except ChatRefused as err:
                return Reply(prompt_sha256=sha256_of(text), failure="model_error", detail=str(err))
        prompt = Prompt(sha256_of(text), tuple(self._ids(text)))
        context, length = self.folder.context, len(prompt.ids)
        if not length:
            return prompt.failed("model_error", "the prompt has no token")
        if context is not None and length > context:
            return prompt.failed("too_long", f"prompt {length:,} tokens, the encoder takes {context:,}")
        if request.options is None:
            return prompt, self._writing(index, request, prompt)
        options = tuple(tuple(self.tokens.encode(option, chat=True)) for option in request.options)
        for option, text_of in zip(options, request.options, strict=True):
            if not option:
                return prompt.failed("model_error", f"the option {text_of!r} has no token")
        longest = max((len(option) for option in options), default=0) + len(self._loaded().start)
        if context is not None and longest > context:
            return prompt.failed("too_long", f"longest option {longest:,} tokens, the decoder takes {context:,}")
        return prompt, OptionsJob(index=index, ids=prompt.ids, options=options)

    def _ids(self, text: str) -> list[int]:
        """The ids of a prompt. A text from a chat template has its special tokens written out already."""
        return list(self.tokens.tokenizer.encode(text, add_special_tokens=self.template is None).ids)

    def _writing(self, index: int, request: Request, prompt: Prompt) -> WritingJob:
        context, room = self.folder.context, request.decode.max_tokens
        if context is not None:
            room = min(room, context - len(self._loaded().start) + 1)
        return writing_job(index, request, prompt, room, self.tokens, self.grammars)


def open_model(place: str, settings: Mapping[str, str], options: Options) -> Seq2SeqBackend:
    """Load the model in the folder `place`. Raises `BackendError` when it cannot be used, `UsageError` for settings."""
    if settings:
        raise UsageError(f"an encoder-decoder model has no setting {next(iter(settings))!r}")
    folder = resolve_folder(Path(place).expanduser(), options.dtype)
    template = chat_template(folder, options, None)
    tokens = load_tokens(folder.tokenizer, folder.tokenizer_config, folder.config, folder.generation_config)
    graphs = open_graphs(folder, options)
    require_fit(tokens, folder.tokenizer, graphs.vocabulary)
    # With scales taken over the whole batch, a row's reply would depend on its neighbours.
    operators = folder.operators.union(*(whole_graph(path)[0] for path in folder.beside.values()))
    quantised = any(name.startswith("DynamicQuantize") for name in operators)
    check_graphs(graphs, tokens.tokenizer.encode(_CHECK_TEXT).ids, quantised=quantised)
    return Seq2SeqBackend(
        folder,
        tokens,
        template,
        graphs,
        _room(graphs, 1 if options.exact or quantised else options.rows(), options.beside),
        options,
        Grammars(folder.tokenizer, min(tokens.ends, default=None)) if options.constrain else None,
        attrs.evolve(ABILITIES, constrain=options.constrain),
    )


def _room(graphs: Graphs, batch: int, beside: int) -> Room:
    """The room there is now for caches, where so many models share it."""
    import numpy as np

    graph = graphs.decoder if graphs.continuer is None else graphs.continuer
    sizes = [graph.shapes[name] for name in graph.past]
    numbers = sum(int(shape[1] or 0) * int(shape[3] or 0) for shape in sizes)
    kinds = {graph.inputs[name][0] for name in graph.past} or {"float32"}
    free = None if graphs.on_gpu else free_memory()
    return Room(batch, None if free is None else free // (2 * beside), max(1, numbers) * np.dtype(kinds.pop()).itemsize)
