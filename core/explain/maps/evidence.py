"""Evidence in logits: where a linear head reads pooled features, a map and the bias sum to the score."""

from dataclasses import dataclass

from torch import Tensor

from core.explain.network.tracing import Trace


@dataclass(frozen=True, slots=True, eq=False)
class LogitEvidence:
    """Cells (N, h, w) in logits, and the bias (N,): they sum to the score (N,), up to rounding."""

    cells: Tensor
    bias: Tensor
    score: Tensor


def logit_evidence(traced: Trace, direction: Tensor, target_layer: str) -> LogitEvidence | None:
    """What each cell of a recorded layer adds to a score, in logits.

    None where the head does not read this layer's mean: the cells would not sum to the score.

    Args:
        traced: a `trace` that recorded ``target_layer``.
        direction: the score of each image (N, C), from `towards`.
        target_layer: the layer's name.
    """
    head = traced.pooled_head(target_layer)
    if head is None:
        return None
    activations = traced.activations[target_layer].detach().float()
    weights = direction.float() @ head.weight.float()
    height, width = activations.shape[2:]
    cells = (weights[:, :, None, None] * activations).sum(1) / (height * width)
    score = (traced.logits.detach() * direction).float().sum(1)
    return LogitEvidence(cells, direction.float() @ head.bias.float(), score)


def says_the_same(maps: Tensor, evidence: LogitEvidence) -> bool:
    """Whether raw maps (N, h, w) are the evidence up to a positive factor, as CAM and Grad-CAM are."""
    cells = evidence.cells
    factor = (maps * cells).sum() / (maps * maps).sum().clamp_min(1e-30)
    error = (factor * maps - cells).norm() / cells.norm().clamp_min(1e-30)
    return bool(factor > 0 and error < 1e-3)
