"""Makes `docs/reproduction.md`: figures that others published, and what medspec computes from the same replies.

    python docs/make_reproduction.py                    all benchmarks whose data are there
    python docs/make_reproduction.py --data DIR         where the recorded replies lie (../shared/data)
    python docs/make_reproduction.py --check            write nothing; ends with 1 where the page would change

Every benchmark is one file in `reproductions/`, listed in BENCHMARKS. A benchmark whose data are not there keeps the part
of the page it has.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

from reproductions import image_sets, judges, meds_bench, medsg_bench, peers
from reproductions.base import Benchmark, section

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reproduction.md"

BENCHMARKS: tuple[Benchmark, ...] = (
    medsg_bench.BENCHMARK, meds_bench.BENCHMARK, judges.BENCHMARK, peers.BENCHMARK, image_sets.BENCHMARK,
)  # fmt: skip
"""In the order of the page."""

HEAD = """# Reproduced figures

Made by `make reproduction`. Each line is a figure that somebody published, beside what medspec computes from the same
replies with the specs of this repository: replies are replayed (`--model replay:FILE`), nothing is asked of a model. A figure
is equal where it is the same number at the number of digits that was published.
"""


def page(data: Path, before: str) -> str:
    """The text of the page; parts of `before` stay for benchmarks whose data are not below `data`."""
    parts = [HEAD]
    for benchmark in BENCHMARKS:
        missing = [name for name in benchmark.needs if not (data / name).exists()]
        if missing:
            print(f"{benchmark.title}: kept as it is, for {data / missing[0]} is not there", file=sys.stderr)
            kept = re.search(rf"^## {re.escape(benchmark.title)}\n.*?(?=^## |\Z)", before, re.MULTILINE | re.DOTALL)
            parts += [kept[0].rstrip("\n") + "\n"] if kept else []
            continue
        with tempfile.TemporaryDirectory() as work:
            parts.append(section(benchmark, data, Path(work)))
    return "\n".join(parts)


def main() -> int:
    parser = argparse.ArgumentParser(description="Make docs/reproduction.md.")
    parser.add_argument("--data", type=Path, default=ROOT / "../shared/data")
    parser.add_argument("--check", action="store_true", help="write nothing; 1 where the page would change")
    asked = parser.parse_args()
    before = PAGE.read_text("utf-8") if PAGE.exists() else ""
    after = page(asked.data.resolve(), before)
    if asked.check:
        return 1 if after != before else 0
    PAGE.write_text(after, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
