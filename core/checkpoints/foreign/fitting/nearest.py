"""The architecture nearest to the tensors of a file, by hashes of names and shapes."""

import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from core.checkpoints.foreign.fitting import names as naming
from core.checkpoints.foreign.fitting.differences import differences
from core.errors import CoreError
from core.models import registry

_INDEX = Path(__file__).with_name("architectures.npz")
_NAMES, _SHAPES = 8, 24  # Hashes kept per architecture: of names, and of names with shapes.
_CLOSER_LOOKS, _MOST_PARTS = 3, 3
_LEAST = 0.1  # The share of names below which the nearest architecture is not near.
_USUAL_CLASSES = 1000

Hashes = NDArray[np.uint32]


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """Architectures (A), and the smallest hashes of their names (A, 8) and of names with shapes (A, 24)."""

    architectures: tuple[str, ...]
    names: Hashes
    shapes: Hashes


def sentence(asked: str, tensors: Mapping[str, Tensor], faults: str) -> str:
    """The message for tensors that do not fit the requested architecture."""
    found = nearest(tensors, asked)
    base = f"the weights are of another architecture: {faults}"
    if found is None:
        return base
    if found == asked.partition("?")[0]:
        return f"{found} is the nearest known architecture, but {base}"
    return f"the weights are nearest to {found}, not to {asked}; {base}"


def nearest(tensors: Mapping[str, Tensor], asked: str = "") -> str | None:
    """The architecture that shares most names and shapes with the tensors; None if none shares enough."""
    plain = naming.stripped(tensors)
    index = _index()
    near = np.max([_near(index, _shapes_of(below)) for below in _without_first_parts(plain)], axis=0)
    best = [index.architectures[place] for place in np.argsort(-near, kind="stable")[:_CLOSER_LOOKS]]
    # The requested one first: it wins ties, as torchvision and timm share some networks.
    own = [asked.partition("?")[0]] if asked else []
    counts = {name: _shared(name, plain) for name in dict.fromkeys((*own, *best))}
    found = max(counts, key=lambda name: counts[name])
    return found if counts[found] >= _LEAST else None


def _near(index: Index, shapes: Mapping[str, Sequence[int]]) -> NDArray[np.float64]:
    names, with_shapes = sketched(shapes)
    return _likeness(index.names, names) + _likeness(index.shapes, with_shapes)


def _without_first_parts(tensors: Mapping[str, Tensor]) -> Iterator[Mapping[str, Tensor]]:
    """The tensors; then those under the attribute that most of them share; and so on."""
    yield tensors
    for _ in range(_MOST_PARTS):
        firsts = Counter(name.partition(".")[0] for name in tensors if "." in name)
        if not firsts:
            return
        first = f"{firsts.most_common(1)[0][0]}."
        tensors = {
            name.removeprefix(first): value for name, value in tensors.items() if name.startswith(first)
        }
        yield tensors


def sketched(shapes: Mapping[str, Sequence[int]]) -> tuple[Hashes, Hashes]:
    """The smallest hashes of names, and of names with shapes."""
    return _hashes(shapes, _NAMES), _hashes(_with_shapes(shapes), _SHAPES)


def write_index(path: Path = _INDEX) -> None:
    """Write the hashes of every architecture that can be built; this takes two minutes.

    ``python -c "from core.checkpoints.foreign.fitting import nearest; nearest.write_index()"``
    """
    rows: dict[str, tuple[Hashes, Hashes]] = {}
    for architecture in registry.architectures():
        try:
            model = registry.skeleton(architecture, _USUAL_CLASSES)
        except (CoreError, RuntimeError, ValueError, TypeError, AssertionError):
            continue  # The library itself cannot build it here.
        rows[architecture] = sketched(_shapes_of(model.state_dict()))
    np.savez_compressed(
        path,
        architectures=np.frombuffer(json.dumps(list(rows)).encode(), np.uint8),
        names=np.stack([names for names, _ in rows.values()]),
        shapes=np.stack([shapes for _, shapes in rows.values()]),
    )


@cache
def _index() -> Index:
    with np.load(_INDEX) as stored:
        listed = json.loads(stored["architectures"].tobytes())
        return Index(tuple(listed), stored["names"], stored["shapes"])


def _shapes_of(tensors: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def _with_shapes(shapes: Mapping[str, Sequence[int]]) -> list[str]:
    return [f"{name} {'x'.join(map(str, shape))}" for name, shape in shapes.items()]


def _hashes(texts: Iterable[str], count: int) -> Hashes:
    """The ``count`` smallest CRC-32 of the texts; padded with the largest number."""
    found = np.full(count, np.iinfo(np.uint32).max, np.uint32)
    smallest = sorted({zlib.crc32(text.encode()) for text in texts})[:count]
    found[: len(smallest)] = smallest
    return found


def _likeness(index: Hashes, asked: Hashes) -> NDArray[np.float64]:
    """The share of the asked hashes that each row (A, count) has."""
    shares: NDArray[np.float64] = np.isin(index, asked[asked < np.iinfo(np.uint32).max]).mean(1)
    return shares


def _shared(architecture: str, tensors: Mapping[str, Tensor]) -> float:
    """The share of all names that have the same shape in both."""
    wanted = registry.skeleton(architecture, _USUAL_CLASSES).state_dict()
    fitted = naming.named(tensors, wanted).tensors
    found = differences(fitted, wanted)
    both = set(fitted) & set(wanted)
    return (len(both) - 0.5 * len(found.unlike)) / len(set(fitted) | set(wanted))
