"""Specs with one mistake each, for the golden messages in `tests/check/messages/`.

The name of a case says what is wrong. Before a colon stands how many messages it gives when that is not one.
"""

from __future__ import annotations

from judge_cases import JUDGES, MODELS, VERDICTS

from medspec.codes.base import module
from medspec.codes.parts import ASK, EXAM, FOLLOW_UP, LETTERS, METRICS, NOTES, READ

RECORD = "record R {\n  id   : text\n  note : text\n}"


def _dataset(old: str = "", new: str = "", more: str = "") -> str:
    """A sound dataset with one change."""
    lines = ['source  = jsonl("d.jsonl")', "splits  = [test]", 'license = "mit"', *([more] if more else [])]
    text = "dataset d : R {\n" + "".join(f"  {line}\n" for line in lines) + "}"
    assert old in text, old
    return module(RECORD, text.replace(old, new) if old else text)


def _type(written: str, *before: str) -> str:
    return module(*before, f"record X {{\n  note : text\n  x    : {written}\n}}")


def _prompt(params: str, text: str, *before: str) -> str:
    return module(*before, f'prompt ask({params}) {{\n  user """\n    {text}\n    """\n}}')


def _task(old: str = "", new: str = "", *after: str) -> str:
    """A sound task with one change, and what stands behind it."""
    assert old in FOLLOW_UP, old
    return module(METRICS, NOTES, READ, FOLLOW_UP.replace(old, new) if old else FOLLOW_UP, *after)


def _clause(line: str) -> str:
    return _task("  metrics", f"  {line}\n  metrics")


def _suite(*lines: str) -> str:
    return _task("", "", "suite s @1 {\n" + "".join(f"  {line}\n" for line in lines) + "}")


def _example(old: str = "", new: str = "", *, task: str = "follow_up", base: str = FOLLOW_UP) -> str:
    """A sound example with one change."""
    lines = ['row    = { id = "1"  note = "x"  gold = no }', 'reply  = "B."', "expect = { answer = no }"]
    text = f'example {task} "a letter is read" {{\n' + "".join(f"  {line}\n" for line in lines) + "}"
    assert old in text, old
    return module(METRICS, NOTES, READ, base, text.replace(old, new) if old else text)


def _template(*tasks: str) -> str:
    task = FOLLOW_UP.replace("follow_up @1", "follow(rows: rows<Note>)").replace("notes.test", "rows")
    return module(METRICS, NOTES, READ, task, *tasks)


DATASETS = {
    "sound: a dataset": _dataset(),
    "its record is not declared": module('dataset d : R {\n  source = jsonl("d.jsonl")\n  splits = [test]\n}'),
    "its record is an enum": module("enum R { a b }", _dataset().split("\n\n")[2]),
    "the source is a text": _dataset('jsonl("d.jsonl")', '"d.jsonl"'),
    "the format is misspelt": _dataset("jsonl(", "jsnl("),
    "the source is on the network, and moves": _dataset("d.jsonl", "hf://owner/name/d.jsonl@main"),
    "the path is absolute": _dataset("d.jsonl", "/data/d.jsonl"),
    "the path has a drive": _dataset("d.jsonl", "C:/data/d.jsonl"),
    "the path climbs": _dataset("d.jsonl", "../d.jsonl"),
    "an argument too many": _dataset('"d.jsonl")', '"d.jsonl", "x")'),
    "no path": _dataset('"d.jsonl")', ")"),
    "a delimiter of two letters": _dataset('jsonl("d.jsonl")', 'csv("d.csv", delimiter: ";;")'),
    "a delimiter that is a number": _dataset('jsonl("d.jsonl")', 'csv("d.csv", delimiter: 4)'),
    "names given twice": _dataset('jsonl("d.jsonl")', 'csv("d.csv", names: ["a"], names: ["b"])'),
    "a place that is no text": _dataset('jsonl("d.jsonl")', 'json("d.json", at: data.items)'),
    "no splits": _dataset("  splits  = [test]\n"),
    "an empty list of splits": _dataset("[test]", "[]"),
    "splits as texts": _dataset("[test]", '["test"]'),
    "a split listed twice": _dataset("[test]", "[test, test]"),
    "two splits of one file": _dataset("[test]", "[test, dev]"),
    "a hole that is not filled": _dataset("d.jsonl", "d_{fold}.jsonl"),
    "a hole for subsets that are not there": _dataset("d.jsonl", "d_{subset}.jsonl"),
    "a misspelt setting": _dataset("license", "licence"),
    "a required setting misspelt": _dataset("splits ", "splitz "),
    "a setting given twice": _dataset("license", 'license = "x"\n  license'),
    "a text for true or false": _dataset(more='private = "yes"'),
    "a number for a column": _dataset(more="columns { note = 4 }"),
    "a column without quotes": _dataset(more="columns { note = meta.note }"),
    "a column for no field": _dataset(more='columns { nota = "text" }'),
    "a column given twice": _dataset(more='columns { note = "a"  note = "b" }'),
    "several columns for a text": _dataset(more='columns { note = ["a", "b"] }'),
    "a key without keys": _dataset(more="columns { id = key() }"),
    "a row number from a text": _dataset(more='columns { id = row_number(first: "0") }'),
    "a rule for no split": _dataset(more='split dev where id in json("x.json")'),
    "a rule about no field": _dataset(more='split test where uid in json("x.json")'),
    "a rule from no file": _dataset(more='split test where id in ids("x.json")'),
    "an id that is no field": _dataset(more="id = uid"),
}

