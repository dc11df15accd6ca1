"""A decoder in onnxruntime-genai as a backend: it writes replies and scores options.

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
from medspec.backends.genai import SCHEME
from medspec.backends.genai.engine import GenaiEngine
from medspec.backends.genai.folder import GenaiFolder, read_folder
from medspec.backends.genai.library import Loaded, library, library_version, load
from medspec.backends.genai.self_check import check_ways
from medspec.backends.onnx.asking import Asking
from medspec.backends.onnx.chat import ChatTemplate
from medspec.backends.onnx.constrain import Grammars
from medspec.backends.onnx.graph_file import EIGHT_BIT_SUMS
from medspec.backends.onnx.prompts import chat_template, date_of
from medspec.backends.onnx.room import Room, free_memory
from medspec.backends.onnx.tokens import Tokens, load_tokens, require_fit
from medspec.errors import BackendError

_CHECK_TEXT = "The patient was seen in clinic today and had no new complaints."


@attrs.define
class GenaiBackend:
    """A loaded decoder. Made by `open_model`."""

    folder: GenaiFolder
    tokens: Tokens
    template: ChatTemplate | None
    loaded: Loaded
    engine: GenaiEngine | None
    options: Options
    date: datetime.date | None
    grammars: Grammars | None
    """Where replies are held to the form of the answer."""
    abilities: Abilities
    _files: dict[str, str] | None = None

    @property
    def digest(self) -> str:
        """Hex sha256 over the files, the template and every setting that can change a reply."""
        template = self.template
        parts = {
            "scheme": "genai",
            "files": self._file_digests(),
            "template": template.source if template else None,
            "date": str(self.date or datetime.date.today()) if template and template.uses_date else None,
            "leading": self.tokens.leading,
            "ends": sorted(self.tokens.ends),
            "context": self.folder.files.context,
            "seed": self.options.seed,
            "device": self.loaded.device,
            "exact": self.options.exact,
            "constrain": self.options.constrain,
            "runtime": library_version(),
        }
        return sha256_of(json.dumps(parts, sort_keys=True))

    def describe(self) -> dict[str, Any]:
        """What is loaded and how it runs."""
        files, engine = self.folder.files, self._loaded_engine()
        return {
            "scheme": "genai",
            "folder": str(files.root),
            "graph": str(files.graph.relative_to(files.root)),
            "dtype": files.dtype,
            "files": self._file_digests(),
            "runtime": library_version(),
            "made_for": list(self.folder.providers) or ["cpu"],
            "device": self.loaded.device,
            "why_cpu": self.loaded.cpu_reason,
            "threads": self.loaded.threads,
            "batch": 1 if engine.exact else engine.room.batch,
            "batches": "none" if engine.exact else engine.ways.batches,
            "cache_bytes": engine.room.limit,
            "caches": "exact" if engine.exact else "taken back" if engine.ways.rewinds else "new for each prompt",
            "exact": self.options.exact,
            "constrain": self.options.constrain,
            "context": files.context,
            "vocabulary": engine.ways.vocabulary,
            "ends": sorted(self.tokens.ends),
            "chat_template": self.template.origin if self.template else None,
            "chat_template_uses_date": self.template.uses_date if self.template else False,
            "seed": self.options.seed,
        }

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Reply]]:
        """Rows that cannot be asked first, then scored rows, then written ones."""
        engine = self._loaded_engine()
        asking = Asking(self.folder.files.context, self.tokens, self.template, None, self.grammars)
        yield from asking.answers(requests, engine.score, engine.write)

    def close(self) -> None:
        """Forget the model; the backend answers no more."""
        self.engine = None

    def _loaded_engine(self) -> GenaiEngine:
        if self.engine is None:
            raise BackendError(f"{self.folder.files.root}: the model was closed")
        return self.engine

    def _file_digests(self) -> dict[str, str]:
        if self._files is None:
            self._files = self.folder.digests()
        return self._files


def open_model(place: str, settings: Mapping[str, str], options: Options) -> GenaiBackend:
    """Load the model in the folder `place`.

    The one setting is `date=2026-01-31`: what a chat template that writes today's date takes for today.
    Raises `BackendError` when the model cannot be used and `UsageError` for a setting that does not exist.
    """
    date = date_of(settings, "genai")
    library()
    folder = read_folder(Path(place).expanduser())
    files = folder.files
    template = chat_template(files, options, date)
    tokens = load_tokens(files.tokenizer, files.tokenizer_config, files.config, files.generation_config)
    loaded = load(folder, device=options.device, threads=options.threads)
    ways = check_ways(loaded, folder, tokens.encode(_CHECK_TEXT, chat=False))
    require_fit(tokens, files.tokenizer, ways.vocabulary)
    engine = GenaiEngine(
        loaded=loaded,
        tokens=tokens,
        ways=ways,
        room=_room(folder, loaded, options),
        context=folder.context,
        seed=options.seed,
        # With scales taken over the whole batch, a row's reply would depend on its neighbours.
        exact=options.exact or any(name.startswith("DynamicQuantize") for name in files.operators),
    )
    grammars = Grammars(files.tokenizer, min(tokens.ends, default=None)) if options.constrain else None
    abilities = attrs.evolve(SCHEME.abilities, constrain=options.constrain)
    return GenaiBackend(folder, tokens, template, loaded, engine, options, date, grammars, abilities)


def _room(folder: GenaiFolder, loaded: Loaded, options: Options) -> Room:
    """The room there is now for caches, where so many models share it."""
    free = free_memory() if loaded.device == "cpu" else None
    # Rows side by side would move each other's replies where sums are rounded to 8 bits; see `Signature.sums_rounded`.
    batch = 1 if EIGHT_BIT_SUMS in folder.files.operators else options.rows()
    return Room(batch, None if free is None else free // (2 * options.beside), folder.position)
