"""The accuracy that a network must beat: of the majority class, of colours, and of the nearest thumbnail."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.arrays import FloatArray
from core.data.image_set import ImageSet, Labels
from core.errors import DataError
from core.evaluation.comparing.significance import wilson
from core.shares import percent
from core.training.baselines.looks import simple_looks

MOST_TRAINED, MOST_SCORED = 4_000, 2_000  # Images: some seconds, and 20 MB.
MAJORITY, MEDIAN, HISTOGRAM, NEAREST = (
    "majority class",
    "median colour",
    "colour histogram",
    "nearest thumbnail",
)
_SHORTCUT = 0.25  # Of the way from the majority class to 100%.


@dataclass(frozen=True, slots=True)
class Baseline:
    """A rule without a network: its accuracy and the 95% interval, all in [0, 1]."""

    name: str
    accuracy: float
    low: float
    high: float

    @property
    def in_words(self) -> str:
        """``73.0% (55.6% to 85.4%)``."""
        return f"{percent(self.accuracy)} ({percent(self.low)} to {percent(self.high)})"


@dataclass(frozen=True, slots=True)
class Floor:
    """The baselines of a data set, the majority class first; fitted on ``num_trained`` images.

    Their accuracy is that on ``num_scored`` other images, which the intervals take as independent.
    """

    baselines: tuple[Baseline, ...]
    num_trained: int
    num_scored: int

    @property
    def best(self) -> Baseline:
        """The baseline with the highest accuracy."""
        return max(self.baselines, key=lambda each: each.accuracy)

    @property
    def shortcuts(self) -> tuple[Baseline, ...]:
        """Baselines of colours that are a quarter of the way from the majority class to 100%, or further.

        The interval must be above the majority class too. The simplest is the first.
        """
        majority = self.baselines[0].accuracy
        enough = majority + _SHORTCUT * (1 - majority)
        colours = (each for each in self.baselines if each.name in {MEDIAN, HISTOGRAM})
        return tuple(each for each in colours if each.low > majority and each.accuracy >= enough)


def floor(images: ImageSet, train: Labels, scored: Labels, *, seed: int = 0) -> Floor:
    """The baselines fitted on the images ``train`` and scored on the images ``scored``, both indices.

    Of more than 4,000 and 2,000 images, that many are drawn by ``seed``. Damaged images are left out.

    Raises:
        DataError: one of the two has no readable image, all training images are of one class, or an image
            cannot be read at present.
    """
    fitted = simple_looks(images, _drawn(train, MOST_TRAINED, seed))
    judged = simple_looks(images, _drawn(scored, MOST_SCORED, seed))
    if not len(judged.labels) or len(np.unique(fitted.labels)) < 2:
        raise DataError(
            f"{images.name!r} has too few images for baselines; expected training images of two classes, and "
            "other images to score"
        )
    predicted = {
        MAJORITY: np.full_like(judged.labels, np.bincount(fitted.labels).argmax()),
        MEDIAN: _by_nearest(fitted.medians, fitted.labels, judged.medians, number=5),
        # The root: equal distances between rare and between frequent colours (Hellinger).
        HISTOGRAM: _by_line(np.sqrt(fitted.histograms), fitted.labels, np.sqrt(judged.histograms)),
        NEAREST: _by_nearest(fitted.thumbnails, fitted.labels, judged.thumbnails, number=1),
    }
    baselines = tuple(_measured(name, labels == judged.labels) for name, labels in predicted.items())
    return Floor(baselines, len(fitted.labels), len(judged.labels))


def lines(measured: Floor) -> Iterator[str]:
    """The baselines for a terminal; a shortcut as a warning."""
    yield f"baselines fitted on {measured.num_trained:,} images, scored on {measured.num_scored:,}:"
    yield from (f"          {each.name:18}{each.in_words}" for each in measured.baselines)
    yield from (f"! {warning}" for warning in warnings(measured))


def warnings(measured: Floor) -> Iterator[str]:
    """A sentence about the simplest rule that does much better than the majority class, if there is one."""
    for each in measured.shortcuts[:1]:
        majority = percent(measured.baselines[0].accuracy)
        yield (
            f"the {each.name} alone gets {percent(each.accuracy)} of {measured.num_scored:,} images right, "
            f"the majority class {majority}: a network may learn that shortcut"
        )


def _drawn(indices: Labels, most: int, seed: int) -> Labels:
    return np.sort(np.random.default_rng(seed).permutation(indices)[:most])


def _by_line(known: FloatArray, labels: Labels, asked: FloatArray) -> Labels:
    """The classes of ``asked`` (M, K) by logistic regression on ``known`` (N, K)."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 (a second, only where it is needed)

    centre, spread = known.mean(0), known.std() or 1.0
    model = LogisticRegression(C=1.0, max_iter=300).fit((known - centre) / spread, labels)
    predicted: Labels = model.predict((asked - centre) / spread)
    return predicted


def _by_nearest(known: FloatArray, labels: Labels, asked: FloatArray, *, number: int) -> Labels:
    """For each of ``asked`` (M, K), the most frequent class of the ``number`` nearest of ``known`` (N, K)."""
    from sklearn.neighbors import KNeighborsClassifier  # noqa: PLC0415 (a second, only where it is needed)

    model = KNeighborsClassifier(min(number, len(known)), algorithm="brute").fit(known, labels)
    predicted: Labels = model.predict(asked)
    return predicted


def _measured(name: str, right: NDArray[np.bool_]) -> Baseline:
    accuracy, low, high = wilson(right.sum(keepdims=True), np.array([len(right)]))
    return Baseline(name, float(accuracy[0]), float(low[0]), float(high[0]))
