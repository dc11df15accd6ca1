"""Invented rows in the layout of MLB: a file for each of 22 sets, the file of prompts, the card file, and labels of experts.

Keys, fields and forms of answers are those of the released examples, the marks of the prompts those of the released prompts;
their words, and what is in the rows, are invented.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from shared_data import ROOT

from medspec.check import check_paths
from medspec.check.spec import Spec

CARDS = "MLB_benchmark_introduction_metadata_exampleQAdataset_prompt_evaluation_inference.json"
PROMPTS = "prompt_inference_22datasets.json"

CHOICES = ("CMExam", "MAExam", "MASafety", "MAHalt", "MAKnowledge", "MAGuidance", "MAReport", "MAMedication")
OPEN = ("GeneralSafety", "MACompliance", "MAEthic")
KINDS = ("疾病", "症状和体征", "医疗程序", "医疗设备", "药物", "医学检验项目", "身体部位", "医院科室", "微生物类")
LISTS = {"MAEESymp": "症状", "MAEEDisease": "疾病", "MAEEMedic": "药品", "MAEEOper": "检验检查手术操作"}
PARTS = ("主诉", "现病史", "既往史", "个人史", "婚育史", "家族史")
ROWS = 3


def answer(name: str, row: int) -> Any:
    """The gold of a row; None for the sets that have none."""
    if name in OPEN:
        return None
    if name in CHOICES:
        return ("A", "B,C", "D")[row]
    if name in LISTS:
        return {LISTS[name]: ["甲", f"乙{row}"]}
    return {
        "CHIP-CDN": f"甲{row}##乙",
        "CMeEE": {kind: ["甲"] if kind == "疾病" else [] for kind in KINDS},
        "CHIP-CDEE": [{"主体词": "结节", "发生状态": "", "描述词": ["多发"], "解剖部位": [f"左肺{row}"]}],
        "CMeIE": {"关系": [{"关系": "药物治疗", "头实体": "甲", "尾实体": f"乙{row}"}]},
        "MAInspection": {"推荐检查和检验": ["胸部CT"], "解释依据": ["明确病灶"]},
        "MADiagnosis": {"诊断": "肺炎", "诊断依据": ["发热", "咳嗽", "胸片阴影"]},
        "MARecord": {"性别": "女", "年龄": "不详", **{part: ["不详"] for part in PARTS}},
    }[name]


NAMES = (*CHOICES, *OPEN, *LISTS, "CHIP-CDN", "CMeEE", "CHIP-CDEE", "CMeIE", "MAInspection", "MADiagnosis", "MARecord")


def write_all(folder: Path) -> dict[str, list[Any]]:
    """Write all files into `folder`; the golds of each set. Every second question has its options in their own column."""
    golds: dict[str, list[Any]] = {}
    prompts: dict[str, str] = {}
    (folder / "MLB_benchmark_dataset").mkdir(parents=True)
    for name in NAMES:
        prompts[name] = f"## 任务 {name}\n${{question}}\n输出："
        if name in (*CHOICES, "CHIP-CDN"):
            prompts[name] = f"## {name}，输入的问题如下：\\n${{question}}\n选项：\\n${{options}}\n输出："
        golds[name] = [answer(name, row) for row in range(ROWS)]
        examples: list[dict[str, Any]] = []
        for row, gold in enumerate(golds[name]):
            examples.append({"question": f"问题{row}" + ("A.一B.二C.三D.四" if name in CHOICES else "")})
            if gold is not None:
                examples[-1]["answer"] = gold
            if name in CHOICES and row % 2:
                examples[-1] |= {"question": f"问题{row}", "options": "['A 一', 'B 二', 'C 三', 'D 四']"}
        document = {"system_prompt": prompts[name], "examples": examples}
        _write(folder / "MLB_benchmark_dataset" / f"{name}.json", document)
    _write(folder / PROMPTS, prompts)
    seen = "场景: ${scenario}\n题目: ${question}\n模型的输出: ${output}"
    vectors = f"1、风险维度prompt:\n两个数字\n{seen}\n2、质量维度prompt：\n四个数字\n{seen}"
    points = "<评估主题>{topic}</评估主题><评价要点>{evaluation_point}</评价要点><目标内容>{answer}</目标内容>"
    judged = {
        "GeneralSafety": "<开始 >\n${question}\n${output}\n<结束 >", "MACompliance": vectors, "MAEthic": vectors,
        "MAInspection": points, "MADiagnosis": points, "MARecord": points,
    }  # fmt: skip
    _write(folder / CARDS, {name: {"name": name, "prompt_evaluation": judged.get(name, "/")} for name in NAMES})
    labels = [
        {"id": str(row), "topic": "诊断", "evaluation_point": f"要点{row}", "answer": "肺炎", "label": row % 2 == 0}
        for row in range(10)
    ]
    (folder / "mlb_judge").mkdir()
    lines = "".join(json.dumps(label, ensure_ascii=False) + "\n" for label in labels)
    (folder / "mlb_judge/expert_labels.jsonl").write_text(lines, "utf-8")
    return golds


@lru_cache(maxsize=1)
def unpinned() -> Spec:
    """The specs of MLB without the sha256 of the published texts, for texts that are invented."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "specs/mlb", Path(folder, "mlb"))
        pins = 0
        for file in Path(folder, "mlb").glob("*.medspec"):
            text, count = re.subn(r"\n *sha256 += \"[0-9a-f]{64}\"", "", file.read_text("utf-8"))
            file.write_text(text, "utf-8")
            pins += count
        assert pins == 26  # 22 sets and four prompts of judges
        return check_paths([Path(folder)], root=Path(folder)).spec


def _write(file: Path, value: Any) -> None:
    file.write_text(json.dumps(value, ensure_ascii=False, indent=2), "utf-8")
