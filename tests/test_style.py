"""The rules that keep the code readable, checked on the text of the package alone; nothing of it is imported here.

A rule is broken on purpose only in `EXCEPTIONS`, with the reason. An exception nobody needs any more fails too.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "medspec"
FILES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))

MAY_IMPORT = {
    "errors": (),
    "text": ("errors",),
    "syntax": ("errors", "text"),
    # Catalogues stand beside the floors: a member knows its own contract, the types, and floor 0.
    "types": ("errors", "text"),
    "codes": ("errors", "text"),
    "readers": ("errors", "text", "types"),
    "metrics": ("errors", "text", "types", "readers.base"),
    "files": ("errors", "text"),
    "backends": ("errors", "text", "types", "files"),
    "passes": ("errors", "text", "types", "plan.nodes", "plan.judge_nodes", "plan.fold", "plan.form", "plan.prefix", "plan.run_nodes"),
    # The floors from bottom to top.
    "check": ("errors", "text", "types", "syntax", "codes", "readers", "metrics", "backends.base",
              "plan.nodes", "plan.judge_nodes", "plan.errata"),
    "plan": ("errors", "text", "types", "syntax", "check", "readers", "metrics", "passes", "backends.base"),
    "run": ("errors", "text", "types", "syntax", "check", "plan", "readers", "metrics", "files", "backends"),
    "laws": ("errors", "text", "types", "check", "plan", "run", "readers", "metrics", "backends", "config"),
    # The demonstration writes specs' data and trains on the prompts the specs give, so it uses all that a user may.
    "demo": ("errors", "text", "types", "plan", "run", "readers", "backends", "api"),
    "config": ("errors", "text"),
    "api": ("errors", "text", "check", "plan", "run", "backends"),
    "cli": ("errors", "text", "types", "syntax", "check", "plan", "run", "codes", "readers", "metrics", "files", "backends",
            "laws", "demo", "config", "__init__"),
    "__main__": ("cli",),
    "__init__": ("errors", "api"),
}  # fmt: skip
"""Which parts of the package a part may import: a folder, or one file of it. Nodes of plans are a contract, as `base` files are."""

HEAVY = ("torch", "torchmetrics", "polars", "onnxruntime", "numpy", "tokenizers", "jinja2", "transformers", "rich", "onnx",
         "hypothesis", "sklearn", "scipy")  # fmt: skip
"""Never imported when a module is: `medspec check` must not wait for what only a run needs."""

LONGEST_FILE, LONGEST_FUNCTION, MOST_NAMES = 400, 50, 10

FORBIDDEN_PARTS = {"manager", "handler", "helper", "helpers", "util", "utils", "misc", "datum"}
FORBIDDEN_STARTS = ("do_", "process_", "Base", "Abstract")
SPELLING = {"behavior": "behaviour", "normalize": "normalise", "optimize": "optimise", "tokenise": "tokenize"}

EXCEPTIONS: dict[tuple[str, str], str] = {}
"""(rule, file or file::name) -> why it is right to break the rule there."""


@cache
def tree_of(file: str) -> ast.Module:
    return ast.parse((PACKAGE / file).read_text(encoding="utf-8"))


def part_of(module: str) -> str:
    """`run/execute.py` and `medspec.run.execute` are `run.execute`; the package itself is `__init__`."""
    name = module.removesuffix(".py").replace("/", ".")
    if name == "medspec":
        return "__init__"
    return name.removeprefix("medspec.").removesuffix(".__init__")


def imports_of(tree: ast.Module, file: str) -> Iterator[str]:
    """Every module of this package that is imported anywhere in the file, also inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "medspec")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            if node.module is not None and node.module.split(".")[0] == "medspec":
                found = (f"{node.module}.{alias.name}" for alias in node.names)
                yield from (name if is_module(name) else node.module for name in found)


