"""Classifiers and detectors as models, through the command line: every answer is that of transformers with the same weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_tensors import IMAGE_SIZE, TinyTensors, write_classifier, write_seeing

from medspec.backends import abilities_of
from medspec.backends.base import Decode, Form, Message, Options, Request
from medspec.backends.onnx import SCHEME
from medspec.errors import BackendError, UsageError

TEXTS = [
    "The patient was seen in clinic today.",
    "Fever.",
    "A question about the heart: does the drug lower blood pressure?",
    "Answer with one letter: A, B, C or D. The answer is the fever and the cough.",
    "no new complaints",
    "yes, no, maybe",
]
OPTIONS = ["Can wait", "Immediate", "Urgent"]
TRIAGE = ("IMMEDIATE", "urgent", "can_wait")


def spec(answer: str, gold: str, metrics: str = "primary accuracy", prompt: str = "{{ note }}") -> str:
    """A task that asks for `answer`, with gold of the type `gold`."""
    return f"""edition 2026
import std.metrics {{ accuracy, brier, set_f1, iou_at, box_map }}

enum Triage {{ red "Immediate"  amber "Urgent"  green "Can wait" }}

record Note {{ id : text  note : text  scan : image  options : text[3..3]  gold : {gold} }}

dataset notes : Note {{ source = jsonl("notes.jsonl")  splits = [test]  license = "mit" }}

prompt read(note: text) {{ user "{{{{ note }}}}" }}
prompt see(scan: image) {{ user "{{{{ scan }}}}" }}

task asked @1 {{
  data    = notes.test
  prompt  = {prompt}
  answer  {answer}
  metrics {{ {metrics} }}
}}
"""


@pytest.fixture
def run(tmp_path: Path, command: Any) -> Any:
    """Writes spec and rows, runs the model, gives the report and the rows."""
    import polars as pl

    def call(text: str, golds: list[Any], folder: Path, *words: str, model: str = "", refused: bool = False) -> Any:
        (tmp_path / "asked.medspec").write_text(text, encoding="utf-8")
        rows = [
            {"id": str(at), "note": note, "scan": f"{at}.png", "options": OPTIONS, "gold": gold}
            for at, (note, gold) in enumerate(zip(TEXTS, golds, strict=True))
        ]
        (tmp_path / "notes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        for at in range(len(TEXTS)):
            noise = np.random.default_rng(at).integers(0, 256, (40, 56, 3), dtype=np.uint8)
            Image.fromarray(noise).save(tmp_path / f"{at}.png")
        out = tmp_path / f"out{len(list(tmp_path.glob('out*')))}"
        where = ("--model", model or f"onnx:{folder}", "--out", out, "--device", "cpu")
        done = command("run", tmp_path / "asked.medspec", *where, *words)
        if refused:
            return done
        assert done.code == 0, done.out + done.err
        report = json.loads((out / "report.json").read_text("utf-8"))
        return report, list(pl.read_parquet(out / "rows.parquet").iter_rows(named=True))

    return call


def text_logits(tiny: TinyTensors) -> np.ndarray:
    rows = []
    for note in TEXTS:
        ids = torch.tensor([tiny.tokenizer.encode(note).ids])
        with torch.no_grad():
            rows.append(tiny.reference(input_ids=ids).logits[0].numpy())
    return np.stack(rows)


def pixels(folder: Path, at: int) -> torch.Tensor:
    """What transformers' processor makes of an image: resized, to the range -1 to 1."""
    image = Image.open(folder / f"{at}.png").convert("RGB").resize((IMAGE_SIZE, IMAGE_SIZE), resample=2)
    return torch.from_numpy((np.asarray(image, np.float32) / 255 - 0.5) / 0.5).permute(2, 0, 1)[None]


