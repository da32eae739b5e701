"""Maps of a vision transformer's tokens, from the attention of all its blocks; they need no layer."""

import torch
from torch import Tensor

from core.explain.maps.cam import wide
from core.explain.maps.question import PixelQuestion
from core.explain.maps.regions.registry import register_region_method
from core.explain.network.attention import Attended, attended


@register_region_method
def attention_rollout(question: PixelQuestion) -> Tensor:
    """Attention rollout: how much of each patch reaches what the head reads (Abnar 2020, arXiv:2005.00928).

    The product over the blocks of (attention + identity) / 2, with the mean attention of the heads. The map
    is the mean of its rows for the tokens that the head reads: the class token, or all patches. It is the
    same for every class. One pass.
    """
    ends: list[Tensor] = []

    def leaf(outputs: list[Tensor]) -> Tensor:
        ends.append(outputs[-1].detach().requires_grad_())
        return ends[0].clone()

    with torch.enable_grad():
        found = attended(question.model, question.batch, leaf)
        (gradients,) = torch.autograd.grad((found.logits * question.direction).sum(), ends)
    identity = torch.eye(ends[0].shape[1]).to(ends[0])
    reached = identity
    for attention in found.attentions:
        reached = (attention.detach().mean(1) + identity) / 2 @ reached
    read = (gradients != 0).any(2, keepdim=True)  # (N, T, 1)
    return _on_patches(found, (read * reached).sum(1) / read.sum(1))


@register_region_method
def le_grad(question: PixelQuestion) -> Tensor:
    """LeGrad: the gradient of each block's own score at its attention (Bousselham 2024, arXiv:2404.03214).

    A block's score is what the network's end gives for the mean of the block's tokens. The positive part of
    the gradient, averaged over heads, tokens that attend, and blocks, says which patches raise the score when
    they are attended to. One pass with gradients: each block's graph begins at its own attention.
    """
    with torch.enable_grad():
        found = attended(question.model, question.batch, _means)
        of_blocks = found.logits.unflatten(0, (-1, len(question.batch)))  # (blocks, N, C)
        gradients = torch.autograd.grad((of_blocks * question.direction).sum(), found.attentions)
    return _on_patches(found, torch.stack(gradients).relu().mean((0, 2, 3)))


def _means(outputs: list[Tensor]) -> Tensor:
    """Tokens (blocks × N, T, K): for each block, all are the mean of its own, which any head then reads."""
    return torch.cat(outputs).mean(1, keepdim=True).expand(-1, outputs[0].shape[1], -1)


def _on_patches(answer: Attended, tokens: Tensor) -> Tensor:
    """The numbers of tokens (N, T) as maps (N, h, w) of the patches."""
    return wide(answer.layout.maps(tokens[:, :, None])[:, 0])
