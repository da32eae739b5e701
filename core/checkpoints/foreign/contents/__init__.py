"""What a weights file holds: its state dicts with their keys, and the keys of everything else."""

import pickle
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from core import files
from core.checkpoints.foreign.contents import kinds, pickles
from core.errors import CheckpointError, CoreError

_DEEPEST = 5
_OPTIMIZER = re.compile(r"(?i)optim|sched|scaler|^amp$")
_AVERAGED = re.compile(r"(?i)(?:^|[._])(?:ema|swa|averaged|shadow)|(?:ema|swa)(?:$|[._])|teacher")
_OF_BYTES = re.compile(r"opcode|before seeing STOP|deserializing header|expected \d+ bytes|no newline")
_WHOLE_NETWORK = (
    "holds a whole pickled network, and opening one would execute code from the file; save its state dict "
    "where it was made: model = torch.load('{name}', weights_only=False); "
    "torch.save(model.state_dict(), 'weights.pt')"
)


@dataclass(frozen=True, slots=True, eq=False)
class StateDict:
    """Tensors by name, and their ``key`` in the file, such as ``model.state_dict``; "" at the top."""

    key: str
    tensors: dict[str, Tensor]

    @property
    def is_averaged(self) -> bool:
        """Whether its key is that of a moving average of weights."""
        return is_averaged(self.key)


@dataclass(frozen=True, slots=True, eq=False)
class Contents:
    """The state dicts of a file, raw weights before averages; ``others`` are the keys of everything else."""

    kind: str
    states: tuple[StateDict, ...]
    others: tuple[str, ...]


def is_averaged(name: str) -> bool:
    """Whether a key or a prefix is that of averaged weights (EMA, SWA, a teacher)."""
    return bool(_AVERAGED.search(name))


def read(path: Path) -> Contents:
    """What is in a .safetensors, .pt, .pth or .bin file; nothing in it is executed.

    Raises:
        CheckpointError: the file holds no state dict, is damaged, or is of another kind.
    """
    try:
        kinds.refuse_foreign(path)
        kind, content = _content(path)
        found = Contents(kind, *_parts(content))
        if not found.states:
            raise _nothing_in(path, content)  # noqa: TRY301 (belongs to the reading)
        _refuse_repeated(path, found)
    except CheckpointError:
        raise
    except CoreError as error:
        raise CheckpointError(f"{path.name} is not a readable weights file: {error}") from error
    except Exception as error:  # Damaged files make the two readers raise errors of any type.
        raise CheckpointError(
            f"{path.name} is not a readable weights file{_reason(error) or kinds.torn(path)}"
        ) from error
    return found


def _content(path: Path) -> tuple[str, object]:
    """The kind and the content of a file. Its bytes decide the kind, because files get renamed."""
    if kinds.is_safetensors(path):
        with files.opened(path):
            return "safetensors", safetensors.torch.load_file(path)
    return "torch.save", pickles.load(path)


def _reason(error: Exception) -> str:
    """The error's first line, but neither bytes and opcodes nor torch's advice to execute the file."""
    if isinstance(error, pickle.UnpicklingError | EOFError | UnicodeDecodeError) or _OF_BYTES.search(
        str(error)
    ):
        return ""
    return f": {str(error).splitlines()[0] if str(error) else type(error).__name__}"


def _nothing_in(path: Path, content: object) -> CheckpointError:
    if not kinds.is_safetensors(path) and pickles.holds_network(path):
        return CheckpointError(f"{path.name} {_WHOLE_NETWORK.format(name=path.name)}")
    keys = (
        f"; it has {', '.join(map(repr, list(content)[:5]))}"
        if isinstance(content, Mapping) and content
        else ""
    )
    return CheckpointError(f"{path.name} is not a readable weights file: there is no state dict in it{keys}")


def _refuse_repeated(path: Path, contents: Contents) -> None:
    """ValueError for tensors larger than the file: a view may repeat one number a billion times."""
    claimed = max(sum(map(_num_bytes, state.tensors.values())) for state in contents.states)
    if claimed > 2 * path.stat().st_size:
        raise ValueError("its tensors claim to be larger than the file")


def _num_bytes(tensor: Tensor) -> int:
    return tensor.nbytes if tensor.layout == torch.strided and not tensor.is_meta else 0


def _parts(content: object) -> tuple[tuple[StateDict, ...], tuple[str, ...]]:
    others: list[str] = []
    states = list(_walked(content, "", others, 0))
    states.sort(key=lambda state: (state.is_averaged, -len(state.tensors)))
    return tuple(states), tuple(others)


def _walked(content: object, key: str, others: list[str], depth: int) -> Iterator[StateDict]:
    """State dicts at any depth; the keys of other objects are added to ``others``."""
    if isinstance(content, Mapping):
        items = [(str(name), value) for name, value in content.items()]
    elif isinstance(content, Sequence) and not isinstance(content, str | bytes):
        items = [(str(index), value) for index, value in enumerate(content) if isinstance(value, Mapping)]
    else:
        items = []
    tensors = {name: value for name, value in items if isinstance(value, Tensor)}
    if tensors and isinstance(content, Mapping):
        yield StateDict(key, tensors)
    for name, value in items:
        inner = f"{key}.{name}" if key else name
        if isinstance(value, Mapping | list | tuple) and not _OPTIMIZER.search(name) and depth < _DEEPEST:
            found = list(_walked(value, inner, [], depth + 1))
            yield from found
            others.extend([] if found else [inner])
        elif not isinstance(value, Tensor):
            others.append(inner)
