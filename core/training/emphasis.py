"""Which training images are like a group of mistakes that was found in other images."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.arrays import DoubleArray
from core.checkpoints import store
from core.data.image_set import ImageSet
from core.errors import RecipeError
from core.evaluation.metrics import column
from core.predictions import evaluations, prediction_table, properties, sample_features
from core.predictions.evaluations import Evaluation
from core.training.fixes.known_groups import groups_of
from core.training.settings.schema import Emphasis

_MOST_KINDS = 100  # Of a property in words; with more, it is a name.


def members(settings: Emphasis, images: ImageSet) -> NDArray[np.bool_]:
    """Whether each image (N,) is a training image that is like the group; none is without a group.

    Logistic regression tells members of the group from other samples of its evaluation, by features,
    properties and class; it then judges the training images, from an evaluation of the same checkpoint.

    Raises:
        RecipeError: the group is unknown, or the training images have not been evaluated.
    """
    if not settings.group:
        return np.zeros(len(images), bool)
    found_in = _evaluation(settings.found_in)
    ids = groups_of(found_in).get(settings.group)
    if ids is None:
        raise RecipeError(f"emphasis.group {settings.group!r} is not a group of {settings.found_in!r}")
    like = like_the_group(found_in, ids, on_training_images(found_in))
    names = pa.array(images.sample_ids, pa.string())
    return np.asarray(pc.is_in(names, value_set=pa.array(like, pa.string())))


def on_training_images(found_in: Evaluation) -> Evaluation:
    """The evaluation of the same checkpoint on its training images.

    Raises:
        RecipeError: there is none.
    """
    for each in evaluations.every(found_in.of):
        if each.facts.split == "train" and each.facts.fingerprint == found_in.facts.fingerprint:
            return each
    name = found_in.of.name
    raise RecipeError(
        f"{name!r} has not been evaluated on its training images; "
        f"run: python -m core evaluate {name} --split train"
    )


def like_the_group(found_in: Evaluation, ids: Sequence[str], judged: Evaluation) -> list[str]:
    """The sample ids of an evaluation that are like the samples ``ids`` of another one."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 (a second, only where it is needed)

    known, others = _described(found_in), _described(judged)
    table = pd.get_dummies(pd.concat([known, others], keys=[0, 1]), dtype=float)
    table = (table - table.loc[0].mean()) / table.loc[0].std().replace(0, 1)
    values = table.fillna(0.0)
    inside = known.index.isin(list(ids))
    model = LogisticRegression(class_weight="balanced", max_iter=1_000).fit(values.loc[0].to_numpy(), inside)
    said = model.predict(values.loc[1].to_numpy())
    return [str(each) for each in others.index[said]]


def _described(evaluation: Evaluation) -> pd.DataFrame:
    """A row for each sample, by its id: class, features, and properties that are numbers or kinds."""
    table = prediction_table.read(evaluation.table)
    features, known = sample_features.read(evaluation), properties.read(evaluation)
    names = store.read_card(evaluation.of).class_names
    ids = table["sample_id"].to_pylist()
    parts = [pd.DataFrame({"class": [names[label] for label in column(table, "label")]}, index=ids)]
    if features is not None:
        parts.append(pd.DataFrame(_as_double(features), index=ids).add_prefix("feature "))
    if known is not None:
        parts.append(_kinds_and_numbers(known.drop(columns="sample_id").set_axis(ids)))
    return pd.concat(parts, axis=1)


def _kinds_and_numbers(table: pd.DataFrame) -> pd.DataFrame:
    few = [name for name in table if table[name].dtype.kind in "fiu" or table[name].nunique() <= _MOST_KINDS]
    return table[few]


def _as_double(features: NDArray[np.float16]) -> DoubleArray:
    return np.asarray(features, np.float64)


def _evaluation(address: str) -> Evaluation:
    name, _, evaluation = address.partition("/")
    return evaluations.find(store.find(name), evaluation)
