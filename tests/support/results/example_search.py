"""A tiny network whose examples are found by a slow sort."""

import pytest

from core.checkpoints.store import Checkpoint
from core.data.image_set import ImageSet
from core.errors import ImageError
from core.explain.network.activations import activations

LAYERS = ["block1", "block2"]


def slow_rows(loaded: Checkpoint, images: ImageSet, layer: str) -> list[tuple[object, ...]]:
    """One image after another, all peaks sorted: channel, rank, sample, class, row, column, peak, mean."""
    every: dict[int, list[tuple[float, float, int, int]]] = {}
    width = 0
    for index in range(len(images)):
        try:
            batch = loaded.card.preprocess.batch([images.image(index)])
        except ImageError:
            continue
        maps = activations(loaded.model, batch, [layer])[layer][0]
        width = maps.shape[2]
        for channel, values in enumerate(maps.flatten(1)):
            if values.min() < values.max():
                peak = (-float(values.max()), -float(values.mean()), index, int(values.argmax()))
                every.setdefault(channel, []).append(peak)
    return [
        (
            *(channel, rank, images.sample_ids[index], images.class_names[images.labels[index]]),
            *(*divmod(cell, width), pytest.approx(-peak, rel=1e-5), pytest.approx(-mean, rel=1e-5)),
        )
        for channel, peaks in sorted(every.items())
        for rank, (peak, mean, index, cell) in enumerate(sorted(peaks)[:9])
    ]
