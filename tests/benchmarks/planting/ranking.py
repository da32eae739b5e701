"""The table: means over the scenes with bootstrap intervals, the best maps first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, fields

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.planting.scoring import Scores

_DRAWS = 2_000
_SAME = 1e-6  # Means that differ by less share their place.
_BAND = (2.5, 97.5)
_NAMES = [field.name for field in fields(Scores)]
_RANKED_BY = ("energy", "pointing", "iou", "difference")
_HEADS = {"energy": "energy inside", "iou": "IoU", "difference": "insertion − deletion"}

FloatArray = NDArray[np.float64]


def table(by_scene: Sequence[Mapping[str, Scores]], objects: Sequence[str]) -> Iterator[str]:
    """The lines of a table with a row for each map.

    A cell is a mean over the scenes and its 95 % interval, by bootstrap over the objects: scenes of one
    object are alike. Rows are ordered by their mean place in energy, pointing, IoU and insertion − deletion.

    Args:
        by_scene: the scores of each scene, by map.
        objects: the object of each scene.
    """
    names = list(by_scene[0])
    values = np.array([[astuple(scores[name]) for name in names] for scores in by_scene])  # (N, M, 6)
    low, high = intervals(values, objects)
    means, places = values.mean(0), mean_places(values.mean(0))
    yield "| map | place | " + " | ".join(_HEADS.get(name, name) for name in _NAMES) + " |"
    yield "| --- |" + " --- |" * (1 + len(_NAMES))
    for row in np.argsort(places, kind="stable"):
        cells = zip(means[row], low[row], high[row], strict=True)
        numbers = " | ".join(f"{mean:.2f} ({least:.2f} to {most:.2f})" for mean, least, most in cells)
        yield f"| {names[row]} | {places[row]:.1f} | {numbers} |"


def intervals(values: FloatArray, objects: Sequence[str], seed: int = 0) -> tuple[FloatArray, FloatArray]:
    """The 2.5th and the 97.5th percentile of the mean of values (N, …), with objects drawn at random."""
    draw = np.random.default_rng(seed)
    kinds, of_scene = np.unique(np.asarray(objects), return_inverse=True)
    counts = draw.multinomial(len(kinds), np.full(len(kinds), 1 / len(kinds)), size=_DRAWS)
    weights = counts[:, of_scene]  # (draws, N)
    means = np.tensordot(weights, values, 1) / weights.sum(1).reshape(-1, *[1] * (values.ndim - 1))
    low, high = np.percentile(means, _BAND, axis=0)
    return low, high


def mean_places(means: FloatArray) -> FloatArray:
    """The mean place (M,) of each map in the measures that rank, from 1; equal means share theirs."""
    columns = [means[:, _NAMES.index(name)] for name in _RANKED_BY]
    places = [[1 + (column > value + _SAME).sum() for value in column] for column in columns]
    return np.asarray(np.mean(places, axis=0))
