"""Weights that fit nothing are told the nearest architecture."""

from pathlib import Path

import numpy as np
import pytest
import torch

from core.checkpoints.foreign.fitting import nearest
from core.errors import CheckpointError
from core.models import registry
from tests.support.networks.foreign_weights import TINY, imported_network, saved


@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "prefix"),
    [
        ("timm:convnext_atto", ""),
        ("torchvision:regnet_y_400mf", "student.net."),
        ("seewhy:malaria", "module."),
    ],
)
def test_the_nearest_architecture_is_named(architecture: str, prefix: str, tmp_path: Path) -> None:
    tensors = registry.skeleton(architecture, 3).state_dict()
    named = {prefix + name: torch.zeros(value.shape) for name, value in tensors.items()}
    assert nearest.nearest(named) == architecture
    with pytest.raises(
        CheckpointError, match=f"are nearest to {architecture}, not to {TINY}; .*missing '.*', '.*', '"
    ):
        imported_network(saved(named, tmp_path))


def test_the_index_knows_the_architectures_of_today() -> None:
    index = nearest._index()
    assert len(index.architectures) > 1400
    for architecture in ("timm:test_resnet", "torchvision:resnet18", "seewhy:malaria"):
        place = index.architectures.index(architecture)
        model = registry.skeleton(architecture, 1000)
        names, shapes = nearest.sketched(
            {name: tuple(each.shape) for name, each in model.state_dict().items()}
        )
        assert np.array_equal(index.names[place], names)
        assert np.array_equal(index.shapes[place], shapes)
