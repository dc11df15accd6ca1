"""docs: pages that say what the specs say, link to each other, and are the same for the same specs."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from medspec.cli.pages import anchor
from medspec.cli.pages_html import html_page

HERE = Path(__file__).parent
SPECS = HERE.parent.parent / "specs" / "text"

WARD = """## What the ward asks.
## Of everybody.
edition 2026
import std.metrics { accuracy, macro_f1 }

## What a note says.
enum Finding {
  ## It is there.
  present "Present | seen"
  absent
}

## A note <b>of a ward</b>.
record Note {
  ## Its number.
  id   : text
  note : text
  gold : Finding
}

dataset notes : Note {
  source  = jsonl("{split}.jsonl")
  splits  = [dev, test]
  license = "physionet-1.5"
  private = true
}

phrase manner = "Answer in one word: ```present``` or absent."

prompt ask(note: text, hint: text = "none") {
  system "Be <careful>."
  user "{{ note }} {{ hint }} {{ manner }}"
}

task finding @2 {
  data    = notes.test.holdout(8)
  prompt  = ask
  answer  Finding via plain
  shots   2 from notes.dev { pick = seeded(4) }
  unread  = skip
  waive   W0509 because "as published"
  tags    = ["nightly"]
  metrics { primary accuracy as right   macro_f1 }
}

## Both.
suite ward @3 {
  tasks { finding weight 2 }
  aggregate overall = mean()
}
"""


@pytest.fixture
def ward(project):
    (project / "specs" / "ward.medspec").write_text(WARD, encoding="utf-8")
    return project


@pytest.fixture
def published(project):
    """The project with the specs of this repository that are about published texts."""
    shutil.rmtree(project / "specs")
    shutil.copytree(SPECS, project / "specs" / "text")
    return project


@pytest.mark.parametrize("page", ["text.medqa", "text.mcq", "text.pubmedqa"])
def test_pages_of_this_repository(published, medspec, golden, page):
    assert medspec("docs", "pages").code == 0
    golden(HERE / "golden" / "docs" / f"{page}.md", Path("pages", f"{page}.md").read_text(encoding="utf-8"))


def test_everything_a_spec_says_is_on_its_page(ward, medspec):
    done = medspec("docs")
    assert done == (0, f"3 pages -> {Path('target/docs/index.md')}\n", "")
    page = Path("target/docs/ward.md").read_text(encoding="utf-8")
    for text in (
        "# ward\n\n`specs/ward.medspec`\n\nWhat the ward asks.\nOf everybody.\n\n## Suites\n",
        "### ward @3\n\nBoth.\n",
        "| [finding](#finding-2) | 2 | right |  |\n",
        "- `overall` = mean over [finding]\n",
        "| rows | [notes](#notes), test, 8 held out |\n",
        "| shots | 2 from [notes](#notes), dev, picked by seeded, seed 4 |\n",
        "| unread replies | are left out |\n",
        "| `accuracy() version 1` | **right**, primary | share of rows whose answer equals the gold |",
        "| `accuracy : (pred: T, gold: T) -> fraction   per row   T: equal` |\n",
        "- waives W0509: as published\n",
        "- tags: nightly\n",
        "| licence | physionet-1.5 |\n| private | yes",
        '| `hint` | `text` | `"none"` |\n',
        "system:\n\n```jinja\nBe <careful>.\n```\n",
        "{{ note }} {{ hint }} {{ manner }}",
        "````text\nAnswer in one word: ```present``` or absent.\n````\n",
        "| `id` | `text` | Its number. |\n",
        "| `present` | Present \\| seen | It is there. |\n",
    ):
        assert text in page, text
    index = Path("target/docs/index.md").read_text(encoding="utf-8")
    assert "| [ward @3](ward.md#ward-3) | 1 | Both. |\n" in index
    assert "1 record, 1 enum | What the ward asks. |\n" in index


def test_equal_specs_give_equal_pages(ward, medspec):
    medspec("docs", "one")
    medspec("docs", "two")
    pages = sorted(path.name for path in Path("one").iterdir())
    assert pages == ["exam.md", "index.md", "ward.md"]
    assert all(Path("one", name).read_bytes() == Path("two", name).read_bytes() for name in pages)


def test_every_link_leads_somewhere(published, medspec):
    medspec("docs", "pages")
    pages = {path.name: path.read_text(encoding="utf-8") for path in Path("pages").iterdir()}
    links = 0
    for name, text in pages.items():
        outside = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
        for page, heading in re.findall(r"\]\(([\w.]*)(?:#([\w-]+))?\)", outside):
            links += 1
            target = pages[page or name]
            headings = {anchor(found) for found in re.findall(r"^#+ (.*)$", target, re.MULTILINE)}
            assert not heading or heading in headings, (name, page, heading)
    assert links > 30


class Tags(HTMLParser):
    """Which tags are open, and what an element named by `id` is."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: set[str] = set()
        self.targets: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag, attrs):
        if tag != "meta":
            self.open.append(tag)
        self.ids |= {value for key, value in attrs if key == "id"}
        self.targets |= {value for key, value in attrs if key == "href"}

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_html_says_the_same_and_nothing_of_it_is_markup(ward, medspec):
    assert medspec("docs", "pages", "--html").code == 0
    found = {}
    for path in Path("pages").iterdir():
        found[path.name] = parser = Tags()
        parser.feed(path.read_text(encoding="utf-8"))
        assert not parser.open
    text = found["ward.html"].text
    assert "A note <b>of a ward</b>." in text and "Be <careful>." in text and "Present | seen" in text
    assert "Answer in one word: ```present``` or absent." in text
    assert "finding-2" in found["ward.html"].ids
    for name, parser in found.items():
        for target in parser.targets:
            page, _, heading = target.partition("#")
            assert not heading or heading in found[page or name].ids


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "`<img src=x>`",
        "**<b>**",
        "| <i> |",
        "- <a>",
        "### <u>",
    ],
)
def test_html_of_what_somebody_wrote_is_text(text):
    page = html_page("<t>", text)
    body = page.partition("</style>")[2]
    assert not re.search(r"<(script|img|b|i|u|a)\b", body) and "javascript:" not in "".join(
        re.findall(r'href="([^"]*)"', body)
    )


def test_docs_for_programs(ward, medspec):
    document = json.loads(medspec("docs", "pages", "--format", "json").out)
    assert document["index"] == str(Path("pages/index.md")) and len(document["pages"]) == 3


def test_docs_of_specs_with_mistakes_are_not_written(ward, medspec):
    (ward / "specs" / "wrong.medspec").write_text("edition 2026\nimport std.metrics { acuracy }\n", encoding="utf-8")
    done = medspec("docs")
    assert (done.code, done.out) == (1, "") and not Path("target/docs").exists()


def test_pages_may_load_nothing(ward, medspec):
    assert medspec("docs", "pages", "--html").code == 0
    for path in Path("pages").iterdir():
        head = path.read_text(encoding="utf-8").partition("<title>")[0]
        policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', head)
        assert policy, "before anything that could be loaded"
        rules = dict(rule.split(maxsplit=1) for rule in policy[1].split("; "))
        assert rules == {"default-src": "'none'", "style-src": "'unsafe-inline'"}
