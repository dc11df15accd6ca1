"""A run on a machine that goes to sleep: `python sleeping_runs.py FOLDER SEED`. Prints what came of it as JSON.

The process is stopped in the middle of its calls and woken after a while; before it goes on its clocks have jumped, one by a day
ahead and the other by a day back. While it sleeps a second run into its folder is refused.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from random import Random

from killed_runs import ROWS, SPEC, Trial, kept, result

from medspec.errors import StoreError
from medspec.run.journal import Journal

DAY = 86_400.0


def jumping_clocks() -> None:
    """In this process, the clocks jump when it is woken."""
    monotonic, wall = time.monotonic, time.time
    jumped = [0.0]
    signal.signal(signal.SIGCONT, lambda number, frame: jumped.__setitem__(0, DAY))
    time.monotonic = lambda: monotonic() + jumped[0]  # type: ignore[assignment]
    time.time = lambda: wall() - jumped[0]  # type: ignore[assignment]


def main(root: Path, seed: int) -> dict[str, int]:
    from planned_specs import plan_of, write_lines

    rows = [
        {"id": f"r{n}", "question": f"Question {n}?", "options": ["a", "b", "c"][: 2 + n % 2], "gold": n % 2}
        for n in range(ROWS)
    ]
    write_lines(root / "data" / "exam.jsonl", rows)
    (root / "runs").mkdir(parents=True)
    trial = Trial(root, plan_of(SPEC, "all"), Random(seed))
    whole, out = root / "runs" / "whole", root / "runs" / "slept"
    assert os.waitpid(trial.run(whole), 0)[1] == 0, "the undisturbed run failed"
    process = trial.run(out, jumping_clocks)
    log = out.with_suffix(".log")
    while not log.is_file() or len(log.read_text("utf-8").splitlines()) < ROWS // 2:
        time.sleep(0.002)
    os.kill(process, signal.SIGSTOP)
    refused = 0
    try:
        # Longer than a second, after which replies are brought to the disk.
        time.sleep(1.2)
        try:
            Journal.open(out).close()
        except StoreError as error:
            refused += "in use by another medspec process" in str(error)
    finally:
        os.kill(process, signal.SIGCONT)
    assert os.waitpid(process, 0)[1] == 0, "the run that slept failed"
    said = log.read_text("utf-8").splitlines()
    assert len(said) == len(set(said)), "a call was made twice"
    assert kept(out) == kept(whole) and result(out) == result(whole), "another result than that of the undisturbed run"
    seconds = json.loads((out / "report.json").read_text("utf-8"))["seconds"]
    return {"calls": len(said), "refused": refused, "told seconds": round(seconds)}


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]))))
