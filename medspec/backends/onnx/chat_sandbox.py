"""The process in which a chat template runs: one JSON line in, one out. It is run as a file, and imports nothing of medspec.

    {"source": "...", "tokens": {...}, "date": null, "seconds": 10, "letters": 32000000, "bytes": 2147483648}
                                               ->  {"ready": ""}
    [{"role": "user", "content": "Hi"}]        ->  {"text": "<user>Hi"}  or  {"refused": "no system turn"}

A sandbox of Jinja keeps a template from files and objects, and not from `10 ** (10 ** 9)` or loops inside loops: these end
with the process, after `seconds` or beyond `bytes` of memory.
"""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment, Template

_GRACE = 5
"""Seconds until the process ends itself where nobody does: whoever started it is gone."""


def environment(date: datetime.date | None) -> Environment:
    """What transformers gives to chat templates. `date` is today for them."""
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    found = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols", _generation_extension()]
    )
    found.filters["tojson"] = _tojson
    found.globals["raise_exception"] = _raise_exception
    found.globals["strftime_now"] = lambda style: _now(date).strftime(style)
    return found


def main() -> None:
    """Answer lines until there are no more."""
    first = json.loads(sys.stdin.readline())
    date = None if first["date"] is None else datetime.date.fromisoformat(first["date"])
    ready = environment(date)
    _limit_memory(first["bytes"])
    _say({"ready": ""})
    compiled: Template | None = None
    for line in sys.stdin:
        _limit_time(first["seconds"] + _GRACE)
        try:
            if compiled is None:
                compiled = ready.from_string(first["source"])
            said = _answer(compiled, json.loads(line), first["tokens"], first["letters"])
        except MemoryError:
            said = {"refused": "it wants too much memory"}
        except RecursionError:
            said = {"refused": "it calls itself without end"}
        except Exception as err:  # noqa: BLE001  whatever somebody else's program does wrong
            said = {"refused": str(err)}
        _limit_time(0)
        _say(said)


def _say(said: dict[str, str]) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def _answer(compiled: Template, turns: Sequence[Any], tokens: dict[str, str], most: int) -> dict[str, str]:
    pieces: list[str] = []
    length = 0
    for piece in compiled.generate(messages=turns, tools=None, documents=None, add_generation_prompt=True, **tokens):
        length += len(piece)
        if length > most:
            return {"refused": f"it writes more than {most:,} letters"}
        pieces.append(piece)
    return {"text": "".join(pieces)}


def _limit_memory(size: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    resource.setrlimit(resource.RLIMIT_AS, (size, size))


def _limit_time(seconds: int) -> None:
    """End this process after `seconds`; 0 takes that back. Nothing of Python runs then, so no long sum can hold it up."""
    import signal

    if hasattr(signal, "alarm"):
        signal.alarm(seconds)


def _now(date: datetime.date | None) -> datetime.datetime:
    if date is None:
        return datetime.datetime.now()
    return datetime.datetime.combine(date, datetime.time())


def _raise_exception(message: str) -> None:
    import jinja2

    raise jinja2.TemplateError(message)


def _tojson(
    value: object,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    # Jinja's own filter escapes HTML characters, which a model was not trained on.
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _generation_extension() -> type[Any]:
    """The tag pair `generation ... endgeneration`, which marks the model's turns for training and prints its body."""
    from jinja2 import nodes
    from jinja2.ext import Extension
    from jinja2.parser import Parser

    class GenerationTag(Extension):
        tags = {"generation"}

        def parse(self, parser: Parser) -> nodes.Node:
            line = next(parser.stream).lineno
            body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            return nodes.Scope(body).set_lineno(line)

    return GenerationTag


if __name__ == "__main__":
    sys.path[:] = json.loads(sys.argv[1])
    main()
