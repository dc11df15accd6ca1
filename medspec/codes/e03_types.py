"""03xx: types, and the readers that make typed answers."""

from __future__ import annotations

from medspec.codes.base import Code, module
from medspec.codes.parts import ASK, EXAM, FOLLOW_UP, LETTERS, METRICS, NOTES, READ

STUDY = """
enum Finding { effusion  pneumothorax  no_finding }

record Study {
  id   : text
  scan : image
  gold : box(xyxy, unit) in scan
}

dataset studies : Study {
  source  = jsonl("studies/{split}.jsonl")
  splits  = [test]
  license = "cc-by-4.0"
}
"""

FIND = '''
prompt find() {
  user """
    Where is the pneumothorax? {{ answer_format }}
    """
}
'''

_BOXES = "import std.metrics { box_iou }"
_NUMBERS = "import std.metrics { within }"

LOCATE = """
task locate @1 {
  data   = studies.test
  prompt = find
  answer box(xyxy, unit) in scan via json
  metrics { primary box_iou }
}
"""

LAB = """
record Lab {
  id   : text
  note : text
  gold : float(unit: "mg/dL")
}

dataset labs : Lab {
  source  = jsonl("labs/{split}.jsonl")
  splits  = [test]
  license = "cc-by-4.0"
}
"""

GLUCOSE = """
task glucose @1 {
  data   = labs.test
  prompt = read
  answer float(unit: "mg/dL") via plain
  metrics { primary within(relative: 0.05) }
}
"""

CODES = (
    Code(
        code="E0301",
        title="a value has the wrong type",
        why="""\
Nothing is converted in silence: the text "16" is not the number 16, and a setting that takes one of a few words takes
only those. What a conversion would have to guess, the author can say.""",
        wrong=module(METRICS, NOTES, READ, FOLLOW_UP.replace("  metrics", '  decode { max_tokens = "16" }\n  metrics')),
        right=module(METRICS, NOTES, READ, FOLLOW_UP.replace("  metrics", "  decode { max_tokens = 16 }\n  metrics")),
        related=("E0211", "E0409"),
    ),
    Code(
        code="E0302",
        title="a span or box is not anchored in a field that holds such things",
        why="""\
The offsets of a span count the characters of one text, and the numbers of a box are measured on one image. Which text or
image that is belongs to the type: `span<Entity> in note`, `box(xyxy, unit) in scan`. Offsets into another text, or boxes
on something that is no image, would be compared all the same, and the score would mean nothing.""",
        wrong=module(STUDY.replace("box(xyxy, unit) in scan", "(span<Finding> in scan)[]")),
        right=module(
            STUDY.replace("box(xyxy, unit) in scan", "(span<Finding> in report)[]").replace(
                "  gold", "  report : text\n  gold"
            )
        ),
        related=("E0303", "E0306"),
    ),
    Code(
        code="E0303",
        title="an anchor names a field that is missing or does not fit",
        why="""\
`choice of options` says which list of the row the choice is made from; the reader needs it to know the letters, and the
data to know what the gold index points at. So the field must be there and must be a list of texts. In the same way a span
names the text that it is a part of, and a box its image.""",
        wrong=module(METRICS, EXAM.replace("choice of options", "choice of stem"), ASK, LETTERS),
        right=module(METRICS, EXAM, ASK, LETTERS),
        related=("E0308", "E0408"),
    ),
    Code(
        code="E0304",
        title="the reader cannot produce this type",
        why="""\
A reader turns a reply into an answer of certain types: `letter` reads which option was named, `plain` reads free text and
numbers. A reader that does not fit would call every reply unreadable, and the score would be zero for all models alike.""",
        wrong=module(
            METRICS,
            NOTES.replace("gold : Decision", "gold : text"),
            READ,
            FOLLOW_UP.replace("Decision", "text"),
        ),
        right=module(
            METRICS.replace("accuracy", "exact_match"),
            NOTES.replace("gold : Decision", "gold : text"),
            READ,
            FOLLOW_UP.replace("Decision", "text").replace("letter", "plain").replace("accuracy", "exact_match"),
        ),
        related=("E0305", "E0501"),
    ),
    Code(
        code="E0305",
        title="gold and answer have different types",
        why="""\
A metric compares the answer with the gold. If they have different types, even with the same case names, equal answers
never compare equal, and the score is zero without any other sign.""",
        wrong=module(
            METRICS,
            NOTES,
            READ,
            FOLLOW_UP.replace("Decision via letter", "bool via plain  # the field `gold` is a Decision"),
        ),
        right=module(METRICS, NOTES, READ, FOLLOW_UP),
        related=("E0304", "E0501"),
    ),
    Code(
        code="E0306",
        title="answer and reference use different box conventions",
        why="""\
A box is four numbers, and there are several habits for what they mean: two corners, or a corner and a size; pixels, or
fractions of the image. If the answer and the reference follow different habits, every overlap is wrong, and the score is
low or zero without any other sign. Boxes are converted in one place only, while data are loaded, and in writing.""",
        wrong=module(_BOXES, STUDY.replace("box(xyxy, unit)", "box(xywh, pixel)"), FIND, LOCATE),
        right=module(
            _BOXES,
            STUDY.replace("box(xyxy, unit) in scan", "box(xyxy, unit) in scan from box(xywh, pixel)"),
            FIND,
            LOCATE,
        ),
        related=("E0302", "E0305", "E0307"),
    ),
    Code(
        code="E0307",
        title="answer and reference are in different units",
        why="""\
The unit is part of a number's type, because the same quantity is another number in another unit: 5.5 mmol/L of glucose
are 99 mg/dL. Compared without a word, every right answer would count as wrong.""",
        wrong=module(_NUMBERS, LAB, READ, GLUCOSE.replace("mg/dL", "mmol/L")),
        right=module(_NUMBERS, LAB, READ, GLUCOSE),
        related=("E0305", "E0306"),
    ),
    Code(
        code="E0308",
        title="there may be fewer than two options",
        why="""\
With one option, every model is right; with none, nobody can be. A list of options must say that it has at least two
entries, which is checked on every row, and an enum that is answered with must have at least two cases.""",
        wrong=module(METRICS, EXAM.replace("[2..5]", "[0..1]"), ASK, LETTERS),
        right=module(METRICS, EXAM, ASK, LETTERS),
        related=("E0303", "E0309"),
    ),
    Code(
        code="E0309",
        title="a range is empty or the wrong way round",
        why="""\
A range is written from its lowest to its highest value, both included. No value fits a range the other way round, so
every row would be refused.""",
        wrong=module("record Patient {\n  id  : text\n  age : int(120..0)\n}"),
        right=module("record Patient {\n  id  : text\n  age : int(0..120)\n}"),
        related=("E0301", "E0308"),
    ),
    Code(
        code="E0310",
        title="this type is reserved",
        why="""\
The edition keeps the names of types that are planned (mask, volume and audio) so that a spec cannot use them for
something else. This version of medspec cannot read or score them yet.""",
        wrong=module("record Study {\n  id   : text\n  scan : volume\n}"),
        right=module("record Study {\n  id   : text\n  scan : image\n}"),
        related=("E0201",),
    ),
)
