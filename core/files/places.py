"""Folders for data and caches on this machine, and which folders a user may open."""

import os
import tempfile
from pathlib import Path

from core.errors import DataError

ROOTS, VISITORS = "SEEWHY_DATA_ROOTS", "SEEWHY_VISITORS"
_FOLDERS = ("SEEWHY_CHECKPOINTS", "SEEWHY_CACHE", "SEEWHY_DATA")
_LONGEST = 4096


def cache_root() -> Path:
    """The folder of all caches: ``SEEWHY_CACHE``, else ``~/.cache/seewhy``, else a temporary folder."""
    return named("SEEWHY_CACHE") or _usual_root()


def data_root() -> Path:
    """The folder of all data sets: ``SEEWHY_DATA``, else ``data`` in the usual cache folder."""
    return named("SEEWHY_DATA") or _usual_root() / "data"


def data_roots() -> tuple[Path, ...]:
    """The folders in ``SEEWHY_DATA_ROOTS``, separated as in ``PATH``; none if it is not set."""
    listed = os.environ.get(ROOTS, "").split(os.pathsep)
    return tuple(_expanded(each.strip()).resolve() for each in listed if each.strip())


def environment() -> dict[str, str]:
    """The environment variables for a process with another working directory: folders as absolute paths."""
    known = {variable: str(folder) for variable in _FOLDERS if (folder := named(variable)) is not None}
    if roots := data_roots():
        known[ROOTS] = os.pathsep.join(map(str, roots))
    return dict(os.environ) | known


def named(variable: str) -> Path | None:
    """The folder that an environment variable names, as an absolute path; None if it is not set."""
    wanted = os.environ.get(variable, "").strip()
    return _expanded(wanted).absolute() if wanted else None


def _expanded(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:  # The home of an unknown user.
        return Path(text)


def _usual_root() -> Path:
    try:
        return Path.home() / ".cache" / "seewhy"
    except RuntimeError:  # This user has no home folder.
        return Path(tempfile.gettempdir()) / f"seewhy-{os.getuid() if hasattr(os, 'getuid') else 0}"


def has_visitors() -> bool:
    """Whether the pages are open to visitors, who do not own this machine (``SEEWHY_VISITORS``)."""
    return os.environ.get(VISITORS, "").strip().lower() not in ("", "0", "no", "false")


def named_folder(text: str) -> Path:
    """The folder that a user typed, with all links resolved.

    Raises `DataError` if it is not a folder, cannot be read, or is in none of the `data_roots`. Visitors may
    open no folder if there are no `data_roots`. The message never tells what exists outside of them.
    """
    place = _resolved(text)
    if has_visitors() and not data_roots():
        raise DataError(f"this server opens no folders; its owner can allow some in {ROOTS}")
    if not may_be_opened(place):
        allowed = ", ".join(map(str, data_roots()))
        raise DataError(f"{text!r} is not in a folder that this server may open; choose one in {allowed}")
    try:
        is_folder = place.is_dir()
    except OSError as error:
        raise DataError(f"cannot open {text!r}: {error.strerror}") from error
    if not is_folder:
        raise DataError(f"there is no folder {text!r} on this machine")
    return place


def may_be_opened(folder: Path) -> bool:
    """Whether a folder, with all links resolved, is in one of the `data_roots`; True if there are none."""
    roots = data_roots()
    return not roots or any(folder.resolve().is_relative_to(root) for root in roots)


def _resolved(text: str) -> Path:
    wanted = text.strip()
    if not wanted or len(wanted) > _LONGEST or min(wanted) < " ":
        raise DataError(f"{wanted[:80]!r} is not the name of a folder")
    try:
        return Path(wanted).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:  # The home of an unknown user, or a cycle of links.
        raise DataError(f"there is no folder {wanted!r} on this machine") from error
