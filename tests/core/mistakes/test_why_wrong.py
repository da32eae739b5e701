"""What spoke for the wrong class and what for the right one: differences, sums in logits, one scale."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from core.checkpoints.store import Checkpoint
from core.explanation.answer import Map
from core.explanation.asking import explain
from core.explanation.question import Question, Score
from core.images.preprocess import Preprocess
from core.mistakes.why_wrong import Sides, Sum, pictures, rival_of, sides
from tests.support.results.questions import OF_CONVOLUTIONS, take_few_samples

LINEAR = ("cam", "grad_cam", "hires_cam", "xgrad_cam")
GREY = Preprocess((8, 8), None, (0.5,), (0.5,))


@pytest.fixture(autouse=True)
def few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than hundreds for each map."""
    take_few_samples(monkeypatch)


@pytest.fixture(scope="module")
def batch() -> Tensor:
    """One image for the small checkpoint."""
    return torch.randn(1, 3, 160, 160, generator=torch.Generator().manual_seed(0))


def _map(
    small: Checkpoint, batch: Tensor, question: Question, *, against: int | None = None, class_idx: int = 1
) -> Map:
    asked = replace(question, scores=(Score(class_idx, against),))
    return next(iter(explain(small, batch, asked)[0][0].maps.values()))


def _in_logits(values: np.ndarray, bias: float = 0.0) -> Map:
    values = values.astype(np.float32)
    return Map(values * 5, evidence=values, bias=bias, score=float(values.sum()) + bias)


# The difference.


@pytest.mark.slow
@pytest.mark.parametrize("method", OF_CONVOLUTIONS)
def test_the_difference_is_map_minus_map_to_the_bit(small: Checkpoint, batch: Tensor, method: str) -> None:
    batch, question = batch[:, :, :64, :96], Question(method, ("bn2",))
    one, other = (_map(small, batch, question, class_idx=each) for each in (1, 3))
    found = sides(one, other)
    first, second = (one.evidence, other.evidence) if one.evidence is not None else (one.raw, other.raw)
    assert found.in_logits is (method in LINEAR)
    assert np.array_equal(found.difference, first - second)
    assert found.difference.dtype == np.float32


@pytest.mark.parametrize("layer", ["bn2", "blocks.1"])
@pytest.mark.parametrize("method", [*LINEAR, "grad_cam_pp", "layer_cam"])
def test_the_difference_is_the_map_of_the_logits_difference_where_the_method_is_linear(
    small: Checkpoint, batch: Tensor, method: str, layer: str
) -> None:
    if (method, layer) == ("cam", "blocks.1"):
        return  # Defined only at the layer that the head reads.
    question = Question(method, (layer,))
    found = sides(*(_map(small, batch, question, class_idx=each) for each in (1, 3)))
    both = _map(small, batch, question, class_idx=1, against=3)
    expected = both.evidence if found.in_logits else both.raw
    assert expected is not None
    is_equal = bool(np.allclose(found.difference, expected, atol=1e-5 * np.abs(expected).max(), rtol=1e-4))
    assert is_equal is (method in LINEAR)


@pytest.mark.parametrize("method", LINEAR)
def test_cells_and_bias_of_either_class_and_of_the_difference_sum_to_the_logits(
    small: Checkpoint, batch: Tensor, method: str
) -> None:
    question = Question(method, ("bn2",))
    found = sides(*(_map(small, batch, question, class_idx=each) for each in (1, 3)))
    with torch.inference_mode():
        logits = small.model(batch)[0].tolist()
    expected = (logits[1], logits[3], logits[1] - logits[3])
    maps = (found.predicted, found.rival, found.difference)
    sums = (found.predicted_sum, found.rival_sum, found.difference_sum)
    for each, values, logit in zip(sums, maps, expected, strict=True):
        assert each is not None
        assert each.score == pytest.approx(logit, abs=1e-5)
        assert each.cells == pytest.approx(float(values.sum()), abs=1e-5)
        assert each.cells + each.bias == pytest.approx(logit, abs=1e-4)


def test_the_difference_of_the_scores_is_that_of_the_cells_and_of_the_biases() -> None:
    found = sides(_in_logits(np.eye(2) * 3, bias=0.5), _in_logits(np.eye(2), bias=-0.25))
    assert found.predicted_sum == Sum(cells=6, bias=0.5, score=6.5)
    assert found.rival_sum == Sum(cells=2, bias=-0.25, score=1.75)
    assert found.difference_sum == Sum(cells=4, bias=0.75, score=4.75)


