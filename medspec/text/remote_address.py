"""Addresses of data on the network, as specs write them. Nothing is looked up here.

hf://owner/name/path/in/the/dataset.jsonl@revision     a file of a dataset on the Hugging Face hub
https://host/path.jsonl                                pinned by its digest in medspec.lock
s3://bucket/key.jsonl                                  a public object; others by an https:// address that is signed
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

import attrs

HUB = "https://huggingface.co"

_HF = re.compile(r"hf://([\w.-]+)/([\w.-]+)/([^@?#]+)@([\w.-]+)")
_S3 = re.compile(r"s3://([a-z0-9.-]+)/([^?#]+)")
_MOVING = ("main", "master", "latest", "HEAD")


@attrs.frozen
class Address:
    """`text` is what the spec says, `url` where it is downloaded, `page` where a person reads about it or asks for access."""

    text: str
    url: str
    page: str
    name: str
    """The name of the file."""
    is_hub: bool = False


def is_remote(path: str) -> bool:
    """Whether `path` is an address and not a path."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", path) is not None


def address_fault(path: str) -> tuple[str, str] | None:
    """What is wrong with an address, and what to write; None where it is sound."""
    scheme = path.partition("://")[0]
    if scheme not in ("hf", "https", "s3"):
        return f"`{scheme}://` is no source of data", "data come from `hf://`, `https://` or `s3://`, or from a file"
    parts = path.partition("://")[2].partition("@")[0].split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "the address has an empty part, or leaves its folder", "write it without `//` and `..`"
    if scheme == "hf":
        found = _HF.fullmatch(path)
        if found is None:
            return (
                "the address names no revision",
                "write `hf://owner/name/path@revision`, with a commit for a revision",
            )
        if found[4] in _MOVING:
            return f"`{found[4]}` is another revision tomorrow", "write a commit or a tag"
    if scheme == "s3" and _S3.fullmatch(path) is None:
        return "this is no address of an object", "write `s3://bucket/key`"
    if scheme == "https" and (urlsplit(path).username is not None or not urlsplit(path).hostname):
        return "the address carries a password, or names no host", "secrets do not belong into a spec"
    return None


def read_address(path: str, *, hub: str = HUB) -> Address:
    """The parts of a sound address. `hub` is the server of `hf://`."""
    assert address_fault(path) is None, path
    name = re.split(r"[?#@]", path)[0].rpartition("/")[2]
    if (found := _HF.fullmatch(path)) is not None:
        owner, dataset, inner, revision = found.groups()
        page = f"{hub}/datasets/{owner}/{dataset}"
        return Address(path, f"{page}/resolve/{quote(revision)}/{quote(inner)}", page, name, is_hub=True)
    if (found := _S3.fullmatch(path)) is not None:
        bucket, key = found.groups()
        return Address(path, f"https://{bucket}.s3.amazonaws.com/{quote(key)}", f"the owner of {bucket}", name)
    return Address(path, path, f"https://{urlsplit(path).hostname}", name)
