"""Specs with one mistake each about judges, panels, models, dialects and judged metrics; see `message_cases.py`."""

from __future__ import annotations

from medspec.codes.base import module
from medspec.codes.parts import JUDGE, JUDGED, MEAN, QUESTIONS, TELL

VERDICT = """
record Verdict {
  correct : score(0..4)
  harmful : bool
  reason  : text?
}
"""
LABELLED = """
record Labelled {
  id       : text
  question : text
  expected : text
  given    : text
  gold     : Verdict
  rating   : score(0..4)
  sure     : bool
  words    : text
}

dataset labelled : Labelled {
  source  = jsonl("labelled.jsonl")
  splits  = [test]
  license = "mit"
}
"""
KEY_POINTS = """
record Case {
  id       : text
  question : text
  points   : text[]
  gold     : text
}

dataset cases : Case {
  source  = jsonl("cases.jsonl")
  splits  = [test]
  license = "mit"
}

prompt is_met(point: text, given: text) {
  user "{{ point }} {{ given }} {{ answer_format }}"
}

judge met(point: text, given: text) -> bool {
  model  = judge_lm
  prompt = is_met
}
"""
SECOND = """
model other_lm { artifact = onnx("judges/other-7b") }

judge second(question: text, expected: text, given: text) -> score(0..4) {
  model  = other_lm
  prompt = grade
}

judge third(question: text, expected: text, given: text) -> score(0..4) {
  model       = other_lm
  prompt      = grade
  temperature = 0.2
}
"""


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


def _judge(*pairs: tuple[str, str], before: str = "") -> str:
    return module(*([before] if before else []), replaced(JUDGE, *pairs))


def _setting(line: str) -> str:
    return _judge(("  prompt = grade\n", f"  prompt = grade\n  {line}\n"))


def _calibrated(settings: str, *pairs: tuple[str, str], verdict: str = "Verdict") -> str:
    judge = replaced(JUDGE, ("score(0..4)", verdict), ("  prompt = grade\n", f"  prompt = grade\n  {settings}\n"))
    return module(VERDICT, replaced(LABELLED, *pairs), judge)


def _judged(*pairs: tuple[str, str], judge: str = JUDGE) -> str:
    return module(MEAN, QUESTIONS, TELL, judge, replaced(JUDGED, *pairs))


def _called(call: str) -> str:
    return _judged(("mean(graded(question, gold, answer))", call))


def _verdict(call: str) -> str:
    judge = replaced(JUDGE, ("score(0..4)", "Verdict"))
    return module(
        MEAN, QUESTIONS, TELL, VERDICT, judge, replaced(JUDGED, ("mean(graded(question, gold, answer))", call))
    )


def _points(call: str) -> str:
    task = replaced(JUDGED, ("questions.test", "cases.test"), ("mean(graded(question, gold, answer))", call))
    return module(MEAN, TELL, JUDGE, KEY_POINTS, task)


def _panel(*lines: str) -> str:
    settings = "".join(f"  {line}\n" for line in lines)
    return module(JUDGE, SECOND, f"panel board {{\n{settings}}}")


def _model(*lines: str) -> str:
    return module("model far {\n" + "".join(f"  {line}\n" for line in lines) + "}")


def _dialect(*lines: str) -> str:
    return module("dialect qwen {\n" + "".join(f"  {line}\n" for line in lines) + "}")


def _remote(*pairs: tuple[str, str], judge: str = 'openai("j", url: "https://models.example.org/v1")') -> str:
    data = replaced(QUESTIONS, ('license = "mit"', "private = true"))
    text = module(MEAN, data, TELL, replaced(JUDGE, ('onnx("judges/judge-8b")', judge)), JUDGED)
    return replaced(text, *pairs)