TYPES = {
    "an abstention in a list": _type("(text or abstain)[]"),
    "a misspelt type": _type("txet"),
    "str": _type("str"),
    "number": _type("number"),
    "list of": _type("list<text>"),
    "a range with a comma": _type("int(0, 10)"),
    "one number for a range": _type("int(5)"),
    "a range the wrong way round": _type("int(10..0)"),
    "a length the wrong way round": _type("text[5..2]"),
    "a length below 0": _type("text[-1..2]"),
    "a length that is not whole": _type("text[0.5..2]"),
    "a misspelt setting": _type("text(max_word: 3)"),
    "a setting of another type": _type("float(unit: 3)"),
    "a dataset for a type": module(RECORD, _dataset().split("\n\n")[2], "record Z {\n  a : d\n}"),
    "a part of a type": _type("E.a", "enum E { a b }"),
    "a choice of no field": module("record X {\n  options : text[2..3]\n  x : choice of option\n}"),
    "a choice of a text": _type("choice of note"),
    "a choice of a list that may be empty": module("record X {\n  options : text[]\n  x : choice of options\n}"),
    "a conversion of a text": _type("text from letter"),
    "an unknown conversion": module("record X {\n  o : text[2..3]\n  x : choice of o from number\n}"),
    "a record that holds itself": module("record X {\n  x : X\n}"),
    "records in a ring": module("record X {\n  y : Y\n}", "record Y {\n  x : X\n}"),
    "a record without fields": module("record X { }"),
    "a field given twice": module("record X {\n  a : text\n  a : int\n}"),
    "an enum of one case": module("enum E { a }"),
    "a case given twice": module("enum E { a  b  a }"),
    "two cases with the same text": module('enum E { a "Yes"  b "yes" }'),
    "a name declared twice": module("enum E { a b }", "record E {\n  id : text\n}"),
}

