"""The layers of a network as a table: output shape, parameters, and how many of them are trained."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.explain.network.hooks import ForwardHook, capture

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LayerRow:
    """A module without children, or with parameters of its own.

    ``shape`` is that of its output for one image; None if it does not run (heads that only help training) or
    gives no tensor. ``num_trained`` of its ``num_parameters`` are not frozen.
    """

    name: str
    type: str
    shape: Shape | None
    num_parameters: int
    num_trained: int

    @property
    def state(self) -> str:
        """``trained``, ``frozen`` or ``partly trained``; empty without parameters."""
        if not self.num_parameters:
            return ""
        if not self.num_trained:
            return "frozen"
        return "trained" if self.num_trained == self.num_parameters else "partly trained"


@dataclass(frozen=True, slots=True)
class LayerTable:
    """The rows in the order of the network's ``named_modules()``; a shared parameter counts once.

    ``flatten_width`` is the number of features that the first linear layer after the last map reads; None if
    there is no such layer.
    """

    rows: tuple[LayerRow, ...]
    flatten_width: int | None

    @property
    def num_parameters(self) -> int:
        """Of the whole network."""
        return sum(row.num_parameters for row in self.rows)

    @property
    def num_trained(self) -> int:
        """Those that are not frozen."""
        return sum(row.num_trained for row in self.rows)

    @property
    def num_frozen(self) -> int:
        """The others."""
        return self.num_parameters - self.num_trained

    @property
    def last_map(self) -> Shape | None:
        """The shape (K, h, w) of the last output with rows and columns; None if there is none."""
        maps = [row.shape for row in self.rows if _is_map(row.shape)]
        return maps[-1] if maps else None


def layer_table(model: nn.Module, batch: Tensor) -> LayerTable:
    """The table of a network, by one pass of ``batch`` (1, channels, H, W) in evaluation mode.

    A network on the meta device costs no memory and no time. The model stays as it was.
    """
    shapes: dict[nn.Module, Shape] = {}

    def measure(module: nn.Module, _inputs: tuple[Tensor, ...], output: object) -> None:
        first = output[0] if isinstance(output, tuple) and output else output
        if isinstance(first, Tensor):
            shapes[module] = tuple(first.shape[1:])

    listed = [(name, module) for name, module in model.named_modules() if _is_listed(module)]
    hooks: dict[nn.Module, ForwardHook] = {module: measure for _, module in listed}
    with capture(model, hooks), torch.no_grad():
        model(batch.clone())
    counted: set[nn.Parameter] = set()
    rows = [_row(name, module, shapes.get(module), counted) for name, module in listed]
    return LayerTable(tuple(rows), _flatten_width([module for _, module in listed], rows))


def _is_listed(module: nn.Module) -> bool:
    own = next(module.parameters(recurse=False), None) is not None
    return own or (not any(module.children()) and not isinstance(module, nn.Identity))


def _row(name: str, module: nn.Module, shape: Shape | None, counted: set[nn.Parameter]) -> LayerRow:
    """One row; its parameters are added to those that are ``counted`` already."""
    own = [each for each in module.parameters(recurse=False) if each not in counted]
    counted.update(own)
    trained = sum(each.numel() for each in own if each.requires_grad)
    return LayerRow(name, type(module).__name__, shape, sum(each.numel() for each in own), trained)


def _flatten_width(modules: Sequence[nn.Module], rows: Sequence[LayerRow]) -> int | None:
    last = max((place for place, row in enumerate(rows) if _is_map(row.shape)), default=-1)
    linear = (
        module.in_features
        for module, row in zip(modules[last + 1 :], rows[last + 1 :], strict=True)
        if isinstance(module, nn.Linear) and row.shape is not None and len(row.shape) == 1
    )
    return next(linear, None)


def _is_map(shape: Shape | None) -> bool:
    return shape is not None and len(shape) == 3 and min(shape[1:]) > 1
