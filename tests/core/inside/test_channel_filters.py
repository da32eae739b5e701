"""A channel's filter: its norm, its rank, and its strongest kernels, by hand."""

import numpy as np
from numpy.typing import NDArray

from core.inside.filters.kernels import Filters, by_input_channel
from core.inside.filters.one_filter import channel_filter

Weights = NDArray[np.float32]


def filters(weights: Weights, groups: int = 1) -> Filters:
    return Filters("conv", weights, groups, reads_image=False, is_alone=True)


def kernels(*sizes: float) -> Weights:
    """A filter of 3 x 3 kernels with these norms."""
    return np.stack([np.full((3, 3), size / 3, np.float32) for size in sizes])


def test_the_strongest_kernels_come_first_with_the_channels_that_they_read() -> None:
    weights = np.stack([kernels(1, 3, 2), kernels(0, 0, 5)])
    found = channel_filter(filters(weights), 0)
    assert found.input_channels == (1, 2, 0)
    np.testing.assert_array_equal(
        found.picture[0, [0, 52, 104]], by_input_channel(filters(weights), 0)[[1, 2, 0], 0, 0]
    )


def test_a_norm_is_over_all_kernels_and_the_largest_is_the_first() -> None:
    weights = np.stack([kernels(3, 4), kernels(0, 6), kernels(1, 0)])
    found = [channel_filter(filters(weights), channel) for channel in range(3)]
    np.testing.assert_allclose([each.norm for each in found], [5, 6, 1], rtol=1e-6)
    assert [each.rank for each in found] == [2, 1, 3]


def test_at_most_sixteen_kernels_are_shown() -> None:
    weights = kernels(*range(40))[None]
    assert channel_filter(filters(weights), 0).input_channels == tuple(range(39, 23, -1))


def test_a_filter_of_a_group_reads_the_channels_of_its_group() -> None:
    weights = np.stack([kernels(1, 2) for _ in range(4)])
    assert channel_filter(filters(weights, groups=2), 3).input_channels == (3, 2)


def test_a_filter_of_the_image_is_shown_in_its_colours() -> None:
    """The largest weight, of red, is 255, and no weight is 128."""
    weights = np.zeros((2, 3, 1, 1), np.float32)
    weights[1, 0] = 2
    found = channel_filter(Filters("conv", weights, 1, reads_image=True, is_alone=True), 1)
    assert found.in_colour
    assert found.picture[0, 0].tolist() == [255, 128, 128, 255]
