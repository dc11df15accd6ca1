"""The guide works as it stands; the reference lists what there is, and its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from medspec.metrics import METRICS
from medspec.readers import READERS
from medspec.syntax.format import format_source
from medspec.text.diagnostic import Report
from medspec.text.source import Source

DOCS = Path(__file__).parents[2] / "docs"
GUIDE = (DOCS / "guide.md").read_text(encoding="utf-8")
REFERENCE = DOCS / "language.md"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def test_every_command_of_the_guide_works(tmp_path, monkeypatch, medspec) -> None:
    monkeypatch.chdir(tmp_path)
    (spec,), (rows,) = blocks("medspec"), blocks("json")
    Path("lab.medspec").write_text(spec, encoding="utf-8")
    Path("lab.jsonl").write_text(rows, encoding="utf-8")
    commands = [line.split()[1:] for block in blocks("sh") for line in block.splitlines()]
    assert [words[0] for words in commands] == ["check", "test", "mock", "run", "fmt", "lock"]
    for words in commands[:5]:
        done = medspec(*words)
        assert done.code == 0, (words, done)
    assert Path("first", "report.json").is_file()
    assert Path("lab.medspec").read_text(encoding="utf-8") == spec == format_source(Source("lab", spec), Report())


def listed(name: str, rows: list[str], text: str) -> str:
    """`text` with the table between the marks `name` made of `rows`."""
    return re.sub(
        rf"(<!-- {name} -->\n(?:\|[^\n]*\n){{2}}).*?(<!-- /{name} -->)",
        lambda found: found[1] + "".join(f"{row}\n" for row in rows) + found[2],
        text,
        flags=re.DOTALL,
    )


def test_the_reference_lists_every_reader_and_every_metric(golden) -> None:
    readers = [f"| `{one.name}` | {one.summary} |" for one in READERS]
    metrics = [
        f"| `{one.name}` | `{one.signature.spelled(one.name).partition(' : ')[2]}` | {one.summary} |" for one in METRICS
    ]
    text = listed("readers", readers, REFERENCE.read_text(encoding="utf-8"))
    golden(REFERENCE, listed("metrics", metrics, text))


@pytest.mark.parametrize("name", ["guide.md", "language.md"])
def test_links_lead_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (DOCS / name).read_text(encoding="utf-8"))
    assert links and not [link for link in links if not (DOCS / link).is_file()]
