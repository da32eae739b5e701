"""Every image comes once an epoch, in an order that follows from seed and epoch, whoever takes part."""

from collections import Counter

import numpy as np
import pytest
import torch

from core.data.augment import Augment
from core.data.batches import (
    Batch,
    FeatureDataset,
    ImageDataset,
    InOrder,
    Key,
    Share,
    Shuffled,
    class_weights,
    loader,
    oversampling,
)
from core.data.cache import Decoded
from core.data.image_set import ImageSet, Pixels
from core.data.survey.image_facts import SurveyTable, survey
from core.images.preprocess import Preprocess

INDICES = np.arange(100, 137)  # 37 of them, none equal to its place.
ALONE = Share()
AUGMENT = Augment(flip=True, rotation=20, zoom=(0.8, 1.2), brightness=0.3, occlusion=0.5)


def _shuffled(batch_size: int = 8, *, epoch: int = 0, seed: int = 0, share: Share = ALONE) -> list[list[Key]]:
    return list(Shuffled(INDICES, batch_size=batch_size, seed=seed, epoch=epoch, share=share))


def _indices(batches: list[list[Key]]) -> list[int]:
    return [index for batch in batches for _, index in batch]


@pytest.fixture
def decoded() -> Decoded:
    """Ten images of 12 x 12, with a margin of 2 around each input of 8 x 8."""
    array = np.random.default_rng(0).integers(0, 256, (10, 12, 12, 3), np.uint8)
    labels = np.arange(10) % 3
    images = ImageSet("x", ("a", "b", "c"), labels, [str(each) for each in range(10)], Pixels(array), "0")
    preprocess = Preprocess((8, 8), 12, (0.5,) * 3, (0.5,) * 3)
    table = SurveyTable.collect(survey(images, workers=1), 10)
    return Decoded(images, preprocess, table, np.ascontiguousarray(array.transpose(0, 3, 1, 2)))


# One epoch.


def test_every_index_comes_once_an_epoch() -> None:
    batches = _shuffled()
    assert sorted(_indices(batches)) == INDICES.tolist()
    assert [len(batch) for batch in batches] == [8, 8, 8, 8, 5]
    assert {epoch for batch in _shuffled(epoch=3) for epoch, _ in batch} == {3}


def test_the_order_follows_from_seed_and_epoch() -> None:
    assert _shuffled(epoch=1, seed=2) == _shuffled(epoch=1, seed=2)
    orders = [_indices(_shuffled(epoch=epoch, seed=seed)) for epoch in range(3) for seed in range(3)]
    assert len({tuple(order) for order in orders}) == 9
    assert INDICES.tolist() not in orders


def test_the_length_is_the_number_of_batches() -> None:
    sampler = Shuffled(INDICES, batch_size=8, seed=0, epoch=0)
    assert len(sampler) == len(list(sampler)) == 5
    assert list(sampler) == list(sampler)
    assert len(InOrder(INDICES, batch_size=8)) == 5


