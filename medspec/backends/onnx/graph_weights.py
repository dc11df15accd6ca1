"""Where the weights of a graph lie, told to ONNX Runtime when the graph itself is handed over as bytes.

A graph of many gigabytes keeps weights in files beside it, and a smaller one in its own file. Either way a tensor can be
told of by file, offset and length, and ONNX Runtime maps the file into memory: no weight is read, copied or written here.

    raw_data: ...126 MB...     ->     external_data: {location: "model.onnx", offset: 4711, length: 16777216}

Files are named as they are behind links, since ONNX Runtime takes no file from outside the folder it is told of, and in the
cache of the Hugging Face Hub every file is a link into another folder.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from medspec.backends.onnx.graph_file import entry_at
from medspec.backends.onnx.wire import BYTES, field_of, fields

# Field numbers of onnx.proto.
_TENSOR_RAW, _TENSOR_ENTRY, _TENSOR_LOCATION = 9, 13, 14
_ENTRY_KEY, _ENTRY_VALUE = 1, 2
_EXTERNAL = 1

_LEAST = 2**16
"""Smaller weights stay where they are: they cost nothing, and some are looked at while a graph is loaded."""


@attrs.frozen
class Span:
    """A field of the graph: first byte of its tag, first byte of its content, and the byte behind it."""

    start: int
    inside: int
    end: int


@attrs.frozen
class _Lying:
    """Where a weight lies, and the other fields of its tensor."""

    path: Path
    entries: Mapping[str, str]
    rest: bytes


def place_weights(data: mmap.mmap, weights: Sequence[Span], graph: Path) -> tuple[dict[Span, bytes], Path]:
    """The tensors that are to be written anew, by their places in the file `graph`, and the folder all weights lie in."""
    lying = {span: found for span in weights if (found := _lying(data, span, graph)) is not None}
    folders = {found.path.parent for found in lying.values()} | {graph.resolve().parent}
    folder = Path(os.path.commonpath(folders))
    return {span: _tensor(found, folder) for span, found in lying.items()}, folder


def _lying(data: mmap.mmap, span: Span, graph: Path) -> _Lying | None:
    """None for a weight that stays."""
    entries: dict[str, str] = {}
    rest: list[bytes] = []
    raw = (0, 0)
    before = span.inside
    for field, wire, first, last in fields(data, span.inside, span.end):
        if wire == BYTES and field == _TENSOR_RAW:
            raw = (first, last)
        elif wire == BYTES and field == _TENSOR_ENTRY:
            key, value = entry_at(data, first, last)
            entries[key] = value
        elif field != _TENSOR_LOCATION:
            rest.append(data[before:last])
        before = last
    if "location" in entries:
        return _Lying((graph.parent / entries["location"]).resolve(), entries, b"".join(rest))
    if raw[1] - raw[0] < _LEAST:
        return None
    return _Lying(graph.resolve(), {"offset": str(raw[0]), "length": str(raw[1] - raw[0])}, b"".join(rest))


def _tensor(lying: _Lying, folder: Path) -> bytes:
    entries = {**lying.entries, "location": lying.path.relative_to(folder).as_posix()}
    written = (
        field_of(_TENSOR_ENTRY, field_of(_ENTRY_KEY, key) + field_of(_ENTRY_VALUE, value))
        for key, value in entries.items()
    )
    return b"".join((lying.rest, *written, field_of(_TENSOR_LOCATION, _EXTERNAL)))
