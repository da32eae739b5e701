"""Figures of a training say of every class its own numbers."""

from core.data.survey.class_counts import ClassCounts
from pages._ui.train import curves


def test_two_long_names_that_begin_alike_are_two_bars() -> None:
    long = "a class whose name is so long that it is cut"
    counts = ClassCounts((f"{long} 1", f"{long} 2"), (10, 20), (1, 2), num_left_out=0)
    train, val = curves.class_bars(counts).data
    assert list(zip(train.y, train.x, train.customdata, strict=True)) == [
        (0, 10, f"{long} 1"),
        (1, 20, f"{long} 2"),
    ]
    assert (tuple(val.y), tuple(val.x)) == ((0, 1), (1, 2))
