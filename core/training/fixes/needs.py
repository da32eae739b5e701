"""What a fix needs: in words, and why it cannot be made where that is missing."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.checkpoints import store
from core.data.image_set import ImageSet
from core.data.object_masks import have_masks
from core.errors import FixError
from core.evaluation.comparing.proof import ALL_SAMPLES
from core.predictions import sample_features
from core.predictions.evaluations import Evaluation
from core.training.fixes.matching import UNLIKELY, read


@dataclass(frozen=True, slots=True, eq=False)
class Means:
    """What there is to fix a group of an evaluation with.

    ``images`` are those of the evaluation, None where they are missing. ``decisions`` is a file of decisions
    on labels, ``drift`` a report on new photos; either may not exist.
    """

    evaluation: Evaluation
    group: str
    images: ImageSet | None
    decisions: Path | None = None
    drift: Path | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """One need: ``what`` it is, and ``lacks``, which says why it is missing; empty where it is there."""

    what: str
    lacks: Callable[[Means], str]


def _no_group(means: Means) -> str:
    return "it needs a group: choose one that was found" if means.group == ALL_SAMPLES else ""


def _no_features(means: Means) -> str:
    is_there = sample_features.read(means.evaluation) is not None
    return "" if is_there else sample_features.missing(means.evaluation)


def _no_recipe(means: Means) -> str:
    if store.read_card(means.evaluation.of).recipe:
        return _no_images(means)
    return f"{means.evaluation.of.name!r} was not trained here, so it cannot be trained again"


def _no_images(means: Means) -> str:
    return "" if means.images is not None else "the images are not on this machine"


def _no_masks(means: Means) -> str:
    if means.images is None or have_masks(means.images):
        return _no_images(means)
    return f"{means.images.name!r} has no masks that mark the objects"


def _no_decisions(means: Means) -> str:
    if means.decisions is not None and means.decisions.is_file():
        return ""
    of = "" if means.images is None else f" of {means.images.name!r}"
    return f"no decisions on labels{of}; decide on Mistakes, or give a file with --corrections"


def _no_drift(means: Means) -> str:
    if means.drift is None or not means.drift.is_file():
        return (
            "no report on drift of new photos; compare them in the view Drift, or give a report with --drift"
        )
    try:
        found = read(means.drift)
    except FixError as error:
        return str(error)
    return "" if found.p < UNLIKELY else "the new photos do not differ: no drift was found"


GROUP = Need("a group", _no_group)
FEATURES = Need("the features of this evaluation", _no_features)
RECIPE = Need("the recipe and the images of its training", _no_recipe)
MASKS = Need("masks of the objects", _no_masks)
DECISIONS = Need("decisions on labels", _no_decisions)
DRIFT = Need("new photos that were compared in the view Drift", _no_drift)
