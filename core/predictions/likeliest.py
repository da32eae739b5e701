"""The likeliest classes of photos to a network, from a pass over them that is kept in the user's cache."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core import files
from core.arrays import IntArray
from core.checkpoints import store
from core.data.image_set import ImageSet
from core.files import arrays, places
from core.passes.in_process import IN_PROCESS
from core.passes.parts import Parts
from core.passes.progress import PassProgress
from core.passes.running import run
from core.predictions.evaluating.predicting import Predicting
from core.predictions.evaluating.samples import Samples

_PART = 1024  # Samples.
_NONE = -1


def likeliest(
    folder: Path,
    images: ImageSet,
    indices: IntArray,
    *,
    on_progress: Callable[[PassProgress], None] = lambda _progress: None,
) -> IntArray:
    """The five likeliest classes (n, 5) of the images ``indices`` (n,), best first; -1 if one is unreadable.

    Raises:
        DataError: an image cannot be read at present.
        CheckpointError: logits are not finite.
    """
    known = f"{store.read_card(folder).weights_sha256} {folder.name} {images.fingerprint}"
    digest = hashlib.blake2b(known.encode() + indices.tobytes(), digest_size=16).hexdigest()
    path = places.cache_root() / "likeliest" / f"{digest}.npy"
    kept = arrays.mapped(path, np.int64)
    if kept is not None and len(kept) == len(indices):
        return np.asarray(kept)
    classes = _passed(folder, images, indices, on_progress)
    files.make_folder(path.parent)
    arrays.write(path, classes)
    return classes


def _passed(
    folder: Path, images: ImageSet, indices: IntArray, on_progress: Callable[[PassProgress], None]
) -> IntArray:
    """From a pass whose rows are kept in memory only; its twin is in `core.predictions.seen_photos`."""
    card = store.read_card(folder)
    samples = Samples(images, indices, np.zeros(len(images), np.int64), np.full(len(images), "new"))
    tables: list[pa.Table] = []

    def keep(_part: int, batches: Sequence[pa.Table]) -> None:
        tables.append(pa.concat_tables(batches).select(["sample_id", "top5"]))

    with (
        files.scratch_folder(places.cache_root() / "passes") as place,
        IN_PROCESS.started(Predicting(folder, card, samples)) as running,
    ):
        for progress in run(running, Parts(place, len(indices), _PART), keep):
            on_progress(progress)
    whole = pa.concat_tables(tables).combine_chunks()
    wanted = pa.array([images.sample_ids[index] for index in indices.tolist()], pa.string())
    rows = pc.index_in(wanted, value_set=whole["sample_id"].combine_chunks())
    classes = whole["top5"].combine_chunks().flatten().to_numpy().reshape(len(whole), -1).astype(np.int64)
    found = np.full((len(indices), classes.shape[1]), _NONE, np.int64)
    is_known = np.asarray(rows.is_valid())
    found[is_known] = classes[rows.drop_null().to_numpy()]
    return found
