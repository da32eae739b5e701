"""The nearest samples are those of a slow search over all cosines."""

import numpy as np
import pytest

from core.evaluation.feature_space.exhaustive import Exhaustive
from core.evaluation.feature_space.neighbours import FeatureSpace, cosines
from core.evaluation.feature_space.sketch import Sketch


def _features(number: int, seed: int = 0, scale: float = 1.0) -> np.typing.NDArray[np.float16]:
    return (np.abs(np.random.default_rng(seed).standard_normal((number, 40))) * scale).astype(np.float16)


@pytest.mark.parametrize("scale", [1e-2, 1.0, 1e4])
def test_the_nearest_are_those_with_the_largest_cosines(scale: float) -> None:
    features, one = _features(9_000, scale=scale), _features(1, seed=1)[0]
    every = features.astype(np.float64)
    slow = every @ one.astype(np.float64) / np.linalg.norm(every, axis=1) / np.linalg.norm(one.astype(float))
    found = FeatureSpace.of(features).nearest(one)
    assert found.rows.tolist() == np.argsort(-slow)[:9].tolist()
    np.testing.assert_allclose(found.cosines, np.sort(slow)[::-1][:9], rtol=1e-12)


def test_a_sample_is_nearest_to_itself_then_to_a_longer_copy() -> None:
    features = _features(50)
    features[7] = 2 * features[3]
    found = FeatureSpace.of(features).nearest(features[3], 2)
    assert found.rows.tolist() == [3, 7]
    np.testing.assert_allclose(found.cosines, 1)


def test_of_few_samples_all_are_given_and_none_has_a_direction_without_features() -> None:
    features = _features(3)
    features[1] = 0
    found = FeatureSpace.of(features).nearest(features[0])
    assert found.rows.tolist() == [0, 2, 1]
    assert found.cosines[2] == 0
    assert cosines(features, features[1]).tolist() == [0, 0, 0]


def test_a_space_without_samples_is_refused() -> None:
    with pytest.raises(ValueError, match="no samples"):
        FeatureSpace.of(_features(0))


@pytest.mark.slow
def test_a_sketch_of_many_samples_finds_all_of_the_nearest() -> None:
    """Features as of a network: few directions hold most, and some of the others' noise is left out."""
    random = np.random.default_rng(0)
    few = random.standard_normal((20_000, 40)) / np.arange(1, 41) ** 0.5
    wide = few @ random.standard_normal((40, 160)) + 0.3 * random.standard_normal((20_000, 160))
    features = wide.clip(0).astype(np.float16)
    slow, sketched = (
        FeatureSpace(features, Exhaustive.of(features)),
        FeatureSpace(features, Sketch.of(features)),
    )
    for row in range(0, 20_000, 2_000):
        assert sketched.nearest(features[row]).rows.tolist() == slow.nearest(features[row]).rows.tolist()


def test_a_sketch_in_all_directions_has_the_cosines_themselves() -> None:
    features = _features(300)
    sketch = Sketch.of(features)
    every = features.astype(np.float64)
    unit = every / np.linalg.norm(every, axis=1, keepdims=True)
    np.testing.assert_allclose(
        (sketch.points.double() @ sketch.points.double().T).numpy(), unit @ unit.T, atol=2e-3
    )


def test_beyond_100000_samples_a_space_has_a_sketch() -> None:
    assert isinstance(FeatureSpace.of(np.ones((100_000, 2), np.float16)).search, Exhaustive)
    many = FeatureSpace.of(np.ones((100_001, 2), np.float16))
    assert isinstance(many.search, Sketch)
    np.testing.assert_allclose(many.nearest(many.features[0]).cosines, 1)
