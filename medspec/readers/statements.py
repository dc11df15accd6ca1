r"""What a statement about an answer says: the text after "the answer is", or a line of its own, as one option.

A letter is taken for an option only when what follows it shows that it is meant as one: the end of the line, a bracket,
a full stop, the option's own text, or a word such as "because". So "A 45-year-old man", "B cells", "C-section",
"vitamin D3" and "E. coli" name no option. Two different letters ("A or B", "B, C") are ambiguous.
The letter counts, not the text beside it: "B) yes" is B, whatever B says.

    >>> options = Options(("Gout", "Pseudogout", "Septic arthritis"))
    >>> read_statement("**B. Pseudogout**", options)
    1
    >>> read_statement("septic arthritis.", options)
    2
    >>> read_statement("A or C", options)
    'ambiguous'
    >>> read_statement("A 45-year-old man", options) is None
    True
"""

from __future__ import annotations

import re
from functools import cached_property

import attrs

from medspec.readers.wording import folded
from medspec.types.choice import LETTERS

AMBIGUOUS = "ambiguous"
NOT_AN_OPTION = "not_an_option"
NO_LETTER = "no_letter"

Verdict = int | str | None
"""The place of an option, or why a statement that was made cannot be read (a reason), or None: it states nothing."""

WINDOW = 400
"""How many characters of a statement are looked at; this bounds the time spent on any one of them."""

