"""What a diagnostic looks like on a terminal. Golden texts are in `golden/`; read them after `--accept`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspec.text.diagnostic import Diagnostic, Label
from medspec.text.render import WIDEST, footer, render, render_one
from medspec.text.source import Place, Source

GOLDEN = Path(__file__).parent / "golden"

CORE = Source(
    "specs/core.medspec",
    """\
edition 2026
task ner @1 {
  data     = notes.test
  prompt   = read_note
  data     = notes.dev
  answer   text
  metrics  { primary acuracy }
}
""",
)
ROWS = Source("specs/shared/rows.medspec", "\n" * 110 + "record Located {\n  label : text\n}\n")


def place(source: Source, text: str, *, number: int = 0, until: str | None = None) -> Place:
    """The occurrence with this number of `text`; with `until`, up to the end of that text behind it."""
    start = -1
    for _ in range(number + 1):
        start = source.text.index(text, start + 1)
    end = start + len(text) if until is None else source.text.index(until, start) + len(until)
    return Place(source, start, end)


def problem(
    *labels: tuple[Place, str], code: str = "E0201", title: str = "something is wrong", **more: object
) -> Diagnostic:
    return Diagnostic(code=code, title=title, labels=tuple(Label(*label) for label in labels), **more)


TWICE = problem(
    (place(CORE, "data", number=1), "set again here"),
    (place(CORE, "data"), "first set here"),
    code="E0207",
    title="`data` is set twice in this task",
    notes=("medspec never lets a later value silently replace an earlier one",),
    helps=("to change an inherited value, write `override data = ...` in a task made with `=`",),
)

CASES = {
    "two_labels_with_a_line_between": TWICE,
    "no_notes": problem((place(CORE, "acuracy"), "not declared here and not imported")),
    "no_label_text": problem((place(CORE, "acuracy"), "")),
    "two_labels_in_one_line": problem(
        (place(CORE, "notes.dev"), "the value"), (place(CORE, "data", number=1), "the key")
    ),
    "lines_far_apart": problem((place(CORE, "acuracy"), "here"), (place(CORE, "ner"), "in this task")),
    "two_files": problem(
        (place(CORE, "text"), "reads one of: enum, choice"),
        (place(ROWS, "Located"), "`Located` is a record with 2 fields"),
        helps=("readers that can produce a list of records: `json`, `tagged`",),
    ),
    "three_labels_in_two_files": problem(
        (place(ROWS, "Located"), "the record"),
        (place(CORE, "text"), "the answer"),
        (place(ROWS, "label"), "the field"),
    ),
    "long_notes": problem(
        (place(CORE, "acuracy"), "needs boxes,\nand got text"),
        notes=("box_map : (pred: R[])", "  pred   got `text`\n  gold   got `text`"),
        helps=("read the options by likelihood\nthis asks for logits",),
    ),
    "label_over_several_lines": problem((place(CORE, "task", until="}\n}\n"), "this task")),
    "label_over_two_lines": problem((place(CORE, "notes.dev", until="text"), "this much")),
    "nothing_long_at_the_start": problem((Place(CORE, 0, 0), "`edition 2026` belongs here")),
    "nothing_long_in_a_line": problem((Place(CORE, 21, 21), "a name belongs here")),
    "end_of_file": problem((Place(CORE, len(CORE.text), len(CORE.text)), "the file ends here")),
    "end_of_file_without_line_break": problem((Place(Source("a.medspec", "task x {"), 8, 8), "the file ends here")),
    "empty_file": problem((Place(Source("a.medspec", ""), 0, 0), "the file is empty")),
    "tabs": problem((place(Source("a.medspec", "task x {\n\tdata\t= y\n}"), "y"), "behind two tabs")),
    "carriage_returns": problem((place(Source("a.medspec", "task x {\r\n  data = y\r\n}\r\n"), "y"), "here")),
    "wide_letters": problem((place(Source("a.medspec", 'enum 疾病 { 肺炎 "肺炎" oh }'), "oh"), "behind wide letters")),
    "wide_letters_marked": problem((place(Source("a.medspec", "enum 疾病 { yes no }"), "疾病"), "four columns")),
    "combining_letters": problem(
        (place(Source("a.medspec", "enum e\u0301te\u0301 { oh }"), "oh"), "behind é written as two")
    ),
    "hostile_letters": problem(
        (
            place(Source("a\x1b[2J.medspec", "task \x1b[31mred\x1b[0m \u202egnp.x = oh\x07"), "oh"),
            "a \x1b]0;title\x07 label",
        ),
        title="a title with \x9b31m in it",
        notes=("a note with \u2066 in it\nand a second line \x00",),
    ),
    "long_line": problem(
        (place(Source("a.medspec", "x = " + "[1, " * 100 + "oh" + ", 2" * 100), "oh"), "in the middle")
    ),
    "long_line_at_its_start": problem((place(Source("a.medspec", "oh = " + "[1, " * 100), "oh"), "at the start")),
    "long_line_at_its_end": problem((place(Source("a.medspec", "[1, " * 100 + "oh"), "oh"), "at the end")),
    "long_line_with_labels_far_apart": problem(
        (place(Source("a.medspec", "oh " + "[1, " * 100 + "here"), "here"), "the second"),
        (place(Source("a.medspec", "oh " + "[1, " * 100 + "here"), "oh"), "the first"),
    ),
    "long_label": problem((place(Source("a.medspec", "x = " + "ha" * 200), "ha" * 200), "longer than any screen")),
    "warning": problem((place(CORE, "ner"), ""), code="W0203", title="`ner` is never used"),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_golden(name, golden):
    text = render_one(CASES[name])
    ascii_text = render_one(CASES[name], ascii=True)
    golden(GOLDEN / f"{name}.txt", f"{text}\n\nin ASCII:\n\n{ascii_text}\n")


def test_no_golden_file_is_left_over():
    assert {path.stem for path in GOLDEN.glob("*.txt")} == {*CASES, "everything", "everything_in_colour"}


def test_all_of_them_with_a_footer(golden):
    golden(GOLDEN / "everything.txt", render([TWICE, CASES["no_notes"], CASES["warning"]]) + "\n")


def test_all_of_them_in_colour(golden):
    golden(
        GOLDEN / "everything_in_colour.txt", render([TWICE, CASES["two_files"], CASES["warning"]], colour=True) + "\n"
    )


def test_nothing_wrong_is_nothing_said():
    assert render([]) == ""


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["E0201"], "1 error in 1 file. For the reasoning behind a code: medspec explain E0201"),
        (["W0202"], "1 warning in 1 file. For the reasoning behind a code: medspec explain W0202"),
        (
            ["W0202", "E0207", "E0201"],
            "2 errors and 1 warning in 1 file. For the reasoning behind a code: medspec explain E0207",
        ),
    ],
)
def test_footer(codes, expected):
    assert footer([problem((place(CORE, "ner"), ""), code=code) for code in codes]) == expected


def test_footer_counts_files():
    assert " in 2 files." in footer([problem((place(CORE, "ner"), "")), problem((place(ROWS, "label"), ""))])


def without_colours(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize("name", sorted(CASES))
def test_colours_change_nothing_but_colours(name):
    plain = render_one(CASES[name])
    # A row that ends inside a colour keeps its spaces; they cannot be seen.
    coloured = [row.rstrip() for row in without_colours(render_one(CASES[name], colour=True)).split("\n")]
    assert coloured == plain.split("\n")


def diagnostics_over(text: st.SearchStrategy[str]) -> st.SearchStrategy[Diagnostic]:
    @st.composite
    def build(draw: st.DrawFn) -> Diagnostic:
        source = Source(draw(text), draw(text))
        offsets = st.integers(0, len(source.text))
        labels = [
            Label(Place(source, *sorted((draw(offsets), draw(offsets)))), draw(text))
            for _ in range(draw(st.integers(1, 4)))
        ]
        remarks = st.lists(text, max_size=2).map(tuple)
        return Diagnostic(
            code="E0101", title=draw(text), labels=tuple(labels), notes=draw(remarks), helps=draw(remarks)
        )

    return build()


ANY_TEXT = st.text(max_size=60) | st.text(st.sampled_from("ab \t\n\r\x1b\u202e疾é\u0301"), max_size=400)


@given(diagnostics_over(ANY_TEXT))
def test_nothing_of_a_hostile_text_reaches_the_terminal(diagnostic):
    shown = render_one(diagnostic)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]", shown)


@given(diagnostics_over(ANY_TEXT))
def test_the_ascii_form_is_ascii(diagnostic):
    assert render_one(diagnostic, ascii=True).isascii()


@given(diagnostics_over(ANY_TEXT))
def test_colours_are_the_only_escape_sequences(diagnostic):
    assert "\x1b" not in without_colours(render_one(diagnostic, colour=True))


@given(st.text(st.sampled_from("ab疾\t\u0301"), min_size=1, max_size=60), st.data())
def test_carets_stand_under_their_text(line, data):
    """Counted independently, by the width of everything before the label in the printed line."""
    start = data.draw(st.integers(0, len(line) - 1))
    end = data.draw(st.integers(start + 1, len(line)))
    source_row, caret_row = render_one(problem((Place(Source("a", line), start, end), ""))).split("\n")[3:5]
    width = {"a": 1, "b": 1, "疾": 2, "\u0301": 0, "\t": 4}
    before = after = 0
    for index, letter in enumerate(line[:end]):
        after += width[letter] - (after % 4 if letter == "\t" else 0)
        before = after if index < start else before
    assert caret_row == "  │ " + " " * before + "^" * max(after - before, 1)
    assert source_row.startswith("1 │")


@given(st.integers(0, 3000), st.integers(1, 300))
def test_a_long_line_is_cut_around_its_label(start, length):
    line = "".join(chr(ord("a") + index % 26) for index in range(3400))
    rows = render_one(problem((Place(Source("a", line), start, start + length), ""))).split("\n")
    source_row, caret_row = rows[3], rows[4]
    assert len(source_row) <= WIDEST + len("1 │ ") + 2
    marked = source_row[caret_row.index("^") : caret_row.rindex("^") + 1]
    expected = line[start : start + length]
    assert marked == expected if length < WIDEST else expected.startswith(marked.rstrip("…"))


def padded(path: str, lines: dict[int, str]) -> Source:
    """A source with these lines and empty ones between them."""
    return Source(path, "".join(lines.get(number, "") + "\n" for number in range(1, max(lines) + 1)))


def test_the_ring_of_imports_as_the_language_draws_it():
    core = padded("specs/core.medspec", {6: "import shared.judges as judges"})
    judges = padded("specs/shared/judges.medspec", {3: "import core { McqRow }"})
    shown = render_one(
        problem(
            (place(core, "shared.judges"), "`core` needs `shared.judges`"),
            (place(judges, "core"), "`shared.judges` needs `core`"),
            code="E0205",
            title="these modules import each other",
            notes=("core -> shared.judges -> core",),
            helps=("move `McqRow` into a third module that both can import",),
        )
    )
    assert (
        shown
        == """\
