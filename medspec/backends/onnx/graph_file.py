"""What an `.onnx` file says about itself, read without loading it and without the onnx package.

An ONNX file is one protobuf message. Only its outline is read: the operator types of all nodes (which tell the family
of a decoder) and the external-data files its weights lie in (which must exist and are part of the model's digest).
Weights are stepped over, so a graph of two gigabytes is skimmed in milliseconds.

Refuses: anything that is no ONNX graph, a truncated file, and external data outside the graph's folder.
"""

from __future__ import annotations

import math
import mmap
from pathlib import Path, PurePosixPath, PureWindowsPath

import attrs

from medspec.backends.onnx.wire import BYTES, VARINT, Damaged, fields, number_at, numbers_at, text_at
from medspec.errors import BackendError

# Which fields of which message hold which message (field numbers of onnx.proto, stable since ONNX 1.0).
_CHILDREN: dict[str, dict[int, str]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "entry"},
}
_NODE_OPERATOR = 4
_ENTRY_KEY, _ENTRY_VALUE = 1, 2
_ATTRIBUTE_NAME, _ATTRIBUTE_NUMBER = 1, 3
_TENSOR_DIMENSION, _TENSOR_TYPE = 1, 2
_BITS = {1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 9: 8, 10: 16, 11: 64, 12: 32, 13: 64, 16: 16, 21: 4, 22: 4}
"""Of one number, by the number types of ONNX."""


EIGHT_BIT_SUMS = "MatMulNBits in 8 bits"
"""Stands among the operators where packed weights are multiplied with numbers that are rounded to 8 bits."""


@attrs.frozen
class DataFile:
    """A file of weights beside the graph. `size` is the smallest number of bytes it must have."""

    location: str
    size: int


@attrs.frozen
class GraphOutline:
    """The operator types that occur in a graph (subgraphs and functions included) and its external data files."""

    operators: frozenset[str]
    data_files: tuple[DataFile, ...]


def read_outline(path: Path) -> GraphOutline:
    """Skim the graph at `path`. Raises `BackendError` for a file that is no ONNX graph, or is cut off."""
    with path.open("rb") as file:
        try:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError as err:  # the only way an ordinary file cannot be mapped: it has no bytes
            raise BackendError(f"{path}: the file is empty") from err
        with data:
            try:
                outline = _skim(data, len(data))
            except Damaged as err:
                message = f"{path}: not an ONNX graph, or cut off ({err}); fetch the file again"
                raise BackendError(message) from err
    for piece in outline.data_files:
        _refuse_outside(path, piece.location)
    return outline


def _skim(data: mmap.mmap, size: int) -> GraphOutline:
    operators: set[str] = set()
    needed: dict[str, int] = {}
    graphs = 0
    pending: list[tuple[str, int, int]] = [("model", 0, size)]
    while pending:
        kind, start, end = pending.pop()
        graphs += kind == "graph"
        if kind == "attribute" and _attribute(data, start, end) == ("accuracy_level", 4):
            operators.add(EIGHT_BIT_SUMS)
        entries: dict[str, str] = {}
        for field, wire, first, last in fields(data, start, end):
            if wire != BYTES:
                continue
            child = _CHILDREN[kind].get(field)
            if child == "entry":
                key, value = entry_at(data, first, last)
                entries[key] = value
            elif child is not None:
                pending.append((child, first, last))
            elif kind == "node" and field == _NODE_OPERATOR:
                operators.add(text_at(data, first, last))
        if "location" in entries:
            location = entries["location"]
            length = _number(entries, "length") or _size(data, start, end)
            reach = _number(entries, "offset") + length
            needed[location] = max(needed.get(location, 0), reach)
    if graphs == 0 or not operators:
        raise Damaged("it holds no graph")
    return GraphOutline(frozenset(operators), tuple(DataFile(name, needed[name]) for name in sorted(needed)))


def entry_at(data: mmap.mmap, start: int, end: int) -> tuple[str, str]:
    """The key and the value of an entry about external data."""
    parts = {_ENTRY_KEY: "", _ENTRY_VALUE: ""}
    for field, wire, first, last in fields(data, start, end):
        if wire == BYTES and field in parts:
            parts[field] = text_at(data, first, last)
    return parts[_ENTRY_KEY], parts[_ENTRY_VALUE]


def _attribute(data: mmap.mmap, start: int, end: int) -> tuple[str, int]:
    """The name of an attribute and its whole number, 0 where it is none."""
    name, number = "", 0
    for field, wire, first, last in fields(data, start, end):
        if (field, wire) == (_ATTRIBUTE_NAME, BYTES):
            name = text_at(data, first, last)
        elif (field, wire) == (_ATTRIBUTE_NUMBER, VARINT):
            number = number_at(data, first, last)
    return name, number


def _number(entries: dict[str, str], key: str) -> int:
    text = entries.get(key, "0")
    if not text.isdecimal():
        raise Damaged(f"external data with {key} {text!r}")
    return int(text)


def _size(data: mmap.mmap, start: int, end: int) -> int:
    """The bytes of a tensor, from its shape and number type; 0 for a type that is not known."""
    count, bits = 1, 0
    for field, wire, first, last in fields(data, start, end):
        if field == _TENSOR_DIMENSION and wire in (VARINT, BYTES):
            count *= math.prod(numbers_at(data, first, last))
        elif field == _TENSOR_TYPE and wire == VARINT:
            bits = _BITS.get(number_at(data, first, last), 0)
    return -(-count * bits // 8)


def _refuse_outside(path: Path, location: str) -> None:
    # A graph is untrusted input: its weights may not be any other file of this machine.
    parts = PurePosixPath(location).parts + PureWindowsPath(location).parts
    absolute = PurePosixPath(location).is_absolute() or PureWindowsPath(location).is_absolute()
    if not location or absolute or ".." in parts:
        raise BackendError(f"{path}: its external data lies at {location!r}, outside the graph's folder")
