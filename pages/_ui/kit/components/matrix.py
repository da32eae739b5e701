"""A confusion matrix to click, and to walk with the arrow keys."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.arrays import IntArray
from core.evaluation.matrix_view import MatrixView
from pages._ui import words
from pages._ui.kit.components import web
from pages._ui.session import values

Pick = Callable[[int | None, int | None], None]

# With more classes than that, cells are too small to hit: then the matrix shows a chosen few.
MOST_CLASSES = 43

_MATRIX = web.component("matrix", "focus", "room")


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A matrix to draw, with the names (C,) of all classes, and what it is, in words.

    ``of_label`` and ``of_prediction`` (C,) count the samples of each; ``before`` has the counts (n, n) from
    which those of a change are counted, and a cell then reads ``5 → 2``.
    """

    view: MatrixView
    class_names: Sequence[str]
    label: str
    hint: str
    of_label: IntArray
    of_prediction: IntArray
    before: IntArray | None = None
    hide_diagonal: bool = False
    width: str = "whole"


def draw(shown: Grid, selected: tuple[int | None, int | None], on_pick: Pick, *, key: str) -> None:
    """Draw a matrix; ``on_pick`` gets the true and the predicted class of a click, None for a whole line."""
    view = shown.view
    class_idx = view.class_idx.tolist()

    def picked() -> None:
        cell = values.picked_cell(key, len(class_idx), len(class_idx))
        if cell is not None:
            row, column = cell
            on_pick(class_idx[row] if row >= 0 else None, class_idx[column] if column >= 0 else None)

    place = [class_idx.index(each) if each in class_idx else -1 for each in selected]
    _MATRIX(
        key=key,
        data={
            "names": [shown.class_names[each] for each in class_idx],
            "labels": [words.shortened(shown.class_names[each]) for each in class_idx],
            "counts": view.counts.tolist(),
            "text": view.text,
            "shade": view.shade.round(3).tolist(),
            "good": view.good.tolist(),
            "before": None if shown.before is None else shown.before.tolist(),
            "support": shown.of_label[class_idx].tolist(),
            "predicted": shown.of_prediction[class_idx].tolist(),
            "selected": place if place != [-1, -1] else [-2, -2],
            "hide_diagonal": shown.hide_diagonal,
            "half": shown.width == "half",
            "noun": "samples",
            "label": shown.label,
            "hint": shown.hint,
        },
        on_picked_change=picked,
    )