PROMPTS = {
    "sound: a prompt": _prompt("a: text, b: text[]", "{{ a }}{% for x in b %}{{ loop.index }}. {{ x }}{% endfor %}"),
    "no turns": module("prompt ask(a: text) {\n}"),
    "a parameter given twice": _prompt("a: text, a: text", "{{ a }}"),
    "a parameter that hides a declaration": _prompt("E: text", "{{ E }}", "enum E { a b }"),
    "a parameter named as the answer format": _prompt("answer_format: text", "{{ answer_format }}"),
    "a default of another type": _prompt("a: text = 3", "{{ a }}"),
    "a default for a list": _prompt('a: text[] = ["x"]', '{{ a | join(", ") }}'),
    "an unused parameter": _prompt("a: text, b: text", "{{ a }}"),
    "single braces": _prompt("question: text", "Question: {question}"),
    "a dollar and braces": _prompt("question: text", "Question: ${question}"),
    "an unknown name, used twice": _prompt("a: text", "{{ a }} {{ b }} {{ b }}"),
    "two: two unknown names": _prompt("a: text", "{{ a }} {{ b }} {{ c }}"),
    "a misspelt name": _prompt("question: text", "{{ quesion }}"),
    "a misspelt answer format": _prompt("a: text", "{{ a }} {{ answer_fromat }}"),
    "gold": _prompt("a: text", "{{ a }} {{ gold }}"),
    "loop outside a loop": _prompt("a: text", "{{ a }} {{ loop.index }}"),
    "an unknown name in a string with escapes": module('prompt ask(a: text) {\n  user "{{ a }} \\"x\\" {{ b }}"\n}'),
    "an unknown name in an indented line": _prompt("a: text", "First line.\n      {{ a }} {{ b }}"),
    "an open output": _prompt("a: text", "{{ a }"),
    "an open loop": _prompt("a: text[]", "{% for x in a %}{{ x }}"),
    "a loop closed as a test": _prompt("a: text[]", "{% for x in a %}{{ x }}{% endif %}"),
    "an end of nothing": _prompt("a: text", "{{ a }}{% endfor %}"),
    "an else in a loop": _prompt("a: text[]", "{% for x in a %}{{ x }}{% else %}none{% endfor %}"),
    "else if": _prompt("a: bool", "{% if a %}x{% else if a %}y{% endif %}"),
    "two loop names": _prompt("a: text[]", "{% for i, x in a %}{{ x }}{% endfor %}"),
    "a test behind a value": _prompt("a: bool", '{{ "yes" if a else "no" }}'),
    "set": _prompt("a: text", "{% set b = a %}{{ b }}"),
    "a method": _prompt("a: text", "{{ a.upper() }}"),
    "a calculation": _prompt("a: int", "{{ a + 1 }}"),
    "two texts joined": _prompt("a: text", '{{ a ~ "." }}'),
    "empty braces": _prompt("a: text", "{{ a }}{{ }}"),
    "an unknown filter": _prompt("a: text", "{{ a | uper }}"),
    "a filter on another type": _prompt("a: text", '{{ a | join(", ") }}'),
    "an argument of another type": _prompt("a: text[]", "{{ a | join(1) }}"),
    "an argument too many": _prompt("a: text[]", '{{ a | join(",", "x") }}'),
    "a loop over a text": _prompt("a: text", "{% for x in a %}{{ x }}{% endfor %}"),
    "a loop over a record": _prompt("a: P", "{% for x in a %}{{ x }}{% endfor %}", "record P {\n  x : text\n}"),
    "an entry that may not be there": _prompt("a: text[]", "{{ a[0] }}"),
    "an entry of a text": _prompt("a: text", "{{ a[0] }}"),
    "an entry from the end": _prompt("a: text[3..5]", "{{ a[-1] }}"),
    "a loop that hides a parameter": _prompt("x: text, a: text[]", "{{ x }}{% for x in a %}{{ x }}{% endfor %}"),
    "a loop that hides a loop": _prompt("a: text[]", "{% for x in a %}{% for x in a %}{{ x }}{% endfor %}{% endfor %}"),
    "a field that is not there": _prompt("a: P", "{{ a.agee }}", "record P {\n  age : int\n}"),
    "a field of a text": _prompt("a: text", "{{ a.words }}"),
    "a misspelt part of loop": _prompt("a: text[]", "{% for x in a %}{{ loop.indx }}{{ x }}{% endfor %}"),
    "a list as it is": _prompt("a: text[]", "{{ a }}"),
    "a record as it is": _prompt("a: P", "{{ a }}", "record P {\n  x : text\n}"),
    "yes or no as it is": _prompt("a: bool", "{{ a }}"),
    "a value that may be missing": _prompt("a: text?", "{{ a }}"),
    "a case that is not there": _prompt("a: E", '{% if a == "man" %}x{% endif %}', "enum E { male female }"),
    "a number compared with a text": _prompt("a: int", '{% if a == "3" %}x{% endif %}'),
    "a phrase with a hole": module(
        'phrase hello = "Hello {{ a }}"', 'prompt ask(a: text) {\n  user "{{ hello }} {{ a }}"\n}'
    ),
    "a misspelt phrase": module('phrase hello = "Hello"', 'prompt ask(a: text) {\n  user "{{ helo }} {{ a }}"\n}'),
    "a loop that hides a phrase": module(
        'phrase hello = "Hello"', 'prompt ask(a: text[]) {\n  user "{% for hello in a %}{{ hello }}{% endfor %}"\n}'
    ),
}

