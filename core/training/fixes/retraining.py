"""Fixes that train again: the same recipe, in which the training images like the group count more."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from core.checkpoints import store
from core.checkpoints.local import remembered_data, remembered_layout
from core.data import corrections
from core.errors import FixError, RecipeError
from core.predictions import evaluations, prediction_table
from core.predictions.evaluating.evaluate import Keep, evaluate
from core.predictions.evaluating.samples import samples_of
from core.training.emphasis import like_the_group, on_training_images
from core.training.fixes.fixing import Case, Choices, Made
from core.training.settings import recipe as recipes
from core.training.settings.recipe import Recipe
from core.training.settings.schema import Emphasis

_MOST_TIMES = 50.0
_RARE = "rare in training, the group had little say in what the network learned"


def by_weight(case: Case, name: str, _choices: Choices) -> Made:
    """Trained again; the loss of training images like the group counts as much as that of the rest.

    Raises:
        FixError: the checkpoint was not trained here, or none of its training images is like the group.
    """
    recipe, (times, number) = _recipe(case), _times(case)
    recipe = replace(recipe, emphasis=Emphasis(_address(case), case.group.name, weight=times))
    change = f"{number} training images like the group count {times:g} times"
    return _trained(case, name, recipe, change, _RARE)


def by_oversampling(case: Case, name: str, _choices: Choices) -> Made:
    """Trained again; training images like the group are drawn as often as the rest; raises as `by_weight`."""
    recipe, (times, number) = _recipe(case), _times(case)
    recipe = replace(recipe, emphasis=Emphasis(_address(case), case.group.name, drawn=times))
    change = f"{number} training images like the group are drawn {times:g} times as often"
    return _trained(case, name, recipe, change, _RARE)


def by_background(case: Case, name: str, _choices: Choices) -> Made:
    """Trained again; each training image gets the background of another one, every epoch anew.

    Raises:
        FixError: the checkpoint was not trained here.
        DataError: no training image has a mask.
    """
    recipe = _recipe(case)
    recipe = replace(recipe, data=replace(recipe.data, swap_backgrounds=True))
    change = "each training image gets the background of another one, every epoch anew"
    return _trained(case, name, recipe, change, "then the background says nothing about the class")


def by_corrections(case: Case, name: str, choices: Choices) -> Made:
    """Trained again, with the decisions on labels in a file: by default that of the data set.

    Raises:
        FixError: the checkpoint was not trained here, or nothing has been decided.
        DataError: the file is damaged, or of other images.
    """
    images = case.samples.images
    path = choices.corrections or corrections.usual_place(images)
    if not path.is_file():
        raise FixError(
            f"no decisions on labels of {images.name!r}; decide on Mistakes, or give a file with "
            "--corrections"
        )
    change = f"with the decisions on labels in {path.name!r}"
    why = "a network learns wrong labels too, and the images that look like them"
    return _trained(case, name, _recipe(case), change, why, decisions=path)


def _times(case: Case) -> tuple[float, int]:
    """How much each image like the group must count to weigh as much as the rest of its classes; how many."""
    found_in = case.group.evaluation
    evaluation = _training_evaluation(case)
    like = set(like_the_group(found_in, case.group.groups[case.group.name], evaluation))
    table = prediction_table.read(evaluation.table)
    inside = np.array([each in like for each in table["sample_id"].to_pylist()])
    labels = table["label"].to_numpy()
    if not inside.any():
        raise FixError(f"no training image is like the group {case.group.name!r}; try --by head")
    rest = int((np.isin(labels, labels[inside]) & ~inside).sum())
    return float(np.clip(round(rest / inside.sum()), 1, _MOST_TIMES)), int(inside.sum())


def _training_evaluation(case: Case) -> evaluations.Evaluation:
    """The evaluation of the checkpoint on its training images, made if there is none."""
    try:
        return on_training_images(case.group.evaluation)
    except RecipeError:
        samples = samples_of(store.read_card(case.folder), case.samples.images, "train")
        evaluate(case.folder, samples, keep=Keep())
        return on_training_images(case.group.evaluation)


def _trained(
    case: Case, name: str, recipe: Recipe, change: str, why: str, decisions: Path | None = None
) -> Made:
    from core.training.lightning.train import Job, train  # noqa: PLC0415 (Lightning takes seconds to import)

    data, layout = remembered_data(case.folder), remembered_layout(case.folder)
    folder = train(recipe, Job(name, data=data, layout=layout, corrections=decisions))
    return Made(folder, np.arange(len(case.labels)), f"trained again with seed {recipe.seed}: {change}", why)


def _recipe(case: Case) -> Recipe:
    card = store.read_card(case.folder)
    if not card.recipe:
        raise FixError(
            f"{case.folder.name!r} was not trained here, so it cannot be trained again; try --by head"
        )
    return recipes.parse(card.recipe)


def _address(case: Case) -> str:
    return f"{case.folder.name}/{case.group.evaluation.name}"
