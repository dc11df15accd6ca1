"""`letter`, reply by reply: what a person would read in it, and where a person would not dare to.

Replies seen from real models are in test_letter_recorded.py.
"""

from __future__ import annotations

from typing import Any

import pytest

from medspec.readers import find_reader
from medspec.readers.base import Unread
from medspec.types import ChoiceType, EnumCase, EnumType

GOUT = ("Gout", "Pseudogout", "Septic arthritis", "Reactive arthritis")
GERMS = ("E. coli", "Salmonella", "B. burgdorferi", "C. difficile", "S. aureus")
BLOOD = ("O", "A", "B", "AB")
CELLS = ("B cells", "T cells", "NK cells", "Mast cells")
TWELVE = tuple(f"finding {number}" for number in range(12))

LETTER = find_reader("letter")
assert LETTER is not None


def read(reply: str, options: tuple[str, ...] = GOUT) -> str:
    """The letter that was read, or the reason why none was."""
    found = LETTER.decode(reply, ChoiceType("options"), {"options": list(options)}, {})
    return found.reason if isinstance(found, Unread) else "ABCDEFGHIJKL"[found]


EXPLICIT = {
    # JSON, and what models take for JSON
    '{"answer_choice": "B"}': "B",
    '{"answer": "C. Septic arthritis", "confidence": "high"}': "C",
    "{'answer': 'D. Reactive arthritis'}": "D",
    '```json\n{"final_answer": "D"}\n```': "D",
    '{\\"answer_choice\\": \\"B\\"}': "B",
    '{"answer": ["C"]}': "C",
    '{"answer": "The correct option is (D)."}': "D",
    '{"答案": "B"}': "B",
    '{"thoughts": "At first the answer is A.", "answer_choice": "D"}': "D",
    '{"answer_choice": "D", "why": "one might think the answer is A."}': "D",
    # a stated answer
    "ANSWER: B": "B",
    "answer : b": "B",
    "Answer - D": "D",
    "answer -> D": "D",
    "**Answer:** **C**": "C",
    "**Answer**: C": "C",
    "Answer: <B>": "B",
    'Answer: "B"': "B",
    "<answer>B</answer>": "B",
    "ANSWER: $B$": "B",
    "The answer is (B).": "B",
    "The answer is:\n\nC) Septic arthritis": "C",
    "The answer is **B**: crystals were seen": "B",
    "The answer is therefore most likely C.": "C",
    "The answer to this question is D!": "D",
    "the best answer would be option C": "C",
    "The correct option is B because of the crystals.": "B",
    "I would choose option C.": "C",
    "I'd go with D": "D",
    "Option B is correct.": "B",
    "So (A) is the correct answer": "A",
    "Option B (Pseudogout) is the best answer": "B",
    "The correct answer is B, not C.": "B",
    "The answer is B. C is wrong because the knee is cold.": "B",
    "The answer is B and C is wrong": "B",
    "The answer is septic arthritis.": "C",
    "ANSWER: B. Gout": "B",  # the text is another option's, but a letter was asked for
    "Answer: Reactive arthritis": "D",
    "\\boxed{B}": "B",
    "$\\boxed{\\text{C}}$": "C",
    "The final answer is $\\boxed{D}$. I hope it is correct.": "D",
    # Chinese, and full-width signs
    "答案：Ｂ": "B",
    "答案是B": "B",
    "正确答案是（C）。": "C",
    "答案为B选项": "B",
    "综上，故选D。": "D",
    "本题选Ｃ": "C",
    "Answer：【B】": "B",
    "答案：B。因为A错误": "B",
    # the last statement wins
    "ANSWER: A\nANSWER: B": "B",
    "ANSWER: A. Wait, there are crystals. The answer is B.": "B",
    # thoughts do not count
    "<think>The answer is A.</think>\nB": "B",
    "The answer is A, no.</think> ANSWER: C": "C",
    "<think>a</think>x<think>ANSWER: D</think> ANSWER: B": "B",
}

BARE = {
    "B": "B",
    "b": "B",
    "B.": "B",
    " (b) ": "B",
    "[B]": "B",
    "**B**": "B",
    "**B.** Pseudogout": "B",
    "B. Pseudogout": "B",
    "B: Pseudogout": "B",
    "B) because of the crystals": "B",
    "B Pseudogout": "B",
    "B - Pseudogout": "B",
    "B because of the crystals": "B",
    "Option B": "B",
    "Option B: crystals": "B",
    "Crystals point to **B** here, I think.": "B",
    "Let us see.\n\nC": "C",
    "Let us see.\n\n**(C).**": "C",
    "Let us see.\n\n### Answer\n\n**C. Septic arthritis**": "C",
    "A. no\nB. yes\n\nB.": "B",
    "gout": "A",
    "**Septic arthritis.**": "C",
}

