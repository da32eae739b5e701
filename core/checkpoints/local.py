"""Where images are on this machine: stored beside a checkpoint, an evaluation or examples, not in a card."""

import json
from contextlib import suppress
from pathlib import Path

from core import files
from core.checkpoints import paths
from core.errors import CheckpointError, FileError
from core.files import stored, tables

_LONGEST_PATH = 4_096


def remember_data(folder: Path, data: Path | None, layout: str = "", *, name: str = paths.LOCAL) -> None:
    """Store where the images of a checkpoint, an evaluation or examples are, and the layout chosen for them.

    None stands for the usual folder of data sets. ``name`` is that of the file.
    """
    known = {"data": str(data.resolve()) if data else None} | ({"layout": layout} if layout else {})
    files.write(folder / name, json.dumps(known).encode())


def remembered_data(folder: Path, *, name: str = paths.LOCAL) -> Path | None:
    """The stored folder of images; None if none is stored, which stands for the usual folder of data sets.

    Raises:
        CheckpointError: the file is damaged.
    """
    return _read(folder, name)[0]


def remembered_layout(folder: Path, data: Path | None = None, *, name: str = paths.LOCAL) -> str:
    """The layout chosen for `remembered_data`; empty if none was, or ``data`` is another folder."""
    if data is None:
        return _read(folder, name)[1]
    with suppress(CheckpointError):  # For another folder, a damaged file does not matter.
        place, layout = _read(folder, name)
        return layout if data.resolve() == place else ""
    return ""


def place_in_words(folder: Path) -> str:
    """A text that changes whenever the stored folder does, or becomes unreadable."""
    try:
        return str(remembered_data(folder))
    except CheckpointError as error:
        return str(error)


def _read(folder: Path, name: str = paths.LOCAL) -> tuple[Path | None, str]:
    path = folder / name
    if not path.exists():
        return None, ""
    try:
        known = stored.parsed(path)
        return _place(known.get("data")), _layout(known.get("layout", ""))
    except (FileError, ValueError) as error:
        reason = f"{str(path)!r} cannot be used: {tables.said(error)}"
        raise CheckpointError(f"{reason}; delete it, then choose the folder of the images again") from error


def _place(data: object) -> Path | None:
    if data is None:
        return None
    if not isinstance(data, str) or not 0 < len(data) <= _LONGEST_PATH or "\0" in data:
        raise ValueError(f"data is {stored.in_words(data)}: expected the path of a folder, or null")
    return Path(data)


def _layout(layout: object) -> str:
    if not isinstance(layout, str) or len(layout) > _LONGEST_PATH:
        raise ValueError(f"layout is {stored.in_words(layout)}: expected the name of a layout")
    return layout
