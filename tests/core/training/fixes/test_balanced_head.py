"""The last layer fitted again ignores a feature that only follows the class outside of the group."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from core.errors import FixError
from core.training.fixes.balanced_head import balanced_fit, balanced_weights


def planted(num: int, share: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features (num, 3), labels and group.

    Feature 0 has the class with much noise, 1 has it with little outside of the group only, 2 is constant.
    """
    rng = np.random.default_rng(seed)
    labels = np.arange(num) % 2
    inside = rng.random(num) < share
    sign = 2.0 * labels - 1
    shortcut = np.where(inside, -sign, sign) + rng.normal(0, 0.2, num)
    return np.stack([sign + rng.normal(0, 0.7, num), shortcut, np.full(num, 3.0)], 1), labels, inside


def accuracy(weight: np.ndarray, bias: np.ndarray, features: np.ndarray, labels: np.ndarray) -> float:
    return float(((features @ weight.T + bias).argmax(1) == labels).mean())


def test_the_group_is_as_often_right_as_the_rest_however_rare_it_is() -> None:
    features, labels, inside = planted(4_000, 0.05)
    fit = balanced_fit(features, labels, inside, ("cat", "dog"))
    group, rest = (accuracy(fit.weight, fit.bias, features[rows], labels[rows]) for rows in (inside, ~inside))
    assert group == pytest.approx(rest, abs=0.05)
    plain = LogisticRegression().fit(features, labels)
    assert plain.score(features[inside], labels[inside]) < 0.7
    assert group > 0.85


def test_the_fit_is_scikit_learns_on_standardised_features_without_a_group() -> None:
    rng = np.random.default_rng(1)
    features, labels = rng.normal(5, 3, (300, 4)), rng.integers(0, 3, 300)
    fit = balanced_fit(features, labels, np.zeros(300, bool), ("a", "b", "c"))
    standardised = (features - features.mean(0)) / features.std(0)
    expected = LogisticRegression(C=fit.penalty, max_iter=1_000).fit(standardised, labels)
    logits = features @ fit.weight.T + fit.bias
    odds = logits - logits.mean(1, keepdims=True)
    theirs = expected.decision_function(standardised)
    np.testing.assert_allclose(odds, theirs - theirs.mean(1, keepdims=True), atol=1e-5)


def test_in_each_class_the_group_weighs_as_much_as_the_rest() -> None:
    labels = np.array([0, 0, 0, 0, 1, 1, 2, 2])
    inside = np.array([True, False, False, False, True, True, False, False])
    assert balanced_weights(labels, inside).tolist() == [2, 2 / 3, 2 / 3, 2 / 3, 1, 1, 1, 1]


def test_a_class_without_samples_is_named() -> None:
    features, labels, inside = planted(20, 0.5)
    with pytest.raises(FixError, match="the class 'cow' has 0 samples to fit the last layer to"):
        balanced_fit(features, labels, inside, ("cat", "dog", "cow"))
