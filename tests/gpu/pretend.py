"""A device that is not there: its tensors are computed on the CPU, but refuse to meet tensors of the CPU.

A GPU refuses them as well. So `tests/gpu/run --device pretend` finds, without a GPU, where a tensor is on the
wrong device. It uses PyTorch's experimental interface for devices in Python.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

NAME = "pretend"
_CPU = torch.device("cpu")
# Operations that copy between devices, or accept indices of another one, on a GPU too.
_MAY_MIX = ("aten::copy_", "aten::_to_copy", "aten::index", "aten::_index_put_impl_")


class Elsewhere(Tensor):
    """A tensor on the pretended device; ``content`` has its values, on the CPU."""

    content: Tensor

    @staticmethod
    def __new__(cls: type["Elsewhere"], content: Tensor) -> "Elsewhere":
        """A tensor on the pretended device with these values."""
        made: Elsewhere = Tensor._make_wrapper_subclass(
            cls,
            content.shape,
            strides=content.stride(),
            storage_offset=content.storage_offset(),
            dtype=content.dtype,
            device=torch.device(NAME, 0),
        )
        made.content = content
        return made

    def tolist(self) -> Any:  # noqa: ANN401 (torch's own signature)
        """The values; torch has no list of a subclass."""
        return self.detach().content.tolist()  # type: ignore[attr-defined]

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls,
        function: OpOverload,
        _types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        """Compute on the CPU."""
        return _computed(function, args, dict(kwargs or {}))


class _Watching(TorchDispatchMode):
    """Takes part where a tensor is made on, or moved to, the pretended device."""

    def __torch_dispatch__(
        self,
        function: OpOverload,
        _types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        return _computed(function, args, dict(kwargs or {}))


@contextmanager
def device() -> Iterator[str]:
    """Within the block, the device of this name exists; once in a process."""
    _setup_privateuseone_for_python_backend(NAME)
    library = torch.library.Library("aten", "IMPL")
    library.impl("empty.memory_format", _empty, "PrivateUse1")
    library.impl("empty_strided", _empty_strided, "PrivateUse1")
    library.impl("_copy_from", _copy_from, "PrivateUse1")
    with _Watching():  # type: ignore[no-untyped-call]
        yield NAME


def _computed(function: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:  # noqa: ANN401
    name = function._schema.name
    if torch._C._dispatch_has_kernel_for_dispatch_key(function.name(), "CompositeImplicitAutograd"):
        with _Watching():  # type: ignore[no-untyped-call]
            return function.decompose(*args, **kwargs)
    leaves = tree_leaves((args, kwargs))
    target = next((each for each in leaves if isinstance(each, torch.device)), None)
    ours = [each for each in leaves if isinstance(each, Elsewhere)]
    if ours and not name.startswith(_MAY_MIX):
        _refuse_mixed(name, leaves)
    result = function(*tree_map(_inner, args), **tree_map(_inner, kwargs))
    if name == "aten::copy_" or (name.endswith("_") and isinstance(args[0], Elsewhere)):
        return args[0]
    is_elsewhere = target.type == NAME if target is not None else bool(ours)
    known = {id(each.content): each for each in ours}
    return tree_map(lambda each: _outer(each, known) if is_elsewhere else each, result)


def _refuse_mixed(name: str, leaves: list[Any]) -> None:
    """A GPU takes numbers from the CPU, but no tensors with dimensions."""
    strange = [
        each for each in leaves if isinstance(each, Tensor) and each.ndim and not isinstance(each, Elsewhere)
    ]
    if strange:
        raise RuntimeError(
            f"{name} got tensors of two devices; one of {tuple(strange[0].shape)} is on the CPU"
        )


def _inner(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, torch.device):
        return _CPU
    return value.content if isinstance(value, Elsewhere) else value


def _outer(value: Any, known: Mapping[int, Elsewhere]) -> Any:  # noqa: ANN401
    if not isinstance(value, Tensor):
        return value
    return known[id(value)] if id(value) in known else Elsewhere(value)


def _empty(size: list[int], *, dtype: torch.dtype | None = None, **_options: object) -> Elsewhere:
    return Elsewhere(torch.empty(size, dtype=dtype, device=_CPU))


def _empty_strided(
    size: list[int], stride: list[int], *, dtype: torch.dtype | None = None, **_options: object
) -> Elsewhere:
    return Elsewhere(torch.empty_strided(size, stride, dtype=dtype, device=_CPU))


def _copy_from(source: Tensor, target: Tensor, _non_blocking: bool = False) -> Tensor:  # noqa: FBT001, FBT002
    with torch._C._DisableTorchDispatch():
        _inner(target).copy_(_inner(source))
    return target