UNREAD = {
    "": "empty",
    " \n\t": "empty",
    "<think>It must be B": "empty",
    "The answer is either B or C": "ambiguous",
    "B or C": "ambiguous",
    "A, B and C are all possible": "ambiguous",
    "ANSWER: B, C": "ambiguous",
    "ANSWER: B/C": "ambiguous",
    "ANSWER: BC": "ambiguous",
    "ANSWER: B. Pseudogout or C. Septic arthritis": "ambiguous",
    "答案：B、C": "ambiguous",
    '{"answer": ["A", "B"]}': "ambiguous",
    "ANSWER: E": "not_an_option",
    "E": "not_an_option",
    "ANSWER: A\nANSWER: Z": "not_an_option",
    "I cannot help with that.": "refused",
    "I'm sorry, but I can't provide medical advice.": "refused",
    "As an AI, I am unable to provide a diagnosis.": "refused",
    "很抱歉，我无法提供医疗建议。": "refused",
    "I cannot decide between these from the data given.": "no_letter",
    # the article, the pronoun, and letters inside names
    "A 45-year-old man has a swollen knee.": "no_letter",
    "The answer is A patient with gout": "no_letter",
    "The answer is a 45-year-old man": "no_letter",
    "The most likely answer is a": "no_letter",
    "ANSWER: A common cause": "no_letter",
    "**A 45-year-old man**": "no_letter",
    "C-section": "no_letter",
    "D-dimer is elevated": "no_letter",
    "A+ blood": "no_letter",
    "HLA-A*02:01": "no_letter",
    "A*02:01": "no_letter",
    "vitamin B": "no_letter",
    "Hepatitis B is the correct diagnosis": "no_letter",
    "B12 deficiency": "no_letter",
    "答案是B细胞": "no_letter",
    "A: The patient has fever.": "no_letter",  # "A:" may stand for "Answer:"
    # nothing was decided
    '{"thoughts": "the answer is C", "answer_choice": "None of the above"}': "no_letter",
    '{"thoughts": "the answer is C", "answer_choice": ""}': "no_letter",
    '{"answer": null}': "no_letter",
    "The answer is none of the above.\nB": "no_letter",
    "The correct answer is not listed.": "no_letter",
    "The answer is not B but C": "no_letter",
    "The wrong answer is B.": "no_letter",
    "If the answer is B, the knee is warm.": "no_letter",
    "ANSWER: $LETTER": "no_letter",
    "ANSWER: B is incorrect": "no_letter",
    # a list of the options decides nothing, also when it was cut off
    "A. Gout is unlikely.\nB. Pseudogout fits.": "no_letter",
    "A. no\nB. no\nC.": "no_letter",
    "**A** is wrong, **B** may be right": "no_letter",
    "It is septic arthritis": "no_letter",
}


@pytest.mark.parametrize(("reply", "letter"), (EXPLICIT | BARE).items())
def test_a_letter_is_read(reply: str, letter: str) -> None:
    assert read(reply) == letter


@pytest.mark.parametrize(("reply", "reason"), UNREAD.items())
def test_no_letter_is_invented(reply: str, reason: str) -> None:
    assert read(reply) == reason


@pytest.mark.parametrize(
    ("reply", "options", "expected"),
    [
        ("E. coli", GERMS, "A"),
        ("The answer is E. coli.", GERMS, "A"),
        ("The answer is C. difficile", GERMS, "D"),
        ("The answer is D. C. difficile", GERMS, "D"),
        ("E. S. aureus", GERMS, "E"),
        ("E", GERMS, "E"),
        ("The answer is B. burgdorferi because of the rash", GERMS, "no_letter"),
        ("The answer is C. albicans", GERMS, "no_letter"),
        ("B. anthracis", GERMS, "no_letter"),
        ("The answer is B cells", CELLS, "A"),
        ("The answer is T cells.", CELLS, "B"),
        ("The answer is B", CELLS, "B"),
        ("Answer: AB", BLOOD, "D"),
        ("Answer: O", BLOOD, "A"),
        ("Answer: B. A", BLOOD, "B"),
        ("I think that nothing fits", TWELVE, "no_letter"),
        ("I would wait", TWELVE, "no_letter"),
        ("I, too, would wait", TWELVE, "no_letter"),
        ("The answer is I.", TWELVE, "I"),
        ("N/A", TWELVE, "no_letter"),
        ("ANSWER: yes", ("yes", "no", "maybe"), "A"),
        ("The answer is the tonsils", ("The tonsils", "The spleen"), "A"),
        ("same", ("same", "same"), "ambiguous"),
        ("ANSWER: A", ("only one",), "A"),
    ],
)
def test_letters_that_are_also_names(reply: str, options: tuple[str, ...], expected: str) -> None:
    assert read(reply, options) == expected


def test_an_enum_is_read_by_the_letters_of_its_cases() -> None:
    triage = EnumType("Triage", (EnumCase("red", "Immediate"), EnumCase("amber", "Urgent")))
    assert LETTER.decode("ANSWER: B", triage, {}, {}) == "amber"
    assert LETTER.decode("Answer: immediate", triage, {}, {}) == "red"
    assert LETTER.encode("amber", triage, {}, {}) == "B"
    assert LETTER.answer_format(triage, {}) == "Answer with one letter and nothing else: A (Immediate), B (Urgent)."


def test_the_unread_reply_is_kept_whole() -> None:
    reply = "<think>hm</think>  none  "
    found: Any = LETTER.decode(reply, ChoiceType("options"), {"options": list(GOUT)}, {})
    assert found == Unread("no_letter", reply)


def test_a_27th_option_has_no_letter() -> None:
    row = {"options": [f"option {number}" for number in range(27)]}
    assert LETTER.encode(25, ChoiceType("options"), row, {}) == "Z"
    with pytest.raises(ValueError, match="option 27 has no letter"):
        LETTER.encode(26, ChoiceType("options"), row, {})
