"""The kinds of fixes by name: what each does and needs; and one fix from start to end."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core import files
from core.checkpoints import paths, store
from core.data import corrections
from core.errors import FixError
from core.files import locks
from core.training.fixes import derived, needs
from core.training.fixes.fixing import Case, Choices, Fix, Made, conclude, open_case
from core.training.fixes.head import by_head
from core.training.fixes.known_groups import find_group
from core.training.fixes.like_new_photos import by_augmentation
from core.training.fixes.needs import Means, Need
from core.training.fixes.retraining import ByRecipe, by_corrections, by_oversampling, by_weight


@dataclass(frozen=True, slots=True)
class FixKind:
    """A kind of fix: its title, one sentence on what it ``does``, what it ``needs``, and what makes it."""

    title: str
    does: str
    needs: tuple[Need, ...]
    make: Callable[[Case, str, Choices], Made]

    @property
    def needs_in_words(self) -> str:
        """``a group and masks of the objects``."""
        *most, last = [each.what for each in self.needs]
        return f"{', '.join(most)} and {last}" if most else last

    def lacks(self, means: Means) -> str:
        """Why it cannot be made with these means; empty where it can."""
        return next(filter(None, (each.lacks(means) for each in self.needs)), "")


# The first to offer comes first.
KINDS = {
    "head": FixKind(
        "Last layer, on balanced data",
        "Fits only the last layer again, to half of these samples; the group weighs as much as the rest.",
        (needs.GROUP, needs.FEATURES),
        by_head,
    ),
    "weight": FixKind(
        "More weight for the group",
        "Trains again; the loss of training images like the group counts as much as that of the rest.",
        (needs.GROUP, needs.RECIPE),
        by_weight,
    ),
    "oversample": FixKind(
        "More of the group",
        "Trains again; training images like the group are drawn as often as the rest.",
        (needs.GROUP, needs.RECIPE),
        by_oversampling,
    ),
    "class-weights": FixKind(
        "Class weights",
        "Trains again; in the loss every class weighs alike, however rare it is.",
        (needs.RECIPE,),
        ByRecipe(derived.with_class_weights),
    ),
    "gentle": FixKind(
        "Lower learning rate",
        "Trains again with a third of the learning rate.",
        (needs.RECIPE,),
        ByRecipe(derived.gentler),
    ),
    "longer": FixKind(
        "Later epoch",
        "Trains again for twice as many epochs, so that a later one can be the best.",
        (needs.RECIPE,),
        ByRecipe(derived.longer),
    ),
    "corrections": FixKind(
        "Corrected labels",
        "Trains again with your decisions on labels: relabelled images, and without excluded ones.",
        (needs.DECISIONS, needs.RECIPE),
        by_corrections,
    ),
    "background": FixKind(
        "Other backgrounds",
        "Trains again; each image gets the background of another one, every epoch anew.",
        (needs.RECIPE, needs.MASKS),
        ByRecipe(derived.with_other_backgrounds),
    ),
    "blur-background": FixKind(
        "Blurred backgrounds",
        "Trains again; all that is outside the object is blurred.",
        (needs.RECIPE, needs.MASKS),
        ByRecipe(derived.with_blurred_backgrounds),
    ),
    "augment": FixKind(
        "Augmentation like the new photos",
        "Trains again; images are made as dark, pale or blurred as the new photos were measured to be.",
        (needs.DRIFT, needs.RECIPE),
        by_augmentation,
    ),
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
        FixError: the group or the kind is unknown, something that the kind needs is missing, or there is too
            little data.
        CheckpointError: the name is taken or cannot be used.
    """
    if by not in KINDS:
        raise FixError(f"no fix {by!r}; there is {', '.join(KINDS)}")
    store.refuse_taken(name)
    lock = paths.fix_lock(name)
    files.make_folder(lock.parent)
    with locks.held(lock, FixError(f"{name!r} is being made by another process")):
        case = open_case(folder, find_group(folder, group, evaluation))
        if lacking := KINDS[by].lacks(_means(case, choices)):
            raise FixError(lacking)
        return conclude(case, by, KINDS[by].make(case, name, choices))


def _means(case: Case, choices: Choices) -> Means:
    images = case.samples.images
    decisions = choices.corrections or corrections.usual_place(images)
    return Means(case.group.evaluation, case.group.name, images, decisions, choices.drift)
