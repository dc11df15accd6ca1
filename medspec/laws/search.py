"""Hypothesis looks for what breaks a law, and makes it small.

It may be given the values of a try that broke the law: it then begins with that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from unittest import SkipTest

from medspec.laws.base import Broken, Law, Subject, shown_error
from medspec.laws.draws import Searched, Untriable


def searched(
    law: Law, subject: Subject, *, tries: int, seed: int, known: Sequence[int | float] = ()
) -> tuple[Broken | None, str | None]:
    """The smallest that breaks the law, or why it could not be tried; neither where the law held.

    `known` are the values of a try that broke it.
    """
    from hypothesis import assume, given
    from hypothesis import seed as seeded
    from hypothesis import strategies as st
    from hypothesis.errors import HypothesisException, Unsatisfiable

    smallest: list[Broken] = []

    def tried(data: Any) -> None:
        try:
            law.check(subject, Searched(data))
        except Untriable:
            assume(False)
        except Broken as broken:
            smallest[:] = [broken]
            raise

    # The seed takes away the database of settings that are there already.
    trial = _limits(tries, known)(seeded(seed)(given(st.data())(tried)))
    try:
        trial()
    except Broken:
        return smallest[0], None
    except SkipTest:
        # The known try did not break the law again, so that hypothesis had nothing to begin with.
        return None, None
    except HypothesisException as error:
        if smallest:
            return not_always(smallest[0]), None
        if isinstance(error, Unsatisfiable):
            return None, "no invented gold can be written by the reader"
        return None, shown_error(error)
    return None, None


def not_always(broken: Broken) -> Broken:
    """A law that broke, and not when it was tried again with the same values."""
    return Broken(f"not always: {broken.said}", row=broken.row, reply=broken.reply)


def _limits(tries: int, known: Sequence[int | float]) -> Any:
    from hypothesis import HealthCheck, Phase, Verbosity, settings

    return settings(
        max_examples=tries,
        database=_holding(known) if known else None,
        deadline=None,
        verbosity=Verbosity.quiet,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.reuse if known else Phase.generate, Phase.shrink],
    )


def _holding(known: Sequence[int | float]) -> Any:
    """What hypothesis takes for the tries that failed when it last ran, and were not yet made small: this one alone."""
    from hypothesis.database import ExampleDatabase, choices_to_bytes

    class Known(ExampleDatabase):
        def fetch(self, key: bytes) -> Any:
            # Under the test's own key stand those that are as small as they get.
            return iter([choices_to_bytes(known)] if key.endswith(b".secondary") else [])

        def save(self, key: bytes, value: bytes) -> None:
            pass

        def delete(self, key: bytes, value: bytes) -> None:
            pass

    return Known()
