"""Texts that the fuzzer found to be too much, once: none of them is any longer."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from fuzz_targets import TARGETS, seeds

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.txt"))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_what_was_found_is_mended(path: Path) -> None:
    """The name of a file begins with that of its target."""
    started = time.process_time()
    TARGETS[path.stem.partition("-")[0]](path.read_bytes().decode("utf-8", "replace").replace("\r", "\n"))
    assert time.process_time() - started < 10


@pytest.mark.parametrize("target", TARGETS)
def test_the_fuzzer_starts_from_texts_that_are_no_trouble(target: str) -> None:
    texts = seeds(target)
    assert len(texts) > 20
    for text in texts[:3]:
        TARGETS[target](text)
