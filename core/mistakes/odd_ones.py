"""Samples that are far from all training images in the network's features."""

from dataclasses import dataclass

import numpy as np

from core.arrays import DoubleArray, IntArray
from core.evaluation.drift.strangest import feature_deviations
from core.mistakes.feature_space.data_map import rows_in_table
from core.mistakes.feature_space.nearest import training_evaluation
from core.mistakes.results import Results
from core.predictions import sample_features


@dataclass(frozen=True, slots=True, eq=False)
class OddOnes:
    """Rows (N,) of a table of results, the farthest first, and their ``deviation`` (N,).

    A deviation counts standard deviations of the usual distance to the nearest training image, or to the
    nearest other sample where ``from_training`` is False: the features of training images are unknown then.
    """

    rows: IntArray
    deviation: DoubleArray
    from_training: bool


def odd_ones(results: Results) -> OddOnes | None:
    """The samples of results in order of distance; None if their evaluation has no features."""
    whole, training = sample_features.read(results.evaluation), training_evaluation(results.evaluation)
    if whole is None:
        return None
    own = np.asarray(whole[rows_in_table(results)])
    known = None
    if training is not None and training.name != results.evaluation.name:
        known = sample_features.read(training)
    deviation = feature_deviations(own) if known is None else feature_deviations(known, own)
    rows = np.argsort(-deviation, kind="stable")
    return OddOnes(rows, deviation[rows], from_training=known is not None)
