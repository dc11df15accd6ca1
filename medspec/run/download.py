"""Downloads: a file of the network into the cache, resumed where it broke off, whole and as announced, or not at all.

Refused are: a page in place of the data, an answer that is packed (it could unpack to anything), a redirection away from
https or into this machine's own network, more bytes than allowed, other bytes than the digest says.
"""

from __future__ import annotations

import ipaddress
import os
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import attrs

from medspec.errors import DataError
from medspec.run.fetched import is_fetched, keep, missing, place_of
from medspec.text.remote_address import HUB, Address, read_address
from medspec.text.web_address import is_loopback

if TYPE_CHECKING:
    import httpx2

ATTEMPTS = 5
"""Attempts without a byte of progress before a download is given up."""

REDIRECTIONS = 5
LARGEST = 200 * 10**9
"""Bytes a file may have."""

OFFLINE = "MEDSPEC_OFFLINE"
TOKEN = "HF_TOKEN"


@attrs.frozen(kw_only=True)
class Wanted:
    """One file to download. `sha256` is what medspec.lock says of it; the others are for messages."""

    path: str
    sha256: str | None = None
    dataset: str = ""
    license: str | None = None
    fetch: str | None = None


@attrs.define
class Downloads:
    """How files are downloaded. `pause` waits so many seconds, `hub` is the server of `hf://`."""

    token: str | None = None
    hub: str = HUB
    largest: int = LARGEST
    pause: Callable[[float], object] = time.sleep

    @classmethod
    def of_environment(cls) -> Downloads:
        """As `HF_TOKEN` and `HF_ENDPOINT` say. Raises `DataError` where `MEDSPEC_OFFLINE` is set."""
        if os.environ.get(OFFLINE, "") not in ("", "0"):
            raise DataError(
                f"{OFFLINE} is set, so nothing is downloaded; unset it, or copy the cache of another machine"
            )
        return cls(token=os.environ.get(TOKEN), hub=os.environ.get("HF_ENDPOINT", HUB).rstrip("/"))

    def fetch(self, wanted: Wanted, advance: Callable[[int], object] = lambda count: None) -> Path:
        """The file of `wanted` in the cache, downloaded where it is not there. `advance` is told how many bytes came.

        Raises `DataError`: refused, gone, broken off too often, not what was asked for; `StoreError` for a full disk.
        """
        place = place_of(wanted.path)
        if is_fetched(wanted.path):
            return place
        try:
            import httpx2
            from filelock import FileLock, Timeout
        except ImportError as error:
            raise DataError(f"downloading needs the package {error.name}: pip install 'medspec[remote]'") from error
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f".{place.name}.part")
        try:
            with FileLock(str(place.with_name(".lock")), timeout=0):
                # Packed answers are not asked for: what comes is what is kept.
                with httpx2.Client(headers={"Accept-Encoding": "identity"}, timeout=30.0) as client:
                    one = _Download(self, client, wanted, read_address(wanted.path, hub=self.hub), part, advance)
                    one.run()
                return keep(wanted.path, part)
        except Timeout:
            raise DataError(f"another process is downloading `{wanted.path}`; wait for it to end") from None


