"""The bytes that a recorded pass keeps, against a count by hand and against those that the graph releases."""

import torch
from torch import Tensor, nn

from core.explain.network.held_memory import held_bytes
from core.explain.network.tracing import trace

_DOUBLE = 8


def _net() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.Conv2d(4, 6, 3, padding=1),
        nn.Tanh(),
        nn.Flatten(),
        nn.Linear(96, 5),
    ).double()


def _held(model: nn.Module, batch: Tensor, layers: list[str]) -> int:
    return held_bytes(trace(model, batch, layers), (*model.parameters(), *model.buffers()))


def test_the_layer_its_copy_the_saved_outputs_and_the_logits_are_counted_once() -> None:
    """The layer's 4 maps, the copy that the next convolution saves, and 6 maps of tanh, the head's input."""
    batch = torch.ones(1, 1, 4, 4, dtype=torch.float64)
    assert _held(_net(), batch, ["0"]) == (2 * 4 * 16 + 6 * 16 + 5) * _DOUBLE


def test_layers_before_the_first_recorded_one_keep_nothing() -> None:
    """The head saves no input either: its weights are frozen during the pass."""
    batch = torch.ones(1, 1, 4, 4, dtype=torch.float64)
    assert _held(_net(), batch, []) == 5 * _DOUBLE
    assert _held(_net(), batch, ["2"]) == (6 * 16 + 5) * _DOUBLE


def test_two_images_hold_twice_as_much_as_one() -> None:
    batch = torch.ones(2, 1, 4, 4, dtype=torch.float64)
    assert _held(_net(), batch, ["0"]) == 2 * _held(_net(), batch[:1], ["0"])
