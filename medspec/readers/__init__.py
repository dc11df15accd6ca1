"""The catalogue of readers: one file per member, listed in `READERS`."""

from medspec.readers.abstention import abstaining
from medspec.readers.base import Reader
from medspec.readers.boxes import BOXES
from medspec.readers.instances import INSTANCES
from medspec.readers.json import JSON
from medspec.readers.letter import LETTER
from medspec.readers.letters import LETTERS
from medspec.readers.likelihood import LIKELIHOOD
from medspec.readers.mentions import MENTIONS
from medspec.readers.number import NUMBER
from medspec.readers.pattern import PATTERN
from medspec.readers.plain import PLAIN
from medspec.readers.quotes import QUOTES
from medspec.readers.tagged import TAGGED

_MEMBERS: tuple[Reader, ...] = (
    LETTER,
    LETTERS,
    LIKELIHOOD,
    PLAIN,
    NUMBER,
    JSON,
    QUOTES,
    BOXES,
    MENTIONS,
    INSTANCES,
    PATTERN,
    TAGGED,
)

READERS: tuple[Reader, ...] = tuple(map(abstaining, _MEMBERS))


def find_reader(name: str) -> Reader | None:
    """The reader called `name` in a spec; None when there is none."""
    return next((reader for reader in READERS if reader.name == name), None)
