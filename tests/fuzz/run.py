"""Fuzzes the parser, the formatter, the checker and templates for a bounded time: `make fuzz`.

    python tests/fuzz/run.py checker --seconds 300

The fuzzer (atheris, guided by which lines a text reaches) starts from the specs of this repository. A text that raises, takes
more than ten seconds or too much memory is written to `tests/fuzz/found/`; once mended, it goes to `tests/fuzz/corpus/`, which
the tests go through.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

# What mutations are made of: words and marks that chance alone would not find.
WORDS = (
    *(
        "edition 2026",
        "import std.metrics { accuracy }",
        "enum ",
        "record ",
        "dataset ",
        "phrase ",
        "prompt ",
        "model ",
    ),
    *(
        "dialect ",
        "judge ",
        "panel ",
        "task ",
        "suite ",
        "example ",
        "answer ",
        " via ",
        "shots ",
        " or abstain",
        " from ",
    ),
    *(
        "choice of ",
        "ranking of ",
        "set<",
        "span<",
        "box(xyxy, unit) in ",
        "score(0..4)",
        "override ",
        "waive ",
        "metrics { ",
    ),
    *(
        "primary ",
        "columns { ",
        "slice ",
        " when ",
        "decode { ",
        "calibrate on ",
        "aggregate ",
        "report slices ",
        "## ",
        "# ",
    ),
    *(
        '"""',
        "{{ ",
        " }}",
        "{% for x in ",
        "{% endfor %}",
        "{% if ",
        "{% elif ",
        "{% else %}",
        "{% endif %}",
        " | join(",
        "loop.",
    ),
    *("answer_format", "->", "..", " and ", " not ", " in ", "@1", "\\\\", "\\n", "{#", "#}", "-%}", "{{-"),
)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("target", choices=("parser", "formatter", "checker", "template"))
    asked.add_argument("--seconds", type=int, default=300)
    options = asked.parse_args()

    import atheris

    with atheris.instrument_imports(include=["medspec"]):
        from fuzz_targets import TARGETS, seeds

    run = TARGETS[options.target]
    found = HERE / "found"
    found.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder, "corpus")
        corpus.mkdir()
        for place, text in enumerate(seeds(options.target)):
            (corpus / f"seed-{place}").write_text(text, encoding="utf-8")
        words = Path(folder, "words.txt")
        words.write_text("".join(f'"{_escaped(word)}"\n' for word in WORDS), encoding="ascii")
        atheris.Setup(
            [
                sys.argv[0],
                f"-max_total_time={options.seconds}",
                "-timeout=10",
                "-rss_limit_mb=2048",
                "-max_len=6000",
                f"-dict={words}",
                f"-artifact_prefix={found}/{options.target}-",
                "-print_final_stats=1",
                "-verbosity=0",
                str(corpus),
            ],
            lambda data: run(data.decode("utf-8", "replace").replace("\r", "\n")),
        )
        atheris.Fuzz()


def _escaped(word: str) -> str:
    return "".join(letter if letter.isalnum() or letter == " " else f"\\x{ord(letter):02x}" for letter in word)


if __name__ == "__main__":
    main()