TASKS = {
    "sound: a task": _task(),
    "sound: an answer that may abstain": _task("Decision via", 'Decision or abstain("not stated") via'),
    "or something else": _task("Decision via", "Decision or none via"),
    "an abstention with a likelihood": _task("via letter", "via likelihood").replace(
        "Decision via", "Decision or abstain via"
    ),
    "a word for an abstention that is a case": _task("Decision via", 'Decision or abstain("No.") via'),
    "no word for an abstention": _task("Decision via", 'Decision or abstain("") via'),
    "a letter for an abstention": module(
        METRICS, EXAM, ASK, LETTERS.replace("choice of options via", 'choice of options or abstain("E") via')
    ),
    "a gold that may abstain, and an answer that may not": module(
        METRICS, NOTES.replace("gold : Decision", "gold : Decision or abstain"), READ, FOLLOW_UP
    ),
    "a gold that may abstain in the prompt": module(
        METRICS,
        NOTES.replace("gold : Decision", "gold : Decision or abstain"),
        READ.replace("note: text", "note: text, gold: Decision").replace("{{ note }}", "{{ note }} {{ gold }}"),
        FOLLOW_UP.replace("= read", "= read(gold: gold)").replace("Decision via", "Decision or abstain via"),
    ),
    "data without a split": _task("notes.test", "notes"),
    "a misspelt split": _task("notes.test", "notes.tset"),
    "a misspelt dataset": _task("notes.test", "note.test"),
    "data as a text": _task("notes.test", '"notes.test"'),
    "rows too few to hold out": _task("notes.test", "notes.test.holdout(0)"),
    "a misspelt prompt": _task("= read", "= raed"),
    "a dataset for a prompt": _task("= read", "= notes"),
    "a part of a prompt": _task("= read", "= read.user"),
    "an argument too many": _task("= read", "= read(note: note, x: 1)"),
    "an argument given twice": _task("= read", "= read(note, note: note)"),
    "an argument of another type": _task("= read", "= read(note: 3)"),
    "an argument that is no field": _task("= read", "= read(note: nota)"),
    "the gold as an argument": module(
        METRICS,
        NOTES,
        READ.replace("note: text", "note: text, hint: Decision").replace("{{ note }}", "{{ note }} {{ hint }}"),
        FOLLOW_UP.replace("= read", "= read(hint: gold)"),
    ),
    "a parameter nothing fills": module(
        METRICS, NOTES, READ.replace("note: text", "noet: text").replace("{{ note }}", "{{ noet }}"), FOLLOW_UP
    ),
    "a misspelt answer type": _task("answer Decision", "answer Decison"),
    "no reader": _task(" via letter", ""),
    "a misspelt reader": _task("via letter", "via leter"),
    "a misspelt setting of the reader": _task("via letter", "via likelihood(normalize: none)"),
    "a word that is no choice": _task("via letter", "via likelihood(normalise: length)"),
    "an argument for a reader without any": _task("via letter", "via letter(3)"),
    "an answer of another type than the gold": _task("answer Decision", "answer bool"),
    "an answer one field of which is the gold": _task(
        "answer Decision via letter", "answer Verdict via json", "record Verdict { why: text  decision: Decision }"
    ),
    "a choice of no field": _task("answer Decision", "answer choice of options"),
    "a misspelt gold": _clause("gold = golf"),
    "no gold": module(METRICS, NOTES.replace("gold : Decision", "label : Decision"), READ, FOLLOW_UP),
    "a misspelt setting of decode": _clause("decode { temprature = 0 }"),
    "two: numbers out of range": _clause("decode { temperature = -1  max_tokens = 0 }"),
    "a decode setting given twice": _clause("decode { temperature = 0  temperature = 1 }"),
    "a text for a list": _clause('decode { stop = "x" }'),
    "an unknown policy": _clause("unread = drop"),
    "rows left out": _clause("unread = skip"),
    "a misspelt setting": _clause("promt = read"),
    "a required setting misspelt": _task("prompt =", "promt  ="),
    "a misspelt metric": _task("primary accuracy", "primary acuracy"),
    "a metric that is not imported": _task("primary accuracy", "primary accuracy  macro_f1"),
    "a metric with an argument": _task("primary accuracy", "primary accuracy(x: 1)"),
    "a metric named twice": _task("primary accuracy", "primary accuracy  accuracy as accuracy"),
    "a dataset for a metric": _task("primary accuracy", "primary notes"),
    "no metric": _task("primary accuracy", ""),
    "no primary metric": _task("primary accuracy", "accuracy"),
    "two primary metrics": module(
        "import std.metrics { accuracy, macro_f1 }",
        NOTES,
        READ,
        FOLLOW_UP.replace("accuracy", "accuracy  primary macro_f1"),
    ),
    "nothing but a name": module("task t @1 {\n}"),
    "a version below 1": _task("@1", "@0"),
    "a prompt that does not say how to answer": module(
        METRICS, NOTES, READ.replace(" {{ answer_format }}", ""), FOLLOW_UP
    ),
    "shots from the scored rows": _clause("shots 3 from notes.test"),
    "a number of shots below 0": _clause("shots -1 from notes.dev"),
    "shots picked in an unknown way": _clause("shots 3 from notes.dev { pick = random(13) }"),
    "a waiver without a reason": _clause('waive E0604 because ""'),
    "a waiver of what cannot be waived": _clause('waive E0305 because "as published"'),
    "a waiver of nothing": _clause('waive E0604 because "as published"'),
    "a misspelt base": _task("", "", "task b @1 = folow_up()"),
    "a base that takes no arguments": _task("", "", "task b @1 = follow_up(notes.dev)"),
    "a task made of itself": module("task b @1 = b()"),
    "a misspelt override": _task("", "", "task b @1 = follow_up() {\n  override promt = read\n}"),
    "an override given twice": _task(
        "", "", "task b @1 = follow_up() {\n  override data = notes.dev\n  override data = notes.test\n}"
    ),
    "a mistake in an override": _task("", "", "task b @1 = follow_up() {\n  override data = notes.train\n}"),
    "sound: a template": _template("task a @1 = follow(notes.test)"),
    "a template without its argument": _template("task a @1 = follow()"),
    "a template with a misspelt argument": _template("task a @1 = follow(row: notes.test)"),
    "a template with an argument too many": _template("task a @1 = follow(notes.test, notes.dev)"),
    "a mistake inside a template used twice": _template(
        "task a @1 = follow(notes.test)", "task b @1 = follow(notes.dev)"
    ).replace("via letter", "via lettr"),
}

