"""Starts a fix in a separate process, which outlives the page that started it."""

from pathlib import Path

from core import processes
from core.checkpoints import paths, store
from core.errors import FixError
from core.files import locks

_START_S = 120.0  # Seconds in which the process loads its libraries.


def start(folder: Path, group: str, *, by: str, name: str, evaluation: str) -> None:
    """Start to fix a checkpoint for a group of one of its evaluations.

    Raises:
        CheckpointError: the name is taken or cannot be used.
        FixError: it is being made already, or the process failed to start.
    """
    if is_under_way(name):
        raise FixError(f"{name!r} is being made already")
    store.refuse_taken(name)
    # With "=", as the name of a group may begin with a dash.
    fault = processes.launch(
        "fix", folder.name, f"--group={group}", "--by", by, "--evaluation", evaluation, "--out", name,
        log=paths.training_log(name), has_begun=lambda: is_under_way(name), within_s=_START_S,
    )  # fmt: skip
    if fault:
        raise FixError(fault)


def is_under_way(name: str) -> bool:
    """Whether a process is making this fix now."""
    return locks.is_held(paths.fix_lock(name))


def proved_in(name: str) -> str:
    """The evaluation that proves a finished fix; empty if there is none of that name, or no proof."""
    return (
        str(store.read_card(paths.folder(name)).fix.get("proved_in", "")) if name in store.folders() else ""
    )


def complaint(name: str) -> str:
    """Why the last fix of this name failed, from its log; empty if it did not."""
    return processes.last_error(paths.training_log(name))
