"""The map by UMAP is refused for too many samples: it would take minutes."""

import numpy as np
import pytest

from core.evaluation.feature_space import umap_plane


def test_too_many_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="UMAP of 20001 samples, expected at most 20000"):
        umap_plane.umap_plane(np.zeros((20_001, 1), np.float16))
