"""The last layer fitted again, to features of samples in which the group weighs as much as all others.

Deep feature re-weighting (Kirichenko 2023, arXiv:2204.02937): a network that follows a shortcut has mostly
learned the other features too, and its last layer alone decides which of them count.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.arrays import DoubleArray, IntArray
from core.errors import FixError

_PENALTIES = (1.0, 0.3, 0.1, 0.03, 0.01)  # Inverse strength of the L2 penalty, scikit-learn's C.
_FOLDS = 5
_ROUNDS = 1_000
_LEAST = 2  # Samples of a class.


@dataclass(frozen=True, slots=True, eq=False)
class LinearFit:
    """``features @ weight.T + bias`` are logits: weight (C, D) and bias (C,); and the penalty chosen."""

    weight: DoubleArray
    bias: DoubleArray
    penalty: float


def balanced_fit(
    features: NDArray[np.floating], labels: IntArray, inside: NDArray[np.bool_], class_names: tuple[str, ...]
) -> LinearFit:
    """Logistic regression of the labels (n,) on standardised features (n, D), for the original features.

    Samples ``inside`` the group weigh as much in their class as those outside. The penalty is the one with
    the lowest log loss, weighted likewise, over five folds.

    Raises:
        FixError: a class has fewer than two samples.
    """
    counts = np.bincount(labels, minlength=len(class_names))
    if counts.min() < _LEAST:
        lacking = class_names[int(counts.argmin())]
        raise FixError(
            f"the class {lacking!r} has {counts.min()} samples to fit the last layer to; "
            "evaluate on more images of every class"
        )
    mean, spread = features.mean(0, dtype=np.float64), features.std(0, dtype=np.float64)
    spread[spread == 0] = 1
    standardised, weights = (features - mean) / spread, balanced_weights(labels, inside)
    penalty = _best_penalty(standardised, labels, weights, folds=min(_FOLDS, int(counts.min())))
    weight, bias = _fitted(standardised, labels, weights, penalty)
    weight = weight / spread
    return LinearFit(weight, bias - weight @ mean, penalty)


def balanced_weights(labels: IntArray, inside: NDArray[np.bool_]) -> DoubleArray:
    """The weight of each sample (n,), 1 on average in each class: its group half of a class, the rest half.

    In a class that is wholly inside the group, or outside of it, every weight is 1.
    """
    of_class, in_cell = np.bincount(labels)[labels], np.bincount(2 * labels + inside)[2 * labels + inside]
    return np.where(in_cell == of_class, 1.0, of_class / (2 * in_cell))


def _best_penalty(
    features: NDArray[np.floating], labels: IntArray, weights: DoubleArray, *, folds: int
) -> float:
    from sklearn.model_selection import StratifiedKFold  # noqa: PLC0415 (a second, only where it is needed)

    losses = np.zeros(len(_PENALTIES))
    for train, test in StratifiedKFold(folds, shuffle=True, random_state=0).split(features, labels):
        for place, penalty in enumerate(_PENALTIES):
            weight, bias = _fitted(features[train], labels[train], weights[train], penalty)
            logits = features[test] @ weight.T + bias
            own = logits[np.arange(len(test)), labels[test]]
            losses[place] += weights[test] @ (np.logaddexp.reduce(logits, axis=1) - own)
    return _PENALTIES[int(losses.argmin())]


def _fitted(
    features: NDArray[np.floating], labels: IntArray, weights: DoubleArray, penalty: float
) -> tuple[DoubleArray, DoubleArray]:
    """Weight (C, D) and bias (C,)."""
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415 (a second, only where it is needed)
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    model = LogisticRegression(C=penalty, max_iter=_ROUNDS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # Close enough to the optimum for a choice.
        model.fit(features, labels, sample_weight=weights)
    weight, bias = model.coef_, model.intercept_
    # Of two classes scikit-learn has the logit of the second against the first.
    return (
        (weight, bias) if len(weight) > 1 else (np.vstack([-weight, weight]) / 2, np.append(-bias, bias) / 2)
    )
