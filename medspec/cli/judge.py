"""`medspec judge`: how far a judge agrees with people, and what waits for them.

medspec judge agreement LABELS --said judge --gold human
medspec judge agreement LABELS --run RUN --score quality --gold human
medspec judge queue RUN > todo.jsonl
medspec judge answer RUN todo.jsonl
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from medspec.cli.options import format_option, quiet_option
from medspec.cli.output import counted, print_for_programs, print_json, print_text
from medspec.cli.specs import shown_path
from medspec.config import find_config
from medspec.errors import DataError, UsageError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def COMMAND() -> None:
    """How far a judge agrees with people, and what waits for them."""


@COMMAND.command()
@click.argument("labels", type=click.Path(path_type=Path))
@click.option("--gold", default="gold", show_default=True, metavar="COLUMN", help="What people said.")
@click.option("--said", default="said", show_default=True, metavar="COLUMN", help="What the judge said.")
@click.option("--second", metavar="COLUMN", help="What a second person said: how far people agree with each other.")
@click.option("--by", metavar="COLUMN", help="What pairs share that belong together, such as the reply they are about.")
@click.option("--positive", metavar="LABEL", help="The label whose rate, precision and recall are wanted.")
@click.option("--run", metavar="RUN", help="Take what the judge said from this run, by row.")
@click.option("--score", metavar="LABEL", help="Which judged score of the run: LABEL or TASK.LABEL.")
@click.option("--field", metavar="NAME", help="Which field of the verdict.")
@click.option("--id", default="id", show_default=True, metavar="COLUMN", help="The row's id, with --run.")
@click.option("--resamples", type=click.IntRange(min=1), default=1000, show_default=True, help="Of the bootstrap.")
@click.option("--seed", type=int, default=7, show_default=True, help="Of the bootstrap.")
@format_option()
def agreement(
    labels: Path,
    gold: str,
    said: str,
    second: str | None,
    by: str | None,
    positive: str | None,
    run: str | None,
    score: str | None,
    field: str | None,
    id: str,
    resamples: int,
    seed: int,
    format: str,
) -> None:
    """Compare a judge with people: table, agreement with intervals, the human ceiling, corrected rates.

    LABELS is a file of rows: JSONL, JSON, CSV or Parquet. Without --run it holds what the judge said too.
    """
    from medspec.plan.nodes import Interval
    from medspec.run.agreement.labels import read_labels, said_in_run
    from medspec.run.agreement.page import agreement as compare
    from medspec.run.agreement.page import agreement_text

    if (run is None) != (score is None):
        raise UsageError("`--run` and `--score` belong together: which judged score of the run")
    columns = {"gold": gold, "second": second, "by": by, **({"said": said} if run is None else {"id": id})}
    rows = read_labels(labels, {name: column for name, column in columns.items() if column is not None})
    verdicts = None
    if run is not None and score is not None:
        verdicts = said_in_run(_run(run), score, field)
    given = _compared(rows, verdicts, positive, labels)
    found = compare(given, Interval(method="bootstrap", resamples=resamples, seed=seed))
    if format == "json":
        print_json(found)
    else:
        print_text(agreement_text(found))


def _compared(
    rows: list[dict[str, Any]], verdicts: Mapping[str, Any] | None, positive: str | None, labels: Path
) -> Any:
    from medspec.run.agreement.labels import as_labels
    from medspec.run.agreement.page import Compared

    kept = [row for row in rows if row["gold"] is not None]
    if verdicts is not None:
        kept = [row for row in kept if str(row["id"]) in verdicts]
    if not kept:
        raise DataError(f"{labels}: no row has a label beside what the judge said")
    known = {str(row["id"]) for row in kept} if verdicts is not None else set()
    said = [row["said"] if verdicts is None else verdicts[str(row["id"])] for row in kept]
    alone = [] if verdicts is None else [value for id, value in verdicts.items() if id not in known]
    gold, second = [row["gold"] for row in kept], [row.get("second") for row in kept]
    # Where labels are true and false, so may be what is written behind `--positive`.
    (said, gold, second, alone, (wanted,)), ordered = as_labels(said, gold, second, alone, [positive])
    if positive is not None:
        if wanted not in gold:
            raise UsageError(f"`--positive {positive}` is no label of {labels}: {', '.join(sorted({*map(str, gold)}))}")
    return Compared(
        said=said,
        gold=gold,
        second=second if any(one is not None for one in second) else None,
        clusters=[row["by"] for row in kept] if kept[0].get("by") is not None else None,
        alone=alone,
        positive=wanted,
        ordered=ordered,
    )


@COMMAND.command()
@click.argument("run")
def queue(run: str) -> None:
    """Write what waits for a person, one line of JSON for each case.

    Fill in `verdict` in each line and give the file to `medspec judge answer`.
    """
    from medspec.run.judging.people import QUEUE, read_lines

    for line in read_lines(_run(run) / QUEUE):
        print_for_programs(json.dumps(line, ensure_ascii=False))


@COMMAND.command()
@click.argument("run")
@click.argument("answers", type=click.Path(path_type=Path))
@quiet_option()
def answer(run: str, answers: Path, quiet: bool) -> None:
    """Take over what people decided; the next `medspec resume RUN` or `medspec score RUN` counts it."""
    from medspec.run.folder import plan_of
    from medspec.run.judging.bench import panel_types
    from medspec.run.judging.people import ANSWERS, read_answers, read_lines, write_lines

    folder = _run(run)
    types = panel_types(plan_of(folder))
    if not answers.is_file():
        raise UsageError(f"there is no file {answers}")
    read_answers(answers, types)
    new = [line for line in read_lines(answers) if line.get("verdict") is not None and line.get("panel") in types]
    kept = {line["case"]: line for line in read_lines(folder / ANSWERS)}
    kept.update({line["case"]: line for line in new})
    write_lines(folder / ANSWERS, list(kept.values()))
    if not quiet:
        shown = shown_path(folder)
        print_text(f"{counted(len(new), 'verdict')} taken over; `medspec resume {shown}` counts them", sys.stderr)


def _run(name: str) -> Path:
    from medspec.run.folder import find_run

    return find_run(name, find_config(Path.cwd()).root / "runs")
