"""Which checkpoints there are, and why some cannot be used: one that is broken is in nobody's way."""

import functools
import os
from collections.abc import Mapping
from pathlib import Path

from core.checkpoints.card import CARD, read_card
from core.errors import CheckpointError, FileError

PLACE = "SEEWHY_CHECKPOINTS"  # Names another folder of checkpoints.
BUILT_IN = "imagenet"
WEIGHTS = "model.safetensors"
# New weights wait here until the card names them: see `core.checkpoints.store.update`.
NEXT = f".{WEIGHTS}.next"


def root_of(environment: Mapping[str, str]) -> Path:
    """The folder of checkpoints: the one that SEEWHY_CHECKPOINTS names, else the project's own."""
    named = environment.get(PLACE, "").strip()
    if not named:
        return Path(__file__).parents[2] / "checkpoints"
    try:
        return Path(named).expanduser().absolute()
    except RuntimeError:  # A home that nobody has.
        return Path(named).absolute()


ROOT = root_of(os.environ)
if os.environ.get(PLACE):
    os.environ[PLACE] = str(ROOT)  # For processes that are started from here: they run in another folder.


def trouble(root: Path = ROOT) -> str | None:
    """Why the folder of checkpoints cannot be read, in a sentence; None where it can, or is not yet made."""
    try:
        with os.scandir(root):
            return None
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return f"the checkpoints cannot be read from {str(root)!r}: {reason.lower()}; {PLACE} names another"


def available(root: Path = ROOT) -> list[str]:
    """Names of the checkpoints under ``root`` that can be used, the built-in one first.

    They have weights and a card that can be read; see `unusable` for others.
    """
    names = [name for name in _names(root) if _can_be_used(root / name)]
    return sorted(names, key=lambda name: (name != BUILT_IN, name))


def unusable(root: Path = ROOT) -> dict[str, str]:
    """Names of the folders under ``root`` that are checkpoints but cannot be used, each with the reason."""
    faults = {name: fault(root / name) for name in _names(root)}
    return {_printable(name): reason for name, reason in faults.items() if reason is not None}


def folders(root: Path = ROOT) -> list[str]:
    """Names of all folders with a card under ``root``, also of those whose training has no weights yet."""
    return [name for name in _names(root) if _is_there(root / name / CARD)]


def find(name: str, root: Path = ROOT) -> Path:
    """The folder of the checkpoint ``name``; CheckpointError says why not, and lists those that there are."""
    there = available(root)
    if name in there:
        return root / name
    reason = unusable(root).get(name)
    if reason is not None:
        raise CheckpointError(f"the checkpoint {name!r} cannot be used: {reason}")
    if (hidden := trouble(root)) is not None:
        raise CheckpointError(hidden)
    raise CheckpointError(f"no checkpoint named {name!r}; there is {', '.join(there) or _none(root)}")


def fault(folder: Path) -> str | None:
    """Why a checkpoint's folder cannot be used, as far as its card says; None where nothing is wrong."""
    if _printable(folder.name) != folder.name:
        return "the name of its folder is not in UTF-8; rename it"
    try:
        reason, says_weights = _verdict(folder, *_stamp(folder))
    except CheckpointError as error:
        return str(error)
    if reason is None and says_weights and not _has_weights(folder):
        return f"{folder / WEIGHTS} is missing; copy or import the checkpoint again"
    return reason


def _can_be_used(folder: Path) -> bool:
    if fault(folder) is not None:
        return False
    if folder.name == BUILT_IN or _is_there(folder / WEIGHTS):
        return True
    # Of a first epoch they may wait for the card to name them.
    return _has_weights(folder) and _verdict(folder, *_stamp(folder))[1]


def _stamp(folder: Path) -> tuple[int, ...]:
    """Another one after each change of the card."""
    try:
        about = (folder / CARD).stat()
    except (OSError, ValueError):
        return ()
    return about.st_ino, about.st_mtime_ns, about.st_ctime_ns, about.st_size


@functools.lru_cache(maxsize=4096)
def _verdict(folder: Path, *stamp: int) -> tuple[str | None, bool]:  # noqa: ARG001 (the key of the cache)
    """What is wrong with a card, and whether it speaks of weights.

    Raises:
        CheckpointError: the file cannot be read, which may be otherwise the next time.
    """
    try:
        return None, read_card(folder).weights_sha256 is not None
    except CheckpointError as error:
        if isinstance(error.__cause__, FileError):
            raise
        return str(error), False


def _names(root: Path) -> list[str]:
    """Folders that have a card or weights, in order; none where ``root`` cannot be read."""
    try:
        found = [Path(entry) for entry in os.scandir(root) if not entry.name.startswith(".")]
    except (OSError, ValueError):
        return []
    return sorted(each.name for each in found if _is_there(each / CARD) or _is_there(each / WEIGHTS))


def _has_weights(folder: Path) -> bool:
    # The waiting ones first: once they do not wait any more, they are in their place.
    return _is_there(folder / NEXT) or _is_there(folder / WEIGHTS)


def _is_there(path: Path) -> bool:
    """Also of a link that leads nowhere."""
    return os.path.lexists(path)


def _printable(name: str) -> str:
    return name.encode(errors="backslashreplace").decode()


def _none(root: Path) -> str:
    """What to do where there is no checkpoint."""
    return (
        f"none in {str(root)!r}; train one (python -m core train digits), import one (python -m core import "
        f"--help), or let {PLACE} name the folder that has some"
    )
