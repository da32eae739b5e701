"""Lists the checkpoints, and the reasons why some cannot be used: a broken one hides no other."""

import functools
import os
from pathlib import Path

from core.checkpoints import paths
from core.checkpoints.card import read_card
from core.errors import CheckpointError, FileError


def trouble() -> str | None:
    """Why the folder of checkpoints cannot be read, as a sentence; None if it can, or does not exist yet."""
    root = paths.root()
    try:
        with os.scandir(root):
            return None
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        return f"the checkpoints cannot be read from {str(root)!r}: {reason}; {paths.VARIABLE} names another"


def available() -> list[str]:
    """Names of the usable checkpoints, the built-in one first: they have weights and a readable card.

    See `unusable` for the others.
    """
    names = [name for name in _names() if _can_be_used(paths.folder(name))]
    return sorted(names, key=lambda name: (name != paths.BUILT_IN, name))


def unusable() -> dict[str, str]:
    """Names of the unusable checkpoints, each with the reason."""
    faults = {name: fault(paths.folder(name)) for name in _names()}
    return {_printable(name): reason for name, reason in faults.items() if reason is not None}


def folders() -> list[str]:
    """Names of all folders with a card, including trainings that have no weights yet."""
    return [name for name in _names() if _is_there(paths.folder(name) / paths.CARD)]


def find(name: str) -> Path:
    """The folder of the checkpoint ``name``; CheckpointError gives the reason if there is none."""
    if name in _names() and _can_be_used(paths.folder(name)):
        return paths.folder(name)
    reason = unusable().get(name)
    if reason is not None:
        raise CheckpointError(f"the checkpoint {name!r} cannot be used: {reason}")
    if (hidden := trouble()) is not None:
        raise CheckpointError(hidden)
    raise CheckpointError(f"no checkpoint named {name!r}; there is {', '.join(available()) or _none()}")


def fault(folder: Path) -> str | None:
    """Why a checkpoint's folder cannot be used, judged by its card; None if nothing is wrong."""
    if _printable(folder.name) != folder.name:
        return "the name of its folder is not in UTF-8; rename it"
    try:
        reason, says_weights = _verdict(folder, *_stamp(folder))
    except CheckpointError as error:
        return str(error)
    if reason is None and says_weights and not _has_weights(folder):
        return f"{folder / paths.WEIGHTS} is missing; copy or import the checkpoint again"
    return reason


def _can_be_used(folder: Path) -> bool:
    if fault(folder) is not None:
        return False
    if folder.name == paths.BUILT_IN or _is_there(folder / paths.WEIGHTS):
        return True
    # After the first epoch they may wait for the card to name them.
    return _has_weights(folder) and _verdict(folder, *_stamp(folder))[1]


def _stamp(folder: Path) -> tuple[int, ...]:
    """A value that differs after each change of the card."""
    try:
        about = (folder / paths.CARD).stat()
    except (OSError, ValueError):
        return ()
    return about.st_ino, about.st_mtime_ns, about.st_ctime_ns, about.st_size


@functools.lru_cache(maxsize=4096)
def _verdict(folder: Path, *stamp: int) -> tuple[str | None, bool]:  # noqa: ARG001 (the key of the cache)
    """What is wrong with a card, and whether it names weights.

    Raises:
        CheckpointError: the file cannot be read at present.
    """
    try:
        return None, read_card(folder).weights_sha256 is not None
    except CheckpointError as error:
        if isinstance(error.__cause__, FileError):
            raise
        return str(error), False


def _names() -> list[str]:
    """Names of folders with a card or weights, in order; none if they cannot be listed."""
    try:
        visible = [Path(entry) for entry in os.scandir(paths.root()) if not entry.name.startswith(".")]
    except (OSError, ValueError):
        return []
    names = (paths.CARD, paths.WEIGHTS)
    return sorted(each.name for each in visible if any(_is_there(each / name) for name in names))


def _has_weights(folder: Path) -> bool:
    # The waiting file first: if it is gone by now, the weights are in their place.
    return _is_there(folder / paths.NEXT_WEIGHTS) or _is_there(folder / paths.WEIGHTS)


def _is_there(path: Path) -> bool:
    """Whether there is a file, also a link that leads nowhere."""
    return os.path.lexists(path)


def _printable(name: str) -> str:
    return name.encode(errors="backslashreplace").decode()


def _none() -> str:
    """What the user can do where there is no checkpoint."""
    return (
        f"none in {str(paths.root())!r}; train one (python -m core train digits), import one "
        f"(python -m core import --help), or set {paths.VARIABLE} to a folder that has some"
    )
