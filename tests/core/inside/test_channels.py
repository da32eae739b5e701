"""What each channel shows, which are silent, in which order they come, and which are asked for."""

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import LayerError
from core.inside.channels.layer_channels import (
    ChannelStats,
    by_contribution,
    by_strength,
    channel_stats,
    normalised,
    num_pages,
    page,
    parse_channels,
)

MAPS = np.array(
    [
        [[0, 0], [0, 4]],
        [[0, 0], [0, 0]],
        [[3, 3], [3, 3]],
        [[-6, 1], [0, 1]],
        [[2, 3], [4, 5]],
    ],
    np.float32,
)


def _noisy(level: float) -> ChannelStats:
    """Of two channels, one up to 1, one around 0.5 with differences of ``level``."""
    ramp = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)
    return channel_stats(np.stack([ramp, np.float32(0.5) + np.float32(level) * ramp]))


def test_the_numbers_of_five_channels_by_hand() -> None:
    stats = channel_stats(MAPS)
    assert stats.minimum.tolist() == [0, 0, 3, -6, 2]
    assert stats.maximum.tolist() == [4, 0, 3, 1, 5]
    assert stats.mean.tolist() == [1, 0, 3, -1, 3.5]
    assert stats.strength.tolist() == [1, 0, 3, 2, 3.5]
    assert stats.share_of_zeros.tolist() == [0.75, 1, 0, 0.25, 0]
    assert stats.silent.tolist() == [False, True, True, False, False]


def test_a_mean_of_many_values_keeps_its_digits() -> None:
    values = np.full((1, 512, 512), 0.1, np.float32)
    values[0, 0, 0] = 1
    assert channel_stats(values).mean[0] == pytest.approx(0.1 + 0.9 / 512**2, rel=1e-7)


def test_a_channel_that_only_rounding_moves_is_silent_and_a_faint_one_is_not() -> None:
    assert _noisy(1e-7).silent.tolist() == [False, True]
    assert _noisy(5e-6).silent.tolist() == [False, True]
    assert _noisy(2e-5).silent.tolist() == [False, False]


def test_a_filter_of_a_millionth_of_the_others_weights_is_not_blown_up() -> None:
    noise = np.random.default_rng(0).normal(size=(2, 8, 8)).astype(np.float32)
    noise[1] *= 1e-6
    drawn = normalised(noise, channel_stats(noise))
    assert (drawn[0].min(), drawn[0].max()) == (0, 1)
    assert drawn[1].tolist() == np.zeros((8, 8)).tolist()


def test_each_channel_is_drawn_from_its_minimum_to_its_maximum() -> None:
    drawn = normalised(MAPS, channel_stats(MAPS))
    expected = np.zeros((5, 2, 2))
    expected[0, 1, 1] = 1
    expected[3] = [[0, 1], [6 / 7, 1]]
    expected[4] = [[0, 1 / 3], [2 / 3, 1]]
    np.testing.assert_allclose(drawn, expected, rtol=1e-6)
    assert drawn.dtype == np.float32


def test_how_a_channel_is_drawn_does_not_depend_on_its_scale_or_offset() -> None:
    noise = np.random.default_rng(0).normal(size=(3, 5, 4)).astype(np.float32)
    moved = noise * np.array([2, 0.5, 30], np.float32)[:, None, None] + 7
    drawn = [normalised(maps, channel_stats(maps)) for maps in (noise, moved)]
    np.testing.assert_allclose(*drawn, atol=1e-5)


def test_nothing_is_not_a_number_where_all_is_silent() -> None:
    zeros = np.zeros((4, 3, 3), np.float32)
    stats = channel_stats(zeros)
    assert stats.silent.all()
    assert normalised(zeros, stats).tolist() == zeros.tolist()


def test_single_cells_are_drawn_beside_each_other() -> None:
    cells = np.array([-2, 0, 6, 1], np.float32).reshape(4, 1, 1)
    stats = channel_stats(cells)
    assert stats.silent.tolist() == [False, True, False, False]
    assert normalised(cells, stats)[:, 0, 0].tolist() == [0, 0, 1, 0.375]
    one = np.ones((2, 1, 1), np.float32)
    assert normalised(one, channel_stats(one)).tolist() == [[[0]], [[0]]]


# Orders and pages


def test_the_strongest_come_first_the_silent_last_and_equal_ones_by_index() -> None:
    assert by_strength(channel_stats(MAPS)).tolist() == [4, 3, 0, 2, 1]
    equal = np.tile(MAPS[:1], (6, 1, 1))
    assert by_strength(channel_stats(equal)).tolist() == [0, 1, 2, 3, 4, 5]


def test_what_speaks_for_the_class_comes_first_and_what_speaks_against_it_last() -> None:
    assert by_contribution(np.array([0, -2, 5, 0, 1], np.float32)).tolist() == [2, 4, 0, 3, 1]


@pytest.mark.parametrize(("num_channels", "pages"), [(1, 1), (64, 1), (65, 2), (1280, 20), (2048, 32)])
def test_pages_hold_every_channel_once_in_the_order_given(num_channels: int, pages: int) -> None:
    order = np.random.default_rng(0).permutation(num_channels)
    assert num_pages(num_channels) == pages
    shown: list[NDArray[np.intp]] = [page(order, number) for number in range(pages)]
    assert [len(each) for each in shown[:-1]] == [64] * (pages - 1)
    assert np.concatenate(shown).tolist() == order.tolist()


# Channels by name


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", []), ("7", [7]), ("0-3,12", [0, 1, 2, 3, 12]), (" 5 - 6, 5 ,0", [5, 6, 0]), ("15-15,", [15])],
)
def test_channels_are_asked_for_one_by_one_and_by_ranges(text: str, expected: list[int]) -> None:
    assert parse_channels(text, 16) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("16", "there is no channel '16'; this layer has channels 0 to 15"),
        ("3-16", "there is no channel '3-16'"),
        ("3-1", "there is no channel '3-1'"),
        ("-1", "'-1' is not a channel; write channels as 0-3,12"),
        ("a", "'a' is not a channel"),
        ("1.5", "'1.5' is not a channel"),
    ],
)
def test_channels_that_are_not_there_are_named(text: str, message: str) -> None:
    with pytest.raises(LayerError, match=message):
        parse_channels(text, 16)
