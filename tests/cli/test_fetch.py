"""medspec fetch, and data from the network in a spec: what is sound, what is downloaded, what a run says without it."""

from __future__ import annotations

import http.server
import threading
from pathlib import Path

import pytest

from medspec.text.remote_address import address_fault, read_address

pytest.importorskip("httpx2", reason="the extra `remote` is not installed")

ADDRESS = "hf://owner/name/exam.jsonl@0a1b2c3"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("hf://owner/name/data/exam.jsonl@v1.2", None),
        ("https://example.org/exam.jsonl", None),
        ("s3://bucket/data/exam.jsonl", None),
        ("hf://owner/name/exam.jsonl", "the address names no revision"),
        ("hf://owner/name/exam.jsonl@main", "`main` is another revision tomorrow"),
        ("hf://owner/name/../exam.jsonl@v1", "the address has an empty part, or leaves its folder"),
        ("http://example.org/exam.jsonl", "`http://` is no source of data"),
        ("file:///etc/passwd", "`file://` is no source of data"),
        ("https://me:secret@example.org/x", "the address carries a password, or names no host"),
        ("s3://Bucket", "this is no address of an object"),
    ],
)
def test_addresses(address: str, said: str | None) -> None:
    found = address_fault(address)
    assert (None if found is None else found[0]) == said


def test_where_an_address_leads() -> None:
    assert read_address("s3://bucket/a b/x.jsonl").url == "https://bucket.s3.amazonaws.com/a%20b/x.jsonl"
    hub = read_address("hf://owner/name/data/exam.jsonl@v1.2")
    assert hub.url == "https://huggingface.co/datasets/owner/name/resolve/v1.2/data/exam.jsonl"
    assert (hub.name, hub.page) == ("exam.jsonl", "https://huggingface.co/datasets/owner/name")


@pytest.fixture
def remote(project, tmp_path, monkeypatch):
    """The project's data lie on a server; `remote` lists what was asked of it."""
    body = Path("specs/exam.jsonl").read_bytes()
    Path("specs/exam.jsonl").unlink()
    spec = Path("specs/exam.medspec")
    spec.write_text(spec.read_text("utf-8").replace('jsonl("exam.jsonl")', f'jsonl("{ADDRESS}")'), "utf-8")
    seen: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    yield seen
    server.shutdown()
    server.server_close()


def test_only_fetch_downloads(remote, medspec):
    assert medspec("check").code == medspec("compile").code == medspec("lock").code == 0
    done = medspec("run", "--out", "here")
    assert done.code == 3 and f"`{ADDRESS}` of dataset `exam` is not on this machine" in done.err
    assert "`medspec fetch` downloads it" in done.err
    assert medspec("fetch", "--check") == (1, f"{ADDRESS}\n", "")
    assert remote == []
    assert medspec("fetch") == (0, "1 fetched, 0 were there\n", f"fetching {ADDRESS}\n")
    assert medspec("fetch", "--check") == (0, "", "")
    assert medspec("fetch") == (0, "0 fetched, 1 were there\n", "")
    assert medspec("run", "--out", "here").code == 0
    assert remote == ["/datasets/owner/name/resolve/0a1b2c3/exam.jsonl"]


def test_what_has_no_address_is_named(project, medspec):
    """Nothing can be fetched for it: a person has to, and is told what and from where."""
    assert medspec("fetch") == (0, "0 fetched, 0 were there\n", "")
    Path("specs/exam.jsonl").unlink()
    done = medspec("fetch")
    assert (done.code, done.out) == (0, "0 fetched, 0 were there\n")
    assert done.err.startswith("by hand, since the specs name no address:\n1 file was not found\n  exam.jsonl\n")
    assert medspec("fetch", "--quiet") == (0, "", "")


def test_a_run_may_fetch(remote, medspec, monkeypatch):
    monkeypatch.setenv("MEDSPEC_OFFLINE", "1")
    done = medspec("run", "--fetch", "--out", "here")
    assert done.code == 3 and "MEDSPEC_OFFLINE is set" in done.err and remote == []
    monkeypatch.delenv("MEDSPEC_OFFLINE")
    assert medspec("run", "--fetch", "--out", "here").code == 0 and len(remote) == 1


def test_the_lock_holds_what_was_fetched(remote, medspec, tmp_path):
    """Fetched again, the file is another: the digest in medspec.lock says so."""
    assert medspec("fetch").code == medspec("lock").code == 0
    assert ADDRESS in Path("medspec.lock").read_text("utf-8")
    lock = Path("medspec.lock").read_text("utf-8")
    digest = lock.split(f'"{ADDRESS}": "')[1][:64]
    Path("medspec.lock").write_text(lock.replace(digest, "0" * 64), "utf-8")
    for path in sorted((tmp_path / "cache/medspec/data").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    done = medspec("fetch")
    assert done.code == 3 and f"its sha256 is {digest}, medspec.lock says {'0' * 64}" in done.err