error[E0205]: these modules import each other
  ╭─ specs/core.medspec:6:8
  │
6 │ import shared.judges as judges
  │        ^^^^^^^^^^^^^ `core` needs `shared.judges`
  ├─ specs/shared/judges.medspec:3:8
  │
3 │ import core { McqRow }
  │        ---- `shared.judges` needs `core`
  │
  = note: core -> shared.judges -> core
  = help: move `McqRow` into a third module that both can import"""
    )


def test_two_labels_in_one_line_as_the_language_draws_them():
    source = padded("core.medspec", {118: "task medqa @2 = mcq(medqa.test, examples: medqa.test, k: 5)"})
    shown = render_one(
        problem(
            (place(source, "medqa.test", number=1), "examples"),
            (place(source, "medqa.test"), "scored rows"),
            code="E0604",
            title="few-shot examples come from the rows being scored",
            helps=("use another split", "if the source has one split only,\nhold rows out"),
        )
    )
    assert (
        shown
        == """\
error[E0604]: few-shot examples come from the rows being scored
    ╭─ core.medspec:118:43
    │
118 │ task medqa @2 = mcq(medqa.test, examples: medqa.test, k: 5)
    │                                           ^^^^^^^^^^ examples
    │                     ---------- scored rows
    │
    = help: use another split
    = help: if the source has one split only,
            hold rows out"""
    )
