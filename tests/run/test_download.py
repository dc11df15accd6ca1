"""Downloads from a server on this machine that breaks off, lies, redirects, asks for a password: whole, or not at all."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytest.importorskip("httpx2", reason="the extra `remote` is not installed")
pytest.importorskip("filelock", reason="the extra `remote` is not installed")

from medspec.errors import DataError
from medspec.run.download import ATTEMPTS, Downloads, Wanted
from medspec.run.fetched import fetched_file, is_fetched, place_of
from medspec.run.roots import DataRoots, find_file

BODY = b"".join(b'{"id": %d, "text": "row %d"}\n' % (n, n) for n in range(20_000))
DIGEST = sha256(BODY).hexdigest()
PATH = "hf://owner/name/data/exam.jsonl@0a1b2c3"

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers as the test says; `server.seen` keeps path and headers of every request."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.seen.append((self.path, dict(self.headers)))  # type: ignore[attr-defined]
        self.server.answer(self)  # type: ignore[attr-defined]

    def log_message(self, format: str, *args: object) -> None:
        pass

    def say(self, status: int, body: bytes = b"", announced: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if announced is None else announced))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    @property
    def start(self) -> int:
        found = self.headers.get("Range")
        return 0 if found is None else int(found.removeprefix("bytes=").removesuffix("-"))


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("MEDSPEC_OFFLINE", raising=False)
    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.seen = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield found
    found.shutdown()
    found.server_close()
    thread.join()


def fetch(
    server: ThreadingHTTPServer, answer: Answer, *, largest: int = 10**9, token: str | None = None, **more
) -> Path:
    server.answer = answer  # type: ignore[attr-defined]
    hub = f"http://127.0.0.1:{server.server_address[1]}"
    downloads = Downloads(token=token, hub=hub, largest=largest, pause=lambda seconds: None)
    return downloads.fetch(Wanted(path=PATH, **more))


def refusal(server: ThreadingHTTPServer, answer: Answer, **more) -> str:
    with pytest.raises(DataError) as error:
        fetch(server, answer, **more)
    assert not is_fetched(PATH)
    return str(error.value).replace(str(server.server_address[1]), "PORT")


def whole(handler: Handler) -> None:
    handler.say(200, BODY, ETag='"v1"')


def test_a_file_is_fetched_once(server: ThreadingHTTPServer) -> None:
    place = fetch(server, whole)
    assert place.read_bytes() == BODY and place.name == "exam.jsonl"
    assert server.seen[0][0] == "/datasets/owner/name/resolve/0a1b2c3/data/exam.jsonl"  # type: ignore[attr-defined]
    assert fetch(server, whole) == place and len(server.seen) == 1  # type: ignore[attr-defined]
    assert find_file(PATH, DataRoots()) == place
    assert not [path for path in place.parent.iterdir() if path.suffix == ".part"]


def test_a_connection_that_breaks_off_goes_on(server: ThreadingHTTPServer) -> None:
    """Each request gives a third at most; the announced length is that of all the rest."""

    def breaks(handler: Handler) -> None:
        rest = BODY[handler.start :]
        headers = {"ETag": '"v1"'}
        if handler.start:
            assert handler.headers["If-Range"] == '"v1"'
            headers["Content-Range"] = f"bytes {handler.start}-{len(BODY) - 1}/{len(BODY)}"
        handler.say(206 if handler.start else 200, rest[: len(BODY) // 3 + 1], announced=len(rest), **headers)

    assert fetch(server, breaks).read_bytes() == BODY
    assert len(server.seen) == 3  # type: ignore[attr-defined]


def test_what_came_before_a_process_died_is_kept(server: ThreadingHTTPServer) -> None:
    said = refusal(server, lambda handler: handler.say(200, BODY[:1000], announced=len(BODY), ETag='"v1"'))
    assert (
        "the connection broke off" in said and "1,000 bytes are kept, and `medspec fetch` goes on behind them" in said
    )

    def rest(handler: Handler) -> None:
        assert handler.start == 1000
        span = f"bytes 1000-{len(BODY) - 1}/{len(BODY)}"
        handler.say(206, BODY[1000:], ETag='"v1"', Content_Range=span)

    assert fetch(server, rest, sha256=DIGEST).read_bytes() == BODY


def test_a_file_that_changed_meanwhile_is_begun_anew(server: ThreadingHTTPServer) -> None:
    refusal(server, lambda handler: handler.say(200, b"old " * 500, announced=len(BODY), ETag='"old"'))
    assert fetch(server, whole).read_bytes() == BODY


def test_a_server_that_goes_on_at_another_place(server: ThreadingHTTPServer) -> None:
    def elsewhere(handler: Handler) -> None:
        if handler.start:
            handler.say(206, BODY[5:], ETag='"v1"', Content_Range=f"bytes 5-{len(BODY) - 1}/{len(BODY)}")
        elif len(server.seen) < 2:  # type: ignore[attr-defined]
            handler.say(200, BODY[:999], announced=len(BODY), ETag='"v1"')
        else:
            whole(handler)

    assert fetch(server, elsewhere).read_bytes() == BODY


def test_less_than_was_announced_is_not_taken(server: ThreadingHTTPServer) -> None:
    said = refusal(server, lambda handler: handler.say(200, BODY[:10], announced=len(BODY)))
    assert said.startswith(f"`{PATH}` could not be downloaded: the connection broke off")
    assert ATTEMPTS <= len(server.seen) <= ATTEMPTS + 1  # type: ignore[attr-defined]


def test_other_bytes_than_the_digest_says(server: ThreadingHTTPServer) -> None:
    """Also a server that announces too little: what it cut off is missed by the digest."""
    short = sha256(BODY[:100]).hexdigest()
    said = refusal(server, lambda handler: handler.say(200, BODY, announced=100), sha256=DIGEST)
    assert said == f"`{PATH}` is refused: its sha256 is {short}, medspec.lock says {DIGEST}"
    said = refusal(server, lambda handler: handler.say(200, b"{}\n", X_Linked_Etag=f'"{DIGEST}"'))
    assert said.endswith(f"the hub says {DIGEST}")
    assert fetch(server, whole, sha256=DIGEST).read_bytes() == BODY


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda h: h.say(200, b"<html>Log in</html>", Content_Type="text/html; charset=utf-8"), "sends a web page"),
        (lambda h: h.say(200, gzip.compress(b"0" * 10**6), Content_Encoding="gzip"), "it could unpack to anything"),
        (lambda h: h.say(410), "the server answers 410"),
        (lambda h: h.say(302, Location="ftp://example.org/exam.jsonl"), "sends to ftp:// in place of https://"),
        (lambda h: h.say(302, Location="file:///etc/passwd"), "sends to file:// in place of https://"),
        (lambda h: h.say(302, Location=h.path), "from one address to the next without an end"),
        (lambda h: h.say(200, b"x" * 2_000), "it has 2,000 bytes, more than the 1,500 that are allowed"),
    ],
)
def test_what_is_refused(answer: Answer, said: str, server: ThreadingHTTPServer) -> None:
    assert said in refusal(server, answer, largest=1_500)


@pytest.mark.parametrize(
    "away", ["http://10.0.0.7/x", "http://169.254.169.254/latest/meta-data", "http://printer.local/x"]
)
def test_nobody_is_sent_into_the_own_network(away: str, server: ThreadingHTTPServer) -> None:
    from medspec.run.download import _Download
    from medspec.text.remote_address import read_address

    address = read_address("https://example.org/exam.jsonl")
    one = _Download(Downloads(), None, Wanted(path=address.text), address, Path("part"), lambda count: None)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="is refused: the server sends to"):
        one._refuse_away(address.url, away)
    with pytest.raises(DataError, match="in this machine's own network"):
        one._refuse_away(address.url, away.replace("http://", "https://"))
    one._refuse_away(address.url, "https://cdn.example.org/exam.jsonl")


def test_a_stream_without_an_end(server: ThreadingHTTPServer) -> None:
    def endless(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        for _ in range(1000):
            try:
                handler.wfile.write(b"x" * 1000)
            except OSError:
                break
        handler.close_connection = True

    assert "it has more than the 5,000 bytes that are allowed" in refusal(server, endless, largest=5_000)


def test_a_server_that_is_busy_is_asked_again(server: ThreadingHTTPServer) -> None:
    def busy(handler: Handler) -> None:
        handler.say(503) if len(server.seen) < 3 else whole(handler)  # type: ignore[attr-defined]

    assert fetch(server, busy).read_bytes() == BODY
    place_of(PATH).unlink()
    assert "the server answers 500" in refusal(server, lambda handler: handler.say(500))


@pytest.mark.parametrize("status", [401, 403, 404])
def test_where_access_must_be_asked_for(status: int, server: ThreadingHTTPServer) -> None:
    hub = f"http://127.0.0.1:{server.server_address[1]}".replace(str(server.server_address[1]), "PORT")
    said = refusal(server, lambda h: h.say(status), dataset="notes", license="physionet-1.5.0", token="secret-token")
    assert said == (
        f"`{PATH}` of dataset `notes` is not on this machine\n"
        "  the dataset's licence is `physionet-1.5.0`\n"
        "  about it: https://huggingface.co/datasets/owner/name\n"
        f"  the server answers {status}: it is not open to everybody, or not there\n"
        f"  ask for access on {hub}/datasets/owner/name, and set HF_TOKEN, which is not accepted"
    )
    assert "secret-token" not in said
    assert server.seen[0][1]["Authorization"] == "Bearer secret-token"  # type: ignore[attr-defined]


def test_the_token_stays_with_the_hub(server: ThreadingHTTPServer) -> None:
    other = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    other.seen, other.answer = [], whole  # type: ignore[attr-defined]
    threading.Thread(target=other.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        away = f"http://127.0.0.1:{other.server_address[1]}/cdn"
        place = fetch(server, lambda handler: handler.say(302, Location=away), token="secret-token")
    finally:
        other.shutdown()
        other.server_close()
    assert place.read_bytes() == BODY
    assert "Authorization" in server.seen[0][1] and "Authorization" not in other.seen[0][1]  # type: ignore[attr-defined]
    assert all(b"secret-token" not in path.read_bytes() for path in place.parent.iterdir())


def test_what_was_not_fetched_and_what_was_changed(
    server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DataError) as error:
        fetched_file(PATH, dataset="notes", license="mit", fetch="ask the authors")
    assert str(error.value) == (
        f"`{PATH}` of dataset `notes` is not on this machine\n  the dataset's licence is `mit`\n"
        "  to get it: ask the authors\n  `medspec fetch` downloads it"
    )
    place = fetch(server, whole)
    place.write_bytes(BODY.replace(b"row 7", b"row 8"))
    with pytest.raises(DataError, match="this is not what was fetched from"):
        fetched_file(PATH)
    place.write_bytes(BODY[:-1])
    assert not is_fetched(PATH)
    monkeypatch.setenv("MEDSPEC_OFFLINE", "1")
    with pytest.raises(DataError, match="MEDSPEC_OFFLINE is set, so nothing is downloaded"):
        Downloads.of_environment()


def test_two_processes_do_not_fetch_one_file_at_once(server: ThreadingHTTPServer) -> None:
    from filelock import FileLock

    place = place_of(PATH)
    place.parent.mkdir(parents=True)
    with FileLock(str(place.with_name(".lock"))):
        assert "another process is downloading" in refusal(server, whole)
