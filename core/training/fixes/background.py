"""Starts a fix in a separate process, which outlives the page that started it."""

from pathlib import Path

from core import processes
from core.checkpoints import paths, store
from core.errors import FixError
from core.files import locks
from core.training import runs
from core.training.runs import overview

_START_S = 120.0  # Seconds in which the process loads its libraries.


def start(
    folder: Path, group: str, *, by: str, name: str, evaluation: str, corrections: Path | None = None
) -> None:
    """Start to fix a checkpoint for a group of one of its evaluations; ``corrections`` are of labels.

    Raises:
        CheckpointError: the name is taken or cannot be used.
        FixError: it is being made already, or the process failed to start.
    """
    if is_under_way(name):
        raise FixError(f"{name!r} is being made already")
    store.refuse_taken(name)
    decisions = [] if corrections is None else ["--corrections", str(corrections)]
    # With "=", as the name of a group may begin with a dash.
    options = (f"--group={group}", "--by", by, "--evaluation", evaluation, "--out", name, *decisions)
    fault = processes.launch(
        "fix", folder.name, *options,
        log=paths.training_log(name), has_begun=lambda: is_under_way(name), within_s=_START_S,
    )  # fmt: skip
    if fault:
        raise FixError(fault)


def is_under_way(name: str) -> bool:
    """Whether a process is making this fix now."""
    return locks.is_held(paths.fix_lock(name))


def how_far(name: str) -> str:
    """How far a fix is, in words: of its training, where it trains."""
    if name in store.folders() and (training := runs.find(name)).is_running:
        return overview.progress(training).text.lower()
    return "samples are evaluated"


def proved_in(name: str) -> str:
    """The evaluation that proves a finished fix; empty if there is none of that name, or no proof."""
    return (
        str(store.read_card(paths.folder(name)).fix.get("proved_in", "")) if name in store.folders() else ""
    )


def complaint(name: str) -> str:
    """Why the last fix of this name failed, from its log; empty if it did not."""
    return processes.last_error(paths.training_log(name))
