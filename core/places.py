"""Where things lie on this machine, and which folders a person may name."""

import os
import tempfile
from pathlib import Path

from core.errors import DataError

ROOTS, VISITORS = "SEEWHY_DATA_ROOTS", "SEEWHY_VISITORS"
_LONGEST = 4096


def cache_root() -> Path:
    """Where caches lie: ``SEEWHY_CACHE``, else ``~/.cache/seewhy``, else a folder for temporary files."""
    return _named("SEEWHY_CACHE") or _usual_root()


def data_root() -> Path:
    """Where data sets are kept: ``SEEWHY_DATA``, else a folder beside the caches of a user."""
    return _named("SEEWHY_DATA") or _usual_root() / "data"


def data_roots() -> tuple[Path, ...]:
    """The folders that ``SEEWHY_DATA_ROOTS`` lists, separated as in ``PATH``; none where it is not set."""
    listed = os.environ.get(ROOTS, "").split(os.pathsep)
    return tuple(_expanded(each.strip()).resolve() for each in listed if each.strip())


def _named(variable: str) -> Path | None:
    """The folder that a variable of the environment names, wherever it is asked; None if it is not set."""
    wanted = os.environ.get(variable, "").strip()
    return _expanded(wanted).absolute() if wanted else None


def _expanded(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:  # A home that nobody has.
        return Path(text)


def _usual_root() -> Path:
    try:
        return Path.home() / ".cache" / "seewhy"
    except RuntimeError:  # This user has no home.
        return Path(tempfile.gettempdir()) / f"seewhy-{os.getuid() if hasattr(os, 'getuid') else 0}"


def has_visitors() -> bool:
    """Whether ``SEEWHY_VISITORS`` says that those who open a page do not own this machine."""
    return os.environ.get(VISITORS, "").strip().lower() not in ("", "0", "no", "false")


def named_folder(text: str) -> Path:
    """The folder that a person typed, with all links resolved.

    Raises `DataError` where it is no folder, cannot be read, or lies in none of the `data_roots`, without
    which visitors may name none at all. Outside of those the answer does not tell what is there.
    """
    place = _resolved(text)
    if has_visitors() and not data_roots():
        raise DataError(f"no folder may be named on this server; its owner can list some in {ROOTS}")
    if not may_be_opened(place):
        allowed = ", ".join(map(str, data_roots()))
        raise DataError(f"{text!r} is not in a folder that may be opened here; choose one in {allowed}")
    try:
        is_folder = place.is_dir()
    except OSError as error:
        raise DataError(f"cannot open {text!r}: {error.strerror}") from error
    if not is_folder:
        raise DataError(f"there is no folder {text!r} on this machine")
    return place


def may_be_opened(folder: Path) -> bool:
    """Whether a folder, with all links resolved, lies in one of the `data_roots`, if there are any."""
    roots = data_roots()
    return not roots or any(folder.resolve().is_relative_to(root) for root in roots)


def _resolved(text: str) -> Path:
    wanted = text.strip()
    if not wanted or len(wanted) > _LONGEST or min(wanted) < " ":
        raise DataError(f"{wanted[:80]!r} is not the name of a folder")
    try:
        return Path(wanted).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:  # A home that nobody has, or links in a circle.
        raise DataError(f"there is no folder {wanted!r} on this machine") from error
