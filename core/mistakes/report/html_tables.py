"""The tables of a report on mistakes, as HTML: confusion matrix, most frequent mistakes, classes."""

from collections.abc import Sequence
from html import escape

import numpy as np

from core.arrays import IntArray
from core.evaluation import matrix_view
from core.evaluation.confusion import most_counted
from core.evaluation.metrics import Metrics
from core.shares import percent

LARGEST_MATRIX, MOST_PAIRS, MOST_CLASSES = 40, 25, 200
_MATRIX_CAPTION = (
    "Numbers of samples: rows are true classes, columns predicted classes. "
    "Teal is right, orange wrong, each shaded on its own scale."
)
_CLASSES_CAPTION = (
    "Sorted by F1, lowest first. A dash means undefined: precision of a class that was never predicted, "
    "recall of a class without samples, F1 of a class with neither."
)
_PAIRS_HINT = "The most frequent mistakes: true class → predicted class, and how often."


def confusion(metrics: Metrics, class_names: Sequence[str], chosen: Sequence[int]) -> str:
    """The whole matrix of up to 40 classes; else the most frequent mistakes and the ``chosen`` classes."""
    num_classes = len(class_names)
    if num_classes <= LARGEST_MATRIX:
        return _matrix(metrics, class_names, np.arange(num_classes))
    part = np.array(chosen[:LARGEST_MATRIX], np.int64)
    return _pairs(metrics, class_names) + (_matrix(metrics, class_names, part) if len(part) else "")


def classes(metrics: Metrics, class_names: Sequence[str]) -> str:
    """Up to 200 classes, sorted by F1, lowest first; classes without samples last."""
    per_class = metrics.per_class
    order = np.lexsort((per_class.f1, per_class.support == 0))  # NaN comes last.
    rows = "".join(_class_row(metrics, int(each), class_names[each]) for each in order[:MOST_CLASSES])
    more = len(order) - MOST_CLASSES
    hint = f'<p class="hint">{more:,} more classes are not shown.</p>' if more > 0 else ""
    heads = _heads("Class", "Precision", "Recall", "F1", "Samples")
    return (
        '<div class="wide" role="region" aria-labelledby="classes" tabindex="0">'
        f'<table class="classes"><caption>{_CLASSES_CAPTION}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{hint}</div>"
    )


def _pairs(metrics: Metrics, class_names: Sequence[str]) -> str:
    pairs = most_counted(metrics.confusion_matrix, MOST_PAIRS)
    items = "".join(
        f'<li style="--share:{pair.count / pairs[0].count:.3f}"><span>{escape(class_names[pair.label])} → '
        f"{escape(class_names[pair.predicted])}</span><span>{pair.count:,}</span></li>"
        for pair in pairs
    )
    hint = f'<p class="hint">{_PAIRS_HINT}</p>'
    return f'{hint}<ol class="pairs">{items}</ol>' if items else "<p>There are no mistakes.</p>"


def _matrix(metrics: Metrics, class_names: Sequence[str], class_idx: IntArray) -> str:
    view = matrix_view.view(metrics.confusion_matrix, class_idx)
    names = [class_names[each] for each in class_idx]
    fewer = len(names) < len(class_names)
    note = f" Only {len(names)} of {len(class_names):,} classes are shown." if fewer else ""
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th>{_cells(view, row)}</tr>' for row, name in enumerate(names)
    )
    return (
        '<div class="wide" role="region" aria-labelledby="matrix" tabindex="0">'
        f'<table class="{_look(names)}"><caption>{_MATRIX_CAPTION}{note}</caption>'
        f"<thead><tr><td></td>{_heads(*names)}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _look(names: Sequence[str]) -> str:
    """The table's CSS classes: short names are not rotated, large tables have small cells."""
    sizes = (("short", max(map(len, names)) <= 3), ("large", len(names) > 15))
    return " ".join(["matrix", *(kind for kind, holds in sizes if holds)])


def _cells(view: matrix_view.MatrixView, row: int) -> str:
    cells = []
    for column, text in enumerate(view.text[row]):
        kind, share = "right" if row == column else "wrong", view.shade[row, column]
        cells.append(f'<td class="{kind}" style="--share:{share:.3f}">{text}</td>' if text else "<td></td>")
    return "".join(cells)


def _class_row(metrics: Metrics, class_idx: int, name: str) -> str:
    per_class = metrics.per_class
    f1, shares = per_class.f1[class_idx], (per_class.precision, per_class.recall, per_class.f1)
    precision, recall, written = (percent(each[class_idx]) for each in shares)
    return (
        f'<tr><th scope="row">{escape(name)}</th><td>{precision}</td><td>{recall}</td>'
        f'<td class="bar" style="--share:{np.nan_to_num(f1):.3f}">{written}</td>'
        f"<td>{per_class.support[class_idx]:,}</td></tr>"
    )


def _heads(*names: str) -> str:
    return "".join(f'<th scope="col"><span>{escape(name)}</span></th>' for name in names)