@pytest.mark.parametrize("words", [(), ("--exact",), ("--batch", "2")])
def test_a_classifier_of_two_labels_answers_yes_and_no(tmp_path: Path, run: Any, words: tuple[str, ...]) -> None:
    tiny = write_classifier(tmp_path / "model", labels=("POSITIVE", "NEGATIVE"), seed=6)
    expected = [bool(row.argmax() == 0) for row in text_logits(tiny)]
    assert set(expected) == {True, False}
    report, rows = run(spec("bool via plain", "bool", prompt="read"), [True] * 6, tiny.folder, *words)
    assert [json.loads(row["answer"]) for row in rows] == expected
    assert report["tasks"]["asked"]["metrics"]["accuracy"]["value"] == pytest.approx(sum(expected) / 6)
    assert report["tasks"]["asked"]["unread"] == 0


def test_a_classifier_answers_with_cases_whatever_the_reader(tmp_path: Path, run: Any, command: Any) -> None:
    tiny = write_classifier(tmp_path / "model", labels=TRIAGE, seed=5)
    expected = [("red", "amber", "green")[row.argmax()] for row in text_logits(tiny)]
    assert len(set(expected)) > 1
    for answer in ("Triage via plain", "Triage via letter", "Triage via json"):
        _, rows = run(spec(answer, "Triage", prompt="read"), ["red"] * 6, tiny.folder, "--fresh")
        assert [json.loads(row["answer"]) for row in rows] == expected, answer
    again = command("score", tmp_path / "out1", tmp_path / "asked.medspec")
    assert again.code == 0, again.err


def test_options_of_a_row_are_labels_too(tmp_path: Path, run: Any) -> None:
    tiny = write_classifier(tmp_path / "model", labels=(*TRIAGE, "something else"), seed=5)
    order = [TRIAGE.index(label) for label in ("can_wait", "IMMEDIATE", "urgent")]
    expected = [int(row[order].argmax()) for row in text_logits(tiny)]
    _, rows = run(spec("choice of options via letter", "choice of options", prompt="read"), [0] * 6, tiny.folder)
    assert [json.loads(row["answer"]) for row in rows] == expected


def test_probabilities_are_confidence(tmp_path: Path, run: Any) -> None:
    tiny = write_classifier(tmp_path / "model", labels=TRIAGE, seed=5)
    logits = torch.from_numpy(text_logits(tiny))
    shares = torch.softmax(logits, dim=1).numpy()
    gold = np.eye(3)[[0, 1, 2, 0, 1, 2]]
    text = spec("Triage via likelihood", "Triage", "primary accuracy  brier", prompt="read")
    report, rows = run(text, ["red", "amber", "green"] * 2, tiny.folder)
    assert [json.loads(row["answer"]) for row in rows] == [("red", "amber", "green")[row.argmax()] for row in logits]
    found = report["tasks"]["asked"]["metrics"]["brier"]["value"]
    assert found == pytest.approx(float(((shares - gold) ** 2).sum(axis=1).mean()), abs=1e-5)


def test_a_classifier_of_several_labels_answers_with_a_set(tmp_path: Path, run: Any) -> None:
    tiny = write_classifier(tmp_path / "model", labels=TRIAGE, several=True, seed=2)
    names = np.array(["red", "amber", "green"])
    expected = [sorted(names[row > 0]) for row in text_logits(tiny)]
    assert len({tuple(one) for one in expected}) > 2
    text = spec("set<Triage> via json", "set<Triage>", "primary set_f1", prompt="read")
    _, rows = run(text, [["red"]] * 6, tiny.folder)
    assert [sorted(json.loads(row["answer"])) for row in rows] == expected


def test_a_classifier_of_images(tmp_path: Path, run: Any) -> None:
    tiny = write_seeing(tmp_path / "model", kind="vit", labels=TRIAGE, seed=1)
    _, rows = run(spec("Triage via plain", "Triage", prompt="see"), ["red"] * 6, tiny.folder)
    with torch.no_grad():
        logits = [tiny.reference(pixel_values=pixels(tmp_path, at)).logits[0] for at in range(6)]
    expected = [("red", "amber", "green")[int(row.argmax())] for row in logits]
    assert len(set(expected)) > 1
    assert [json.loads(row["answer"]) for row in rows] == expected


