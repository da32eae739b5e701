"""GPU memory that runs out, on a machine without a GPU."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_pre_hook


@contextmanager
def room_for(num_images: int, model: nn.Module | None = None) -> Iterator[list[int]]:
    """Within the block, passes of more images through ``model`` (None: any) run out of memory.

    Gives the numbers of images of all passes that were tried, of every module.
    """
    tried: list[int] = []

    def refuse(_module: nn.Module, inputs: tuple[object, ...]) -> None:
        tried.extend(len(each) for each in inputs if isinstance(each, Tensor))
        if any(isinstance(each, Tensor) and len(each) > num_images for each in inputs):
            raise torch.OutOfMemoryError("CUDA out of memory: pretended")

    hook = (
        register_module_forward_pre_hook(refuse) if model is None else model.register_forward_pre_hook(refuse)
    )
    try:
        yield tried
    finally:
        hook.remove()
