"""The wheel is complete: installed in an empty environment, it compiles a spec."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

# What `compile` needs. The whole list would be gigabytes, and none of the rest is imported by it (see test_start_up.py).
NEEDED = ("attrs", "click", "jinja2", "lark")

SPEC = """edition 2026
import std.metrics { accuracy }
record Row { id : text  question : text  options : text[4..4]  gold : choice of options from letter }
dataset exam : Row { source = jsonl("exam.jsonl")  splits = [test]  columns { gold = "answer" } }
prompt ask(question: text, options: text[4..4]) { user "{{ question }} {% for option in options %}{{ option }} {% endfor %}" }
task exam_letters {
  data = exam.test
  prompt = ask
  answer choice of options via letter
  metrics { primary accuracy }
}
suite exam_suite { tasks { exam_letters } }
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    # Without isolation: what builds it is in the development environment already.
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("medspec-*.whl")
    return built


def test_the_wheel_carries_grammar_model_and_licence(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for name in ("medspec/_grammar/medspec.lark", "medspec/py.typed", "medspec/demo/text_model/config.json"):
        assert name in names, name
    assert any(name.endswith("/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "specs/")) or "__pycache__" in name]


def test_an_empty_environment_compiles_a_spec(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    bin_folder = home / ("Scripts" if sys.platform == "win32" else "bin")
    pip = [str(bin_folder / "python"), "-m", "pip", "install", "--quiet", "-c", str(ROOT / "constraints.txt")]
    subprocess.run([*pip, *NEEDED], check=True)
    subprocess.run([*pip, "--no-deps", str(wheel)], check=True)
    project = tmp_path / "project"
    (project / "specs").mkdir(parents=True)
    (project / "specs" / "exam.medspec").write_text(SPEC, encoding="utf-8")
    done = subprocess.run(
        [str(bin_folder / "medspec"), "compile"], cwd=project, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (project / "target" / "exam_suite.plan.json").is_file()
