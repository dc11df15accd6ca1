"""The checker from end to end: sources in, `Checked` out. `check_paths` and `check_text` are what others call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from medspec.check.checker import Checker
from medspec.check.examples import check_example
from medspec.check.judge_specs import DialectSpec, JudgeSpec, ModelSpec, PanelSpec
from medspec.check.module import Module, load_modules
from medspec.check.spec import (
    DatasetSpec,
    EnumSpec,
    PhraseSpec,
    PromptSpec,
    RecordSpec,
    Spec,
    SuiteSpec,
    TaskSpec,
    TemplateSpec,
)
from medspec.check.unbuilt import refuse_unbuilt
from medspec.check.unused import report_unused
from medspec.syntax import tree
from medspec.text.diagnostic import Diagnostic, Report
from medspec.text.source import Source
from medspec.text.spec_files import SUFFIX, read_spec, spec_files


@attrs.frozen
class Checked:
    """What checking gives: the spec as far as it could be understood, and all diagnostics in order."""

    spec: Spec
    diagnostics: tuple[Diagnostic, ...]

    @property
    def has_errors(self) -> bool:
        return any(diagnostic.is_error for diagnostic in self.diagnostics)


def check_paths(paths: Sequence[Path], *, root: Path, texts: Mapping[Path, str] | None = None) -> Checked:
    """Check files, or all `.medspec` files under folders. `root` is the folder module names count from.

    `texts` stand for what is in some of the files. Raises `DataError` for a path that does not exist or cannot be read.
    """
    report = Report()
    return _check(load_paths(paths, root, report, texts=texts), report)


def load_paths(
    paths: Sequence[Path], root: Path, report: Report, *, texts: Mapping[Path, str] | None = None
) -> dict[str, Module]:
    """The parsed modules of files and folders, and all they import, by name. Raises `DataError` as `check_paths` does."""
    texts = texts or {}
    sources = []
    for file in sorted({file for path in paths for file in spec_files(path)}):
        sources.append((module_name(file, root), _read(file, texts, report)))

    def read(name: str) -> Source | None:
        path = root.joinpath(*name.split(".")).with_suffix(SUFFIX)
        return _read(path, texts, report) if path.is_file() else None

    return load_modules(sources, read, report)


def check_text(text: str, path: str = "spec.medspec") -> Checked:
    """Check one module given as text; its imports can only be of `std`."""
    report = Report()
    name = Path(path).stem
    modules = load_modules([(name, Source(path, text))], lambda _: None, report)
    return _check(modules, report)


def _read(path: Path, texts: Mapping[Path, str], report: Report) -> Source:
    """One spec. A file that is no text is a module of which nothing is known, so that its imports are not missing too."""
    if path in texts:
        return Source(str(path), texts[path])
    return read_spec(path, report) or Source(str(path), "", readable=False)


def module_name(path: Path, root: Path) -> str:
    """`specs/text/pubmedqa.medspec` under the root `specs` is `text.pubmedqa`."""
    try:
        relative = path.resolve().relative_to(root.resolve())
    except ValueError:
        relative = Path(path.name)
    return ".".join(relative.with_suffix("").parts)


def _check(modules: dict[str, Module], report: Report) -> Checked:
    checker = Checker(modules, report)
    found: dict[type, dict[str, object]] = {}
    examples = []
    for module in modules.values():
        refuse_unbuilt(module.tree.declarations, report)
        for declaration in module.tree.declarations:
            if isinstance(declaration, tree.ExampleDecl):
                example = check_example(declaration, checker, checker.scope(module.name))
                examples += [example] if example is not None else []
                continue
            checked = checker.checked(module.name, declaration)
            if checked is not None:
                found.setdefault(type(checked), {})[checked.qualified] = checked
    report_unused(modules, checker.used, report)
    spec = Spec(
        modules=tuple(modules),
        enums=found.get(EnumSpec, {}),  # type: ignore[arg-type]
        records=found.get(RecordSpec, {}),  # type: ignore[arg-type]
        datasets=found.get(DatasetSpec, {}),  # type: ignore[arg-type]
        prompts=found.get(PromptSpec, {}),  # type: ignore[arg-type]
        tasks=found.get(TaskSpec, {}),  # type: ignore[arg-type]
        templates=found.get(TemplateSpec, {}),  # type: ignore[arg-type]
        suites=found.get(SuiteSpec, {}),  # type: ignore[arg-type]
        examples=tuple(examples),
        phrases=found.get(PhraseSpec, {}),  # type: ignore[arg-type]
        models=found.get(ModelSpec, {}),  # type: ignore[arg-type]
        dialects=found.get(DialectSpec, {}),  # type: ignore[arg-type]
        judges=found.get(JudgeSpec, {}),  # type: ignore[arg-type]
        panels=found.get(PanelSpec, {}),  # type: ignore[arg-type]
    )
    return Checked(spec, report.diagnostics)
