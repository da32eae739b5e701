"""A map while the weights of its network become random, stage by stage from the head down (Adebayo 2018)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from torch import Tensor, nn

from core.arrays import FloatArray
from core.checkpoints.store import Checkpoint
from core.explain.trust.sanity import randomised
from core.explanation.forward_pass import forward_pass
from core.explanation.question import INPUT
from core.trust.pairs import MethodAtLayer
from core.trust.testing.checks import explained


@dataclass(frozen=True, slots=True, eq=False)
class CascadeStep:
    """The raw map (h, w) of a network whose weights are random from the head down to ``layer``.

    ``layer`` is empty for the network as it was trained. ``rank_correlation`` compares the picture with that
    of the trained network: near 0 is right; at 1, the picture does not depend on what has been learned.
    """

    layer: str
    raw: FloatArray
    rank_correlation: float


def cascade(
    checkpoint: Checkpoint, batch: Tensor, pair: MethodAtLayer, class_idx: int, *, seed: int = 0
) -> Iterator[CascadeStep]:
    """The map of a photo (1, channels, H, W) as trained, then with more and more stages random.

    Works on a private copy of the network. Each step takes a few forward passes.
    """
    passed = forward_pass(checkpoint, batch, () if pair.layer == INPUT else (pair.layer,))
    shown = partial(_picture, checkpoint, passed.batch, pair, class_idx)
    yield CascadeStep("", shown(checkpoint.model)[0].numpy(), 1.0)
    for step in randomised(checkpoint.model, passed.batch, shown, seed=seed):
        yield CascadeStep(step.layer, step.maps[0].numpy(), float(step.rank_correlation[0]))


def _picture(
    checkpoint: Checkpoint, batch: Tensor, pair: MethodAtLayer, class_idx: int, model: nn.Module
) -> Tensor:
    """What the picture shows (1, h, w): the positive values of the map, by this network."""
    network = replace(checkpoint, model=model)
    return explained(network, batch, [pair], class_idx)[pair].relu()[None]
