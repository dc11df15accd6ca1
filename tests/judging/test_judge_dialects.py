"""A judge's model has a dialect: what of it reaches the model, and how its reply is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from judged_runs import Scripted, run_judged
from planned_specs import plan_of

from medspec.codes.base import module

ROWS = [{"id": "1", "image": "a.png", "where": [0.1, 0.2, 0.3, 0.4], "gold": "there"}]


def spec(dialect: str) -> str:
    return module(
        "import std.metrics { mean }",
        """
record Row { id : text  image : image  where : box(xyxy, unit) in image  gold : text }
dataset scans : Row { source = jsonl("scans.jsonl")  splits = [test]  license = "mit" }
prompt find(image: image) { user "{{ image }} Where?" }
""",
        dialect,
        """
model judge_lm { artifact = onnx("judges/judge-8b")  dialect = family }
prompt compare(image: image, expected: box(xyxy, unit) in image, said: text) {
  user "Think step by step. Expected {{ expected }}, said {{ said }}."
}
judge close(image: image, expected: box(xyxy, unit) in image, said: text) -> bool { model = judge_lm  prompt = compare }
task grounding @1 {
  data = scans.test   prompt = find
  answer text via plain
  metrics { primary mean(close(image, where, answer)) as close }
}
""",
    )


DIALECT = """dialect family {
  boxes        = box(yxyx, mille)
  box_text     = "<box>{y1} {x1} {y2} {x2}</box>"
  decimals     = 0
  replace      = [["step by step", "briefly"]]
  suffix       = " /no_think"
  strip_before = "[/notes]"
  temperature  = 0.3
  max_tokens   = 77
  stop         = ["<end>"]
}"""


def ask(text: str, folder: Path, says: str = "no, I think[/notes]yes") -> tuple[Scripted, dict[str, Any]]:
    judge = Scripted("close", lambda request: says)
    report = run_judged(
        text, folder, "grounding", rows=ROWS, candidate=lambda r: "at 1 2", judges={"close": judge}, file="scans.jsonl"
    )
    return judge, report


def test_a_judge_is_asked_in_the_words_of_its_family_and_read_as_it_writes(tmp_path: Path) -> None:
    judge, report = ask(spec(DIALECT), tmp_path)
    (request,) = judge.asked
    text = request.messages[-1].text
    # Thousandths, down before across.
    assert text.startswith("Think briefly. Expected <box>200 100 400 300</box>, said ")
    assert text.endswith(" /no_think")
    assert (request.decode.temperature, request.decode.max_tokens, request.decode.stop) == (0.3, 77, ("<end>",))
    assert report["tasks"]["grounding"]["metrics"]["close"]["value"] == 1.0


def test_without_a_dialect_the_same_judge_is_shown_the_boxes_of_the_row(tmp_path: Path) -> None:
    judge, report = ask(spec("").replace("  dialect = family", ""), tmp_path)
    assert "Think step by step. Expected [0.1, 0.2, 0.3, 0.4], said " in judge.asked[0].messages[-1].text
    assert report["judges"]["close"]["verdicts"] == 1


def test_what_a_judge_thinks_is_no_verdict(tmp_path: Path) -> None:
    _, report = ask(spec(DIALECT), tmp_path / "one", "yes\n[/notes]")
    assert (report["judges"]["close"]["verdicts"], sum(report["judges"]["close"]["unread"].values())) == (0, 1)
    _, report = ask(spec("").replace("  dialect = family", ""), tmp_path / "other", "yes\n[/notes]")
    assert report["judges"]["close"]["verdicts"] == 1


def test_the_dialect_of_a_judge_moves_the_score_hash() -> None:
    (one,), (other,), (renamed,) = (
        plan_of(text, "grounding").tasks
        for text in (
            spec(DIALECT),
            spec(DIALECT.replace("briefly", "shortly")),
            spec(DIALECT.replace("family", "kin")).replace("dialect = family", "dialect = kin"),
        )
    )
    assert one.score_hash == renamed.score_hash != other.score_hash
    assert one.call_hash == other.call_hash
