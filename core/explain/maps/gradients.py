"""Gradients of several scores at layers of one pass: together where that is faster, else one by one."""

import warnings
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

# Fused attention has no rule: PyTorch loops over that one operation.
warnings.filterwarnings("ignore", message="There is a performance drop because we have not yet implemented")

_FEWEST_SCORES, _MOST_INPUTS = 3, 16
# With channels last, larger maps are copied so often that the loop is faster; see tests/benchmarks/README.md.
_MOST_CELLS = 16 * 16

Gradients = tuple[Tensor | None, ...]


def gradients(logits: Tensor, layers: Sequence[Tensor], directions: Tensor) -> Iterator[Gradients]:
    """For each score, its gradient at each layer (N, K, h, w); None where the score does not depend on it.

    A vectorised backward pass serves up to 16 scores and images. Networks with operations that have no rule
    for it, or too little memory, get a backward pass for each score.

    Args:
        logits: (N, C) of a `trace`.
        layers: activations (N, K, h, w) that the logits were computed from.
        directions: the scores of each image (S, N, C).
    """
    together = _vectorised(logits, layers, directions) if _is_faster(layers, directions) else None
    if together is not None:
        yield from zip(*together, strict=True)
        return
    for direction in directions:
        yield torch.autograd.grad(logits, layers, direction, retain_graph=True, allow_unused=True)


def _is_faster(layers: Sequence[Tensor], directions: Tensor) -> bool:
    num_scores, num_images = directions.shape[:2]
    if min(num_scores, _MOST_INPUTS // max(1, num_images)) < _FEWEST_SCORES:
        return False
    return all(layer.is_contiguous() or layer[0, 0].numel() <= _MOST_CELLS for layer in layers)


def _vectorised(logits: Tensor, layers: Sequence[Tensor], directions: Tensor) -> tuple[Tensor, ...] | None:
    """The gradients at each layer (S, N, K, h, w); None if an operation does not allow it."""

    def backward(direction: Tensor) -> tuple[Tensor, ...]:
        return torch.autograd.grad(logits, layers, direction, retain_graph=True)

    try:
        together: tuple[Tensor, ...] = torch.func.vmap(backward, chunk_size=_MOST_INPUTS // len(logits))(
            directions
        )
    except RuntimeError:  # Also where memory runs out.
        return None
    return together