@attrs.define
class _Download:
    how: Downloads
    client: httpx2.Client
    wanted: Wanted
    address: Address
    part: Path
    advance: Callable[[int], object]
    etag: str | None = None
    digest: str | None = None
    """What the hub itself says."""
    problem: str = ""

    def run(self) -> None:
        """Download until the part is whole. Raises `DataError`."""
        import httpx2

        idle = 0
        while idle < ATTEMPTS:
            before = self._size()
            self.etag = self._kept_etag()
            try:
                done = self._attempt()
            except httpx2.TransportError as error:
                self.problem, done = f"the connection broke off ({str(error) or type(error).__name__})", False
            if done:
                self._check()
                return
            idle = 0 if self._size() > before else idle + 1
            if idle:
                self.how.pause(min(2.0**idle, 30.0))
        raise DataError(
            f"`{self.wanted.path}` could not be downloaded: {self.problem}; {self._size():,} bytes are kept, and "
            "`medspec fetch` goes on behind them"
        )

    def _size(self) -> int:
        return self.part.stat().st_size if self.part.is_file() else 0

    def _kept_etag(self) -> str | None:
        """Which version of the file the part is of; a process that was killed left it beside the part."""
        try:
            return self.part.with_suffix(".etag").read_text("utf-8") or None
        except (OSError, UnicodeDecodeError):
            return None

    def _attempt(self) -> bool:
        """One request, with its redirections; True when the file is whole."""
        url, token = self.address.url, self.how.token if self.address.is_hub else None
        for _ in range(REDIRECTIONS + 1):
            headers = {} if token is None else {"Authorization": f"Bearer {token}"}
            have = self._size()
            if have and self.etag is not None:
                headers |= {"Range": f"bytes={have}-", "If-Range": self.etag}
            elif have:
                # Whether it is still the same file, only a digest can tell; without one it is begun anew.
                headers |= {"Range": f"bytes={have}-"} if self.wanted.sha256 or self.digest else {}
            with self.client.stream("GET", url, headers=headers) as response:
                self._note_digest(response)
                if not response.is_redirect:
                    return self._take(response)
                target = urljoin(url, response.headers.get("location", ""))
                self._refuse_away(url, target)
                # A token is for the hub alone.
                token = token if urlsplit(target).netloc == urlsplit(url).netloc else None
                url = target
        raise self._refused("the server sends from one address to the next without an end")

    def _note_digest(self, response: Any) -> None:
        linked = response.headers.get("x-linked-etag", "").strip('"')
        if self.address.is_hub and len(linked) == 64:
            self.digest = linked

    def _refuse_away(self, url: str, target: str) -> None:
        parts = urlsplit(target)
        if parts.scheme != urlsplit(url).scheme and parts.scheme != "https":
            raise self._refused(f"the server sends to {parts.scheme}:// in place of https://")
        if _is_inside(parts.hostname or "") and not is_loopback(url):
            raise self._refused(f"the server sends to {parts.hostname}, which is in this machine's own network")

    def _take(self, response: Any) -> bool:
        status, have = response.status_code, self._size()
        if status in (401, 403) or (status == 404 and self.address.is_hub):
            raise self._gated(status)
        if status == 416 and have:
            self.part.unlink()
            self.problem = "the server does not go on where it broke off"
            return False
        if status == 429 or status >= 500:
            self.problem = f"the server answers {status}"
            return False
        if status not in (200, 206):
            raise self._refused(f"the server answers {status}")
        if response.headers.get("content-encoding", "identity") != "identity":
            raise self._refused("the server sends it packed, and it could unpack to anything")
        if "text/html" in response.headers.get("content-type", "") and not self.address.name.endswith(
            (".html", ".htm")
        ):
            raise self._refused("the server sends a web page in its place, perhaps to log in")
        if status == 206 and not response.headers.get("content-range", "").startswith(f"bytes {have}-"):
            self.part.unlink(missing_ok=True)
            self.problem = "the server goes on at another place than asked for"
            return False
        return self._write(response, have if status == 206 else 0)

    def _write(self, response: Any, start: int) -> bool:
        self.part.with_suffix(".etag").write_text(response.headers.get("etag", ""), "utf-8")
        announced = response.headers.get("content-length")
        total = None if announced is None else start + int(announced)
        if total is not None and total > self.how.largest:
            raise self._refused(f"it has {total:,} bytes, more than the {self.how.largest:,} that are allowed")
        size = start
        with self.part.open("ab" if start else "wb") as file:
            for chunk in response.iter_raw():
                size += len(chunk)
                if size > self.how.largest:
                    raise self._refused(f"it has more than the {self.how.largest:,} bytes that are allowed")
                file.write(chunk)
                self.advance(len(chunk))
            file.flush()
            os.fsync(file.fileno())
        if total is not None and size != total:
            self.problem = f"{total:,} bytes were announced, and {size:,} came"
        return total is None or size == total

    def _check(self) -> None:
        expected = self.wanted.sha256 or self.digest
        if expected is None:
            return
        found = sha256()
        with self.part.open("rb") as file:
            while block := file.read(1 << 20):
                found.update(block)
        if found.hexdigest() != expected:
            self.part.unlink()
            who = "medspec.lock" if self.wanted.sha256 else "the hub"
            raise self._refused(f"its sha256 is {found.hexdigest()}, {who} says {expected}")

    def _gated(self, status: int) -> DataError:
        lines = missing(self.wanted.path, self.wanted.dataset, self.wanted.license, self.wanted.fetch)
        lines.append(f"the server answers {status}: it is not open to everybody, or not there")
        if self.address.is_hub:
            known = "is not accepted" if self.how.token else "is not set"
            lines.append(f"ask for access on {self.address.page}, and set {TOKEN}, which {known}")
        return DataError("\n  ".join(lines))

    def _refused(self, why: str) -> DataError:
        return DataError(f"`{self.wanted.path}` is refused: {why}")


def _is_inside(host: str) -> bool:
    """Whether a host is this machine, or one of its own network, as far as its name says."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith((".local", ".internal", ".localhost"))
    return not address.is_global
