"""What is wrong with a configuration: collected, never raised one by one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Mistake:
    """One fault of an ini file or of a plugin, in one line.

    Args:
        key: the setting, plugin or route that it is about.
        text: what was found and what is expected.
        trace: the traceback of a plugin that raised, else empty.
    """

    key: str
    text: str
    trace: str = ""

    def __str__(self) -> str:
        return f"{self.key}: {self.text}"


class ConfigurationMistakes(Exception):
    """The configuration cannot be served; holds every mistake that was found."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__(self.report())

    def report(self, *, traces: bool = True) -> str:
        """Return one line for each mistake, tracebacks after all lines."""
        lines = [str(mistake) for mistake in self.mistakes]
        if traces:
            lines += [f"\n{mistake.key}:\n{mistake.trace}" for mistake in self.mistakes if mistake.trace]
        return "\n".join(lines)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `` (did you mean ...?)`` for the known word next to *word*, or nothing."""
    found = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f" (did you mean {found[0]}?)" if found else ""
