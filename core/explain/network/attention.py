"""The attention of a vision transformer: read from its own calls, without changing the network."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from core.errors import LayerError
from core.explain.network.hooks import ForwardHook, capture
from core.explain.network.layout import Tokens, layout_of
from core.explain.network.tracing import differentiable, logits_of

_NEEDS = "attention maps need a vision transformer in which each block attends once to all tokens"
_SOFTMAX = {torch.softmax, Tensor.softmax, F.softmax}

# From the outputs of all blocks (N, T, K) to what the last of them passes on.
AtEnd = Callable[[list[Tensor]], Tensor]


@dataclass(frozen=True, slots=True, eq=False)
class Attended:
    """Logits of a pass, the attention of each block (N, heads, T, T), and how its tokens lie in the image.

    A row of an attention says how much one token takes from each of the others; it sums to 1. Each attention
    is a leaf that requires gradients, and each block's output has a graph back to its own attention only.
    """

    logits: Tensor
    attentions: list[Tensor]
    layout: Tokens


def attended(model: nn.Module, batch: Tensor, at_end: AtEnd) -> Attended:
    """Run a batch once and read the attention of every block.

    Fused attention is computed in its two steps instead. Model, modes, hooks and ``requires_grad`` are
    afterwards as they were.

    Args:
        model: a vision transformer that gives logits (N, C).
        batch: preprocessed images (N, channels, H, W), on the model's device.
        at_end: gives what takes the place of the last block's output.

    Raises:
        LayerError: the network has no such blocks, or gives no logits.
    """
    blocks, outputs, reader = _blocks(model), list[Tensor](), _Reader()
    if not blocks:
        raise LayerError(f"{_NEEDS}; this network has none")
    with (
        capture(model, dict.fromkeys(blocks, _collecting(outputs, len(blocks), at_end))),
        differentiable(),
        reader,
    ):
        logits = logits_of(model(batch.detach().clone()))
    num_images, num_tokens = outputs[0].shape[:2]
    among_all = [num_images, num_tokens, num_tokens]
    attentions = [each for each in reader.found if [len(each), *each.shape[2:]] == among_all]
    layout = layout_of(outputs[0], batch)
    if len(attentions) != len(blocks) or not isinstance(layout, Tokens):
        shapes = ", ".join(str(tuple(each.shape)) for each in reader.found[:3])
        raise LayerError(f"{_NEEDS}; this one attends by {shapes or 'no operation that is known'}")
    return Attended(logits, attentions, layout)


def has_attention(model: nn.Module, batch: Tensor) -> bool:
    """Whether `attended` can read the network's attention; it runs the batch only if there are blocks."""
    if not _blocks(model):
        return False
    try:
        with torch.no_grad():
            attended(model, batch, lambda outputs: outputs[-1])
    except LayerError:
        return False
    return True


def _blocks(model: nn.Module) -> list[nn.Module]:
    """The blocks of a transformer: the outermost sequence in which every module holds an attention."""
    for module in model.modules():
        children = list(module.children())
        is_sequence = isinstance(module, nn.Sequential | nn.ModuleList)
        if is_sequence and children and all(map(_holds_attention, children)):
            return children
    return []


def _holds_attention(module: nn.Module) -> bool:
    names = (type(each).__name__.lower() for each in module.modules())
    return any("attention" in name or "attn" in name for name in names)


def _collecting(outputs: list[Tensor], num_blocks: int, at_end: AtEnd) -> ForwardHook:
    def hook(_module: nn.Module, _inputs: tuple[Tensor, ...], output: object) -> Tensor:
        if not isinstance(output, Tensor) or output.ndim != 3:
            given = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
            raise LayerError(f"{_NEEDS}; here a block gives {given}, not (N, tokens, K)")
        outputs.append(output)
        return at_end(outputs) if len(outputs) == num_blocks else output.detach()

    return hook


class _Reader(TorchFunctionMode):
    """Keeps the attention of every call that computes one, in this thread, and makes it a leaf."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Tensor] = []

    def __torch_function__(
        self,
        func: Callable[..., Any],
        _types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 (as torch declares it)
        """Run a function of PyTorch, or its two steps if it is attention."""
        given = kwargs or {}
        if func is F.scaled_dot_product_attention:
            return self._dot_product(*args, **given)
        if func is F.multi_head_attention_forward and len(args) > 11 and args[0] is args[1] is args[2]:
            return self._multi_head(*args, **given)
        output = func(*args, **given)
        is_attention = func in _SOFTMAX and output.ndim == 4 and output.shape[2] == output.shape[3]
        return self._kept(output) if is_attention else output

    def _kept(self, attention: Tensor) -> Tensor:
        self.found.append(attention.detach().requires_grad_())
        return self.found[-1]

    def _dot_product(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        *_others: object,
        scale: float | None = None,
        **_rest: object,
    ) -> Tensor:
        scores = query * (query.shape[-1] ** -0.5 if scale is None else scale) @ key.transpose(-2, -1)
        if attn_mask is not None and attn_mask.dtype == torch.bool:
            scores = scores.masked_fill(~attn_mask, -torch.inf)
        elif attn_mask is not None:
            scores = scores + attn_mask
        return self._kept(scores.softmax(-1)) @ value

    def _multi_head(self, query: Tensor, *args: Any, **_rest: object) -> tuple[Tensor, None]:  # noqa: ANN401 (as torch declares it)
        """Self-attention (T, N, K) of torchvision's transformers, which have no masks."""
        num_heads, in_weight, in_bias, out_weight, out_bias = (args[place] for place in (3, 4, 5, 10, 11))
        parts = F.linear(query, in_weight, in_bias).chunk(3, -1)  # Each (T, N, K).
        heads = [part.unflatten(-1, (num_heads, -1)).permute(1, 2, 0, 3) for part in parts]
        mixed = self._dot_product(*heads)
        return F.linear(mixed.permute(2, 0, 1, 3).flatten(2), out_weight, out_bias), None
