"""The groups of mistakes of an evaluation, with what their photos show and where their maps lie."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from core.arrays import IntArray
from core.checkpoints import paths, store
from core.data.image_set import ImageSet
from core.errors import CoreError, DataError
from core.evaluation.groups.sightings import sightings
from core.evaluation.metrics import column
from core.mistakes.on_objects import heat_on_objects
from core.passes.progress import PassProgress
from core.predictions import groups
from core.predictions.evaluating.samples import images_of
from core.predictions.evaluations import Evaluation
from core.predictions.likeliest import likeliest

OnProgress = Callable[[PassProgress], None]
_MAPPED = 48  # Photos of a group whose maps are made.
_MOST = 200  # Photos of a group, and as many others, that the built-in network looks at.


def find(evaluation: Evaluation, on_progress: OnProgress = lambda _progress: None) -> bytes:
    """The groups of an evaluation as the content of ``groups.json``.

    Where the images are on this machine, a group without a rule has words for what the built-in network sees
    in it more often than in others of its classes, and each group says where the maps lie, if the objects
    have masks. Raises as `core.predictions.groups.found`.
    """

    def on_step(done: int, total: int) -> None:
        on_progress(PassProgress(done, total, what="searches"))

    content = groups.found(evaluation, on_step)
    with suppress(DataError):  # Missing images: the groups stand without.
        images = images_of(evaluation)
        place = {name: index for index, name in enumerate(images.sample_ids)}
        for number, entry in enumerate(content["groups"]):
            on_progress(PassProgress(number, len(content["groups"]), what="groups looked at"))
            inside = [place[name] for name in entry["sample_ids"] if name in place]
            entry |= {"maps": _maps(evaluation, images, inside)}
            if not entry["conditions"]:
                entry["apart"] += _words(evaluation, images, entry["sample_ids"], on_progress)
    return groups.encoded(content)


def _maps(evaluation: Evaluation, images: ImageSet, inside: Sequence[int]) -> dict[str, Any] | None:
    """Where the maps of the most typical photos lie; None without masks."""
    heat = heat_on_objects(evaluation.of, images, inside[:_MAPPED])
    if heat is None:
        return None
    return {"on_object": heat.energy, "area": heat.area, "num_images": heat.num_images}


def _words(
    evaluation: Evaluation, images: ImageSet, members: Sequence[str], on_progress: OnProgress
) -> list[str]:
    """What the built-in network sees more often in the group; nothing where it is not installed."""
    table = pq.read_table(evaluation.table, columns=["sample_id", "label"])
    ids, labels = table["sample_id"].to_pylist(), column(table, "label")
    is_inside = np.isin(np.array(ids, object), np.array(members, object))
    rows = _drawn(is_inside, labels)
    place = {name: index for index, name in enumerate(images.sample_ids)}
    rows = rows[[ids[row] in place for row in rows.tolist()]]
    try:
        folder = store.find(paths.BUILT_IN)
        indices = np.array([place[ids[row]] for row in rows.tolist()], np.int64)
        seen = likeliest(folder, images, indices, on_progress=on_progress)
    except CoreError:
        return []
    is_read = seen[:, 0] >= 0
    rows, seen = rows[is_read], seen[is_read]
    names = store.read_card(folder).class_names
    return [str(each) for each in sightings(seen, names, is_inside[rows], labels[rows].astype(np.int64))]


def _drawn(is_inside: np.typing.NDArray[np.bool_], labels: IntArray) -> IntArray:
    """Sorted rows: at most 200 of the group, and as many others of its true classes, at random."""
    rng = np.random.default_rng(0)
    others = ~is_inside & np.isin(labels, np.unique(labels[is_inside]))
    drawn = [rng.permutation(np.flatnonzero(each))[:_MOST] for each in (is_inside, others)]
    return np.asarray(np.sort(np.concatenate(drawn)))