def test_without_evidence_of_both_all_three_are_raw() -> None:
    with_evidence, without = _in_logits(np.eye(2), 0.5), Map(np.ones((2, 2), np.float32))
    for pair in ((with_evidence, without), (without, with_evidence)):
        found = sides(*pair)
        assert not found.in_logits
        assert (found.predicted_sum, found.rival_sum, found.difference_sum) == (None, None, None)
        assert np.array_equal(found.difference, pair[0].raw - pair[1].raw)


def test_maps_of_two_layers_are_refused() -> None:
    with pytest.raises(ValueError, match=r"maps of \(2, 2\) and \(3, 3\) cells, expected one layer's"):
        sides(Map(np.eye(2, dtype=np.float32)), Map(np.eye(3, dtype=np.float32)))


# The colour scale.


def test_one_scale_ends_at_the_largest_of_all_three_maps() -> None:
    """Opposite evidence is largest in the difference, equal evidence in the maps themselves."""
    assert sides(_in_logits(np.eye(2) * 3), _in_logits(np.eye(2) * -2)).top == 5
    assert sides(_in_logits(np.eye(2) * 3), _in_logits(np.eye(2) * 2)).top == 3
    assert sides(_in_logits(np.eye(2) * 2), _in_logits(np.eye(2) * 3)).top == 3


def test_the_scale_of_empty_maps_is_zero_and_draws_the_image_as_it_is() -> None:
    empty = np.zeros((2, 2), np.float32)
    image = np.full((16, 16, 3), 90, np.uint8)
    found = pictures(image, GREY, (8, 8), Sides(empty, empty))
    assert Sides(empty, empty).top == 0
    assert all(np.array_equal(each, image) for each in (found.predicted, found.rival, found.difference))


def test_equal_evidence_has_the_same_colour_in_every_picture() -> None:
    """3 logits for the predicted class at the left, 3 for its rival in the middle; 6 against at the right."""
    predicted, rival = np.array([[3.0, 0.0, -6.0]]), np.array([[0.0, 3.0, 0.0]])
    image = np.full((31, 93, 3), 128, np.uint8)
    preprocess = Preprocess((31, 93), None, (0.5,), (0.5,))
    found = pictures(image, preprocess, (93, 31), sides(_in_logits(predicted), _in_logits(rival)))
    left = found.predicted[15, 15]
    assert left[0] > 128 > left[1]
    assert np.array_equal(left, found.rival[15, 46])
    assert np.array_equal(left, found.difference[15, 15])
    assert np.array_equal(found.predicted[15, 77], found.difference[15, 77])
    middle, right = found.difference[15, 46].astype(int), found.difference[15, 77].astype(int)
    assert middle[2] > 128 > middle[0] > right[0]
    assert np.array_equal(found.rival[15, 15], image[15, 15])


def test_a_tiny_image_drawn_larger_carries_the_map_to_its_own_place() -> None:
    """One hot cell of 4 by 4 in a digit of 8 by 8 that is drawn with 80 by 80 pixels."""
    hot = np.zeros((4, 4))
    hot[1, 2] = 1
    image = np.zeros((80, 80, 3), np.uint8)
    found = pictures(image, GREY, (8, 8), sides(_in_logits(hot), _in_logits(hot * 0)))
    rows, columns = np.nonzero(found.predicted.any(2))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == pytest.approx((11, 48, 31, 68), abs=2)
    assert found.predicted.sum(2).argmax() // 80 == pytest.approx(30, abs=1)


def test_the_margin_that_was_not_seen_is_hatched_in_all_three() -> None:
    """A square crop of an image twice as wide as high leaves a quarter at either side."""
    image = np.full((40, 80, 3), (200, 100, 0), np.uint8)
    preprocess = Preprocess((20, 20), 20, (0.5,), (0.5,))
    hot = _in_logits(np.ones((2, 2)))
    found = pictures(image, preprocess, (80, 40), sides(hot, hot))
    grey = round(0.55 * 100 + 0.45 * 225)
    for picture in (found.predicted, found.rival, found.difference):
        margin = np.concatenate([picture[:, :20], picture[:, 60:]], 1)
        assert set(margin.ravel().tolist()) == {grey, round(grey * 0.88)}
    assert np.array_equal(found.difference[:, 20:60], image[:, 20:60])


# The rival.


@pytest.mark.parametrize(
    ("label", "predicted", "top5", "expected"),
    [
        (4, 9, [9, 8, 4], 4),
        (4, 9, [9, 8, 7, 6, 5], 4),
        (9, 9, [9, 8, 7], 8),
        (9, 9, [8, 9], 8),
        (0, 0, [0], None),
    ],
)
def test_the_rival_is_the_true_class_or_the_runner_up(
    label: int, predicted: int, top5: list[int], expected: int | None
) -> None:
    assert rival_of(label, predicted, top5) == expected
    assert rival_of(label, predicted, np.array(top5, np.int32)) == expected
