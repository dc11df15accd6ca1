"""The names of a graph's inputs and outputs, read from its file without loading it."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

import attrs

from medspec.backends.onnx.wire import BYTES, VARINT, Damaged, fields, number_at, text_at
from medspec.errors import BackendError

# Field numbers of onnx.proto, stable since ONNX 1.0.
_MODEL_GRAPH, _GRAPH_INPUT, _GRAPH_OUTPUT = 7, 11, 12
_VALUE_NAME, _VALUE_TYPE, _TYPE_TENSOR, _TENSOR_NUMBER = 1, 2, 1, 1
_NUMBERS = {1: "fp32", 10: "fp16", 16: "bf16"}

_CACHE = ("past", "key")


@attrs.frozen
class Declared:
    """What a graph takes and gives. `cache_type` is the number type of its keys; fp32 where none is to be seen."""

    inputs: frozenset[str]
    outputs: frozenset[str]
    cache_type: str


def read_declared(path: Path) -> Declared:
    """Skim the graph at `path`. Raises `BackendError` for a file that is no ONNX graph, or is cut off."""
    inputs: dict[str, int] = {}
    outputs: dict[str, int] = {}
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            for start, end in _parts(data, 0, len(data), _MODEL_GRAPH):
                for field, wire, first, last in fields(data, start, end):
                    if wire == BYTES and field in (_GRAPH_INPUT, _GRAPH_OUTPUT):
                        name, number = _value(data, first, last)
                        (inputs if field == _GRAPH_INPUT else outputs)[name] = number
        except Damaged as err:
            raise BackendError(f"{path}: not an ONNX graph, or cut off ({err}); fetch the file again") from err
    kinds = [number for name, number in inputs.items() if all(part in name for part in _CACHE)]
    return Declared(frozenset(inputs), frozenset(outputs), _NUMBERS.get(kinds[0] if kinds else 1, "fp32"))


def _value(data: mmap.mmap, start: int, end: int) -> tuple[str, int]:
    """The name of an input or output and the number of its element type, 0 where it is no tensor."""
    name, number = "", 0
    for first, last in _parts(data, start, end, _VALUE_NAME):
        name = text_at(data, first, last)
    for kind in _parts(data, start, end, _VALUE_TYPE):
        for tensor in _parts(data, *kind, _TYPE_TENSOR):
            for field, wire, first, last in fields(data, *tensor):
                if (field, wire) == (_TENSOR_NUMBER, VARINT):
                    number = number_at(data, first, last)
    return name, number


def _parts(data: mmap.mmap, start: int, end: int, number: int) -> Iterator[tuple[int, int]]:
    return ((first, last) for field, wire, first, last in fields(data, start, end) if (field, wire) == (number, BYTES))
