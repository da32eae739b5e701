"""Batch norm that stays as it is while the network around it learns, as in Keras with trainable=False."""

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def freeze_norms(model: nn.Module) -> int:
    """Freeze scale and shift of every batch norm; gives the number of batch norms.

    Their running statistics stay only in evaluation mode: call `rest_norms` after every ``model.train()``.
    """
    norms = batch_norms(model)
    for norm in norms:
        norm.requires_grad_(requires_grad=False)
    return len(norms)


def rest_norms(model: nn.Module) -> None:
    """Put every batch norm into evaluation mode, in which it uses its running statistics and keeps them."""
    for norm in batch_norms(model):
        norm.eval()


def batch_norms(model: nn.Module) -> list[nn.Module]:
    """All batch norms of a network, of any number of dimensions."""
    return [module for module in model.modules() if isinstance(module, _BatchNorm)]
