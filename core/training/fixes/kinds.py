"""The kinds of fixes by name, and one fix from start to end."""

from collections.abc import Callable
from pathlib import Path

from core import files
from core.checkpoints import paths, store
from core.errors import FixError
from core.files import locks
from core.training.fixes.fixing import Case, Choices, Fix, Made, conclude, open_case
from core.training.fixes.head import by_head
from core.training.fixes.known_groups import find_group
from core.training.fixes.retraining import by_background, by_corrections, by_oversampling, by_weight

KINDS: dict[str, Callable[[Case, str, Choices], Made]] = {
    "head": by_head,
    "weight": by_weight,
    "oversample": by_oversampling,
    "background": by_background,
    "corrections": by_corrections,
}
_USUAL = Choices()


def fix(
    folder: Path,
    group: str,
    *,
    by: str,
    name: str,
    evaluation: str | None = None,
    choices: Choices = _USUAL,
) -> Fix:
    """A new checkpoint ``name``, made from the one in ``folder`` for one of its groups, with the proof.

    Raises:
        FixError: the group or the kind is unknown, or there is too little data.
        CheckpointError: the name is taken or cannot be used.
    """
    if by not in KINDS:
        raise FixError(f"no fix {by!r}; there is {', '.join(KINDS)}")
    store.refuse_taken(name)
    lock = paths.fix_lock(name)
    files.make_folder(lock.parent)
    with locks.held(lock, FixError(f"{name!r} is being made by another process")):
        case = open_case(folder, find_group(folder, group, evaluation))
        return conclude(case, by, KINDS[by](case, name, choices))
