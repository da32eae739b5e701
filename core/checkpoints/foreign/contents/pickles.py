"""`torch.load` that executes nothing, and skips the plain objects that trainers store beside weights.

Every object that a file names is replaced by a stand-in before the file is read, so that nothing from the
file is ever imported or called. A file that *calls* anything not known to give plain data is refused: the
call may be harmless, but the user should know about it.
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

_MOST_PICKLED = 256 * 2**20  # Bytes that describe the tensors, without their values.
_LEGACY_PARTS = 4  # The pickles in a file from before 2020: mark, version, machine, content.
# Names from Python 2, which files still use.
_RENAMED = {"__builtin__": "builtins", "copy_reg": "copyreg"}
_RENAMED_TYPES = {"long": "int", "unicode": "str", "xrange": "range"}
# Calls of these give plain data, such as numpy's scalars, arrays, types and random states.
_DATA = re.compile(
    r"numpy\..*|datetime\.\w+|pathlib\.(?:_local\.)?\w+|uuid\.\w+|decimal\.\w+|fractions\.\w+|zoneinfo\..*"
    r"|argparse\.Namespace|types\.SimpleNamespace|collections\.\w+|copyreg\._reconstructor|functools\.partial"
    r"|builtins\.(?:int|float|str|bool|bytes|list|dict|tuple|object|slice|range|frozenset|type)|random\.Random"
    r"|torch\.torch_version\.TorchVersion|torch\.random\..*|omegaconf\..*|typing\.\w+"
)
_NETWORKS = re.compile(r"torch\.nn\.modules\.(?!.*_Incompat)|torchvision\.models\.|timm\.(?:models|layers)\.")
_LOCK = threading.Lock()


class Skipped:
    """Stands for an object of the file that was skipped."""

    def __setstate__(self, state: object) -> None:
        """Drop the state."""

    def extend(self, items: object) -> None:
        """Drop the items."""

    append = extend


class _Refusing(type):
    """Stands for a class of the file: its objects are skipped, calls to it are refused."""

    def __call__(cls, *_args: object) -> Any:  # noqa: ANN401 (never returns)
        raise pickle.UnpicklingError(f"GLOBAL {cls.__name__} would be called")


def load(path: Path) -> object:
    """What `torch.save` wrote, with stand-ins for everything but tensors and plain values.

    Raises:
        CheckpointError: the file calls something that is not known to give plain data.
        Exception: the file is damaged.
    """
    names = _names_in(path)
    try:
        return _loaded(path, names, OrderedDict)
    except pickle.UnpicklingError as error:
        _refuse_calls(path, names, error)
    except (TypeError, ValueError, AttributeError):
        pass  # An object whose state is no dictionary: read again, without its entries.
    return _loaded(path, names, Skipped)


def holds_network(path: Path) -> bool:
    """Whether the file names modules of PyTorch, as a pickled network does."""
    return any(_NETWORKS.match(name) for name in _names_in(path))


def _refuse_calls(path: Path, names: Iterable[str], error: Exception) -> None:
    text = str(error)
    if "GLOBAL" not in text and "Can only SETITEM" not in text and "Can only build" not in text:
        raise CheckpointError(f"{path.name} is not a readable weights file{_protocol(text)}") from error
    found = next((name for name in names if re.search(rf"GLOBAL {re.escape(name)}\b", text)), "")
    if "GLOBAL" in text:
        such = f", such as {found}," if found else ","
        raise CheckpointError(
            f"{path.name} holds Python objects besides tensors{such} which are never executed here; "
            "save it again with torch.save(model.state_dict(), FILE) or as .safetensors"
        ) from error


def _protocol(text: str) -> str:
    return ": it was saved with another pickle protocol than torch.save's own, 2; save it again" * (
        "Unsupported operand" in text
    )


def _loaded(path: Path, names: Iterable[str], made: type) -> object:
    stand_ins = [(_stand_in(name, made), name) for name in names]
    allowed: list[Any] = [*stand_ins, (Skipped, "seewhy.Skipped")]
    # The list of allowed names is global, hence the lock. A file object, as torch reads a path by its suffix.
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
    """Full names of everything that the file would import; nothing is imported here."""
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            return sorted({name for _ in range(_LEGACY_PARTS) for name in _imports(file)})
    with zipfile.ZipFile(path) as archive:
        entry = next(each for each in archive.infolist() if each.filename.endswith("data.pkl"))
        if entry.file_size > _MOST_PICKLED:
            raise ValueError(f"its description of the tensors takes {entry.file_size >> 20} MB")
        with archive.open(entry) as file:
            return sorted(set(_imports(file)))


def _imports(file: Any) -> Iterable[str]:  # noqa: ANN401 (a binary file, or a part of an archive)
    for operation, argument, _ in pickletools.genops(file):
        if operation.name == "GLOBAL":
            module, _, name = str(argument).partition(" ")
            is_old = module == "__builtin__"
            yield f"{_RENAMED.get(module, module)}.{_RENAMED_TYPES.get(name, name) if is_old else name}"
