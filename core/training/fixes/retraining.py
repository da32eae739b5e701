"""Fixes that train again, by the checkpoint's own recipe in which one thing is changed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.arrays import IntArray
from core.checkpoints import store
from core.checkpoints.local import remembered_data, remembered_layout
from core.data import corrections
from core.data.corrections import EXCLUDE, RELABEL
from core.errors import FixError, RecipeError
from core.predictions import evaluations, prediction_table
from core.predictions.evaluating.evaluate import Keep, evaluate
from core.predictions.evaluating.samples import samples_of
from core.training.emphasis import like_the_group, on_training_images
from core.training.fixes.derived import Derived
from core.training.fixes.fixing import Case, Choices, Made
from core.training.settings import recipe as recipes
from core.training.settings.recipe import Recipe
from core.training.settings.schema import Emphasis

_MOST_TIMES = 50.0
_RARE = "rare in training, the group had little say in what the network learned"


def by_weight(case: Case, name: str, _choices: Choices) -> Made:
    """Trained again; the loss of training images like the group counts as much as that of the rest.

    Raises:
        FixError: none of its training images is like the group.
    """
    recipe, (times, number) = own_recipe(case), _times(case)
    recipe = replace(recipe, emphasis=Emphasis(_address(case), case.group.name, weight=times))
    return trained(
        case, name, Derived(recipe, f"{number} training images like the group count {times:g} times", _RARE)
    )


def by_oversampling(case: Case, name: str, _choices: Choices) -> Made:
    """Trained again; training images like the group are drawn as often as the rest; raises as `by_weight`."""
    recipe, (times, number) = own_recipe(case), _times(case)
    recipe = replace(recipe, emphasis=Emphasis(_address(case), case.group.name, drawn=times))
    change = f"{number} training images like the group are drawn {times:g} times as often"
    return trained(case, name, Derived(recipe, change, _RARE))


@dataclass(frozen=True, slots=True)
class ByRecipe:
    """Trained again with a recipe that is derived from the checkpoint's own."""

    derive: Callable[[Recipe], Derived]

    def __call__(self, case: Case, name: str, _choices: Choices) -> Made:
        """The new checkpoint; FixError where the recipe has that setting already."""
        recipe = own_recipe(case)
        derived = self.derive(recipe)
        if derived.recipe == recipe:
            raise FixError(f"its recipe has that already: {derived.change}")
        return trained(case, name, derived)


def by_corrections(case: Case, name: str, choices: Choices) -> Made:
    """Trained again, with the decisions on labels in a file: by default that of the data set.

    Samples of the evaluation whose label was changed or left out prove nothing: the decisions are of use only
    if they are right.

    Raises:
        DataError: the file is damaged, or of other images.
    """
    path = choices.corrections or corrections.usual_place(case.samples.images)
    change = f"with the decisions on labels in {path.name!r}"
    why = "a network learns wrong labels too, and the images that look like them"
    made = trained(case, name, Derived(own_recipe(case), change, why), decisions=path)
    return replace(made, untouched=_undecided(case, path))


def _undecided(case: Case, path: Path) -> IntArray:
    """The rows of the case's table whose label was neither changed nor left out."""
    changed = [
        each.sample_id for each in corrections.read(path).values() if each.decision in (RELABEL, EXCLUDE)
    ]
    is_changed = pc.is_in(case.table["sample_id"], value_set=pa.array(changed, pa.string()))
    return np.flatnonzero(~np.asarray(is_changed))


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


def trained(case: Case, name: str, derived: Derived, decisions: Path | None = None) -> Made:
    """A checkpoint of the derived recipe, trained on the same images; the whole case can prove it."""
    from core.training.lightning.train import Job, train  # noqa: PLC0415 (Lightning takes seconds to import)

    data, layout = remembered_data(case.folder), remembered_layout(case.folder)
    folder = train(derived.recipe, Job(name, data=data, layout=layout, corrections=decisions))
    change = f"trained again with seed {derived.recipe.seed}: {derived.change}"
    return Made(folder, np.arange(len(case.labels)), change, derived.why)


def own_recipe(case: Case) -> Recipe:
    """The recipe of the checkpoint's training."""
    return recipes.parse(store.read_card(case.folder).recipe)


def _address(case: Case) -> str:
    return f"{case.folder.name}/{case.group.evaluation.name}"
