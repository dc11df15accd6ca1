"""Text to tree, island by island.

The LALR tables are built once per version of the grammar and kept in the user's cache folder, since loading them takes
a tenth of the time of building them. A cache that cannot be read or written costs time, never a result.
"""

from __future__ import annotations

import io
import os
import re
import tempfile
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from lark import Lark, Tree, UnexpectedEOF, UnexpectedInput, UnexpectedToken

from medspec.syntax import tree
from medspec.syntax.build import Builder
from medspec.syntax.build_declarations import RULES
from medspec.syntax.editions import EDITIONS
from medspec.syntax.explain_syntax import explain
from medspec.syntax.islands import KEYWORDS, Island, cut
from medspec.text.cache_folder import cache_folder
from medspec.text.diagnostic import Edit, Report
from medspec.text.source import Place, Source
from medspec.text.suggest import nearest

_YEARS = tuple(edition.year for edition in EDITIONS)

_NOT_CODE = re.compile(r'"""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*"|#[^\n]*')
_HUGE_NUMBER = re.compile(r"(?<!\w)-?(?:\d{19,}|\d+\.\d{19,}|\d+(?:\.\d+)?[eE][-+]?\d{3,})")
# An import, or a declaration whose name is gone: what it brings in cannot be told.
_NAMELESS = re.compile(rf"^(?:import\b|(?:{'|'.join(KEYWORDS)})\b(?![ \t]+[A-Za-z_]))", re.MULTILINE)


def parse(source: Source, report: Report, years: tuple[int, ...] = _YEARS) -> tree.ModuleTree:
    """The tree of one file, of one of the editions `years`. Problems go to `report`; what could be read is in the tree."""
    if not source.readable:
        return tree.ModuleTree(source, None, (), (), may_declare_more=True)
    edition: tree.Edition | None = None
    imports: list[tree.ImportModule | tree.ImportNames] = []
    declarations: list[tree.Declaration] = []
    broken: set[str] = set()
    islands = cut(source, report)
    # Without islands there is a file that is too large, which has been reported.
    edition_is_broken = may_declare_more = bool(source.text) and not islands
    for island in islands:
        items = None if island.broken else _parse_island(source, island, report)
        if items is None:
            # A spoilt first island may well have been the edition: one mistake, one message.
            edition_is_broken |= island.start == 0
            written = _NOT_CODE.sub(" ", source.text[island.start : island.end])
            broken.update(re.findall(r"[A-Za-z_]\w*", written))
            may_declare_more |= _NAMELESS.search(written) is not None
            continue
        for item in items:
            if isinstance(item, tree.Edition):
                _check_edition(item, edition, bool(imports or declarations), years, report)
                edition = item
            elif isinstance(item, tree.ImportModule | tree.ImportNames):
                imports.append(item)
            else:
                declarations.append(item)
    if edition is None and not edition_is_broken:
        report.add(
            "E0105",
            "this file does not say which edition of the language it is written in",
            (Place(source, 0, 0), "the first line"),
            helps=[f"begin the file with `edition {years[-1]}`"],
            # With more than one edition, only its author can say for which of them the file was written.
            edits=[Edit(Place(source, 0, 0), f"edition {years[0]}\n\n")] if len(years) == 1 else [],
        )
    return tree.ModuleTree(
        source, edition, tuple(imports), tuple(declarations), frozenset(broken), may_declare_more=may_declare_more
    )


def _parse_island(source: Source, island: Island, report: Report) -> list[Any] | None:
    text = source.text[island.start : island.end]
    huge = _HUGE_NUMBER.search(_NOT_CODE.sub(lambda match: " " * len(match.group()), text))
    if huge is not None:
        place = Place(source, island.start + huge.start(), island.start + huge.end())
        report.add("E0107", "this number is too long: at most 18 digits", place)
        return None
    try:
        parsed: Tree[Any] = _parser().parse(text)
        builder = Builder(source, island.start, RULES)
        return [builder.build(node) for node in parsed.children]
    except UnexpectedEOF as error:
        explain(source, island, error, report)
    except UnexpectedToken as error:
        if not _report_unknown_keyword(source, island, error, report):
            explain(source, island, error, report)
    except UnexpectedInput as error:
        explain(source, island, error, report)
    except RecursionError:
        report.add("E0107", "this declaration is nested too deeply", Place(source, island.start, island.start + 1))
    return None


def _report_unknown_keyword(source: Source, island: Island, error: UnexpectedToken, report: Report) -> bool:
    """E0106 when the island's first word is no keyword."""
    first = error.token.start_pos if error.token.type == "NAME" else None
    if first is None or "TASK" not in (error.accepts or error.expected):
        return False
    line = source.text[source.text.rfind("\n", 0, island.start + first) + 1 : island.start + first]
    if line.strip() or _is_foreign_import(source.text, island.start + first):
        return False
    word = str(error.token)
    place = Place(source, island.start + first, island.start + first + len(word))
    close = nearest(word, (*KEYWORDS, "import", "edition"))
    helps = [f"did you mean `{close}`?"] if close else [f"a declaration begins with one of: {', '.join(KEYWORDS)}"]
    report.add("E0106", f"`{word}` does not begin a declaration", (place, "not a keyword of this edition"), helps=helps)
    return True


def _is_foreign_import(text: str, at: int) -> bool:
    return text.startswith("from ", at) and " import " in text[at : at + 200].split("\n")[0]


def _check_edition(
    found: tree.Edition, before: tree.Edition | None, late: bool, years: tuple[int, ...], report: Report
) -> None:
    if before is not None:
        report.add("E0105", "the edition is given twice", (found.place, "again here"), (before.place, "first here"))
    elif late:
        report.add("E0105", "the edition must come first", (found.place, "move this to the first line"))
    elif found.year.number not in years:
        known = ", ".join(str(year) for year in years)
        later = "a file of a later edition needs a later version of medspec"
        report.add(
            "E0105",
            f"there is no edition {found.year.written}",
            (found.year.place, f"editions this version of medspec knows: {known}"),
            notes=[later] if found.year.number > years[-1] else [],
            helps=[f"write `edition {years[-1]}`"],
        )


@cache
def _parser() -> Lark:
    grammar = grammar_text()
    import lark

    name = sha256(f"{lark.__version__}\n{grammar}".encode()).hexdigest()[:16]
    cached = cache_folder() / f"grammar-{name}.lark.cache"
    try:
        with cached.open("rb") as file:
            return Lark.load(io.BytesIO(file.read()))
    except Exception:  # noqa: BLE001  a missing, foreign or half-written cache is rebuilt, whatever is wrong with it
        pass
    parser = Lark(grammar, parser="lalr", propagate_positions=True, maybe_placeholders=False)
    _write_cache(parser, cached)
    return parser


def _write_cache(parser: Lark, cached: Path) -> None:
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=cached.parent, delete=False) as file:
            parser.save(file)
        os.replace(file.name, cached)
    except OSError:
        pass


def grammar_text() -> str:
    """The grammar: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "_grammar", package.parent / "grammar"):
        path = folder / "medspec.lark"
        if path.is_file():
            return path.read_text("utf-8")
    raise FileNotFoundError("medspec.lark: this installation of medspec is incomplete, install it again")
