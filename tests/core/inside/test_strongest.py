"""The strongest peaks of a stream: those of a sort of everything, however it was cut into batches."""

import pytest
import torch
from torch import Tensor

from core.inside.examples.strongest import NUM_EXAMPLES, Strongest, none_yet, peaks


def _streamed(maps: Tensor, batch_size: int) -> Strongest:
    found = none_yet(maps.shape[1])
    for samples in torch.arange(len(maps)).split(batch_size):
        sizes = torch.stack([samples + 100, samples + 200], 1)
        found = found.joined(peaks(maps[samples]), samples, sizes)
    return found


def _by_sort(maps: Tensor, channel: int) -> list[tuple[float, float, int, int]]:
    """The slow way: minus peak, minus mean, sample and cell of all images, sorted."""
    every = []
    for sample, values in enumerate(maps[:, channel].flatten(1)):
        if values.min() < values.max():
            every.append((-float(values.max()), -float(values.mean()), sample, int(values.argmax())))
    return sorted(every)[:NUM_EXAMPLES]


@pytest.mark.parametrize("batch_size", [1, 4, 7, 40])
@pytest.mark.parametrize("ceiling", [100.0, 1.0], ids=["distinct", "at a ceiling"])
def test_the_nine_of_a_stream_are_the_first_of_a_sort(batch_size: int, ceiling: float) -> None:
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(40, 5, 4, 6, generator=generator).clamp(0, ceiling)
    maps = maps.to(memory_format=torch.channels_last)
    found = _streamed(maps, batch_size)
    for channel in range(5):
        expected = _by_sort(maps, channel)
        assert found.samples[channel].tolist() == [sample for _, _, sample, _ in expected]
        assert found.cells[channel].tolist() == [cell for *_, cell in expected]
        assert found.activations[channel].tolist() == [-peak for peak, *_ in expected]
        assert found.sizes[channel, :, 1].tolist() == [sample + 200 for _, _, sample, _ in expected]


def test_equal_peaks_and_means_are_in_the_order_of_the_samples() -> None:
    maps = torch.zeros(12, 1, 1, 2)
    maps[..., 0] = 1
    maps[[5, 8], :, :, 0] = 2
    assert _streamed(maps, 5).samples.tolist() == [[5, 8, 0, 1, 2, 3, 4, 6, 7]]


def test_what_is_the_same_over_the_whole_image_is_no_example_of_it() -> None:
    maps = torch.full((3, 2, 2, 2), 4.0)
    maps[1, 0, 1, 0] = 5
    found = _streamed(maps, 2)
    assert found.activations.tolist() == [[5, -torch.inf, -torch.inf], [-torch.inf] * 3]
    assert (found.samples[0, 0], found.cells[0, 0]) == (1, 2)


def test_a_layer_of_one_cell_is_ranked_by_its_values() -> None:
    found = _streamed(torch.tensor([1.0, 3, 2]).reshape(3, 1, 1, 1), 2)
    assert found.samples.tolist() == [[1, 2, 0]]


def test_negative_peaks_count_too_and_memory_is_for_nine() -> None:
    maps = -torch.arange(1.0, 101).reshape(50, 1, 1, 2)
    found = _streamed(maps, 10)
    assert found.activations.tolist() == [[-1, -3, -5, -7, -9, -11, -13, -15, -17]]
    assert found.sizes.shape == (1, NUM_EXAMPLES, 2)
