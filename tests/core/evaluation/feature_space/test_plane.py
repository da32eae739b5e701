"""The plane of principal components, against the singular value decomposition."""

import numpy as np

from core.evaluation.feature_space.plane import main_plane


def _features(num: int, width: int) -> np.typing.NDArray[np.float16]:
    """Features whose standard deviation falls from one direction to the next, as those of networks do."""
    random = np.random.default_rng(0)
    rotation = np.linalg.qr(random.standard_normal((width, width)))[0]
    spread = random.standard_normal((num, width)) * 10 / np.arange(1, width + 1)
    return (spread @ rotation + random.standard_normal(width)).astype(np.float16)


def test_points_and_shares_are_those_of_the_singular_value_decomposition() -> None:
    features = _features(5_000, 64)
    centred = features.astype(np.float64) - features.mean(0, dtype=np.float64)
    left, values, axes = np.linalg.svd(centred, full_matrices=False)
    signs = np.sign(axes[[0, 1], np.abs(axes[:2]).argmax(1)])
    plane = main_plane(features)
    np.testing.assert_allclose(plane.points, left[:, :2] * values[:2] * signs, atol=2e-3 * values[0] / 70)
    np.testing.assert_allclose(plane.shares, values[:2] ** 2 / (values**2).sum(), rtol=1e-4)


def test_features_on_a_line_have_one_axis_and_equal_ones_none() -> None:
    line = np.outer(np.arange(8), [3, 4]).astype(np.float16)
    plane = main_plane(line)
    np.testing.assert_allclose(plane.points[:, 0], 5 * (np.arange(8) - 3.5), rtol=1e-5)
    np.testing.assert_allclose(plane.points[:, 1], 0, atol=1e-4)
    np.testing.assert_allclose(plane.shares, (1, 0), atol=1e-6)
    assert main_plane(np.ones((4, 1), np.float16)).points.tolist() == [[0, 0]] * 4
