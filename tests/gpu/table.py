"""The table: what was checked, what was measured, and the limit or the baseline."""

from collections.abc import Iterable
from dataclasses import dataclass

HEADING = "| what | measured | limit or baseline | ok |\n| --- | --- | --- | --- |"
_WORDS = {True: "yes", False: "NO", None: "-"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; ``ok`` is None where a number is reported and not judged."""

    what: str
    measured: str
    limit: str = ""
    ok: bool | None = None

    def __str__(self) -> str:
        """The line in Markdown."""
        return f"| {self.what} | {self.measured} | {self.limit} | {_WORDS[self.ok]} |"


def show(rows: Iterable[Row]) -> bool:
    """Print each row as soon as it is there; whether all judged rows hold."""
    holds = True
    for row in rows:
        print(row, flush=True)
        holds = holds and row.ok is not False
    return holds
