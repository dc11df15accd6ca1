"""A classifier or a detector of a folder as a backend.

A text classifier reads the text of the last user turn, an image classifier or a detector the one image of the prompt. What it
answers is written by the form of the request, and is a reply like any other. A row it cannot read has a failure.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from medspec.backends.base import Abilities, Found, Options, Reply, Request, sha256_of
from medspec.backends.onnx.decoder import StepFailed
from medspec.backends.onnx.sampling import NOT_FINITE
from medspec.backends.onnx.session import open_session, runtime_version
from medspec.backends.onnx.tensors.answers import HALF, MOST_BOXES, boxes_of, label_scores, said
from medspec.backends.onnx.tensors.folder import BOXES, TEXT, TensorFolder, abilities_of_config, resolve
from medspec.backends.onnx.tensors.graph import TensorGraph, read_graph
from medspec.backends.onnx.vision.pixels import BadImage, inputs_of, kind_of, load_processor, prepared_by
from medspec.errors import BackendError, UsageError
from medspec.types.base import Misfit
from medspec.types.labels import Unmatched, match_labels

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TEXT_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_IMAGE_INPUTS = ("pixel_values", "pixel_mask")


class _Failed(Exception):
    """A row that cannot be read: its failure, and more about it."""


@attrs.define
class TensorBackend:
    """A loaded classifier or detector. Made by `open_model`. `prepare` makes the inputs of a request, one row of each."""

    folder: TensorFolder
    graph: TensorGraph | None
    prepare: Any
    options: Options
    threshold: float
    wanted: tuple[int, ...]
    abilities: Abilities
    _files: dict[str, str] | None = None

    @property
    def digest(self) -> str:
        """Hex sha256 over the files and every setting that can change an answer."""
        parts = {
            "files": self._digests(),
            "threshold": self.threshold,
            "wanted": self.wanted,
            "device": self._loaded().opened.device,
            "exact": self.options.exact,
            "runtime": runtime_version(),
            **({"images": prepared_by(self.folder.processor)} if self.folder.task != TEXT else {}),
        }
        return sha256_of(json.dumps(parts, sort_keys=True))

    def describe(self) -> dict[str, Any]:
        """What is loaded and how it runs."""
        opened, folder = self._loaded().opened, self.folder
        return {
            "scheme": "onnx",
            "folder": str(folder.root),
            "graph": str(folder.graph.relative_to(folder.root)),
            "dtype": folder.dtype,
            "note": folder.note,
            "family": folder.task,
            "answers": self.abilities.answers,
            "labels": list(folder.labels),
            "files": self._digests(),
            "runtime": f"onnxruntime {runtime_version()}",
            "provider": opened.session.get_providers()[0],
            "device": opened.device,
            "why_cpu": opened.cpu_reason,
            "threads": opened.threads,
            "batch": self._batch,
            "exact": self.options.exact,
            "context": folder.context,
            **({"images_prepared_by": prepared_by(folder.processor)} if folder.task != TEXT else {}),
            **({"threshold": self.threshold} if folder.task == BOXES else {}),
        }

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Reply]]:
        """Rows that cannot be read first, then the others, the longest texts first."""
        ready: list[tuple[int, Request, dict[str, NDArray[Any]]]] = []
        for index, request in enumerate(requests):
            if request.form is None:
                raise BackendError(
                    f"{self.folder.root} answers with {self.abilities.answers}, and was asked for a text"
                )
            try:
                ready.append((index, request, self.prepare(request)))
            except (_Failed, BadImage) as err:
                failure, detail = err.args if isinstance(err, _Failed) else ("bad_image", str(err))
                yield index, Reply(prompt_sha256=_sent(request), failure=failure, detail=detail)
        if self.folder.task == TEXT:
            ready.sort(key=lambda one: -one[2]["input_ids"].shape[1])
        for start in range(0, len(ready), self._batch):
            yield from self._answers(ready[start : start + self._batch])

    def close(self) -> None:
        """Forget the session; the backend answers no more."""
        self.graph = None

    @property
    def _batch(self) -> int:
        alone = self.options.exact or self.folder.quantised or self.folder.task != TEXT
        return 1 if alone else self.options.rows()

    def _answers(self, rows: list[tuple[int, Request, dict[str, NDArray[Any]]]]) -> Iterator[tuple[int, Reply]]:
        started = time.perf_counter()
        try:
            found = self._loaded().run(_together([inputs for _, _, inputs in rows]))
        except StepFailed as err:
            if len(rows) > 1:
                half = len(rows) // 2
                yield from self._answers(rows[:half])
                yield from self._answers(rows[half:])
                return
            yield rows[0][0], Reply(prompt_sha256=_sent(rows[0][1]), failure="model_error", detail=str(err))
            return
        share = (time.perf_counter() - started) / len(rows)
        for at, (index, request, inputs) in enumerate(rows):
            length = inputs["input_ids"].shape[1] if "input_ids" in inputs else None
            yield index, self._reply(request, {name: value[at] for name, value in found.items()}, length, share)

    def _reply(self, request: Request, found: dict[str, Any], length: int | None, seconds: float) -> Reply:
        import numpy as np

        made: dict[str, Any] = {"prompt_sha256": _sent(request), "tokens_in": length, "seconds": seconds}
        if not all(np.isfinite(value).all() for value in found.values()):
            return Reply(**made, failure="model_error", detail=NOT_FINITE)
        try:
            answer = self._said(request, found)
        except (Unmatched, Misfit) as err:
            return Reply(**made, failure="model_error", detail=f"the model {err}")
        if isinstance(answer, str):
            return Reply(**made, text=answer)
        return Reply(**made, scores=answer, finish="scored")

    def _said(self, request: Request, found: dict[str, Any]) -> Any:
        form, labels = request.form, self.folder.labels
        assert form is not None
        logits = found["logits"]
        if self.folder.task != BOXES:
            several = self.abilities.answers == "labels"
            return said(request, form, label_scores(logits, several=several), labels, several=several)
        boxes = boxes_of(
            logits,
            found["pred_boxes"],
            len(labels),
            wanted=self.wanted,
            threshold=self.threshold,
            one=form.kind == "box",
            labelled=bool(form.names),
            most=MOST_BOXES.get(kind_of(self.folder.processor) or ""),
        )
        places = match_labels(labels, form.names) if form.names else ()
        return form.write([Found(box, places.index(at) if places else None, sure) for box, at, sure in boxes])

    def _loaded(self) -> TensorGraph:
        if self.graph is None:
            raise BackendError(f"{self.folder.root}: the model was closed")
        return self.graph

    def _digests(self) -> dict[str, str]:
        if self._files is None:
            self._files = self.folder.digests()
        return self._files


def open_model(place: str, settings: Mapping[str, str], options: Options) -> TensorBackend:
    """Load the model in the folder `place`.

    A detector has settings: `threshold=0.5`, the least probability of a box, and `label=...`, the one label whose boxes count.
    Raises `BackendError` when the model cannot be used and `UsageError` for settings.
    """
    folder = resolve(Path(place).expanduser(), options.dtype)
    threshold, wanted = _settings(folder, settings)
    opened = open_session(folder.graph, device=options.device, threads=options.threads)
    takes = _TEXT_INPUTS if folder.task == TEXT else _IMAGE_INPUTS
    gives = ("logits", "pred_boxes") if folder.task == BOXES else ("logits",)
    graph = read_graph(folder.graph, opened, takes, gives)
    prepare = _text_reader(folder) if folder.task == TEXT else _image_reader(folder)
    backend = TensorBackend(folder, graph, prepare, options, threshold, wanted, abilities_of_config(folder.config))
    _require_labels(backend, opened)
    return backend


def _settings(folder: TensorFolder, settings: Mapping[str, str]) -> tuple[float, tuple[int, ...]]:
    known = ("threshold", "label") if folder.task == BOXES else ()
    unknown = next((name for name in settings if name not in known), None)
    if unknown is not None:
        raise UsageError(f"{folder.root}: this model has no setting {unknown!r}; it has {', '.join(known) or 'none'}")
    try:
        threshold = float(settings.get("threshold", HALF))
    except ValueError:
        threshold = -1.0
    if not 0 <= threshold <= 1:
        raise UsageError(f"threshold={settings['threshold']}: expected a probability from 0 to 1")
    label = settings.get("label")
    if label is None:
        return threshold, tuple(range(len(folder.labels)))
    if label not in folder.labels:
        raise UsageError(f"{folder.root}: there is no label {label!r}; there are {', '.join(folder.labels)}")
    return threshold, (folder.labels.index(label),)


def _require_labels(backend: TensorBackend, opened: Any) -> None:
    """Refuse a graph with another number of logits than config.json has labels."""
    folder = backend.folder
    shape = next(item.shape for item in opened.session.get_outputs() if item.name == "logits")
    width, count = shape[-1] if shape else None, len(folder.labels)
    allowed = (count, count + 1) if folder.task == BOXES else (count,)
    if folder.task == BOXES and folder.config.get("use_focal_loss") is False and width == count:
        raise BackendError(
            f"{folder.root}: with `use_focal_loss: false` the last logit means that there is nothing, and config.json names a "
            "label for it; leave the last one out of `id2label`"
        )
    if isinstance(width, int) and width not in allowed:
        raise BackendError(f"{folder.graph}: it gives {width:,} logits, and config.json names {count:,} labels")


def _text_reader(folder: TensorFolder) -> Any:
    import numpy as np
    import tokenizers

    try:
        tokenizer = tokenizers.Tokenizer.from_file(str(folder.tokenizer))
    except Exception as err:  # the library raises bare Exception
        raise BackendError(f"{folder.tokenizer}: not a tokenizer this version can read: {err}") from err
    tokenizer.no_truncation()
    tokenizer.no_padding()
    pad = folder.config.get("pad_token_id")

    def prepare(request: Request) -> dict[str, Any]:
        ids = tokenizer.encode(_last_turn(request)).ids
        if folder.context is not None and len(ids) > folder.context:
            raise _Failed("too_long", f"text {len(ids):,} tokens, the model takes {folder.context:,}")
        row = np.array([ids], dtype=np.int64)
        return {"input_ids": row, "attention_mask": np.ones_like(row), "pad": pad if isinstance(pad, int) else 0}

    return prepare


def _image_reader(folder: TensorFolder) -> Any:
    process = load_processor(folder.root, folder.processor)

    def prepare(request: Request) -> dict[str, Any]:
        import numpy as np

        pictures = [picture for message in request.messages for picture in message.images]
        if len(pictures) != 1:
            raise _Failed("model_error", f"the model reads one image, and the prompt shows {len(pictures)}")
        given = inputs_of(pictures[0], process)
        pixels = given["pixel_values"]
        given.setdefault("pixel_mask", np.ones((1, *pixels.shape[-2:]), dtype=np.int64))
        return given

    return prepare


def _together(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Inputs of several rows as one batch; texts are padded on the right, and the mask says where."""
    import numpy as np

    if "input_ids" not in rows[0]:
        return rows[0]
    width = max(row["input_ids"].shape[1] for row in rows)
    found = {}
    for name, fill in (("input_ids", rows[0]["pad"]), ("attention_mask", 0)):
        found[name] = np.concatenate(
            [np.pad(row[name], ((0, 0), (0, width - row[name].shape[1])), constant_values=fill) for row in rows]
        )
    return {**found, "token_type_ids": np.zeros_like(found["input_ids"])}


def _last_turn(request: Request) -> str:
    return next((message.text for message in reversed(request.messages) if message.role == "user"), "")


def _sent(request: Request) -> str:
    return sha256_of(request.plain_prompt)