JUDGES = {
    "sound: a judge": module(JUDGE),
    "sound: a judge with a calibration": _calibrated(
        "calibrate on labelled.test { agreement = quadratic_kappa  at_least = 0.6 }"
    ),
    "a verdict that is a text": _judge(("score(0..4)", "text")),
    "a verdict without ends": _judge(("score(0..4)", "int")),
    "a verdict that is not declared": _judge(("score(0..4)", "Verdict")),
    "a judge without a model": _judge(("  model  = judge_lm\n", "")),
    "a misspelt setting": _setting("repeat = 3"),
    "a model that is not declared": _judge(("= judge_lm", "= judge_ml")),
    "a prompt for a model": _judge(("= judge_lm", "= grade")),
    "a prompt that takes something else": _judge(
        ("judge graded(question: text, expected: text", "judge graded(question: text, reference: text")
    ),
    "a parameter of another type": _judge(("given: text) ->", "given: text[]) ->")),
    "sound: arguments of the prompt": _judge(
        ("given: text) ->", "reply_text: text) ->"), ("= grade\n", "= grade(given: reply_text)\n")
    ),
    "an argument that is no parameter": _judge(
        ("given: text) ->", "reply_text: text) ->"), ("= grade\n", "= grade(given: reply_txt)\n")
    ),
    "a parameter nobody is shown": _judge(("given: text) ->", "given: text, note: text) ->")),
    "a verdict nobody asks for": module(
        VERDICT, replaced(JUDGE, ("score(0..4)", "Verdict"), ("    {{ answer_format }}\n", ""))
    ),
    "a reader that reads no text": _judge(("score(0..4)", "bool"), ("= grade\n", "= grade\n  reader = likelihood\n")),
    "a reader that does not fit": _judge(("= grade\n", "= grade\n  reader = letter\n")),
    "no repeats": _setting("repeats = 0"),
    "a quorum that is never reached": _setting("repeats = 3  temperature = 0.5  quorum = 4"),
    "greedy repeats": _setting("repeats = 3"),
    "no mean of names": _judge(
        ("score(0..4)", "Grade"), ("= grade\n", "= grade\n  combine = mean\n"), before="enum Grade { a  b }"
    ),
    "a reply as long as the context": _setting("max_tokens = 8192"),
    "rows without what the judge sees": _calibrated(
        "calibrate on labelled.test { agreement = quadratic_kappa  at_least = 0.6 }", ("  given    : text\n", "")
    ),
    "rows with another type": _calibrated(
        "calibrate on labelled.test { agreement = quadratic_kappa  at_least = 0.6 }",
        ("given    : text", "given    : int"),
    ),
    "no floor": _calibrated("calibrate on labelled.test { agreement = quadratic_kappa }"),
    "a label that is not there": _calibrated(
        "calibrate on labelled.test { agreement = quadratic_kappa  at_least = 0.6  gold = ratin }"
    ),
    "a label of another type": _calibrated(
        "calibrate on labelled.test { agreement = accuracy  at_least = 0.6  gold = words }"
    ),
    "several fields could be meant": _calibrated("calibrate on labelled.test { agreement = accuracy  at_least = 0.6 }"),
    "sound: the field is named": _calibrated(
        "calibrate on labelled.test { agreement = accuracy  at_least = 0.6  field = harmful }"
    ),
    "a field that is not there": _calibrated(
        "calibrate on labelled.test { agreement = accuracy  at_least = 0.6  field = harmfull }"
    ),
    "a statistic that does not fit": _calibrated(
        "calibrate on labelled.test { agreement = quadratic_kappa  at_least = 0.6  gold = sure }"
    ),
    "sound: a panel": _panel("judges = [graded, second]", "combine = majority", "on_disagreement = third(third)"),
    "one judge is no panel": _panel("judges = [graded]", "combine = mean"),
    "a judge twice": _panel("judges = [graded, second, graded]", "combine = mean"),
    "a third who has judged": _panel(
        "judges = [graded, second]", "combine = majority", "on_disagreement = third(second)"
    ),
    "a way that is none": _panel("judges = [graded, second]", "combine = majority", "on_disagreement = humans"),
    "a third without a name": _panel("judges = [graded, second]", "combine = majority", "on_disagreement = third"),
    "a quorum of too many": _panel("judges = [graded, second]", "combine = majority", "quorum = 3"),
    "a mean that settles": _panel("judges = [graded, second]", "combine = mean", "on_disagreement = human"),
    "a panel without a rule": _panel("judges = [graded, second]"),
}

