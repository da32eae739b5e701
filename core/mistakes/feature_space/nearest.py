"""The training images that are nearest to a sample in the network's own feature space."""

from dataclasses import dataclass

import numpy as np

from core.checkpoints import store
from core.evaluation.feature_space.neighbours import FeatureSpace
from core.evaluation.selection import Sample, sample_at
from core.mistakes.feature_space.data_map import rows_in_table
from core.mistakes.results import Results
from core.predictions import evaluation_facts, evaluations, sample_features
from core.predictions.evaluations import Evaluation

NUMBER = 9
_SPLIT = "train"


@dataclass(frozen=True, slots=True, eq=False)
class Neighbour:
    """A training image, and its similarity: the cosine between its features and the sample's."""

    sample: Sample
    cosine: float


def has_training_data(evaluation: Evaluation) -> bool:
    """Whether the data of the network's training are known: an imported network has none."""
    return evaluation_facts.own_fingerprint(evaluation.of) is not None


def training_evaluation(evaluation: Evaluation) -> Evaluation | None:
    """The evaluation on the training images, with features, of the same weights; None if there is none."""
    own, weights = (
        evaluation_facts.own_fingerprint(evaluation.of),
        store.read_card(evaluation.of).weights_sha256,
    )
    for each in evaluations.every(evaluation.of):
        facts = each.facts
        if (facts.fingerprint, facts.split, facts.weights_sha256) != (own, _SPLIT, weights) or own is None:
            continue
        if sample_features.read(each) is not None:
            return each
    return None


def name_for_training(evaluation: Evaluation) -> str:
    """The usual name of the evaluation on the training images."""
    source = str(evaluation_facts.card_data(evaluation.of).get("source", ""))
    return evaluations.usual_name(source, _SPLIT)


def space_of(training: Evaluation) -> FeatureSpace:
    """The feature space of the training images; reads all of their features once."""
    features = sample_features.read(training)
    if features is None:
        raise ValueError(f"the evaluation {training.name!r} has no features")
    return FeatureSpace.of(features)


def nearest(results: Results, row: int, space: FeatureSpace, training: Results) -> list[Neighbour]:
    """The training images nearest to a row of the results, nearest first; none if it has no features."""
    features = sample_features.read(results.evaluation)
    if features is None:
        return []
    near = space.nearest(np.asarray(features[rows_in_table(results)[row]]), NUMBER)
    pairs = zip(near.rows.tolist(), near.cosines.tolist(), strict=True)
    return [Neighbour(sample_at(training.table, place), cosine) for place, cosine in pairs]
