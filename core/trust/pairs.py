"""The pairs of a method and a layer that are tested on a network: those that fit each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from core.checkpoints.store import Checkpoint
from core.errors import LayerError
from core.explain.maps.cam import CAM_METHODS
from core.explain.network.layers import stages
from core.explanation.asking import layers_of
from core.explanation.forward_pass import ForwardPass, answers, forward_pass
from core.explanation.question import INPUT, Question


@dataclass(frozen=True, slots=True)
class MethodAtLayer:
    """A method and the layer that it explains; ``input`` for a method that explains no layer."""

    method: str
    layer: str

    def __str__(self) -> str:
        """``grad_cam at bn2``."""
        return self.method if self.layer == INPUT else f"{self.method} at {self.layer}"

    @property
    def question(self) -> Question:
        """The question that the pair answers."""
        return Question(self.method, () if self.layer == INPUT else (self.layer,))


def pairs_for(
    checkpoint: Checkpoint, methods: Sequence[str] = (), layers: Sequence[str] = ()
) -> tuple[MethodAtLayer, ...]:
    """All pairs that fit each other: by default, the methods that need one forward pass, at each stage.

    Raises:
        LayerError: there is no such layer, or a method or a layer that was named fits nothing.
    """
    targets = list(layers) or [layer.name for layer in stages(layers_of(checkpoint))]
    blank = checkpoint.blank_input()
    # Noise: a black photo may give logits that are all zero, which tell nothing about the head.
    noise = torch.randn(blank.shape, generator=torch.Generator().manual_seed(0)).to(blank)
    passed = forward_pass(checkpoint, noise, targets)
    faults = {pair: _fault(passed, pair) for pair in _all_pairs(methods or tuple(CAM_METHODS), targets)}
    fitting = tuple(pair for pair, fault in faults.items() if fault is None)
    for name in (*methods, *layers):
        _refuse_unfit(name, faults)
    return fitting


def _all_pairs(methods: Sequence[str], targets: Sequence[str]) -> list[MethodAtLayer]:
    pairs = [
        MethodAtLayer(method, layer)
        for method in methods
        for layer in (targets if Question(method).needs_layer else (INPUT,))
    ]
    return list(dict.fromkeys(pairs))


def _refuse_unfit(name: str, faults: dict[MethodAtLayer, LayerError | None]) -> None:
    """Raise the first fault of a method or a layer that fits in no pair."""
    named = [fault for pair, fault in faults.items() if name in (pair.method, pair.layer)]
    if named and named[0] is not None and None not in named:
        raise named[0]


class _BegunError(Exception):
    """A slow method has accepted its question."""


def _fault(passed: ForwardPass, pair: MethodAtLayer) -> LayerError | None:
    """Why the method does not fit the layer; None if it does."""

    def begun(_share: float) -> None:
        raise _BegunError

    try:
        answers(passed, pair.question, begun)
    except _BegunError:
        return None
    except LayerError as error:
        return error
    return None
