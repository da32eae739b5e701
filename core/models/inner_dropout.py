"""The dropout layers that an architecture has of its own, apart from those of a new head."""

from torch import nn

from core.models.heads import HeadLayers

_DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)


def inner_dropouts(model: nn.Module) -> list[nn.Module]:
    """The dropout layers with a rate above 0 outside a `HeadLayers`.

    Transformers have many with a rate of 0, which are only places for dropout.
    """
    new = {
        inner for module in model.modules() if isinstance(module, HeadLayers) for inner in module.modules()
    }
    return [
        module
        for module in model.modules()
        if isinstance(module, _DROPOUTS) and module.p and module not in new
    ]


def set_inner_dropout(model: nn.Module, rate: float) -> int:
    """Give the network's own dropout layers this rate; gives their number."""
    layers = inner_dropouts(model)
    for layer in layers:
        layer.p = rate  # type: ignore[assignment]  # A number, where nn.Module expects a tensor or a module.
    return len(layers)
