"""The encoders that metrics such as `bertscore` name: opened once for a run, before the model under test is asked anything.

A folder is looked for under the data roots and then where medspec runs, as the models of judges are. The digest of each
encoder stands in the report, and is part of the score hash there: two runs with other weights measured other things.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from medspec.backends.base import Options
from medspec.errors import BackendError
from medspec.metrics.encoded import Corpus, Encoder
from medspec.plan.encoders import encoders_in, encoders_of
from medspec.plan.form import digest
from medspec.plan.nodes import Plan, TaskPlan
from medspec.run.roots import DataRoots, find_model


class KnownEncoder(Encoder, Protocol):
    """An encoder that can say what it is."""

    @property
    def digest(self) -> str:
        """Identifies weights, tokenizer and context. Hex sha256."""

    def describe(self) -> dict[str, Any]:
        """For reports: what it is, how many `texts` it has seen, how many of them it had to `cut`."""


Encoders = Mapping[str, KnownEncoder]
"""Loaded encoders, by the name of the spec."""


def open_encoders(plan: Plan, roots: DataRoots, options: Options) -> dict[str, KnownEncoder]:
    """Every encoder that `plan` needs. Raises `BackendError` for one that is not there, or cannot be loaded."""
    from medspec.backends.onnx.encoder import open_encoder

    found: dict[str, KnownEncoder] = {}
    for name, labels in encoders_in(plan).items():
        folder = find_model(name, roots)
        if folder is None:
            looked = ", ".join(str(root) for root, _ in roots.places()) or "no data root"
            raise BackendError(
                f"the encoder `{name}` of {labels[0]} was not found below {looked}, or where medspec runs; "
                "say with `--data DIR` which folder holds it"
            )
        found[name] = open_encoder(folder, options)
    return found


def corpora(task: TaskPlan, encoders: Encoders, golds: Sequence[Any]) -> dict[str, Corpus]:
    """What the metrics of `task` find of their encoders; `golds` are those of all its rows."""
    return {name: Corpus(encoders[name], golds) for name in encoders_of(task)}


def full_score_hash(task: TaskPlan, encoders: Encoders) -> str:
    """The score hash of a task as it was computed: the plan's, and the digests of its encoders where it has any."""
    digests = [encoders[name].digest for name in encoders_of(task)]
    return digest([task.score_hash, *digests]) if digests else task.score_hash


def encoders_report(encoders: Encoders) -> dict[str, Any]:
    """What `report.json` says of the encoders; empty where there are none."""
    return {"encoders": {name: one.describe() for name, one in encoders.items()}} if encoders else {}


def encoder_warnings(encoders: Encoders) -> list[str]:
    """A sentence for each encoder that could not see all of its texts."""
    return [
        f"the encoder {name} sees {told['context']:,} tokens: {told['cut']:,} of {told['texts']:,} texts are longer, "
        "and were compared without what is behind"
        for name, one in encoders.items()
        if (told := one.describe())["cut"]
    ]
