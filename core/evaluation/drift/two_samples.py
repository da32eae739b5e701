"""One probability for all tests of drift: a permutation test over every statistic together.

Each statistic is computed for the photos as they are, and for 999 random divisions of the same photos into
two. Were both samples alike, the true division would be one of these. The test takes the most unusual
statistic of each division, so that many statistics make no false alarms (Westfall and Young 1993, min P).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.arrays import DoubleArray, FloatArray, IntArray
from core.evaluation.drift.directions import principal
from core.evaluation.drift.statistics import (
    class_distances,
    classifier_areas,
    energy_distances,
    ks_distances,
)

CLASSIFIER, ENERGY, PREDICTED, CONFIDENCE = "classifier", "energy", "predicted classes", "confidence"
_PERMUTATIONS = 999
_MOST = 2_000  # Photos of each sample; more are drawn from.
_MOST_VALUES = 50  # Of metadata: a patient or a file name, of which each sample has others, is no drift.
FEWEST = 5

Texts = NDArray[np.str_]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What is known of N photos without their labels.

    ``features`` (N, D) are None for a network that has none. ``properties`` (N,) by name may be NaN.
    ``predicted`` (N,) are class indices, ``confidence`` (N,) their probabilities. ``texts`` (N,) by name, as
    the weather, are empty where unknown.
    """

    features: NDArray[np.floating] | None
    properties: Mapping[str, DoubleArray]
    predicted: IntArray
    confidence: DoubleArray
    texts: Mapping[str, Texts] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.predicted)

    def some(self, rows: IntArray) -> "Seen":
        """The photos of these rows (n,)."""
        return Seen(
            None if self.features is None else np.asarray(self.features[rows]),
            {name: values[rows] for name, values in self.properties.items()},
            self.predicted[rows],
            self.confidence[rows],
            {name: values[rows] for name, values in self.texts.items()},
        )


@dataclass(frozen=True, slots=True)
class DriftTest:
    """One statistic and two probabilities of a value at least as large by chance.

    ``p`` is of this statistic alone, ``p_adjusted`` of any of all statistics.
    """

    name: str
    statistic: float
    p: float
    p_adjusted: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """All tests, the most unusual first, and the probability ``p`` of the first by chance."""

    tests: tuple[DriftTest, ...]
    num_known: int
    num_new: int
    num_divisions: int

    @property
    def p(self) -> float:
        """The probability that samples that are alike differ at least as unusually in any test."""
        return self.tests[0].p_adjusted

    def test(self, name: str) -> DriftTest | None:
        """The test of this name; None if it does not apply."""
        return next((each for each in self.tests if each.name == name), None)


def compare(known: Seen, new: Seen, seed: int = 0) -> Comparison:
    """Are both samples alike? ``seed`` is for the divisions, and for drawing from more than 2,000 photos.

    Raises:
        ValueError: a sample has fewer than 5 photos.
    """
    if min(len(known), len(new)) < FEWEST:
        raise ValueError(f"got {len(known)} and {len(new)} photos, expected {FEWEST} or more of each")
    random = np.random.default_rng(seed)
    known, new = (each.some(_drawn(len(each), random)) for each in (known, new))
    sides = divisions(len(known), len(new), random)
    statistics = _statistics(known, new, sides, seed)
    tests = _tests(list(statistics), np.array(list(statistics.values())))
    return Comparison(tests, len(known), len(new), sides.shape[1])


def divisions(num_known: int, num_new: int, random: np.random.Generator) -> FloatArray:
    """The true division of known and then new photos, followed by 999 random ones: (N, 1000) of 0 and 1."""
    sides = np.repeat(np.array([0, 1], np.float32), [num_known, num_new])
    every = np.repeat(sides[:, None], _PERMUTATIONS + 1, axis=1)
    every[:, 1:] = random.permuted(every[:, 1:], axis=0)
    return every


def _drawn(number: int, random: np.random.Generator) -> IntArray:
    if number <= _MOST:
        return np.arange(number)
    return np.sort(random.choice(number, _MOST, replace=False))


