"""The protobuf wire format, as far as ONNX graphs need it: fields found in bytes, and bytes made of fields.

Nothing is parsed into objects, so that the weights of a large graph are stepped over and never copied.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class Damaged(Exception):
    """The bytes do not follow the protobuf wire format."""


def fields(data: mmap.mmap | bytes, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """The fields of one message: (field number, wire type, first byte of the content, byte after it)."""
    at = start
    while at < end:
        tag, at = _varint(data, at, end)
        field, wire = tag >> 3, tag & 7
        if field == 0:
            raise Damaged(f"field number 0 at byte {at}")
        if wire == VARINT:
            _, after = _varint(data, at, end)
            first = at
        elif wire == BYTES:
            length, first = _varint(data, at, end)
            after = first + length
        elif wire in (FIXED32, FIXED64):
            first, after = at, at + (4 if wire == FIXED32 else 8)
        else:
            raise Damaged(f"wire type {wire} at byte {at}")
        if after > end:
            raise Damaged(f"a part at byte {first} should end at byte {after}, and the whole ends at {end}")
        yield field, wire, first, after
        at = after


def number_at(data: mmap.mmap | bytes, start: int, end: int) -> int:
    """The content of a field of wire type `VARINT`."""
    return _varint(data, start, end)[0]


def numbers_at(data: mmap.mmap | bytes, start: int, end: int) -> list[int]:
    """Whole numbers with a sign, one as the content of a field or a block of them."""
    found, at = [], start
    while at < end:
        number, at = _varint(data, at, end)
        found.append(number - 2**64 if number >= 2**63 else number)
    return found


def text_at(data: mmap.mmap | bytes, start: int, end: int) -> str:
    """The content of a field that holds a text."""
    try:
        return data[start:end].decode()
    except UnicodeDecodeError as err:
        raise Damaged(f"a name at byte {start} is not UTF-8") from err


def field_of(number: int, content: bytes | str | int) -> bytes:
    """One field as bytes: a message, a text or a whole number from 0."""
    if isinstance(content, int):
        return _written(number << 3 | VARINT) + _written(content)
    inside = content.encode() if isinstance(content, str) else content
    return head_of(number, len(inside)) + inside


def head_of(number: int, length: int) -> bytes:
    """What stands before the `length` bytes of a message or text."""
    return _written(number << 3 | BYTES) + _written(length)


def _varint(data: mmap.mmap | bytes, at: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
    raise Damaged(f"a number at byte {at} does not end")


def _written(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)
