"""The classes of a channel are the head's own weights, in their order."""

import numpy as np
import pytest
from numpy.typing import NDArray

from core.checkpoints.store import Checkpoint
from core.errors import LayerError
from core.inside.channels.class_weights import class_weights, spoken_for


def test_the_weights_of_a_layer_that_is_pooled_are_those_of_the_head(small: Checkpoint) -> None:
    weights = class_weights(small, "bn2")
    assert weights is not None
    np.testing.assert_array_equal(weights, small.model.get_parameter("classifier.weight").detach().numpy())


def test_a_layer_whose_mean_the_head_does_not_read_has_none(small: Checkpoint) -> None:
    assert class_weights(small, "blocks.0") is None


def test_a_layer_of_as_many_channels_behind_which_more_follows_has_none(small: Checkpoint) -> None:
    """The normalisation and the activation after it come between this convolution and the head."""
    assert class_weights(small, "conv_head") is None


def test_a_layer_that_is_not_there_is_an_error(small: Checkpoint) -> None:
    with pytest.raises(LayerError, match="no layer named 'conv9'"):
        class_weights(small, "conv9")


def test_the_largest_weights_come_first_and_the_smallest_last() -> None:
    values: NDArray[np.float32] = np.zeros((10, 2), np.float32)
    values[:, 1] = [3, -7, 1, 9, 0, -2, 5, 8, -1, 4]
    found = spoken_for(values, 1)
    assert [(each.class_idx, each.weight) for each in found.most] == [(3, 9), (7, 8), (6, 5), (9, 4), (0, 3)]
    assert [(each.class_idx, each.weight) for each in found.least] == [(8, -1), (5, -2), (1, -7)]


@pytest.mark.parametrize("num_classes", [1, 2, 5, 6, 7])
def test_few_classes_are_each_named_once(num_classes: int) -> None:
    values = np.arange(num_classes, dtype=np.float32)[:, None]
    found = spoken_for(values, 0)
    assert [each.class_idx for each in (*found.most, *found.least)] == list(range(num_classes))[::-1]
