"""From raw maps to what is drawn: scaling, and the place on the photo."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from core.drawing import display
from core.explain.maps import cam
from core.images.preprocess import Preprocess


def _raw(height: int = 7, width: int = 5) -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(size=(height, width)).astype(np.float32)


def test_of_few_cells_it_is_the_heat_map_of_core_explain_before_it_grows() -> None:
    """The two are twins up to 499 cells: ReLU, and the largest becomes 1."""
    expected = cam.heatmap(torch.tensor(_raw())[None], (7, 5))[0].numpy()
    assert display.heatmap(_raw()) == pytest.approx(expected)
    assert display.heatmap(_raw() * 1e-20) == pytest.approx(expected)
    assert display.peak(_raw()) == np.abs(_raw()).max()


@pytest.mark.parametrize("value", [0, -2])
@pytest.mark.parametrize("side", [3, 30])
def test_without_positive_evidence_it_is_zeros(value: float, side: int) -> None:
    raw = np.full((side, side), value, np.float32)
    assert np.array_equal(display.heatmap(raw), np.zeros((side, side)))


def test_of_many_cells_one_in_a_hundred_may_exceed_the_scale() -> None:
    """24 outliers of 2,500 cells do not darken the others; without the percentile those would be at 0.001."""
    raw = np.ones((50, 50), np.float32)
    raw[:4, :6] = 1000
    heat = display.heatmap(raw)
    assert heat.max() == 1
    assert heat[10, 10] == 1
    assert display.heatmap(raw[:20, :20])[10, 10] == pytest.approx(0.001)


def test_a_lone_positive_cell_of_many_is_still_seen() -> None:
    """The 99th percentile of what is nearly all zero is zero: the largest then ends the scale."""
    raw = np.full((50, 50), -1, np.float32)
    raw[4, 5] = 0.3
    heat = display.heatmap(raw)
    assert heat[4, 5] == 1
    assert heat.sum() == 1


def test_a_balance_keeps_zero_and_sign() -> None:
    raw = np.array([[-4.0, 0.0, 1.0, 9.0]], np.float32)
    assert display.balance(raw, 4).tolist() == [[-1, 0, 0.25, 1]]
    assert display.balance(raw * 0, 0).tolist() == [[0, 0, 0, 0]]


def test_on_the_image_it_is_in_zero_to_one_where_seen_and_nan_elsewhere() -> None:
    preprocess = Preprocess((224, 224), 256, (0.5,) * 3, (0.5,) * 3)
    heat = preprocess.on_image(display.heatmap(_raw()), (500, 375))
    window = preprocess.window((500, 375))
    assert heat.shape == (375, 500)
    assert heat.dtype == np.float32
    assert (np.nanmin(heat), np.nanmax(heat)) == pytest.approx((0, 1), abs=0.01)
    seen = (window.right - window.left) * (window.bottom - window.top) / (500 * 375)
    assert np.isnan(heat).mean() == pytest.approx(1 - seen, abs=0.005)