@pytest.mark.parametrize("world", [2, 3, 4])
def test_the_parts_of_all_processes_are_equally_large_and_make_the_batch(world: int) -> None:
    whole = _shuffled(12)
    parts = [_shuffled(12, share=Share(rank, world)) for rank in range(world)]
    assert len({len(part) for part in parts}) == 1
    for place, batch in enumerate(whole[:-1]):
        assert {len(part[place]) for part in parts} == {12 // world}
        assert sorted(key for part in parts for key in part[place]) == sorted(batch)
    # The last batch has one image: no process is given it.
    assert len(whole) == 3
    assert all(len(part) == 3 for part in parts)


def test_a_last_batch_is_cut_so_that_parts_are_equally_large() -> None:
    """37 = 2 batches of 14 and one of 9, of which two processes can share 8."""
    parts = [_shuffled(14, share=Share(rank, 2)) for rank in range(2)]
    assert [[len(batch) for batch in part] for part in parts] == [[7, 7, 4], [7, 7, 4]]
    assert len(set(_indices(parts[0]) + _indices(parts[1]))) == 36


def test_a_last_batch_of_one_image_is_left_out() -> None:
    batches = _shuffled(9)
    assert [len(batch) for batch in batches] == [9, 9, 9, 9]
    assert len(set(_indices(batches))) == 36


def test_batches_of_one_are_kept_where_there_are_no_others() -> None:
    assert [len(batch) for batch in _shuffled(1)] == [1] * 37
    assert list(Shuffled(np.array([7]), batch_size=8, seed=0, epoch=2)) == [[(2, 7)]]


def test_weights_draw_in_proportion_and_with_replacement() -> None:
    indices = np.arange(3000)
    weights = np.where(indices < 1000, 3.0, 0.5)  # 3000 : 1000
    weights[5] = 0
    drawn = _indices(list(Shuffled(indices, batch_size=100, seed=0, epoch=0, weights=weights)))
    assert len(drawn) == 3000
    assert np.mean(np.array(drawn) < 1000) == pytest.approx(0.75, abs=0.032)  # Four standard deviations.
    assert 5 not in drawn
    assert max(Counter(drawn).values()) > 1
    again = _indices(list(Shuffled(indices, batch_size=100, seed=0, epoch=1, weights=weights)))
    assert again != drawn


def test_oversampling_draws_every_class_equally_often() -> None:
    labels = np.array([0] * 900 + [2] * 90 + [3] * 10)
    weights = oversampling(labels, 5)
    assert [weights[labels == label].sum() for label in (0, 2, 3)] == pytest.approx([1, 1, 1])
    drawn = _indices(list(Shuffled(np.arange(1000), batch_size=50, seed=0, epoch=0, weights=weights)))
    counts = np.bincount(labels[drawn], minlength=5)
    assert counts[[1, 4]].tolist() == [0, 0]
    assert counts[[0, 2, 3]] == pytest.approx([1000 / 3] * 3, abs=60)  # Four standard deviations.


@pytest.mark.parametrize("world", [1, 2, 3, 50])
def test_in_order_the_processes_cover_each_index_once(world: int) -> None:
    parts = [list(InOrder(INDICES, batch_size=4, share=Share(rank, world))) for rank in range(world)]
    assert sorted(index for part in parts for index in _indices(part)) == INDICES.tolist()
    for part in parts:
        assert _indices(part) == sorted(_indices(part))
        assert all(len(batch) == 4 for batch in part[:-1])
        assert {epoch for batch in part for epoch, _ in batch} <= {0}


def test_class_weights_by_hand() -> None:
    """Six images, three classes of four: 6 / (3 · 3), 6 / (3 · 1), none, 6 / (3 · 2)."""
    weights = class_weights(np.array([0, 3, 0, 1, 3, 0]), 4)
    assert weights.dtype == np.float32
    assert weights.tolist() == pytest.approx([2 / 3, 2, 0, 1])


def test_class_weights_are_scikit_learns_balanced_ones() -> None:
    sklearn = pytest.importorskip("sklearn.utils.class_weight")
    labels = np.random.default_rng(0).choice(4, 200, p=[0.6, 0.3, 0.08, 0.02])
    expected = sklearn.compute_class_weight("balanced", classes=np.arange(4), y=labels)
    assert class_weights(labels, 4).tolist() == pytest.approx(expected.tolist())
    # The mean weight of an image is 1: the loss keeps its scale.
    assert class_weights(labels, 4)[labels].mean() == pytest.approx(1)


# The loader.


def _loaded(decoded: Decoded, workers: int, epoch: int = 3) -> list[Batch]:
    sampler = Shuffled(np.arange(10), batch_size=4, seed=1, epoch=epoch)
    return list(loader(ImageDataset(decoded, AUGMENT, seed=1), sampler, workers=workers))


def test_two_workers_give_the_same_tensors_as_none(decoded: Decoded) -> None:
    alone, beside = _loaded(decoded, 0), _loaded(decoded, 2)
    assert [len(batch[1]) for batch in alone] == [4, 4, 2]
    for one, other in zip(alone, beside, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_another_epoch_augments_in_another_way(decoded: Decoded) -> None:
    first, second = (
        dict(zip(indices.tolist(), pixels, strict=True))
        for pixels, _, indices in (
            ImageDataset(decoded, AUGMENT).__getitems__([(epoch, index) for index in range(10)])
            for epoch in (0, 1)
        )
    )
    assert sum(torch.equal(first[index], second[index]) for index in range(10)) == 0


def test_a_batch_has_its_pixels_labels_and_indices_together(decoded: Decoded) -> None:
    sampler = InOrder(np.array([4, 1, 9]), batch_size=2)
    batches = list(loader(ImageDataset(decoded), sampler))
    assert [batch[2].tolist() for batch in batches] == [[4, 1], [9]]
    assert [batch[1].tolist() for batch in batches] == [[1, 1], [0]]
    assert torch.equal(torch.cat([batch[0] for batch in batches]), decoded.inputs([4, 1, 9]))
    assert all(torch.equal(a, b) for a, b in zip(ImageDataset(decoded)[0, 9], batches[1], strict=True))


@pytest.mark.parametrize("workers", [0, 1])
def test_loading_draws_no_global_random_number(decoded: Decoded, workers: int) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        before = torch.get_rng_state()
        for epoch in range(2):
            _loaded(decoded, workers, epoch)
        assert torch.equal(torch.get_rng_state(), before)


def test_features_come_by_index() -> None:
    values = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    labels = np.arange(6) % 2
    ((found, classes, indices),) = loader(
        FeatureDataset([values], labels), InOrder(np.array([5, 2]), batch_size=2)
    )
    assert np.array_equal(found.numpy(), values[[5, 2]])
    assert (classes.tolist(), indices.tolist()) == ([1, 0], [5, 2])
    assert np.array_equal(FeatureDataset([values], labels)[0, 3][0].numpy(), values[[3]])


def test_epochs_read_the_passes_in_turn() -> None:
    passes = FeatureDataset([np.zeros((2, 3, 4), np.float32), np.ones((2, 3, 4), np.float32)], np.arange(2))
    assert [passes[epoch, 1][0].mean().item() for epoch in range(4)] == [0, 1, 0, 1]
    assert passes[0, 1][0].shape == (1, 3, 4)
