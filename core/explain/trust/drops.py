"""What the network still says of a photo that is shown only where its heat map is bright."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.explain.network.hooks import capture
from core.explain.network.tracing import logits_of, towards


@dataclass(frozen=True, slots=True, eq=False)
class Dimmed:
    """Probabilities (N,) of the explained classes: of the photos, and of the photos times their heat maps."""

    before: Tensor
    after: Tensor

    @property
    def average_drop(self) -> float:
        """Mean share of the probability that is lost, in [0, 1]; low for good maps.

        Chattopadhay 2018, arXiv:1710.11063, eq. 20, there in percent. A gain counts as no loss.
        """
        return float(((self.before - self.after).relu() / self.before).mean())

    @property
    def increase(self) -> float:
        """Share of the photos whose probability rises, in [0, 1]; high for good maps (eq. 21)."""
        return float((self.after > self.before).double().mean())


def dimmed(model: nn.Module, batch: Tensor, heatmaps: Tensor, class_idx: int | Sequence[int]) -> Dimmed:
    """What becomes of the probabilities when photos are multiplied by their heat maps.

    Where the heat is 0, a preprocessed photo has its data set's mean colour. Runs the network twice; model,
    modes and hooks are afterwards as they were. Probabilities are float64.

    Args:
        model: any network that gives logits (N, C).
        batch: preprocessed photos (N, channels, H, W).
        heatmaps: in [0, 1] (N, H, W), as `core.explain.heatmap` gives them.
        class_idx: the explained class, for all photos or one for each.

    Raises:
        ValueError: no such class.
    """
    before = _probabilities(model, batch)
    chosen = towards(before, class_idx)
    after = _probabilities(model, batch * heatmaps[:, None])
    return Dimmed((before * chosen).sum(1), (after * chosen).sum(1))


def _probabilities(model: nn.Module, batch: Tensor) -> Tensor:
    with capture(model, {}), torch.no_grad():
        # A clone: the network may begin with an operation in place.
        return logits_of(model(batch.clone())).double().softmax(1)
