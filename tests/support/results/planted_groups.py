"""Populations with a planted group: one class has samples that share a look and are mistaken more often."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.evaluation.groups.population import Population

KINDS = ("watermark", "darkness", "blur", "background", "colour cast")
CLASSES = tuple("abcdefghij")
_DIMENSIONS = 40


@dataclass(frozen=True)
class Planted:
    """A population, and which of its samples (N,) are planted."""

    population: Population
    is_planted: NDArray[np.bool_]

    def hits(self, rows: NDArray[np.int64]) -> int:
        """How many of the first ten rows are planted."""
        return int(self.is_planted[rows[:10]].sum())


def clean(seed: int, *, size: int = 1_000, error: float = 0.04) -> Population:
    """Ten classes with features, properties, and mistakes that depend on nothing else."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(10, size=size)
    return _population(
        rng, labels, _features(rng, labels), _properties(rng, labels), rng.random(size) < error
    )


def planted(kind: str, seed: int, *, size: int = 1_000, error: float = 0.6) -> Planted:
    """Of one class two in five samples, of a kind in `KINDS`, mistaken with a probability ``error``."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(10, size=size)
    features, properties = _features(rng, labels), _properties(rng, labels)
    is_planted = (labels == seed % 10) & (rng.random(size) < 0.4)
    features[is_planted] += 2.5 * rng.normal(size=_DIMENSIONS) / np.sqrt(10)
    if kind == "darkness":
        properties.loc[is_planted, "brightness"] *= 0.4
    if kind == "blur":
        properties.loc[is_planted, "sharpness"] *= 0.2
    if kind == "background":
        properties.loc[is_planted, "background"] = "brick"
    if kind == "colour cast":
        properties.loc[is_planted, "colourfulness"] += 0.15
    is_wrong = rng.random(size) < np.where(is_planted, error, 0.03)
    return Planted(_population(rng, labels, features, properties, is_wrong), is_planted)


def _features(rng: np.random.Generator, labels: NDArray[np.int64]) -> NDArray[np.float64]:
    centres = 3 * rng.normal(size=(10, _DIMENSIONS)) / np.sqrt(10)
    return centres[labels] + rng.normal(size=(len(labels), _DIMENSIONS))


def _properties(rng: np.random.Generator, labels: NDArray[np.int64]) -> pd.DataFrame:
    size = len(labels)
    return pd.DataFrame(
        {
            "brightness": rng.beta(6, 6, size) + 0.01 * labels,
            "sharpness": rng.gamma(3, 0.01, size),
            "colourfulness": rng.gamma(4, 0.03, size),
            "width": np.full(size, 64.0),
            "file_size": np.full(size, np.nan),
            "background": rng.choice(["grass", "gravel", "brick"], size, p=[0.5, 0.4, 0.1]),
        }
    )


def _population(
    rng: np.random.Generator,
    labels: NDArray[np.int64],
    features: NDArray[np.float64],
    properties: pd.DataFrame,
    is_wrong: NDArray[np.bool_],
) -> Population:
    predicted = np.where(is_wrong, (labels + rng.integers(1, 10, size=len(labels))) % 10, labels)
    p_label = np.where(is_wrong, 0.2, 0.9).astype(np.float32)
    return Population(CLASSES, labels, predicted, p_label, properties, features.astype(np.float16))
