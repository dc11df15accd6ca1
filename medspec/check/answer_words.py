"""Whether a prompt tells the model which words it may answer with (W0406).

Asked of an enum that is read from text, because its cases are the author's words, of readers whose form no model could guess
(`json`), and of answers that may abstain, whose word is the author's too. A prompt that mentions `answer_format` says so, and
one that names every case, or every key of the form, in words of its own. What rows and text files bring is not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from medspec.check.answers import AnswerSpec
from medspec.check.bindings import Bindings
from medspec.check.spec import PromptSpec
from medspec.check.waivers import Waivers
from medspec.plan.nodes import Constant
from medspec.syntax import template
from medspec.syntax.template import Piece
from medspec.text.diagnostic import Report
from medspec.text.source import Place
from medspec.types import AbstainType, EnumType


def report_unsaid(
    prompt: PromptSpec, bindings: Bindings, answer: AnswerSpec, place: Place, waivers: Waivers, report: Report
) -> None:
    """Warn when the prompt used at `place` leaves the model to guess the cases of the answer."""
    whole = answer.use.answer
    type_ = whole.item if isinstance(whole, AbstainType) else whole
    word = whole.word if isinstance(whole, AbstainType) else None
    if answer.reader.asks != "text" or prompt.uses_answer_format:
        return
    if word is None and not answer.reader.needs_format and not isinstance(type_, EnumType):
        return
    texts = [text for turn in prompt.turns for text in _texts(turn.pieces)]
    texts += [str(bound.value) for _, bound in bindings if isinstance(bound, Constant)]
    texts += [str(phrase.value) for _, phrase in prompt.phrases if isinstance(phrase, Constant)]
    said = "\n".join(texts)
    unsaid = word if word is not None and not _names(said, word) else None
    if answer.reader.format_words is not None:
        words = (*answer.reader.format_words(type_, dict(answer.use.settings)), *([word] if word else []))
        if any(turn.file is not None for turn in prompt.turns) or all(_names(said, word) for word in words):
            return
        lacks, means = f"what `{answer.reader.name}` reads", f"read by `{answer.reader.name}`"
        otherwise = f"describe the form in words of your own, with {', '.join(f'`{word}`' for word in words)}"
    elif not isinstance(type_, EnumType):
        if unsaid is None:
            return
        lacks, means, otherwise = f"`{word}`", f"may abstain, with the word `{word}`", f"mention `{word}`"
    else:
        if unsaid is None and all(_names(said, case.name) or _names(said, case.text) for case in type_.cases):
            return
        lacks, means = f"all cases of `{type_.name}`", f"one of: {', '.join(case.text for case in type_.cases)}"
        otherwise = "name every case in words of your own"
        if unsaid is not None:
            lacks, means = f"{lacks} and `{word}`", f"{means}, {word}"
            otherwise += f", and `{word}`"
    if waivers.allows("W0406"):
        return
    report.add(
        "W0406",
        f"the prompt `{prompt.name}` does not say how to answer",
        (place, f"mentions neither `answer_format` nor {lacks}"),
        (answer.place, means),
        notes=["a model that is not told writes what it likes, and an answer that cannot be read counts as wrong"],
        helps=[f"put `{{{{ answer_format }}}}` into the prompt, or {otherwise}"],
    )


def _names(text: str, case: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(case)}(?!\w)", text, re.IGNORECASE) is not None


def _texts(pieces: Iterable[Piece]) -> Iterator[str]:
    """All that is written in a template, whichever branch is taken."""
    for piece in pieces:
        match piece:
            case template.Text(text):
                yield text
            case template.Output(template.Literal(value)):
                yield str(value)
            case template.If(branches, otherwise):
                for _, body in branches:
                    yield from _texts(body)
                yield from _texts(otherwise)
            case template.For():
                yield from _texts(piece.body)
