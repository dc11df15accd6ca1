"""Hypothesis strategies for small, sound specs with their data.

    @given(small_specs())
    def test_law(spec): spec.text is a module, spec.files its data, spec.write(folder) puts the data where they are found

Everything random is drawn as a small choice, so that a failing spec shrinks to one a person can read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
from hypothesis import strategies as st
from planned_specs import write_lines

ENUMS = {
    "Triage": (("red", "Immediate"), ("amber", "Urgent"), ("green", "Can wait")),
    "Certainty": (("sure", "sure"), ("unsure", "not sure")),
}

SNIPPETS = (
    "{{ question }}\n",
    "{{ question | trim }} ",
    "{% for option in options %}\n{{ loop.index0 | letter }}. {{ option }}\n{% endfor %}\n",
    "{% for one in options %}{% if loop.first %}{{ topic }}{% endif %}{{ one | upper }}, {% endfor %}",
    "About {{ topic }}: ",
    "{{ topic | upper }} ",
    "{% if note %}\nNote: {{ note }}\n{% endif %}\n",
    '{{ note | default("no note") }}\n',
    '{% if topic == "heart" %}heart{% elif note %}{{ note }}{% else %}{{ question }}{% endif %}\n',
    "{% if options | length > 2 and not note %}more than two{% endif %}\n",
    "{# for nobody #}",
    "{{ answer_format }}\n",
    "Answer:",
)
GOLD_WRITTEN = ("letter", "index", "index(1)", "text")

# The gold field, the type and the readers of an answer, and whether macro F1 fits it.
ANSWERS = (
    ("pick", "choice of options", "letter", True),
    ("pick", "choice of options", "likelihood", True),
    ("pick", "choice of options", "likelihood(score: letter)", True),
    ("pick", "choice of options", 'likelihood(before: "\\n", normalise: bytes)', True),
    ("triage", "Triage", "plain", True),
    ("triage", "Triage", "likelihood", True),
    ("triage", "Triage", "likelihood(normalise: characters)", True),
    ("certain", "Certainty", "likelihood", True),
    ("present", "bool", "plain", True),
    ("present", "bool", "likelihood", True),
    ("count", "int(0..9)", "plain", False),
)


@attrs.frozen
class SmallSpec:
    """A module, and the lines of each of its data files."""

    text: str
    files: dict[str, list[dict[str, Any]]]

    def write(self, folder: Path) -> Path:
        """Put the data below `folder`, which is then a data root."""
        for name, lines in self.files.items():
            write_lines(folder / name, lines)
        return folder


@st.composite
def small_specs(draw: st.DrawFn) -> SmallSpec:
    """A module with enums, a record, one or two datasets, prompts, tasks and the suite `all` of all tasks."""
    written = draw(st.sampled_from(GOLD_WRITTEN))
    names = ["exam", "quiz"][: draw(st.integers(1, 2))]
    files = {f"{name}_test.jsonl": draw(rows(written)) for name in names}
    files |= {f"{name}_dev.jsonl": draw(rows(written, least=2)) for name in names}
    prompts = [draw(_prompt(f"ask_{number}")) for number in range(draw(st.integers(1, 3)))]
    count = draw(st.integers(1, 5))
    tasks = [draw(_task(f"task_{number}", names, len(prompts))) for number in range(count)]
    aggregates = ["mean()", "weighted_mean()", "worst()", f"mean() over [task_0, task_{count - 1}]"]
    chosen = draw(st.sampled_from(aggregates[: 3 if count == 1 else 4]))
    interval = draw(
        st.sampled_from(["", "interval = bootstrap(resamples: 100, seed: 3)", "interval = wilson(level: 0.8)"])
    )
    members = "  ".join(
        f"task_{number}{draw(st.sampled_from(['', ' weight 2', ' weight 0.5']))}" for number in range(count)
    )
    parts = [
        "edition 2026\nimport std.metrics { accuracy, macro_f1 }\n",
        *(f"enum {name} {{ {'  '.join(_case(*case) for case in cases)} }}\n" for name, cases in ENUMS.items()),
        RECORD.replace("WRITTEN", written),
        *(draw(_dataset(name)) for name in names),
        *prompts,
        *tasks,
        f"suite all @1 {{\n  tasks {{ {members} }}\n  aggregate together = {chosen}\n  {interval}\n}}\n",
    ]
    return SmallSpec("\n".join(parts), files)


RECORD = """record Row {
  id       : text
  question : text
  note     : text?
  options  : text[2..4]
  pick     : choice of options from WRITTEN
  triage   : Triage
  certain  : Certainty
  present  : bool
  count    : int(0..9)
  free     : text
  unused   : text[]
}
"""

WORDS = st.sampled_from(["fever", "cough", " pain ", "Ödem", "a\nb", "", '"quoted"', "{{ x }}", "1"])


@st.composite
def rows(draw: st.DrawFn, written: str, *, least: int = 1) -> list[dict[str, Any]]:
    """Lines of a data file in which `pick` is written as the record says. Several may look the same to a prompt."""
    found = []
    for number in range(draw(st.integers(least, 6))):
        options = draw(st.lists(WORDS, min_size=2, max_size=4, unique=True))
        pick = draw(st.integers(0, len(options) - 1))
        line = {
            "id": f"row {number}",
            "question": draw(WORDS),
            "options": options,
            "pick": {"letter": "ABCD"[pick], "index": pick, "index(1)": pick + 1, "text": options[pick]}[written],
            "triage": draw(st.sampled_from([word for case in ENUMS["Triage"] for word in case])),
            "certain": draw(st.sampled_from(["sure", "unsure"])),
            "present": draw(st.booleans()),
            "count": draw(st.integers(0, 9)),
            "free": draw(WORDS),
            "unused": [],
        }
        if draw(st.booleans()):
            line["note"] = draw(st.none() | WORDS)
        found.append(line)
    return found


def _case(name: str, text: str) -> str:
    return name if name == text else f'{name} "{text}"'


@st.composite
def _dataset(draw: st.DrawFn, name: str) -> str:
    private = draw(st.sampled_from(["", "  private = true\n"]))
    columns = draw(st.sampled_from(["", '  columns { question = "question" }\n', '  columns { note = "free" }\n']))
    return f'dataset {name} : Row {{\n  source = jsonl("{name}_{{split}}.jsonl")\n  splits = [dev, test]\n{private}{columns}}}\n'


@st.composite
def _prompt(draw: st.DrawFn, name: str) -> str:
    text = "".join(draw(st.lists(st.sampled_from(SNIPPETS), min_size=1, max_size=5)))
    system = draw(st.sampled_from(["", '  system "You know {{ topic }}."\n']))
    order = draw(st.permutations(["question: text", "note: text?", "options: text[2..4]", "topic: text"]))
    return f'prompt {name}({", ".join(order)}) {{\n{system}  user """{text}"""\n}}\n'


@st.composite
def _task(draw: st.DrawFn, name: str, datasets: list[str], prompts: int) -> str:
    gold, type_, reader, closed = draw(st.sampled_from(ANSWERS))
    dataset = draw(st.sampled_from(datasets))
    prompt = draw(st.integers(0, prompts - 1))
    topic = draw(st.sampled_from(["heart", "lung"]))
    metrics = draw(
        st.sampled_from(["primary accuracy", "primary accuracy  macro_f1", "macro_f1 as f1  primary accuracy"])
    )
    decode = draw(st.sampled_from(["", "", "  decode { max_tokens = 3 }\n", "  decode { temperature = 0.7 }\n"]))
    unread = draw(st.sampled_from(["", "", "  unread = skip\n"]))
    # Rows of the two splits may look alike, which is refused unless the spec says why that is right.
    shots = f'  shots {draw(st.integers(1, 2))} from SHOTS {{ pick = seeded(3) }}\n  waive E0604 because "a test"\n'
    shots = draw(st.sampled_from(["", "", shots]))
    body = (
        f"  data = DATA\n  prompt = ask_{prompt}(topic: TOPIC)\n  gold = {gold}\n  answer {type_} via {reader}\n"
        f"{shots}{decode}{unread}  metrics {{ {metrics if closed else 'primary accuracy'} }}\n}}\n"
    )
    if draw(st.booleans()):
        body = body.replace("DATA", f"{dataset}.test").replace("TOPIC", f'"{topic}"').replace("SHOTS", f"{dataset}.dev")
        return f"task {name} @1 {{\n{body}"
    body = body.replace("DATA", "lines").replace("TOPIC", "about").replace("SHOTS", "seen")
    head = f"task {name}_of(lines: rows<Row>, seen: rows<Row>, about: text) {{\n{body}"
    return f'{head}\ntask {name} @1 = {name}_of({dataset}.test, {dataset}.dev, about: "{topic}")\n'