SUITES = {
    "sound: a suite": _suite("tasks { follow_up }", "aggregate overall = mean()"),
    "no tasks": _suite(),
    "a misspelt task": _suite("tasks { folow_up }"),
    "a dataset for a task": _suite("tasks { notes }"),
    "a task listed twice": _suite("tasks { follow_up  follow_up }"),
    "a weight of 0": _suite("tasks { follow_up weight 0 }"),
    "a template for a task": _template("suite s @1 {\n  tasks { follow }\n}"),
    "a misspelt way to aggregate": _suite("tasks { follow_up }", "aggregate overall = men()"),
    "an aggregate given twice": _suite("tasks { follow_up }", "aggregate a = mean()", "aggregate a = mean()"),
    "an aggregate over a misspelt task": _suite("tasks { follow_up }", "aggregate a = mean() over [folow_up]"),
    "an aggregate over nothing": _suite("tasks { follow_up }", "aggregate a = mean() over []"),
    "an unknown interval": _suite("tasks { follow_up }", "interval = jackknife()"),
    "a level in percent": _suite("tasks { follow_up }", "interval = bootstrap(level: 95)"),
    "a misspelt setting": _suite("tasks { follow_up }", "intervall = bootstrap()"),
}

EXAMPLES = {
    "sound: an example": _example(),
    "a misspelt task": _example(task="folow_up"),
    "a dataset for a task": _example(task="notes"),
    "no reply": _example('  reply  = "B."\n'),
    "a misspelt setting": _example("reply ", "repyl "),
    "a row that is a text": _example('{ id = "1"  note = "x"  gold = no }', '"x"'),
    "a misspelt field": _example("note =", "nota ="),
    "a field that is missing": _example('note = "x"'),
    "a field of another type": _example('"x"', "3"),
    "a gold that is no case": _example("gold = no", "gold = nope"),
    "a reply that is a number": _example('"B."', "3"),
    "an answer that is no case": _example("answer = no", "answer = nope"),
    "nothing expected": _example("{ answer = no }", "{ }"),
    "a metric the task does not have": _example("answer = no", "macro_f1 = 1.0"),
    "a score that is a text": _example("answer = no", 'accuracy = "1"'),
    "a score in percent": _example("answer = no", "accuracy = 100"),
    "a text for scores": _example(base=FOLLOW_UP.replace("letter", "likelihood")),
    "a score too few": _example('"B."', "[-1.0, -2.0]", base=FOLLOW_UP.replace("letter", "likelihood")),
    "a gold beyond the options": module(
        METRICS,
        EXAM,
        ASK,
        LETTERS,
        'example exam_letters "t" {\n  row    = { id = "1"  stem = "s"  options = ["a", "b"]  gold = 2 }\n'
        '  reply  = "B"\n  expect = { answer = 1 }\n}',
    ),
}