MODELS = {
    "sound: a model": _model('artifact = openai("j", url: "https://models.example.org/v1")', 'revision = "1"'),
    "no artifact": _model("context = 8192"),
    "an artifact that is none": _model('artifact = hugging("j")'),
    "an artifact that is a text": _model('artifact = "judges/j"'),
    "no address": _model('artifact = openai("j")'),
    "an address without a scheme": _model('artifact = openai("j", url: "models.example.org")'),
    "a path that leaves": _model('artifact = onnx("../j")'),
    "no room": _model('artifact = onnx("j")', "context = 0"),
    "a dialect that is not declared": _model('artifact = onnx("j")', "dialect = qwen"),
    "a setting of a judge": _model('artifact = onnx("j")', "temperature = 0"),
    "sound: a dialect": _dialect(
        "boxes = box(xyxy, pixel, resized: 28, max_pixels: 12845056)",
        "boxes_in = box(yxyx, mille)",
        'box_text = "[{y1}, {x1}, {y2}, {x2}]"',
        'image = "Image-{n}: <image>"',
        "images = first",
        'suffix = "Output only the coordinates."',
        'strip_before = "</think>"',
        "temperature = 0.0",
        "max_tokens = 128",
    ),
    "sound: boxes left out of prompts": _dialect("boxes = box(xyxy, mille)", "boxes_in = deleted"),
    "an order that is none": _dialect("boxes = box(xxyy, mille)"),
    "a frame that is none": _dialect("boxes = box(xyxy, permille)"),
    "a box without a frame": _dialect("boxes = box(xyxy)"),
    "a box that is a word": _dialect("boxes = mille"),
    "resized fractions": _dialect("boxes = box(xyxy, unit, resized: 28)"),
    "limits of nothing": _dialect("boxes = box(xyxy, pixel, max_pixels: 100)"),
    "limits the wrong way round": _dialect("boxes = box(xyxy, pixel, resized: 28, min_pixels: 9, max_pixels: 4)"),
    "a text for a box that is never written": _dialect(
        "boxes = box(xyxy, mille)", "boxes_in = deleted", "decimals = 2"
    ),
    "a text for no box": _dialect('box_text = "{x1} {y1} {x2} {y2}"'),
    "a hole that is not filled": _dialect("boxes = box(xyxy, mille)", 'box_text = "{x1} {y1} {x2} {y2} {z}"'),
    "a number that is not written": _dialect("boxes = box(xywh, mille)", 'box_text = "{x} {y} {width}"'),
    "a hole of an image": _dialect('image = "<image {number}>"'),
    "an unknown setting": _dialect('sufix = "x"'),
    "no mark": _dialect('strip_before = ""'),
    "a negative temperature": _dialect("temperature = -0.5"),
}

VERDICTS = {
    "sound: a judged task": _judged(),
    "sound: by name, and the reply": _called("mean(graded(question, given: reply, expected: gold))"),
    "sound: a field of the verdict": _verdict("mean(graded(question, gold, answer).harmful, better: lower)"),
    "sound: key points": _points("mean(met(point, answer) for point in points)"),
    "a judge that is not declared": _called("mean(grated(question, gold, answer))"),
    "a judge without its mean": _called("graded(question, gold, answer)"),
    "a judge without arguments": _called("mean(graded)"),
    "an argument is missing": _called("mean(graded(question, gold))"),
    "one argument too many": _called("mean(graded(question, gold, answer, reply))"),
    "a parameter it does not have": _called("mean(graded(question, gold, givn: answer))"),
    "a field that is not there": _called("mean(graded(qestion, gold, answer))"),
    "a field of a text": _called("mean(graded(question.stem, gold, answer))"),
    "a list for a text": _points("mean(graded(points, gold, answer))"),
    "a whole verdict": _verdict("mean(graded(question, gold, answer))"),
    "a text of the verdict": _verdict("mean(graded(question, gold, answer).reason)"),
    "a field the verdict lacks": _verdict("mean(graded(question, gold, answer).corect)"),
    "a share of ratings": _judged(
        ("mean(graded", "rate(graded"),
    ).replace("{ mean }", "{ rate }"),
    "a metric that compares": _judged(
        ("mean(graded(question, gold, answer))", "exact_match(graded(question, gold, answer))"),
    ).replace("{ mean }", "{ exact_match }"),
    "a list that is none": _points("mean(met(point, answer) for point in question)"),
    "an entry nobody sees": _points("mean(graded(question, gold, answer) for point in points)"),
    "an entry with the name of a field": _points("mean(met(gold, answer) for gold in points)"),
    "a list inside the call": _points("mean(met(answer for point in points, answer))"),
    "a list without a judge": _points("mean(answer for point in points)"),
    "an answer of another type": _judged(("text via plain", "int(0..4) via plain")),
    "private rows to a remote judge": _remote(),
    "sound: private rows to a model of this machine": _remote(judge='openai("j", url: "http://localhost:8000/v1")'),
    "sound: private rows with a waiver": _remote(
        ("  metrics {", '  waive E0609 because "the hospital hosts the model"\n  metrics {')
    ),
    "a waiver for rows that may leave": _judged(("  metrics {", '  waive E0609 because "it may"\n  metrics {')),
    "an example of a verdict": _judged()
    + '\nexample open_questions "x" {\n  row    = { id = "1"  question = "Why?"  gold = "So." }\n  reply  = "So."\n'
    "  expect = { quality = 4 }\n}\n",
}
