"""The backend `genai:DIR`: decoders exported for onnxruntime-genai, run by that library.

The library runs the graph and keeps its caches. Prompts, tokens, the choice of the next token, stop texts, draws and
the form that replies are held to are those of `onnx:`, so that the two can be compared reply by reply.

    folder.py      the files of a model, checked              library.py    the library, and a model loaded with it
    row.py         one row, taken back to what it shares      batches.py    several rows at once
    self_check.py  what of that this graph does right         engine.py     which of the two a call takes

Importing this package loads nothing heavy; the library comes with `SCHEME.open`.
"""

from __future__ import annotations

from collections.abc import Mapping

from medspec.backends.base import Abilities, Backend, Options, Scheme


def _open(place: str, settings: Mapping[str, str], options: Options) -> Backend:
    from medspec.backends.genai.backend import open_model

    return open_model(place, settings, options)


SCHEME = Scheme(
    name="genai",
    summary="a decoder exported for onnxruntime-genai, from a folder with genai_config.json",
    open=_open,
    abilities=Abilities(text=True, logits=True, prefix="single"),
)
