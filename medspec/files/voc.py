"""Pascal VOC: a folder with an XML file for each image, which lists the objects on it with their boxes.

    <annotation><filename>17.jpg</filename><size><width>640</width><height>480</height></size>
      <object><name>WBC</name><bndbox><xmin>260</xmin><ymin>177</ymin><xmax>491</xmax><ymax>376</ymax></bndbox></object>
    </annotation>

The source is the folder; a row is a file, in the order of the names. It has `id` (the name without its end), `image` (what
`filename` says), `width`, `height` and `objects`, a list of `name`, `xmin`, `ymin`, `xmax`, `ymax`, `difficult` and
`truncated` (0 where nothing is said). The key of the row is its id. Numbers are taken as they stand; that a box may count
its pixels from 1 is for the spec to say. Whatever else the file says, such as the `path` on another machine, is passed over.

A file that is no such XML, an object without a name or with a box that lacks a number are faults of their row. A document
type or an entity, which could make a small file large, is refused. Everingham et al., Int J Comput Vis 2010.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from medspec.errors import DataError
from medspec.files.base import Format, Layout, RawRow, RawRows
from medspec.files.data_folder import DataFolder
from medspec.files.opening import DataFile

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_CORNERS = ("xmin", "ymin", "xmax", "ymax")


class _Damaged(Exception):
    """What is wrong with a file, in words."""


def read(file: DataFile, layout: Layout, columns: Collection[str] | None) -> RawRows:
    """One row per XML file; one that cannot be read is a row with a fault."""
    folder = DataFolder(file.path, file.name)
    folder.check(parquet=False)
    return RawRows(None, _rows(folder))


def _rows(folder: DataFolder) -> Iterator[RawRow]:
    files = {name: file for name, file in folder.files().items() if name.endswith(".xml")}
    for number, (name, file) in enumerate(files.items()):
        key = name.removesuffix(".xml")
        try:
            yield RawRow(number=number, key=key, value=_image(key, file.text()))
        except (DataError, _Damaged) as error:
            yield RawRow(number=number, key=key, fault=str(error))


def _image(key: str, text: str) -> dict[str, Any]:
    """The row of a file. Raises `_Damaged`."""
    from xml.etree import ElementTree

    if "<!" in text.replace("<!--", ""):
        raise _Damaged("the file has a document type or an entity, and is not read")
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise _Damaged(f"this is no XML: {error}") from None
    if root.tag != "annotation":
        raise _Damaged(f"the outermost tag is `{root.tag}`, not `annotation`")
    return {
        "id": key,
        "image": _text(root, "filename", "the image"),
        "width": _number(root, "size/width", "the image"),
        "height": _number(root, "size/height", "the image"),
        "objects": [_object(one, f"object {place} (counted from 0)") for place, one in enumerate(root.iter("object"))],
    }


def _object(node: Element, shown: str) -> dict[str, Any]:
    found: dict[str, Any] = {"name": _text(node, "name", shown)}
    found |= {corner: _number(node, f"bndbox/{corner}", shown) for corner in _CORNERS}
    for flag in ("difficult", "truncated"):
        found[flag] = 0 if node.find(flag) is None else _number(node, flag, shown)
    return found


def _text(node: Element, path: str, shown: str) -> str:
    text = (node.findtext(path) or "").strip()
    if not text:
        raise _Damaged(f"{shown} has no `{path}`")
    return text


def _number(node: Element, path: str, shown: str) -> int | float:
    text = _text(node, path, shown)
    try:
        return int(text) if text.lstrip("+-").isascii() and text.lstrip("+-").isdigit() else float(text)
    except ValueError:
        raise _Damaged(f"{shown}: `{path}` is no number: {text[:40]!r}") from None


VOC = Format("voc", (), read, folder=True)
