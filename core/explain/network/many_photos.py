"""Logits of any number of photos, a few at a time, without gradients."""

from collections.abc import Callable, Iterable
from contextlib import nullcontext, suppress
from itertools import islice

import torch
from torch import Tensor, nn

from core.explain.network.hooks import capture
from core.explain.network.tracing import logits_of

# On a CPU, larger batches are no faster where freed memory goes back to the system, as in a server.
_AT_ONCE = {"cpu": 4, "cuda": 128}


def logits_of_photos(
    model: nn.Module,
    photos: Iterable[Tensor],
    device: torch.device,
    on_done: Callable[[int], None] = lambda _num: None,
) -> Tensor:
    """Logits (N, C), float64 and on the CPU, of photos (1, channels, H, W) that may be made one by one.

    ``on_done`` receives the number of photos that are done. If GPU memory runs out, batches get smaller.
    """
    left, at_once, parts, num_done = iter(photos), _AT_ONCE.get(device.type, 4), [], 0
    with torch.no_grad():
        while part := list(islice(left, at_once)):
            parts.append(_logits(model, torch.cat(part)))
            num_done += len(part)
            on_done(num_done)
    return torch.cat(parts)


def _logits(model: nn.Module, photos: Tensor) -> Tensor:
    # The lock is held for one batch at a time: other sessions run in between.
    with suppress(torch.OutOfMemoryError) if len(photos) > 1 else nullcontext(), capture(model, {}):
        return logits_of(model(photos)).double().cpu()
    torch.cuda.empty_cache()
    return torch.cat([_logits(model, half) for half in photos.tensor_split(2)])
