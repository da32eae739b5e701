"""Foreign weights: read without executing anything, and fitted to an architecture by name.

This is what the rest of the program needs of `core.checkpoints.foreign`.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from core.checkpoints.foreign import contents
from core.checkpoints.foreign.fitting import names
from core.checkpoints.foreign.fitting.differences import (
    differences,
    is_computed,
    is_counter,
    refuse_other_classes,
)
from core.errors import CheckpointError


def read(path: Path) -> dict[str, Tensor]:
    """The state dict in a .safetensors, .pt or .pth file; nothing in the file is executed."""
    return names.stripped(contents.read(path).states[0].tensors)


def fit(tensors: Mapping[str, Tensor], model: nn.Module, num_classes: int) -> dict[str, Tensor]:
    """``tensors`` in the names and order of ``model``, which gives ``num_classes`` logits.

    Counters of batch norm may be missing: old files have none, and evaluation does not use them.

    Raises:
        CheckpointError: names what is missing, not expected, or of another shape.
    """
    wanted = model.state_dict()
    found = differences(tensors, wanted)
    refuse_other_classes(found, num_classes)
    if found:
        raise CheckpointError(f"the weights are of another architecture: {found}")
    own = {
        name: torch.zeros(like.shape, dtype=like.dtype) for name, like in wanted.items() if is_counter(name)
    }
    own |= {name: like for name, like in wanted.items() if is_computed(name)}
    return {name: tensors[name] if name in tensors else own[name] for name in wanted}
