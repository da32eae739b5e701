"""`torch.load` that executes nothing, and passes over the plain objects that trainers keep beside weights.

Every object that a file names is replaced by a stand-in of ours before the file is read, so nothing of its
own is ever imported or called. A file that wants to *call* something which is not known to give plain data is
refused: that may be harmless, but a person should know of it.
"""

import pickle
import pickletools
import re
import threading
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch

from core.errors import CheckpointError

_MOST_PICKLED = 256 * 2**20  # Bytes of what describes the tensors, which lie elsewhere.
_LEGACY_PARTS = 4  # Of a file from before 2020: mark, version, machine, content.
# What Python 2 called them, and files still do.
_RENAMED = {"__builtin__": "builtins", "copy_reg": "copyreg"}
_RENAMED_TYPES = {"long": "int", "unicode": "str", "xrange": "range"}
# What calls these gives plain data. Of a whole module: numpy's scalars, arrays, types and random states.
_DATA = re.compile(
    r"numpy\..*|datetime\.\w+|pathlib\.(?:_local\.)?\w+|uuid\.\w+|decimal\.\w+|fractions\.\w+|zoneinfo\..*"
    r"|argparse\.Namespace|types\.SimpleNamespace|collections\.\w+|copyreg\._reconstructor|functools\.partial"
    r"|builtins\.(?:int|float|str|bool|bytes|list|dict|tuple|object|slice|range|frozenset|type)|random\.Random"
    r"|torch\.torch_version\.TorchVersion|torch\.random\..*|omegaconf\..*|typing\.\w+"
)
_NETWORKS = re.compile(r"torch\.nn\.modules\.(?!.*_Incompat)|torchvision\.models\.|timm\.(?:models|layers)\.")
_LOCK = threading.Lock()


class Skipped:
    """An object of the file that was passed over."""

    def __setstate__(self, state: object) -> None:
        """Keep nothing of its state."""

    def extend(self, items: object) -> None:
        """Keep nothing that is appended."""

    append = extend


class _Refusing(type):
    """A class of the file: its objects are passed over; what calls it instead is refused."""

    def __call__(cls, *_args: object) -> Any:  # noqa: ANN401 (never returns)
        raise pickle.UnpicklingError(f"GLOBAL {cls.__name__} would be called")


def load(path: Path) -> object:
    """What `torch.save` wrote, with stand-ins for all that is neither tensor nor plain value.

    Raises:
        CheckpointError: the file wants to call something that is not known to give plain data.
        Exception: it is damaged.
    """
    names = _names_in(path)
    try:
        return _loaded(path, names, OrderedDict)
    except pickle.UnpicklingError as error:
        _refuse_calls(path, names, error)
    except (TypeError, ValueError, AttributeError):
        pass  # An object whose state is no dictionary: without its entries, then.
    return _loaded(path, names, Skipped)


def holds_network(path: Path) -> bool:
    """Whether the file names modules of PyTorch, as a network that was pickled whole does."""
    return any(_NETWORKS.match(name) for name in _names_in(path))


def _refuse_calls(path: Path, names: Iterable[str], error: Exception) -> None:
    text = str(error)
    if "GLOBAL" not in text and "Can only SETITEM" not in text and "Can only build" not in text:
        raise CheckpointError(f"{path.name} is not a readable weights file{_protocol(text)}") from error
    found = next((name for name in names if re.search(rf"GLOBAL {re.escape(name)}\b", text)), "")
    if "GLOBAL" in text:
        such = f", such as {found}," if found else ","
        raise CheckpointError(
            f"{path.name} holds Python objects besides tensors{such} and those are never executed here; "
            "save it again with torch.save(model.state_dict(), FILE) or as .safetensors"
        ) from error


def _protocol(text: str) -> str:
    return ": it was saved with another pickle protocol than torch.save's own, 2; save it again" * (
        "Unsupported operand" in text
    )


def _loaded(path: Path, names: Iterable[str], made: type) -> object:
    stand_ins = [(_stand_in(name, made), name) for name in names]
    allowed: list[Any] = [*stand_ins, (Skipped, "seewhy.Skipped")]
    # The list of allowed names belongs to the process. A path would be read by its ending.
    with _LOCK, torch.serialization.safe_globals(allowed), path.open("rb") as file:
        return torch.load(file, map_location="cpu", weights_only=True)


def _stand_in(name: str, made: type) -> Callable[..., object]:
    if name in {"collections.defaultdict", "types.SimpleNamespace"}:
        return lambda *_args: OrderedDict()
    if name == "collections.deque":
        return lambda *_args: []
    if _DATA.fullmatch(name) and name != "argparse.Namespace" and not name.startswith("omegaconf."):
        return lambda *_args: Skipped()
    return _Refusing(name, (), {"__new__": lambda _cls, *_args: made()})


def _names_in(path: Path) -> list[str]:
    """Full names of all that the file would import, read without importing anything."""
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            return sorted({name for _ in range(_LEGACY_PARTS) for name in _imports(file)})
    with zipfile.ZipFile(path) as archive:
        entry = next(each for each in archive.infolist() if each.filename.endswith("data.pkl"))
        if entry.file_size > _MOST_PICKLED:
            raise ValueError(f"it describes its tensors in {entry.file_size >> 20} MB")
        with archive.open(entry) as file:
            return sorted(set(_imports(file)))


def _imports(file: Any) -> Iterable[str]:  # noqa: ANN401 (a binary file, or a part of an archive)
    for operation, argument, _ in pickletools.genops(file):
        if operation.name == "GLOBAL":
            module, _, name = str(argument).partition(" ")
            is_old = module == "__builtin__"
            yield f"{_RENAMED.get(module, module)}.{_RENAMED_TYPES.get(name, name) if is_old else name}"