IMPORTS = {
    "a misspelt module": module("import std.metric { accuracy }"),
    "a module that is not there": module("import shared.wording { hello }"),
    "a misspelt name": module("import std.metrics { acuracy }"),
    "a name imported twice": module("import std.metrics { accuracy }", METRICS, NOTES, READ, FOLLOW_UP),
    "a name imported and declared": module(METRICS, "enum accuracy { a b }"),
    "an unused name": module("import std.metrics { accuracy, macro_f1 }", NOTES, READ, FOLLOW_UP),
    "an unused module": module("import std.metrics as m"),
    "sound: a module by another name": module(
        "import std.metrics as m", NOTES, READ, FOLLOW_UP.replace("accuracy", "m.accuracy")
    ),
    "a misspelt name of a module": module(
        "import std.metrics as m", NOTES, READ, FOLLOW_UP.replace("accuracy", "m.acuracy")
    ),
    "a module for a metric": module("import std.metrics as m", NOTES, READ, FOLLOW_UP.replace("accuracy", "m")),
    "a part of a metric": _task("primary accuracy", "primary accuracy.x"),
    "an unused private name": module("enum _E { a b }"),
}

_FINDINGS = """
enum Finding { effusion  pneumothorax }

record Item {
  finding : Finding
  size    : float(unit: "mm")
  certain : bool
}
"""


def _scored(gold: str, answer: str, *metrics: str, unread: str = "", read_as: str | None = None) -> str:
    """A task with these metrics, whose gold has the type `gold` and whose answer has the type `answer`."""
    names = sorted({metric.removeprefix("primary ").split("(")[0].split()[0] for metric in metrics})
    lines = [
        "data   = notes.test",
        "prompt = read",
        f"answer {answer} via {read_as or 'json'}",
        *([unread] if unread else []),
    ]
    task = (
        "task t {\n" + "".join(f"  {line}\n" for line in (*lines, f"metrics {{ primary {'  '.join(metrics)} }}")) + "}"
    )
    rows = NOTES.replace("enum Decision { yes  no  maybe }", "").replace("gold : Decision", f"gold : {gold}")
    return module(f"import std.metrics {{ {', '.join(names)} }}", _FINDINGS, rows, READ, task)


