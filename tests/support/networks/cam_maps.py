"""Maps of a trace by any CAM method."""

import pytest
from torch import Tensor, nn

from core.explain.maps.cam import (
    CAM_METHODS,
    class_activation_map,
)

methods = pytest.mark.parametrize("name", CAM_METHODS)


def map_of(
    model: nn.Module, batch: Tensor, name: str, target_layer: str = "backbone", class_idx: int = 1
) -> Tensor:
    return class_activation_map(
        model, batch, target_layer=target_layer, class_idx=class_idx, method=CAM_METHODS[name]
    )
