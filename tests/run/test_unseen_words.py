"""What a run says of golds whose words a metric does not know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from planned_specs import changed, plan_of, run_plan, write_lines
from watched_models import Watched

SPEC = """edition 2026
import std.metrics { bleu, rouge, token_f1, smoothed_bleu, exact_match }

record Said { comment : text }
record Row { id : text   question : text   gold : Said }

dataset exam : Row { source = jsonl("exam.jsonl")  splits = [test] }

prompt ask(question: text) { user "{{ question }} {{ answer_format }}" }

task comments {
  data    = exam.test
  prompt  = ask
  answer  Said via json
  metrics {
    primary rouge on comment
    rouge(variant: 1) on comment as rouge_1
    exact_match on comment
  }
}
"""
GOLDS = ("右侧胸腔积液。", "BP 120/80，正常", "no change", "Без изменений", " ", "—")


def warnings(folder: Path, spec: str, golds: tuple[str, ...] = GOLDS) -> Any:
    lines = [{"id": f"r{at}", "question": f"Q{at}?", "gold": {"comment": gold}} for at, gold in enumerate(golds)]
    write_lines(folder / "data" / "exam.jsonl", lines)
    model = Watched(reply=lambda request: '{"comment": "no change"}')
    return run_plan(plan_of(spec, "comments"), folder / "out", model, data=folder / "data")["warnings"]


def test_each_metric_is_named_once_with_what_to_write(tmp_path: Path) -> None:
    assert warnings(tmp_path, SPEC) == [
        "comments: 2 of 5 golds have Chinese words, which `rouge(language: en)` does not know, and score 0 where they have "
        "no other (1); write `rouge(language: zh)`",
        "comments: 2 of 5 golds have no word that `rouge` knows: 0 whatever is answered",
    ]


def test_nothing_is_left_to_say_of_chinese_where_the_language_is_named(tmp_path: Path) -> None:
    spec = changed(
        SPEC, ("primary rouge on", "primary rouge(language: zh) on"), ("variant: 1", "variant: 1, language: zh")
    )
    assert warnings(tmp_path, spec) == [
        "comments: 2 of 5 golds have no word that `rouge` knows: 0 whatever is answered"
    ]
    assert warnings(tmp_path / "more", spec, GOLDS[:3]) == []


@pytest.mark.parametrize("metric", ["bleu", "token_f1", "smoothed_bleu"])
def test_metrics_to_which_a_run_of_characters_is_one_word(metric: str, tmp_path: Path) -> None:
    spec = changed(
        SPEC, ("primary rouge on", f"primary {metric} on"), ("    rouge(variant: 1) on comment as rouge_1\n", "")
    )
    assert warnings(tmp_path, spec) == [
        f"comments: 2 of 5 golds have Chinese words, which `{metric}(language: en)` does not know; "
        f"write `{metric}(language: zh)`"
    ]
    assert warnings(tmp_path / "english", spec, ("no change", "胸水なし")) == []
