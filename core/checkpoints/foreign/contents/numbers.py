"""Whether tensors hold usable weights: finite real numbers, dense, not quantised."""

from collections.abc import Mapping

import torch
from torch import Tensor

from core.checkpoints.foreign.fitting.differences import is_computed, is_counter
from core.errors import CheckpointError

_FLOATS = {torch.float16, torch.bfloat16, torch.float32, torch.float64}


def check(tensors: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    """Raise CheckpointError for tensors that are integer, complex, quantised, sparse or not finite."""
    for name, tensor in tensors.items():
        like = wanted.get(name)
        if like is None or is_counter(name) or is_computed(name):
            continue
        _refuse_layout(name, tensor)
        if like.is_floating_point():
            _refuse_type(name, tensor)
            _refuse_values(name, tensor)
        elif tensor.is_floating_point() or tensor.is_complex():
            raise CheckpointError(f"{name!r} is of type {_named(tensor)}; expected {_named(like)}")


def own_memory(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors, each with memory of its own and no more than it needs."""
    seen: set[int] = set()
    own: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        storage = tensor.untyped_storage()
        is_shared = storage.data_ptr() in seen or storage.nbytes() != tensor.nbytes
        seen.add(storage.data_ptr())
        own[name] = (
            tensor.detach().clone(memory_format=torch.contiguous_format) if is_shared else tensor.detach()
        )
    return own


def types_of(tensors: Mapping[str, Tensor]) -> str:
    """The types of the weights, such as ``float16``."""
    kinds = {_named(tensor) for tensor in tensors.values() if tensor.is_floating_point()}
    return " and ".join(sorted(kinds))


def _refuse_layout(name: str, tensor: Tensor) -> None:
    if tensor.is_quantized:
        raise CheckpointError(
            f"{name!r} is quantised ({_named(tensor)}); import the weights from before quantisation"
        )
    if tensor.is_meta:
        raise CheckpointError(
            f"{name!r} is on the meta device, which holds no values; save the weights again"
        )
    if tensor.layout != torch.strided or tensor.is_nested:
        raise CheckpointError(f"{name!r} is a sparse tensor; save it again with .to_dense()")


def _refuse_type(name: str, tensor: Tensor) -> None:
    if tensor.dtype in _FLOATS:
        return
    if tensor.is_complex() or tensor.dtype == torch.bool:
        why = "a weight is a real number"
    elif tensor.is_floating_point():
        why = "8-bit floats need a scale, which a state dict does not have; save the weights as float16"
    else:
        why = (
            "integers need a scale, which a state dict does not have; import the weights from before "
            "quantisation"
        )
    raise CheckpointError(f"{name!r} is of type {_named(tensor)}; {why}")


def _refuse_values(name: str, tensor: Tensor) -> None:
    wrong = int((~tensor.isfinite()).sum())
    if wrong:
        raise CheckpointError(
            f"{name!r} has {wrong} of {tensor.numel()} values that are not finite (NaN or infinite); the "
            "training diverged or the file was damaged: import an earlier checkpoint"
        )


def _named(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
