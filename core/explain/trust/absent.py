"""What a hidden patch shows instead. The choice changes every score, so each map is tested with two."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

_BLURS = 14  # Standard deviations of the blur along the input's side: nothing smaller than a patch is left.


def blurred(batch: Tensor) -> Tensor:
    """The batch (N, channels, H, W) under a Gaussian blur whose standard deviation is 1/14 of the side."""
    rows, columns = batch.shape[2:]
    return _along(_along(batch, 2, rows / _BLURS), 3, columns / _BLURS)


def absent_values(batch: Tensor, colour: Sequence[float] | None = None) -> dict[str, Tensor]:
    """What hidden patches of a batch show, by name: its blur, and the mean colour of the data.

    ``colour`` has a value for each channel, preprocessed; None for 0, where preprocessing subtracts the mean.
    """
    values = batch.new_zeros(batch.shape[1]) if colour is None else batch.new_tensor(colour)
    return {"blur": blurred(batch), "mean colour": values[:, None, None].expand_as(batch)}


def _along(batch: Tensor, axis: int, deviation: float) -> Tensor:
    reach = min(max(1, round(3 * deviation)), batch.shape[axis] - 1)
    distances = torch.arange(-reach, reach + 1, dtype=batch.dtype, device=batch.device)
    weights = torch.exp(-(distances**2) / (2 * deviation**2))
    kernel = weights / weights.sum()
    lines = batch.movedim(axis, -1)
    padded = F.pad(lines.flatten(1, 2), (reach, reach), mode="reflect")
    smooth = padded.unfold(-1, len(kernel), 1) @ kernel
    return smooth.reshape(lines.shape).movedim(-1, axis)