def _statistics(known: Seen, new: Seen, sides: FloatArray, seed: int) -> dict[str, DoubleArray]:
    """Every statistic that applies: (1000,) by name."""
    pairs = {
        name: (values, new.properties[name])
        for name, values in known.properties.items()
        if name in new.properties
    }
    pairs[CONFIDENCE] = known.confidence, new.confidence
    values = {name: joined for name, (a, b) in pairs.items() if (joined := _joined(a, b)) is not None}
    found = {name: ks_distances(joined, sides) for name, joined in values.items()}
    predicted = np.concatenate([known.predicted, new.predicted])
    if len(np.unique(predicted)) > 1:
        found[PREDICTED] = class_distances(predicted, sides)
    for name in (name for name in known.texts if name in new.texts):
        if (codes := _joined_texts(known.texts[name], new.texts[name])) is not None:
            found[name] = class_distances(codes, sides)
    if known.features is not None and new.features is not None:
        features = principal(np.concatenate([known.features, new.features]))
        found[ENERGY] = energy_distances(features, sides)
        found[CLASSIFIER] = classifier_areas(features, sides, seed)
    return found


def _joined(known: DoubleArray, new: DoubleArray) -> DoubleArray | None:
    """A property of known and then of new photos, the median where it is unknown; None if it says nothing."""
    if not np.isfinite(known).any() or not np.isfinite(new).any():
        return None
    values = np.concatenate([known, new]).astype(np.float64)
    values = np.where(np.isfinite(values), values, np.median(values[np.isfinite(values)]))
    return values if np.ptp(values) > 0 else None


def _joined_texts(known: Texts, new: Texts) -> IntArray | None:
    """Texts of known and then of new photos as numbers, the most frequent where one is unknown.

    None if they say nothing: one side is unknown, all are the same, or more than 50 differ.
    """
    if not (known != "").any() or not (new != "").any():
        return None
    texts = np.concatenate([known, new])
    names, codes, counts = np.unique(texts[texts != ""], return_inverse=True, return_counts=True)
    if not 1 < len(names) <= _MOST_VALUES:
        return None
    joined = np.full(len(texts), counts.argmax())
    joined[texts != ""] = codes
    return joined


def _tests(names: list[str], statistics: DoubleArray) -> tuple[DriftTest, ...]:
    """The tests of statistics (T, B), of which the first division is the true one."""
    if not names:
        return (
            DriftTest(CONFIDENCE, 0.0, 1.0, 1.0),
        )  # All photos of both samples are the same in everything.
    unusual = _log_tails(statistics)
    alone = _shares(unusual, unusual[:, :1])
    together = _shares(unusual.min(0), unusual[:, :1])
    order = np.lexsort([unusual[:, 0], together])
    return tuple(
        DriftTest(names[row], float(statistics[row, 0]), float(alone[row]), float(together[row]))
        for row in order
    )


def _log_tails(statistics: DoubleArray) -> DoubleArray:
    """How unusual each statistic (T, B) is among its row: ln of the upper tail of a Pearson III distribution.

    With mean, variance and skewness of the row, statistics of different kinds get one scale. Tests count
    divisions on this scale, so that its errors cost no validity.
    """
    from scipy.stats import pearson3, skew  # noqa: PLC0415 (a second, only where it is needed)

    deviation = statistics.std(1, keepdims=True)
    standard = (statistics - statistics.mean(1, keepdims=True)) / np.where(deviation > 0, deviation, 1)
    skewness = np.nan_to_num(skew(statistics, axis=1))[:, None]
    return np.asarray(pearson3.logsf(standard, skewness))


def _shares(divisions_: DoubleArray, observed: DoubleArray) -> DoubleArray:
    """For each observed value (T, 1) the share of divisions (B,) or (T, B) that are at least as unusual.

    The true division counts among them (Phipson and Smyth 2010, doi:10.2202/1544-6115.1585).
    """
    return np.asarray((divisions_ <= observed + 1e-12).mean(1))