SCORES = {
    "sound: a set and a list": _scored("set<Finding>", "Finding[]", "set_f1"),
    "a set and a list of them as they are": _scored("set<Finding>", "Finding[]", "accuracy"),
    "sound: a list with bounds and one without": _scored("Finding[1..4]", "Finding[]", "accuracy"),
    "sound: an optional and one that is not": _scored("Finding", "Finding?", "accuracy", "macro_f1 as f"),
    "text where classes are needed": _scored("text", "text", "macro_f1", read_as="plain"),
    "two: text where equality would be a trap": _scored("text", "text", "accuracy", "kappa as k", read_as="plain"),
    "a number where equality would be a trap": _scored("float", "float", "accuracy", read_as="plain"),
    "a record where one field would fit": _scored("Item", "Item", "macro_f1"),
    "a list of records where one field would fit": _scored("Item[]", "Item[]", "set_f1"),
    "two scales": _scored("score(0..4)", "int(0..4)", "quadratic_kappa", read_as="plain"),
    "an open range where a scale is needed": _scored("int", "int", "quadratic_kappa", read_as="plain"),
    "sound: one field of both": _scored("Item[]", "Item[]", "set_f1 on finding", "accuracy on certain as a"),
    "a field that is not there": _scored("Item[]", "Item[]", "set_f1 on findings"),
    "a field of what has none": _scored("Finding", "Finding", "accuracy on name", read_as="plain"),
    "a field that does not fit": _scored("Item[]", "Item[]", "set_f1 on size"),
    "sound: the mean of a field": _scored("Item", "Item", "mean(answer.certain, better: lower)"),
    "a mean of nothing": _scored("Item", "Item", "mean"),
    "a mean of the gold": _scored("Item", "Item", "mean(gold.certain)"),
    "a mean of a number": _scored("Item", "Item", "mean(3)"),
    "a mean of a field that is not there": _scored("Item", "Item", "mean(answer.sure)"),
    "a mean of what has no number": _scored("Item", "Item", "mean(answer.finding)"),
    "a mean with a field by `on`": _scored("Item", "Item", "mean(answer) on certain"),
    "a mean without a worst value": _scored("int", "int", "mean(answer)", read_as="plain"),
    "an error without a worst value": _scored("float", "float", "mae", read_as="plain"),
    "a rate of a rating": _scored("score(0..4)", "score(0..4)", "rate(answer)", read_as="plain"),
    "no positive case": _scored("Finding", "Finding", "f1", read_as="plain"),
    "a misspelt positive case": _scored("Finding", "Finding", "f1(positive: efusion)", read_as="plain"),
    "a text for a positive case": _scored("Finding", "Finding", 'f1(positive: "effusion")', read_as="plain"),
    "a case for yes and no": _scored("bool", "bool", "f1(positive: yes)", read_as="plain"),
    "a positive option": _scored("text", "text", "f1(positive: x)", read_as="plain"),
    "a setting out of range": _scored("float", "float", "within(relative: -0.1)", read_as="plain"),
    "too many bins": _scored("Finding", "Finding", "ece(bins: 5000)", read_as="likelihood"),
    "a variant that is not there": _scored("text", "text", "rouge(variant: 3)", read_as="plain"),
    "a variant in quotes": _scored("text", "text", 'rouge(variant: "1")', read_as="plain"),
    "two: a threshold that is no list": _scored("text", "text", "box_map(iou: 0.5)", read_as="plain"),
    "no confidence": _scored("Finding", "Finding", "ece", read_as="plain"),
    "sound: confidence": _scored("Finding", "Finding", "auroc(positive: effusion)", read_as="likelihood"),
}

AREAS = {
    "datasets": DATASETS,
    "examples": EXAMPLES,
    "imports": IMPORTS,
    "judges": JUDGES,
    "metrics": SCORES,
    "models": MODELS,
    "prompts": PROMPTS,
    "suites": SUITES,
    "tasks": TASKS,
    "types": TYPES,
    "verdicts": VERDICTS,
}
"""The cases by area, each with a file of messages."""
