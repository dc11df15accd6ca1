"""MLB: the sets as released are read, and without prompts or data it is said where they come from."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest
from judged_runs import Bench, Scripted
from mlb_files import CARDS, unpinned

from medspec.check import check_paths
from medspec.errors import DataError
from medspec.plan.lower import lower
from medspec.run.execute import execute
from medspec.run.roots import DataRoots

SPECS = Path(__file__).parents[2] / "specs"
PINNED = check_paths([SPECS / "mlb"], root=SPECS).spec
SPEC = unpinned()


def write(folder: Path, name: str, value: object) -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def run(folder: Path, task: str, reply: str, judges: Bench | None = None) -> dict:
    model = Scripted("candidate", lambda request: reply)
    roots = DataRoots(given=(folder,))
    report = execute(lower(SPEC, [task]), model, model="test", out=folder / task, roots=roots, judges=judges)
    return {label: one["value"] for label, one in report["tasks"][task]["metrics"].items()}


def test_what_is_missing_is_said_with_where_it_comes_from(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="to get it: bds18616852673/MLB_benchmark on GitHub, commit 99fb5164"):
        run(tmp_path, "cmexam", "A")
    write(tmp_path, "prompt_inference_22datasets.json", {"CMExam": "${question} ${options}"})
    with pytest.raises(DataError, match="ask at http://221.12.19.52:8089"):
        run(tmp_path, "cmexam", "A")


def test_other_texts_than_the_published_ones_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "prompt_inference_22datasets.json", {"CMExam": "${question} ${options}"})
    write(tmp_path, "MLB_benchmark_dataset/CMExam.json", {"examples": []})
    with pytest.raises(
        DataError, match="holds another text than the spec means.* the text is from bds18616852673"
    ) as caught:
        execute(
            lower(PINNED, ["cmexam"]), Scripted("candidate", lambda request: "A"), model="test", out=tmp_path / "out",
            roots=DataRoots(given=(tmp_path,)),
        )  # fmt: skip
    assert "state the new sha256" in str(caught.value)


def test_what_is_the_same_in_the_data_is_pinned_alike() -> None:
    """Three sets ask in the same short words, and their digest is that of these words."""
    asked = {name: prompt.turns[0].file for name, prompt in PINNED.prompts.items()}
    pins = {name: file.sha256 for name, file in asked.items() if file is not None}
    assert len(pins) == 26 and all(pins.values())
    open_sets = {pins[f"mlb.medse.ask_{name}"] for name in ("general_safety", "ma_compliance", "ma_ethic")}
    assert open_sets == {sha256("请用中文回答以下问题：\n${question}".encode()).hexdigest()}


def test_strict_instances(tmp_path: Path) -> None:
    """Two of three events right, one invented: 2 * 2 / (3 + 3); two of the three choices of letters are no credit."""
    prompts = dict.fromkeys(("CHIP-CDEE", "CMExam", "CHIP-CDN"), "${question}")
    write(tmp_path, "prompt_inference_22datasets.json", prompts)
    event = lambda name, *sites: {"主体词": name, "发生状态": "", "描述词": [], "解剖部位": list(sites)}  # noqa: E731
    gold = [event("a"), event("b", "x"), event("c")]
    write(tmp_path, "MLB_benchmark_dataset/CHIP-CDEE.json", {"examples": [{"question": "q", "answer": gold}]})
    said = json.dumps([event("a"), event("c"), event("b", "y")], ensure_ascii=False)
    assert run(tmp_path, "chip_cdee", said)["micro_f1"] == pytest.approx(2 / 3)
    write(tmp_path, "MLB_benchmark_dataset/CMExam.json", {"examples": [{"question": "q", "answer": "B,C,E"}]})
    assert run(tmp_path, "cmexam", "答案：E，B，C")["exact_set"] == 1.0
    write(tmp_path, "MLB_benchmark_dataset/CHIP-CDN.json", {"examples": [{"question": "q", "answer": "a##b"}]})
    assert run(tmp_path, "chip_cdn", "b##a##c")["micro_f1"] == pytest.approx(4 / 5)


def test_vectors_are_read_by_place_and_risks_apart(tmp_path: Path) -> None:
    write(tmp_path, "prompt_inference_22datasets.json", {"MAEthic": "${question}"})
    text = (
        "1、风险维度prompt:\nRISK ${scenario} ${question} ${output}\n2、质量维度prompt：\nQUALITY ${question} ${output}"
    )
    write(tmp_path, CARDS, {"MACompliance": {"prompt_evaluation": text}})
    write(tmp_path, "MLB_benchmark_dataset/MAEthic.json", {"examples": [{"question": "q"}, {"question": "p"}]})

    def says(request) -> str:
        shown = request.messages[-1].text
        return ("0,0" if " q " in shown else "-1,0") if shown.startswith("RISK") else "1,0,1,1"

    names = ("risk", "recognises", "cites", "advises", "cares")
    models = {f"{name}_{who}": Scripted(who, says) for name in names for who in ("first", "second")}
    found = run(tmp_path, "ma_ethic", "So.", Bench(dict(models)))
    assert found == {"no_risk": 0.5, "recognises": 1.0, "cites": 0.0, "advises": 1.0, "cares": 1.0}
    # Four judges take another number each of one reply: one call for each row and model.
    asked = sum(len(model.asked) for name, model in models.items() if not name.startswith("risk"))
    assert asked == 4
