"""From raw maps to what is drawn: the scale, and the place on the photo."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from core.drawing import render
from core.explain import heatmap
from core.explanation import display
from core.images.preprocess import Preprocess


def _raw(height: int = 7, width: int = 5) -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(size=(height, width)).astype(np.float32)


@pytest.mark.parametrize("crop_from", [None, 96])
@pytest.mark.parametrize("cells", [(1, 1), (2, 3), (7, 7), (5, 9), (30, 30), (64, 80)])
@pytest.mark.parametrize("kind", ["mixed", "faint", "negative", "outliers", "one cell"])
def test_the_pages_draw_the_heat_map_of_the_public_face(
    cells: tuple[int, int], crop_from: int | None, kind: str
) -> None:
    """On the pixels that the network saw, of a photo at the network's own scale; elsewhere there is none."""
    raw = _raw(*cells)
    raw[0, -1] = {"outliers": 1000, "one cell": 0.3}.get(kind, raw[0, -1])
    changes = {
        "faint": raw * 1e-20,
        "negative": -np.abs(raw),
        "one cell": np.where(raw == raw[0, -1], raw, -1),
    }
    raw = changes.get(kind, raw).astype(np.float32)
    face = heatmap(torch.tensor(raw)[None], size=(64, 80))[0].numpy()
    preprocess = Preprocess((64, 80), crop_from, (0.5,), (0.5,))
    photo = (80, 64) if crop_from is None else (120, 96)
    drawn = preprocess.on_image(display.heat(raw), photo)
    window = preprocess.window(photo)
    seen = np.s_[round(window.top) : round(window.bottom), round(window.left) : round(window.right)]
    assert drawn[seen] == pytest.approx(face, abs=1e-6)
    pictures = [render.coloured(values, "inferno").astype(int) for values in (drawn[seen], face)]
    assert np.abs(pictures[0] - pictures[1]).max() <= 1  # Of 255 levels: rounding may fall on either side.
    assert np.isfinite(drawn).sum() == face.size
    assert bool(face.any()) is (kind != "negative")


def test_of_few_cells_the_largest_ends_the_scale() -> None:
    assert display.peak(_raw()) == np.abs(_raw()).max()
    assert display.heat(_raw()).max() == 1


@pytest.mark.parametrize("value", [0, -2])
@pytest.mark.parametrize("side", [3, 30])
def test_without_positive_evidence_it_is_zeros(value: float, side: int) -> None:
    raw = np.full((side, side), value, np.float32)
    assert np.array_equal(display.heat(raw), np.zeros((side, side)))


def test_of_many_cells_one_in_a_hundred_may_exceed_the_scale() -> None:
    """24 outliers of 2,500 cells do not darken the others; without the percentile those would be at 0.001."""
    raw = np.ones((50, 50), np.float32)
    raw[:4, :6] = 1000
    heat = display.heat(raw)
    assert heat.max() == 1
    assert heat[10, 10] == 1
    assert display.heat(raw[:20, :20])[10, 10] == pytest.approx(0.001)


def test_a_lone_positive_cell_of_many_is_still_seen() -> None:
    """The 99th percentile of what is nearly all zero is zero: the largest then ends the scale."""
    raw = np.full((50, 50), -1, np.float32)
    raw[4, 5] = 0.3
    heat = display.heat(raw)
    assert heat[4, 5] == 1
    assert heat.sum() == 1


def test_a_balance_keeps_zero_and_sign() -> None:
    raw = np.array([[-4.0, 0.0, 1.0, 9.0]], np.float32)
    assert display.balance(raw, 4).tolist() == [[-1, 0, 0.25, 1]]
    assert display.balance(raw * 0, 0).tolist() == [[0, 0, 0, 0]]


def test_on_the_image_it_is_in_zero_to_one_where_seen_and_nan_elsewhere() -> None:
    preprocess = Preprocess((224, 224), 256, (0.5,) * 3, (0.5,) * 3)
    heat = preprocess.on_image(display.heat(_raw()), (500, 375))
    window = preprocess.window((500, 375))
    assert heat.shape == (375, 500)
    assert heat.dtype == np.float32
    assert (np.nanmin(heat), np.nanmax(heat)) == pytest.approx((0, 1), abs=0.01)
    seen = (window.right - window.left) * (window.bottom - window.top) / (500 * 375)
    assert np.isnan(heat).mean() == pytest.approx(1 - seen, abs=0.005)
