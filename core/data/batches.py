"""Batches of a data set: which samples, in which order, in which of several processes."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from core.data.augment import Augment, augmented, transform
from core.data.backgrounds import Backgrounds, Blurred
from core.data.cache import Decoded
from core.data.image_set import Labels
from core.data.workers import leave_quietly

Key = tuple[int, int]
Batch = tuple[Tensor, Tensor, Tensor]


@dataclass(frozen=True, slots=True)
class Share:
    """This process's share of the work: ``rank`` of ``world`` processes."""

    rank: int = 0
    world: int = 1


class ImageDataset(Dataset[Batch]):
    """Images by keys (epoch, index): uint8 inputs (n, channels, H, W), labels (n,) and indices (n,)."""

    def __init__(
        self,
        decoded: Decoded,
        augment: Augment | None = None,
        seed: int = 0,
        backgrounds: Backgrounds | Blurred | None = None,
    ) -> None:
        self.decoded, self.augment, self.seed, self.backgrounds = decoded, augment, seed, backgrounds
        self.change = None if augment is None or augment.is_none else transform(augment, decoded.preprocess)
        self.labels = torch.from_numpy(decoded.images.labels)

    def __getitems__(self, keys: Sequence[Key]) -> Batch:
        """One batch; the augmentation of an image depends only on its key."""
        indices = [index for _, index in keys]
        if self.change is None and self.backgrounds is None:
            return self.decoded.inputs(indices), self.labels[indices], torch.tensor(indices)
        pixels = self.decoded.pixels(indices)
        if self.backgrounds is not None:
            pixels = self.backgrounds(pixels, keys)
        if self.change is not None:
            pixels = augmented(pixels, self.change, self.seed, keys)
        else:
            pixels = self.decoded.preprocess.without_margin(pixels)
        return pixels, self.labels[indices], torch.tensor(indices)

    def __getitem__(self, key: Key) -> Batch:
        """A batch of one."""
        return self.__getitems__([key])


class FeatureDataset(Dataset[Batch]):
    """What a frozen part of the network gives for the images, float32 (N, ...), in the same form.

    Of several ``passes``, which differ in the augmentation, each epoch reads the next one, and after the last
    the first again.
    """

    def __init__(self, passes: Sequence[NDArray[np.float32]], labels: Labels) -> None:
        self.passes, self.labels = passes, torch.from_numpy(labels)

    def __getitems__(self, keys: Sequence[Key]) -> Batch:
        """One batch, of one epoch."""
        indices = [index for _, index in keys]
        features = self.passes[keys[0][0] % len(self.passes)]
        return (
            torch.from_numpy(features[np.asarray(indices)]),
            self.labels[indices],
            torch.tensor(indices),
        )

    def __getitem__(self, key: Key) -> Batch:
        """A batch of one."""
        return self.__getitems__([key])


class Shuffled(Sampler[list[Key]]):
    """The batches of one training epoch, determined by seed, epoch and data.

    ``batch_size`` counts the images of all processes together. Each process takes its part of every batch.
    The parts have equal size (the last batch is cut to fit), so that the mean of their gradients is the
    gradient of the batch. With ``weights`` (one per index), samples are drawn with replacement, in proportion
    to them.
    """

    def __init__(
        self,
        indices: Labels,
        *,
        batch_size: int,
        seed: int,
        epoch: int,
        share: Share = Share(),
        weights: NDArray[np.float64] | None = None,
    ) -> None:
        random = np.random.default_rng([seed, epoch])
        if weights is None:
            order = random.permutation(indices)
        else:
            order = random.choice(indices, len(indices), p=weights / weights.sum())
        batches = (order[start : start + batch_size] for start in range(0, len(order), batch_size))
        parts = (
            batch[: len(batch) // share.world * share.world][share.rank :: share.world] for batch in batches
        )
        keys = [[(epoch, int(index)) for index in part] for part in parts if len(part)]
        # Batch norm cannot train on a single image.
        self.batches = [batch for batch in keys if len(batch) > 1] or keys

    def __iter__(self) -> Iterator[list[Key]]:
        return iter(self.batches)

    def __len__(self) -> int:
        return len(self.batches)


class Pieces(Sampler[list[Key]]):
    """The batches of an epoch in ``number`` pieces each, whose sizes differ by at most one.

    No piece has fewer than ``least`` images, so that a short batch, as the last one may be, has fewer pieces.
    ``batch_of`` is for each piece the batch that it belongs to.
    """

    def __init__(self, batches: Sequence[list[Key]], number: int, *, least: int = 1) -> None:
        self.pieces: list[list[Key]] = []
        self.batch_of: list[list[Key]] = []
        for batch in batches:
            count = max(1, min(number, len(batch) // least))
            ends = [len(batch) * place // count for place in range(count + 1)]
            self.pieces += [batch[start:end] for start, end in itertools.pairwise(ends)]
            self.batch_of += [batch] * count

    def __iter__(self) -> Iterator[list[Key]]:
        return iter(self.pieces)

    def __len__(self) -> int:
        return len(self.pieces)


class InOrder(Sampler[list[Key]]):
    """This process's share of the samples, in order, each once."""

    def __init__(self, indices: Labels, *, batch_size: int, share: Share = Share()) -> None:
        mine = indices[share.rank :: share.world].tolist()
        self.batches = [
            [(0, index) for index in mine[start : start + batch_size]]
            for start in range(0, len(mine), batch_size)
        ]

    def __iter__(self) -> Iterator[list[Key]]:
        return iter(self.batches)

    def __len__(self) -> int:
        return len(self.batches)


def loader(dataset: Dataset[Batch], sampler: Sampler[list[Key]], *, workers: int = 0) -> DataLoader[Batch]:
    """The sampler's batches, made by ``workers`` processes beside this one."""
    return DataLoader(
        dataset,
        batch_sampler=sampler,
        collate_fn=_as_it_is,
        num_workers=workers,
        pin_memory=torch.cuda.is_available(),
        # Its own generator: a worker seed drawn from the global one would shift the dropout of an epoch.
        generator=torch.Generator(),
        worker_init_fn=leave_quietly,
    )


def oversampling(labels: Labels, num_classes: int) -> NDArray[np.float64]:
    """Sampling weights (N,) that make all classes equally frequent."""
    counts = np.bincount(labels, minlength=num_classes)
    weights: NDArray[np.float64] = 1 / counts[labels]
    return weights


def class_weights(labels: Labels, num_classes: int) -> NDArray[np.float32]:
    """Weights (C,) of the loss: N / (non-empty classes × images of the class); 0 for an empty class."""
    counts = np.bincount(labels, minlength=num_classes)
    present = np.count_nonzero(counts)
    with np.errstate(divide="ignore"):
        weights = np.where(counts, len(labels) / (present * counts), 0)
    return weights.astype(np.float32)


def _as_it_is(batch: Any) -> Any:  # noqa: ANN401 (a whole batch from __getitems__)
    return batch