def test_a_classifier_of_images_with_several_labels(tmp_path: Path, run: Any) -> None:
    tiny = write_seeing(tmp_path / "model", kind="vit", labels=TRIAGE, several=True, seed=1)
    text = spec("set<Triage> via json", "set<Triage>", "primary set_f1", prompt="see")
    _, rows = run(text, [["red"]] * 6, tiny.folder)
    with torch.no_grad():
        chances = [tiny.reference(pixel_values=pixels(tmp_path, at)).logits[0].sigmoid() for at in range(6)]
    names = np.array(["red", "amber", "green"])
    expected = [sorted(names[one.numpy() > 0.5]) for one in chances]
    assert len({tuple(one) for one in expected}) > 1
    assert [sorted(json.loads(row["answer"])) for row in rows] == expected


def boxes_of_transformers(tiny: TinyTensors, folder: Path, at: int, threshold: float) -> tuple[np.ndarray, ...]:
    """The boxes as fractions of the image, the likeliest first, by the post-processing of DETR's paper."""
    from transformers.image_transforms import center_to_corners_format

    with torch.no_grad():
        found = tiny.reference(pixel_values=pixels(folder, at))
    likely, labels = torch.softmax(found.logits[0], dim=-1)[:, :-1].max(dim=-1)
    order = torch.argsort(likely, descending=True)
    kept = [place for place in order.tolist() if likely[place] > threshold]
    return (
        center_to_corners_format(found.pred_boxes[0])[kept].clamp(0, 1).numpy(),
        likely[kept].numpy(),
        labels[kept].numpy(),
    )


def test_a_detector_answers_with_its_likeliest_box(tmp_path: Path, run: Any) -> None:
    tiny = write_seeing(tmp_path / "model", kind="yolos", labels=("tumour", "cyst"), seed=1)
    gold = [[0.1, 0.1, 0.5, 0.5]] * 6
    answer = "box(xyxy, unit) in scan via boxes"
    _, rows = run(spec(answer, "box(xyxy, unit) in scan", "primary iou_at(threshold: 0.5)", "see"), gold, tiny.folder)
    for at, row in enumerate(rows):
        assert json.loads(row["answer"]) == pytest.approx(
            boxes_of_transformers(tiny, tmp_path, at, 0.0)[0][0], abs=1e-4
        )


def test_a_detector_answers_with_all_boxes_above_its_threshold(tmp_path: Path, run: Any) -> None:
    tiny = write_seeing(tmp_path / "model", kind="yolos", labels=("tumour", "cyst"), seed=1)
    record = "Located { label : Finding  where : box(xywh, pixel) in scan  sure : float(0..1) }"
    text = spec("Located[] via json", "Located[]", "primary box_map(iou: [0.5])", "see")
    text = text.replace("record Note", f"enum Finding {{ cyst tumour }}\n\nrecord {record}\n\nrecord Note")
    gold = [[{"label": "cyst", "where": [5, 5, 20, 20], "sure": 1.0}]] * 6
    run(text, gold, tiny.folder, "--limit", "1")  # writes the images
    likely = np.concatenate([boxes_of_transformers(tiny, tmp_path, at, 0.0)[1] for at in range(6)])
    threshold = round(float(np.median(likely)), 5)
    report, rows = run(text, gold, tiny.folder, model=f"onnx:{tiny.folder}?threshold={threshold}")
    counts = set()
    for at, row in enumerate(rows):
        corners, likely, labels = boxes_of_transformers(tiny, tmp_path, at, threshold)
        corners *= np.array([56, 40, 56, 40])
        wanted = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
        counts.add(len(wanted))
        found = json.loads(row["answer"])
        assert np.array([entry["where"] for entry in found]).reshape(-1, 4) == pytest.approx(wanted, abs=1e-2)
        assert [entry["sure"] for entry in found] == pytest.approx(likely, abs=1e-5)
        assert [entry["label"] for entry in found] == [("tumour", "cyst")[label] for label in labels]
    assert min(counts) < 6
    assert report["tasks"]["asked"]["unread"] == 0


