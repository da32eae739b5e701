"""A view of features in a plane that keeps neighbours together: UMAP, by a library that is optional."""

import importlib.util

import numpy as np
from numpy.typing import NDArray

from core.arrays import FloatArray

MOST = 20_000  # Samples, for which UMAP takes a minute.
_SEED = 0


def is_installed() -> bool:
    """Whether the library is there: ``pip install umap-learn``."""
    return importlib.util.find_spec("umap") is not None


def umap_plane(features: NDArray[np.float16]) -> FloatArray:
    """The points (N, 2) of features (N, D) by UMAP (McInnes 2018, arXiv:1802.03426), with a fixed seed.

    Close points are close in feature space by cosine; distances between groups mean little.

    Raises:
        ImportError: the library is not installed.
        ValueError: there are more than `MOST` samples.
    """
    if len(features) > MOST:
        raise ValueError(f"UMAP of {len(features)} samples, expected at most {MOST}")
    import umap  # noqa: PLC0415 (optional, and takes seconds)

    layout = umap.UMAP(n_components=2, metric="cosine", random_state=_SEED, n_jobs=1)
    points: FloatArray = layout.fit_transform(features.astype(np.float32)).astype(np.float32)
    return points
