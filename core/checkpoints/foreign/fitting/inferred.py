"""What shapes and names tell about a network: channels, image size, names from an older version."""

import math
import sys
from collections.abc import Callable, Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from core.checkpoints.foreign.fitting.differences import Differences, is_computed, is_counter
from core.models import registry

_POSITIONS = ("pos_embed", "pos_embedding", "position_embedding", "absolute_pos_embed")
_MOST_EXTRA = 5  # Tokens that are no patches: class, distillation, registers.


def channels(skeleton: nn.Module, faults: Differences) -> int | None:
    """The number of channels that the file's first convolution reads, if it differs in nothing else."""
    name = next((name for name, module in skeleton.named_modules() if isinstance(module, nn.Conv2d)), None)
    theirs, ours = faults.unlike.get(f"{name}.weight", ((), ()))
    if len(theirs) != 4 or (theirs[0], *theirs[2:]) != (ours[0], *ours[2:]):
        return None
    return theirs[1]


def sizes(tensors: Mapping[str, Tensor], faults: Differences, usual: tuple[int, int]) -> list[int]:
    """Sides of square images that would explain the file's position embedding."""
    found: list[int] = []
    for name, (theirs, ours) in faults.unlike.items():
        if name.rpartition(".")[2] in _POSITIONS and name in tensors and len(theirs) == len(ours):
            changed = [(a, b) for a, b in zip(theirs, ours, strict=True) if a != b]
            if len(changed) == 1:
                found += _of_tokens(*changed[0], usual[0])
            elif len(set(changed)) == 1:
                found.append(changed[0][0] * usual[0] // changed[0][1])
    return [size for size in dict.fromkeys(found) if size > 0]


def _of_tokens(theirs: int, ours: int, usual: int) -> list[int]:
    """Sides for which both numbers of tokens are a square plus the same few extra tokens."""
    found = []
    for extra in range(_MOST_EXTRA + 1):
        side, own_side = math.isqrt(max(0, theirs - extra)), math.isqrt(max(0, ours - extra))
        if side and own_side and side**2 == theirs - extra and own_side**2 == ours - extra:
            found.append(side * usual // own_side)
    return found


def renamed(tensors: Mapping[str, Tensor], skeleton: nn.Module) -> dict[str, Tensor] | None:
    """The tensors under timm's current names, by timm's own table for this network; or None."""
    module = sys.modules[type(skeleton).__module__]
    table = getattr(module, "checkpoint_filter_fn", None)
    if not type(skeleton).__module__.startswith("timm.") or table is None:
        return None
    convert = cast("Callable[[dict[str, Tensor], nn.Module], Any]", table)
    try:
        with torch.no_grad():
            found = convert(dict(tensors), skeleton)
    except Exception:  # Written for its authors' files, it fails on others with errors of any type.
        return None
    is_plain = isinstance(found, dict) and all(isinstance(value, Tensor) for value in found.values())
    if not is_plain or any(value.is_meta for value in found.values()):
        return None
    # Tables also fit position embeddings to the network, which would invent weights.
    kept = [
        name for name in found if name.rpartition(".")[2] in (*_POSITIONS, "relative_position_bias_table")
    ]
    same = all(name not in tensors or found[name].shape == tensors[name].shape for name in kept)
    return dict(found) if same else None


def computed(
    architecture: str, num_classes: int, wanted: Mapping[str, Tensor], tensors: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Counters and buffers that the file lacks or has in another form, as in a newly built network."""
    lacking = [
        name
        for name, like in wanted.items()
        if (is_counter(name) or is_computed(name))
        and (name not in tensors or tensors[name].shape != like.shape or tensors[name].dtype != like.dtype)
    ]
    own = {
        name: torch.zeros(wanted[name].shape, dtype=wanted[name].dtype)
        for name in lacking
        if is_counter(name)
    }
    if len(own) < len(lacking):
        built = registry.build(architecture, num_classes).state_dict()
        own |= {name: built[name].clone() for name in lacking if name not in own}
    return own
