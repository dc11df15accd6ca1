"""A decoder model of a folder as a backend: it writes replies and scores options.

A row that cannot be answered gets a `Reply` with a failure; only a model that cannot be used at all raises.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from medspec.backends.base import Abilities, Options, Reply, Request, sha256_of
from medspec.backends.onnx.asking import Asking
from medspec.backends.onnx.chat import ChatTemplate
from medspec.backends.onnx.constrain import Grammars
from medspec.backends.onnx.engine import Engine
from medspec.backends.onnx.layout import ModelFolder, resolve_folder
from medspec.backends.onnx.opening import open_decoder
from medspec.backends.onnx.prompts import chat_template, date_of
from medspec.backends.onnx.room import room_for
from medspec.backends.onnx.self_check import sharing_works, slots_work, trees_work
from medspec.backends.onnx.session import Opened, runtime_version
from medspec.backends.onnx.tokens import Tokens, load_tokens
from medspec.backends.onnx.vision.model import Vision, open_embedder
from medspec.errors import BackendError

ABILITIES = Abilities(text=True, logits=True, prefix="batch")

_ROWS = {"exact": 1, "slots": 32, "growing": 8}
"""Rows at a time, by how caches are kept: more of them bring less than they take in memory (perf/sweep.py)."""

_ROWS_ON_GPU = {"exact": 1, "slots": 64, "growing": 32}
"""There a step reads the weights once for all rows, and has computing to spare; not swept yet. Short memory halves them."""

_CHECK_TEXT = "The patient was seen in clinic today and had no new complaints."


@attrs.define
class OnnxBackend:
    """A loaded decoder model. Made by `open_model`."""

    folder: ModelFolder
    tokens: Tokens
    template: ChatTemplate | None
    opened: Opened
    engine: Engine | None
    options: Options
    date: datetime.date | None
    vision: Vision | None = None
    grammars: Grammars | None = None
    """Where replies are held to the form of the answer."""
    abilities: Abilities = ABILITIES
    _files: dict[str, str] | None = None

    @property
    def digest(self) -> str:
        """Hex sha256 over the files, the template and every setting that can change a reply."""
        template = self.template
        parts = {
            "files": self._file_digests(),
            "template": template.source if template else None,
            "date": str(self.date or datetime.date.today()) if template and template.uses_date else None,
            "leading": self.tokens.leading,
            "ends": sorted(self.tokens.ends),
            "context": self.folder.context,
            "seed": self.options.seed,
            "device": self.opened.device,
            "exact": self.options.exact,
            "constrain": self.options.constrain,
            "runtime": runtime_version(),
            **({"images": self.vision.decides} if self.vision is not None else {}),
        }
        return sha256_of(json.dumps(parts, sort_keys=True))

    def describe(self) -> dict[str, Any]:
        """What is loaded and how it runs."""
        folder, engine = self.folder, self._loaded()
        return {
            "scheme": "onnx",
            "folder": str(folder.root),
            "graph": str(folder.graph.relative_to(folder.root)),
            "dtype": folder.dtype,
            "note": folder.note,
            "family": engine.decoder.signature.family,
            "files": self._file_digests(),
            "runtime": f"onnxruntime {runtime_version()}",
            "provider": self.opened.session.get_providers()[0],
            "device": self.opened.device,
            "why_cpu": self.opened.cpu_reason,
            "threads": self.opened.threads,
            "batch": 1 if engine.way == "exact" else engine.room.batch,
            "cache_bytes": engine.room.limit,
            "caches": engine.way,
            "options": "in one run" if engine.trees else "each",
            "beginnings": "shared" if engine.sharing else "of each row",
            "exact": self.options.exact,
            "constrain": self.options.constrain,
            "context": folder.context,
            "vocabulary": engine.decoder.signature.vocabulary,
            "ends": sorted(self.tokens.ends),
            "chat_template": self.template.origin if self.template else None,
            "chat_template_uses_date": self.template.uses_date if self.template else False,
            "seed": self.options.seed,
            **(self.vision.describe() if self.vision is not None else {}),
        }

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Reply]]:
        """Rows that cannot be asked first, then scored rows, then written ones, the longest prompts first."""
        engine = self._loaded()
        asking = Asking(self.folder.context, self.tokens, self.template, self.vision, self.grammars)
        yield from asking.answers(requests, engine.score, engine.write)

    def close(self) -> None:
        """Forget the session; the backend answers no more."""
        self.engine = None

    def _loaded(self) -> Engine:
        if self.engine is None:
            raise BackendError(f"{self.folder.root}: the model was closed")
        return self.engine

    def _file_digests(self) -> dict[str, str]:
        if self._files is None:
            self._files = self.folder.digests()
        return self._files


def open_model(place: str, settings: Mapping[str, str], options: Options) -> OnnxBackend:
    """Load the model in the folder `place`.

    The one setting is `date=2026-01-31`: what a chat template that writes today's date takes for today.
    Raises `BackendError` when the model cannot be used and `UsageError` for a setting that does not exist.
    """
    date = date_of(settings, "onnx")
    folder = resolve_folder(Path(place).expanduser(), options.dtype)
    template = chat_template(folder, options, date)
    tokens = load_tokens(folder.tokenizer, folder.tokenizer_config, folder.config, folder.generation_config)
    embedder, vision = open_embedder(folder, tokens, options)
    check_ids = tokens.encode(_CHECK_TEXT, chat=False)
    opened, decoder = open_decoder(folder, options, tokens, embedder, check_ids)
    way = "exact"
    # With scales taken over the whole batch, a row's reply would depend on its neighbours.
    if not options.exact and not decoder.signature.activations_quantised:
        way = "slots" if slots_work(decoder, check_ids) else "growing"
    rounded = decoder.signature.sums_rounded
    usual = (_ROWS_ON_GPU if decoder.on_gpu else _ROWS)[way]
    engine = Engine(
        decoder=decoder,
        tokens=tokens,
        way=way,
        room=room_for(decoder, attrs.evolve(options, batch=1) if rounded else options, usual),
        seed=options.seed,
        trees=way == "slots" and trees_work(decoder, check_ids),
        sharing=way == "slots" and not rounded and sharing_works(decoder, check_ids),
    )
    abilities = attrs.evolve(ABILITIES, images=vision is not None, constrain=options.constrain)
    grammars = Grammars(folder.tokenizer, min(tokens.ends, default=None)) if options.constrain else None
    return OnnxBackend(folder, tokens, template, opened, engine, options, date, vision, grammars, abilities)