REFUSED = [
    (("a", "b", "c"), False, spec("Triage via plain", "Triage", prompt="read"), "no label for `Immediate`"),
    ((*TRIAGE, "other"), False, spec("Triage via plain", "Triage", prompt="read"), "may answer `other`"),
    (
        TRIAGE,
        False,
        spec("set<Triage> via json", "set<Triage>", "primary set_f1", "read"),
        "answers with one of its labels",
    ),
    (TRIAGE, True, spec("Triage via plain", "Triage", prompt="read"), "answers with any number of its labels"),
    (("no", "yes"), False, spec("bool via plain", "bool", prompt="see"), "sees no images"),
]


@pytest.mark.parametrize(("labels", "several", "text", "words"), REFUSED)
def test_a_task_that_the_labels_do_not_fit_is_refused_before_anything_is_loaded(
    tmp_path: Path, run: Any, labels: tuple[str, ...], several: bool, text: str, words: str
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    config = {"architectures": ["BertForSequenceClassification"], "id2label": dict(enumerate(labels))}
    if several:
        config["problem_type"] = "multi_label_classification"
    (folder / "config.json").write_text(json.dumps(config))
    done = run(text, [[] if "set<" in text else True if "bool" in text else "red"] * 6, folder, refused=True)
    assert done.code == 1 and "E0701" in done.out + done.err and words in done.out + done.err


def asked(text: str, names: tuple[tuple[str, ...], ...] = (("yes",), ("no",))) -> Request:
    form = Form("key", "bool", names, lambda answer: names[answer[0]][0])
    return Request(task="t", row="r", messages=(Message("user", text),), decode=Decode(), form=form)


def test_a_text_that_is_too_long_is_a_failure_of_its_row(tmp_path: Path) -> None:
    tiny = write_classifier(tmp_path, labels=("no", "yes"), context=16)
    backend = SCHEME.open(str(tmp_path), {}, Options(device="cpu"))
    found = dict(backend.answer([asked("fever and cough " * 20), asked("no")]))
    assert (found[0].failure, found[1].failure) == ("too_long", None)
    assert "the model takes 16" in str(found[0].detail)
    assert tiny.folder == tmp_path


def test_a_classifier_cannot_be_a_judge_or_write(tmp_path: Path) -> None:
    write_classifier(tmp_path, labels=("no", "yes"))
    backend = SCHEME.open(str(tmp_path), {}, Options(device="cpu"))
    free = Request(task="t", row="r", messages=(Message("user", "no"),), decode=Decode())
    with pytest.raises(BackendError, match="was asked for a text"):
        dict(backend.answer([free]))


def test_settings_and_labels_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    write_classifier(tmp_path / "text", labels=("no", "yes"))
    with pytest.raises(UsageError, match="no setting 'threshold'; it has none"):
        SCHEME.open(str(tmp_path / "text"), {"threshold": "0.5"}, Options())
    path = tmp_path / "text" / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, "id2label": {"0": "no", "1": "yes", "2": "maybe"}}))
    with pytest.raises(BackendError, match="it gives 2 logits, and config.json names 3 labels"):
        SCHEME.open(str(tmp_path / "text"), {}, Options())
    path.write_text(json.dumps({**config, "id2label": {}}))
    with pytest.raises(BackendError, match="does not name the labels"):
        SCHEME.open(str(tmp_path / "text"), {}, Options())
    write_seeing(tmp_path / "seen", kind="yolos", labels=("tumour", "cyst"))
    with pytest.raises(UsageError, match="no label 'bone'"):
        SCHEME.open(str(tmp_path / "seen"), {"label": "bone"}, Options())
    with pytest.raises(UsageError, match="from 0 to 1"):
        SCHEME.open(str(tmp_path / "seen"), {"threshold": "x"}, Options())
    abilities = abilities_of(f"onnx:{tmp_path / 'seen'}")
    assert (abilities.answers, abilities.images, abilities.logits) == ("boxes", True, False)


def test_what_reads_images_only_is_estimated_without_a_tokenizer(tmp_path: Path) -> None:
    from medspec.run.token_counts import counter_of

    write_seeing(tmp_path / "seen", kind="vit", labels=("no", "yes"))
    write_classifier(tmp_path / "read", labels=("no", "yes"))
    assert "has no tokenizer here" in counter_of(f"onnx:{tmp_path / 'seen'}").how
    assert counter_of(f"onnx:{tmp_path / 'read'}").how.startswith("tokens as")
