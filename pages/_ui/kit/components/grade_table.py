"""Methods by layers, with a score and a grade for each pair; a click picks a pair."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from core.explain.trust.verdict import BELIEVABLE, NOISE, WEAK
from pages._ui.kit.components import web
from pages._ui.session import values

_TABLE = web.component("grade_table", "focus")
_KINDS = {BELIEVABLE: "believable", WEAK: "weak", NOISE: "noise"}


@dataclass(frozen=True, slots=True)
class Head:
    """The label of a row or a column, and small print below it."""

    label: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Graded:
    """One pair: its score as text, its grade, its colour in percent, and all this in words."""

    text: str
    grade: str
    mix: int
    meaning: str
    best: bool = False


@dataclass(frozen=True, slots=True)
class GradeTable:
    """A table of grades, None where a pair was not tested."""

    rows: Sequence[Head]
    columns: Sequence[Head]
    cells: Sequence[Sequence[Graded | None]]
    label: str
    hint: str


def draw(
    table: GradeTable, selected: tuple[int, int], on_pick: Callable[[int, int], None], *, key: str
) -> None:
    """Draw a table of grades; ``on_pick`` gets row and column of the pair that was clicked."""

    def picked() -> None:
        cell = values.picked_cell(key, len(table.rows), len(table.columns))
        if cell is not None and min(cell) >= 0 and table.cells[cell[0]][cell[1]] is not None:
            on_pick(*cell)

    _TABLE(
        key=key,
        data={
            "rows": [asdict(each) for each in table.rows],
            "columns": [asdict(each) for each in table.columns],
            "cells": [[_as_data(each) for each in row] for row in table.cells],
            "selected": list(selected),
            "label": table.label,
            "hint": table.hint,
        },
        on_picked_change=picked,
    )


def _as_data(graded: Graded | None) -> dict[str, object] | None:
    return None if graded is None else {**asdict(graded), "kind": _KINDS[graded.grade]}