def is_module(name: str) -> bool:
    path = PACKAGE.joinpath(*name.split(".")[1:])
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def at_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when a module is imported; what stands under TYPE_CHECKING does not."""
    for node in body:
        yield node
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            yield from at_import(node.orelse)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for field in ("body", "orelse", "finalbody"):
                yield from at_import(getattr(node, field, []))
            for handler in getattr(node, "handlers", []):
                yield from at_import(handler.body)


def broken_floors(file: str) -> Iterator[str]:
    me = part_of(file)
    room = me.split(".")[0]
    for module in imports_of(tree_of(file), file):
        other = part_of(module)
        allowed = (room, *MAY_IMPORT[room])
        if not any(other == name or other.startswith(f"{name}.") for name in allowed):
            yield f"{file} imports {module}"


def broken_weight(file: str) -> Iterator[str]:
    for node in at_import(tree_of(file).body):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        yield from (f"{file} imports {name}" for name in names if name.split(".")[0] in HEAVY)


def broken_file_size(file: str) -> Iterator[str]:
    lines = len((PACKAGE / file).read_text(encoding="utf-8").splitlines())
    if lines > LONGEST_FILE:
        yield f"{file} has {lines} lines"


def broken_function_size(file: str) -> Iterator[str]:
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                yield f"{file}::{node.name} has {lines} lines"


def broken_names_per_file(file: str) -> Iterator[str]:
    """attrs classes do not count: the classes of one tree stand in one file, however many there are."""
    defined = [node for node in tree_of(file).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    public = [node for node in defined if not node.name.startswith("_") and not is_attrs(node)]
    if len(public) > MOST_NAMES:
        yield f"{file} has {len(public)} public names"


def is_attrs(node: ast.stmt) -> bool:
    return isinstance(node, ast.ClassDef) and any(ast.unparse(one).startswith("attrs.") for one in node.decorator_list)


def broken_docstring(file: str) -> Iterator[str]:
    tree = tree_of(file)
    if tree.body and not ast.get_docstring(tree):
        yield f"{file} does not say what it is for"


def names_of(file: str) -> Iterator[str]:
    """What the file names itself: classes, functions, parameters. Not its local variables."""
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg


def broken_words(file: str) -> Iterator[str]:
    for name in set(names_of(file)):
        parts = {part.lower() for part in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+", name)}
        if parts & FORBIDDEN_PARTS or name.startswith(FORBIDDEN_STARTS):
            yield f"{file}::{name} is a name that says nothing, or not ours"


def broken_spelling(file: str) -> Iterator[str]:
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            for wrong in SPELLING.keys() & set(re.findall(r"[a-z]+", node.value.lower())):
                yield f"{file}:{node.lineno} says {wrong}, elsewhere it is {SPELLING[wrong]}"


RULES = {
    "floors": broken_floors,
    "weight": broken_weight,
    "file size": broken_file_size,
    "function size": broken_function_size,
    "names per file": broken_names_per_file,
    "docstring": broken_docstring,
    "words": broken_words,
    "spelling": broken_spelling,
}


@pytest.mark.parametrize("rule", RULES)
def test_rule(rule: str) -> None:
    broken = [problem for file in FILES for problem in RULES[rule](file)]
    excused = {where for of, where in EXCEPTIONS if of == rule}
    unexcused = [
        problem for problem in broken if not any(problem.startswith((where + " ", where + ":")) for where in excused)
    ]
    assert not unexcused, "\n".join(unexcused)
    unneeded = [
        where for where in excused if not any(problem.startswith((where + " ", where + ":")) for problem in broken)
    ]
    assert not unneeded, f"these exceptions are no longer needed: {unneeded}"


def test_every_part_of_the_package_has_a_floor() -> None:
    assert {part_of(file).split(".")[0] for file in FILES} <= MAY_IMPORT.keys()


def test_the_rules_see_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = tmp_path / "text"
    bad.mkdir()
    (bad / "wrong.py").write_text(
        "import polars\nfrom medspec.cli import app\nif x:\n    import torch.nn\n"
        "def do_it(handler):\n" + "    pass\n" * 60 + "    return 'the behavior of it'\n" + "x = 1\n" * 400
        + "".join(f"def f{number}(): pass\n" for number in range(11)),
        encoding="utf-8",
    )  # fmt: skip
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path)
    found = {rule: list(check("text/wrong.py")) for rule, check in RULES.items()}
    assert all(found.values()), [rule for rule, problems in found.items() if not problems]
    assert len(found["weight"]) == 2
    assert len(found["words"]) == 2, found["words"]


def test_the_keywords_are_those_of_the_grammar() -> None:
    """The file is cut at these words before the grammar sees it, so the two lists must not drift apart."""
    grammar = (ROOT / "grammar" / "medspec.lark").read_text(encoding="utf-8")
    islands = ast.parse((PACKAGE / "syntax" / "islands.py").read_text(encoding="utf-8"))
    lists = [
        ast.literal_eval(node.value)
        for node in islands.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "KEYWORDS"
    ]
    assert len(lists) == 1
    terminals = dict(re.findall(r'^([A-Z]+): "([a-z]+)"', grammar, re.MULTILINE))
    heads = dict(re.findall(r"^([a-z_]+): ([A-Z]+) (?:NAME|path)", grammar, re.MULTILINE))
    declaration = re.search(r"^declaration: DOC\* \((.*)\)$", grammar, re.MULTILINE)
    key = re.search(r"^!key: (.*)$", grammar, re.MULTILINE)
    assert declaration and key
    declared = [terminals[heads[rule]] for rule in declaration[1].split(" | ")]
    assert set(lists[0]) == set(declared)
    assert {terminals[word] for word in key[1].split(" | ")[1:]} == set(declared)
