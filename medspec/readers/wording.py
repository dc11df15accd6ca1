"""What readers share when they look at a reply: thoughts cut off, wide characters narrowed, wording compared.

Nothing here decides what an answer is. Every function takes time linear in the length of the text.

    >>> without_thoughts("<think>A? No, B.</think> ANSWER: B")
    ' ANSWER: B'
    >>> narrowed("答案：Ｂ。")
    '答案:B.'
    >>> folded(' **Heart  failure.** ')
    'heart failure'
"""

from __future__ import annotations

import re

_THOUGHT_MARK = re.compile(r"<(/?)think(?:ing)?>", re.IGNORECASE)

_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_NARROW |= str.maketrans("。、．【】「」『』〔〕“”‘’\u3000\u00a0\u202f\u2009\u2212", '.,.[]""""[]""\'\'    -')

_REFUSAL = re.compile(
    r"\bI(?:'m|\s{1,3}am)?\s{1,3}(?:\w+\s{1,3}){0,2}(?:cannot|can't|can\s{1,3}not|won't|will\s{1,3}not"
    r"|unable\s{1,3}to|not\s{1,3}able\s{1,3}to|must\s{1,3}decline\s{1,3}to|decline\s{1,3}to|do\s{1,3}not\s{1,3}feel\s{1,3}comfortable)\s{1,3}(?:\w+\s{1,3}){0,2}"
    r"(?:help|assist|answer|provid\w+|offer\w*|giv\w+|comply|discuss|fulfill?|engage|respond)(?![a-z])"
    r"|(?:我|抱歉)[^\n]{0,12}(?:无法|不能)(?:提供|回答|给出|帮助|协助)",
    re.IGNORECASE,
)
_REFUSAL_WITHIN = 300

REFUSED = "refused"
"""The reason of an `Unread` whose reply declines to answer."""

_EDGE_MARKS = " \t\r\n\f\v*_`\"'"
_END_MARKS = _EDGE_MARKS + ".,;:!"


def without_thoughts(reply: str) -> str:
    """`reply` without its `<think>` blocks.

    A block that is never closed runs to the end (the reply was cut off while thinking). A closing mark that was never
    opened ends a thought that began in the prompt, so everything before it goes.
    """
    kept: list[str] = []
    thinking = False
    start = 0
    for mark in _THOUGHT_MARK.finditer(reply):
        if mark[1] and not thinking:
            kept.clear()
        elif not mark[1] and not thinking:
            kept.append(reply[start : mark.start()])
        thinking = not mark[1]
        start = mark.end()
    if not thinking:
        kept.append(reply[start:])
    return "".join(kept)


def narrowed(text: str) -> str:
    """`text` with full-width letters, digits, punctuation and spaces as ASCII, one character for one.

    Unicode normalisation is not used: it takes quadratic time on long runs of combining marks.
    """
    return text.translate(_NARROW)


def folded(text: str) -> str:
    """`text` for comparison: narrowed, lower case, single spaces, no marks of emphasis or full stop at its ends."""
    return " ".join(narrowed(text).strip(_EDGE_MARKS).rstrip(_END_MARKS).casefold().split())


def refuses(text: str) -> bool:
    """Whether narrowed `text` begins with a plain refusal: "I cannot help with that".

    To say that the question cannot be decided is no refusal.
    """
    return _REFUSAL.search(text[:_REFUSAL_WITHIN]) is not None
