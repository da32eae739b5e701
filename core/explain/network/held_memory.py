"""How much memory a recorded forward pass keeps: its tensors, and those that its graph saved."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from torch import Tensor

from core.explain.network.tracing import Trace


def held_bytes(traced: Trace, shared: Iterable[Tensor]) -> int:
    """Bytes that a trace keeps in memory beside the ``shared`` tensors, such as the network's weights.

    Each storage counts once, whole, however many tensors look at it.
    """
    sizes = dict(map(_storage, (traced.logits, *traced.activations.values(), *_saved(traced.logits))))
    for tensor in shared:
        sizes.pop(_storage(tensor)[0], None)
    return sum(sizes.values())


def _storage(tensor: Tensor) -> tuple[int, int]:
    storage = tensor.untyped_storage()
    return storage.data_ptr(), storage.nbytes()


def _saved(output: Tensor) -> Iterator[Tensor]:
    """The tensors that the graph behind ``output`` saved."""
    waiting, seen = [output.grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting.extend(before for before, _ in node.next_functions)
            yield from _saved_by(node)


def _saved_by(node: Any) -> Iterator[Tensor]:  # noqa: ANN401
    for name in ("saved_tensors", *(each for each in dir(node) if each.startswith("_saved_"))):
        # PyTorch raises for a tensor that was overwritten in place: the graph no longer holds its values.
        with suppress(AttributeError, RuntimeError):
            saved = getattr(node, name)
            for each in saved if isinstance(saved, tuple | list) else (saved,):
                if isinstance(each, Tensor):
                    yield each
