"""04xx: what is inside prompts, and what reaches them."""

from __future__ import annotations

from medspec.codes.base import Code, module
from medspec.codes.parts import FOLLOW_UP, METRICS, NOTES, READ


def _prompt(parameters: str, *lines: str) -> str:
    text = "".join(f"    {line}\n" for line in lines)
    return f'prompt ask({parameters}) {{\n  user """\n{text}    """\n}}'


_PATIENT = "record Patient {\n  age : int(0..120)\n  sex : text\n}"
_LISTED = "{% for option in options %}"
_END = "{% endfor %}"

_NAMES = (
    Code(
        code="E0401",
        title="the prompt uses a name that is not one of its parameters",
        why="""\
A prompt is a function: it sees its parameters, phrases and `answer_format`, and nothing else. Plain Jinja prints nothing
for a name it does not know, and the model would be asked an incomplete question on every row.""",
        wrong=module(_prompt("stem: text", "{{ question }}", "Answer in one sentence.")),
        right=module(_prompt("stem: text", "{{ stem }}", "Answer in one sentence.")),
        related=("E0408", "W0405"),
    ),
    Code(
        code="W0405",
        title="a parameter is never used",
        why="""\
A parameter that no text mentions is either a leftover or a sign that the prompt lost a part: the model would be asked
about a note it never sees. The same holds for a parameter of a judge that its prompt does not take.""",
        wrong=module(_prompt("note: text, question: text", "{{ question }}")),
        right=module(_prompt("note: text, question: text", "{{ note }}", "{{ question }}")),
        related=("E0401", "W0406"),
    ),
    Code(
        code="E0407",
        title="the gold reaches the prompt",
        why="""\
A model that is shown the reference answer of the row is not measured. Few-shot examples and judges may see gold answers;
the prompt of the row that is scored may not.""",
        wrong=module(
            METRICS,
            NOTES,
            READ.replace("note: text", "note: text, hint: Decision").replace(
                "    Follow", "    Hint: {{ hint }}\n    Follow"
            ),
            FOLLOW_UP.replace("= read", "= read(hint: gold)"),
        ),
        right=module(METRICS, NOTES, READ, FOLLOW_UP),
        related=("E0409",),
    ),
    Code(
        code="E0408",
        title="the record has no such field",
        why="""\
Fields are looked up in the declared record, not in the data file: a column may have another name than the field it is
loaded into. Plain Jinja prints nothing for a field that is missing.""",
        wrong=module(_PATIENT, _prompt("patient: Patient", "{{ patient.sex }}, {{ patient.agee }} years")),
        right=module(_PATIENT, _prompt("patient: Patient", "{{ patient.sex }}, {{ patient.age }} years")),
        related=("E0401", "E0602"),
    ),
    Code(
        code="E0409",
        title="an argument has another type than its parameter",
        why="""\
A prompt is checked once, for the types of its parameters, and so is a judge. An argument of another type would be printed in a form nobody
has looked at, or would fail on some row in the middle of a run.""",
        wrong=module(
            METRICS,
            NOTES,
            READ.replace("note: text", "note: text[]").replace("note }}", 'note | join(" ") }}'),
            FOLLOW_UP,
        ),
        right=module(METRICS, NOTES, READ, FOLLOW_UP),
        related=("E0301", "E0211"),
    ),
)

_WRITING = (
    Code(
        code="E0402",
        title="the template is written wrongly or uses a part of Jinja that is left out",
        why="""\
Templates know output, `if`, `for` and typed filters. Assignments, macros, includes and calls are left out: what a prompt
says must follow from its parameters alone, so that it can be checked, hashed and partly filled in before a run.""",
        wrong=module(_prompt("age: int", "{% set group = age %}", "The patient is {{ age }} years old.")),
        right=module(_prompt("age: int", "The patient is {{ age }} years old.")),
        related=("E0404",),
    ),
    Code(
        code="E0403",
        title="something is used as a list that is not one, or has no such entry",
        why="""\
Plain Jinja loops over the letters of a text one by one, and over the keys of a record; an entry beyond the end of a list
prints nothing. The prompt would look almost right in a review and be nonsense for the model.""",
        wrong=module(
            _prompt(
                "stem: text, options: text[]",
                "{{ stem }}",
                "{% for option in stem %}",
                "- {{ option }}",
                _END,
                '{{ options | join(", ") }}',
            )
        ),
        right=module(_prompt("stem: text, options: text[]", "{{ stem }}", _LISTED, "- {{ option }}", _END)),
        related=("E0410",),
    ),
    Code(
        code="E0404",
        title="a filter is unknown or does not fit",
        why="""\
Each filter has a type it takes, arguments and a type it gives, so that a prompt cannot fail in the middle of a run.""",
        wrong=module(_prompt("options: text[]", '{{ options | jion(", ") }}')),
        right=module(_prompt("options: text[]", '{{ options | join(", ") }}')),
        related=("E0402", "E0410"),
    ),
    Code(
        code="W0406",
        title="the prompt does not say how to answer",
        why="""\
`answer_format` is the text in which a reader says what it can read. Without it, or words of one's own to the same end,
models answer as they like, and replies that cannot be read count as wrong. Likelihood needs no such words: nothing is
read there.""",
        wrong=module(METRICS, NOTES, READ.replace(" {{ answer_format }}", ""), FOLLOW_UP),
        right=module(METRICS, NOTES, READ, FOLLOW_UP),
        related=("W0405",),
    ),
    Code(
        code="E0410",
        title="a list or a record is printed as it is",
        why="""\
Printed without a filter, a list would appear with the brackets and quotes of the programming language underneath. Say
how it is written: with `join`, with a loop, or field by field.""",
        wrong=module(_prompt("options: text[]", "Choose one of: {{ options }}")),
        right=module(_prompt("options: text[]", 'Choose one of: {{ options | join(", ") }}')),
        related=("E0403", "E0404"),
    ),
)

CODES = _NAMES + _WRITING