# What may stand between "the answer is" and the letter: emphasis, brackets, TeX, and words that add nothing.
_LEAD = re.compile(
    r"""(?: \\(?:boxed|text|textbf|mathrm|mathbf)\s{0,3}\{
        | [\s*_`"'(\[{<$:=>~\#|\\-]
        | (?:the|option|options|choice|letter|answer|either|both|therefore|thus|hence|clearly|definitely|indeed
            |simply|actually|probably|(?:most\s)?likely)(?![A-Za-z0-9])
        | 选项 | 应该 | 应 | 选择 | 选 | 是 | 为
        ){0,40}""",
    re.VERBOSE | re.IGNORECASE,
)
_LETTER = re.compile(r"([A-Za-z])(?![A-Za-z0-9])")
_CLOSING = re.compile(r"[)\]}*_`\"'>$]{0,8}")
_NONE = re.compile(
    r"none\s+of|no\s+correct|neither|n/a(?![a-z])|cannot\s+be|can't\s+be|unknown(?![a-z])"
    r"|not\s+(?:\w+\s+)?(?:listed|provided|given|among|available|present|included|any|one\s+of|in\s+the)"
    r"|以上(?:都|均)不|无正确",
    re.IGNORECASE,
)
# After these words a letter cannot have been an article or part of a name.
_REASON_WORD = re.compile(r"\s+(?:because|since|as|due)(?![a-z])", re.IGNORECASE)
_CLAUSE_WORD = re.compile(
    r"\s+(?:(?:is|was)(?!\s+an?\s)|based|given|for|in|from|by|per|which|that|option|choice)(?![a-z])"
    r"|\s*(?:选项|项|因为|正确|是正确)",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\s+(?:is|was)(?:n't|\s+(?:not|never|wrong|false|less|un\w+|in(?:correct|appropriate|accurate|consistent)))(?![a-z])",
    re.IGNORECASE,
)
_DISCUSSED = re.compile(
    r"\s+(?:is|was|are|were|may|might|can|could|would|should|seems|looks|has|does)(?![a-z])", re.IGNORECASE
)
_PAIRED_WORD = re.compile(r"\s+(?:are|were|both|together|as|because)(?![a-z])", re.IGNORECASE)
_SEPARATOR = re.compile(
    r"\s{0,3}(?:,\s{0,3}(?:(?:or|and)(?![A-Za-z]))?|/|&|\+|(?:or|and)(?![A-Za-z])|和|或者?|与|以?及)\s{0,3}"
    r"(?:(?:option|choice)\s{1,3}|选项)?[(\[*\"'_]{0,4}",
    re.IGNORECASE,
)
_TITLE_MARK = re.compile(r"\s+[-–—]+\s|\s+[(\[]|—|</|\s{0,3}=")
_SENTENCE_END = re.compile(r"[.!?;](?:\s|$)")


@attrs.frozen(slots=False)
class Options:
    """The option texts of one row, in order."""

    texts: tuple[str, ...]

    @cached_property
    def stripped(self) -> tuple[str, ...]:
        return tuple(text.strip() for text in self.texts)

    @cached_property
    def folded(self) -> tuple[str, ...]:
        return tuple(folded(text) for text in self.texts)

    @property
    def letters(self) -> str:
        return LETTERS[: len(self.texts)]

    def place(self, letter: str) -> int | None:
        """The place a letter of either case stands for; None when there is no such option."""
        place = LETTERS.find(letter.upper())
        return place if 0 <= place < len(self.texts) else None

    def named(self, text: str) -> Verdict:
        """The option whose whole text `text` is: exactly, or where none is, after folding both."""
        exact, wanted = text.strip(), folded(text)
        places = [place for place, own in enumerate(self.stripped) if own == exact and exact]
        places = places or [place for place, own in enumerate(self.folded) if own == wanted and wanted]
        if not places:
            return None
        return places[0] if len(places) == 1 else AMBIGUOUS


def read_statement(statement: str, options: Options, *, spoken: bool = False, bare: bool = False) -> Verdict:
    """What `statement` says. It is expected to be narrowed (`wording.narrowed`) already; its first line counts.

    `spoken` marks a statement in running prose ("the answer is a"), where a lone "a" may be a cut-off article.
    `bare` marks one that nothing introduced, so that only the clearest forms count.
    """
    statement = statement[:WINDOW]
    whole = statement.lstrip(" \t\r\n*_`\"':").split("\n", 1)[0]
    line = statement[_reach(_LEAD, statement) :].split("\n", 1)[0]
    letter = _LETTER.match(line)
    place = options.place(letter[1]) if letter else None
    if place is None or not _is_lone_letter(line):
        named = _named_by_text((whole, line), options)
        if named is not None:
            return named if not bare or named == place else None
    if _NONE.match(line):
        return NO_LETTER
    if letter is None:
        return AMBIGUOUS if _is_letter_row(line, options) else None
    rest = line[1:]
    if not _stands_alone(letter[1], rest, options, spoken=spoken, bare=bare):
        return None
    if _names_another(letter[1], rest, options):
        return AMBIGUOUS
    return NOT_AN_OPTION if place is None else place


def _reach(pattern: re.Pattern[str], text: str) -> int:
    """How far `pattern` matches from the start of `text`."""
    match = pattern.match(text)
    return match.end() if match else 0


def _is_lone_letter(text: str) -> bool:
    """Whether nothing but one letter and marks is there; such a letter is never read as an option's text."""
    return len(text.strip("()[]{}<>$ .,:;*_\"'`\\")) == 1


def _named_by_text(lines: tuple[str, ...], options: Options) -> Verdict:
    """The option whose whole text one of the lines is, or its first sentence."""
    for line in lines:
        sentence = _SENTENCE_END.split(line, maxsplit=1)[0]
        for wording in (line, line.rstrip(" ]})>*_\"'`$\\"), "" if _is_lone_letter(sentence) else sentence):
            named = options.named(wording)
            if named is not None:
                return named
    return None


def _is_letter_row(line: str, options: Options) -> bool:
    """Whether the line is letters of several options without anything between them: "ABD"."""
    row = re.match(r"[A-Z]{2,8}(?![A-Za-z0-9])", line)
    letters = row[0] if row else ""
    return len(letters) > 1 and letters == "".join(sorted(set(letters))) and set(letters) <= set(options.letters)


def _stands_alone(letter: str, rest: str, options: Options, *, spoken: bool, bare: bool) -> bool:
    """Whether `letter`, followed by `rest`, is meant as an option's letter."""
    closing = rest[: _reach(_CLOSING, rest)]
    tail = rest[len(closing) :]
    if _DENIED.match(tail) or (bare and _DISCUSSED.match(tail)):
        return False
    if any(mark in closing for mark in ")]}") or (set(closing) & set('*`"') and not tail[:1].isalnum()):
        return True
    if not tail.strip():
        return not (spoken and letter in "ai" and not closing)
    if bare and letter in "Aa" and tail[0] == ":":
        return _starts_with_own_text(letter, " " + tail[1:], options)  # "A:" may stand for "Answer:"
    if tail[0] in ".:;!?":
        return _is_no_species(letter, tail, options)
    if tail[0] == ",":
        return not bare or _names_another(letter, rest, options)
    if _TITLE_MARK.match(tail) or _starts_with_own_text(letter, tail, options):
        return True
    if _SEPARATOR.match(tail):
        joined = not bare and letter.isupper() and re.match(r"\s+(?:and|or)(?![A-Za-z])", tail)
        return bool(joined) or _names_another(letter, rest, options)
    if letter in "Ii":
        return False
    return bool(_REASON_WORD.match(tail) or (not bare and letter.isupper() and _CLAUSE_WORD.match(tail)))


def _is_no_species(letter: str, tail: str, options: Options) -> bool:
    """False for "E. coli": a full stop and a word in lower case that has nothing to do with the letter's own option."""
    word = re.match(r"\.\s{0,2}([a-z]{2,})", tail)
    place = options.place(letter)
    if word is None or _REASON_WORD.match(" " + word[1]):
        return True
    if place is None:
        return False
    own = set(re.findall(r"\w+", options.folded[place]))
    said = re.findall(r"\w+", folded(tail))
    return said[0] in own or any(len(entry) >= 4 and entry in own for entry in said)


def _starts_with_own_text(letter: str, tail: str, options: Options) -> bool:
    place = options.place(letter)
    if place is None or not options.folded[place] or not (tail[0].isspace() or tail[0] > "\u2e80"):
        return False
    own, said = options.folded[place], folded(tail)
    return said.startswith(own) and not said[len(own) : len(own) + 1].isalnum()


def _names_another(letter: str, rest: str, options: Options) -> bool:
    """Whether a second, different letter is offered beside the first: "B or C", "B) yes or C) no"."""
    tail = rest[_reach(_CLOSING, rest) :]
    place = options.place(letter)
    own = "" if place is None else options.texts[place].strip().rstrip(".")
    stated = tail.lstrip(" .:)-")
    if own and stated[: len(own)].casefold() == own.casefold():
        tail = stated[len(own) :].lstrip(".")
    separator = _SEPARATOR.match(tail)
    other = _LETTER.match(tail, separator.end()) if separator else None
    if other is None or other[1].isupper() != letter.isupper() or other[1].upper() == letter.upper():
        return False
    if options.place(other[1]) is None:
        return False
    after = tail[other.end() :]
    if not after.strip() or after[0] in ".:;!?,)]*\"'/&+和或与及":
        return True
    return bool(_PAIRED_WORD.match(after) or _SEPARATOR.match(after)) or _starts_with_own_text(other[1], after, options)
