"""The state of a search for examples, in memory and in a file from which it can be resumed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError

from core import files
from core.checkpoints import paths
from core.errors import EvaluationError, FileError
from core.files import locks
from core.inside.examples.strongest import Strongest

_KIND = ".safetensors"
_PROGRESS = "progress"
_LARGEST = 2**30  # Bytes.


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """The strongest examples of each layer among the first ``num_done`` images, some of them broken."""

    strongest: dict[str, Strongest]
    num_done: int = 0
    num_broken: int = 0

    def write(self, folder: Path, key: str) -> None:
        """Write the state into a checkpoint's folder, whole or not at all."""
        tensors = {_PROGRESS: torch.tensor([self.num_done, self.num_broken])}
        for layer, strongest in self.strongest.items():
            for each in fields(Strongest):
                tensors[f"{each.name} {layer}"] = getattr(strongest, each.name).contiguous()
        files.write(folder / paths.EXAMPLES_WORK / f"{key}{_KIND}", safetensors.torch.save(tensors))


def read_state(folder: Path, key: str, start: State) -> State:
    """The state that was last written under this key; else ``start``, which names the layers."""
    try:
        content = files.read(folder / paths.EXAMPLES_WORK / f"{key}{_KIND}", _LARGEST)
        tensors = safetensors.torch.load(content)
        strongest = {
            layer: Strongest(**{each.name: tensors[f"{each.name} {layer}"] for each in fields(Strongest)})
            for layer in start.strongest
        }
        num_done, num_broken = tensors[_PROGRESS].tolist()
    except (FileError, SafetensorError, KeyError, ValueError):  # Missing or damaged.
        return start
    return State(strongest, num_done, num_broken)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let only this process collect examples of the checkpoint.

    Raises:
        EvaluationError: another process is collecting.
    """
    place = files.make_folder(folder / paths.EXAMPLES_WORK)
    files.clean(place)
    taken = EvaluationError(f"another process is collecting examples of {folder.name!r}")
    with locks.held(place / paths.LOCK, taken):
        yield


def forget(folder: Path) -> None:
    """Delete the states of all searches, finished or not."""
    for path in (folder / paths.EXAMPLES_WORK).glob(f"*{_KIND}"):
        path.unlink(missing_ok=True)
