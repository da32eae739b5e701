"""What a network sees in photos, without their labels: of an evaluation, or from a pass over new photos."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core import files
from core.checkpoints import store
from core.data.image_set import ImageSet, Labels, Metadatum
from core.errors import DataError
from core.evaluation.drift.two_samples import Seen
from core.evaluation.metrics import column
from core.files import places
from core.passes.in_process import IN_PROCESS
from core.passes.parts import Parts
from core.passes.progress import PassProgress
from core.passes.running import Engine, run
from core.predictions import sample_features
from core.predictions.evaluating.predicting import Predicting
from core.predictions.evaluating.samples import Samples, images_of
from core.predictions.evaluations import Evaluation
from core.predictions.properties import MEASURED
from core.predictions.properties import read as read_properties
from core.predictions.sample_features import FEATURES

_PART = 1024  # Samples.
_COLUMNS = ["sample_id", "predicted", "p_predicted"]

OnProgress = Callable[[PassProgress], None]


@dataclass(frozen=True, slots=True, eq=False)
class SeenPhotos:
    """Photos by their names (N,), and what the network sees in them."""

    sample_ids: Sequence[str]
    seen: Seen


def of_photos(
    folder: Path,
    images: ImageSet,
    engine: Engine = IN_PROCESS,
    *,
    on_progress: OnProgress = lambda _progress: None,
) -> SeenPhotos:
    """What the checkpoint in a folder sees in all images of a set; damaged ones are left out.

    Raises:
        DataError: an image cannot be read at present, or all are damaged.
        CheckpointError: logits are not finite.
    """
    return _passed(folder, images, np.arange(len(images)), engine, on_progress)


def of_evaluation(
    evaluation: Evaluation, engine: Engine = IN_PROCESS, *, on_progress: OnProgress = lambda _progress: None
) -> SeenPhotos:
    """What was seen in the photos of an evaluation; where it has no features, from a new pass over them.

    Raises:
        DataError: its images are needed and missing.
        EvaluationError: its properties are damaged.
    """
    features, properties = sample_features.read(evaluation), read_properties(evaluation)
    table = pq.read_table(evaluation.table, columns=_COLUMNS)
    ids = table["sample_id"].to_pylist()
    if properties is None:  # Features may be missing for another reason: the network has none.
        images = images_of(evaluation)
        return _passed(evaluation.of, images, _places(images, ids), engine, on_progress)
    columns = {str(name): values.to_list() for name, values in properties.drop(columns="sample_id").items()}
    return SeenPhotos(ids, _seen(table, columns, features))


def _places(images: ImageSet, sample_ids: Sequence[str]) -> Labels:
    """The indices of samples by their names; DataError if none is left."""
    known = {name: place for place, name in enumerate(images.sample_ids)}
    places_ = [known[name] for name in sample_ids if name in known]
    if not places_:
        raise DataError(f"{images.name!r} on this machine has none of the samples of this evaluation")
    return np.array(places_, np.int64)


def _passed(
    folder: Path, images: ImageSet, indices: Labels, engine: Engine, on_progress: OnProgress
) -> SeenPhotos:
    """A pass over the images ``indices`` (n,), whose results are kept in memory only."""
    labels, splits = np.zeros(len(images), np.int64), np.full(len(images), "new")
    samples = Samples(images, indices, labels, splits)
    tables: dict[int, pa.Table] = {}

    def keep(part: int, batches: Sequence[pa.Table]) -> None:
        tables[part] = pa.concat_tables(batches)

    work = Predicting(folder, store.read_card(folder), samples)
    with files.scratch_folder(places.cache_root() / "passes") as place, engine.started(work) as running:
        for progress in run(running, Parts(place, len(indices), _PART), keep):
            on_progress(progress)
    whole = pa.concat_tables([tables[part] for part in sorted(tables)])
    if not len(whole):
        raise DataError(f"none of the {len(indices)} images of {images.name!r} can be read")
    return SeenPhotos(whole["sample_id"].to_pylist(), _of_rows(whole, images))


def _of_rows(rows: pa.Table, images: ImageSet) -> Seen:
    features = None
    if FEATURES in rows.column_names:
        lists = rows[FEATURES].combine_chunks()
        features = lists.flatten().to_numpy().reshape(len(rows), -1)
    place = {name: index for index, name in enumerate(images.sample_ids)}
    indices = [place[name] for name in rows["sample_id"].to_pylist()]
    described = {name: [values[index] for index in indices] for name, values in images.metadata.items()}
    return _seen(rows, described | {name: column(rows, name).tolist() for name in MEASURED}, features)


def _seen(
    table: pa.Table,
    columns: Mapping[str, Sequence[Metadatum | None]],
    features: np.typing.NDArray[np.float16] | None,
) -> Seen:
    """What is seen in the rows of a table, with properties and metadata in ``columns`` (N,) by name."""
    numbers, texts = {}, {}
    for name, values in columns.items():
        if any(isinstance(value, str) for value in values):
            texts[name] = np.array([value if isinstance(value, str) else "" for value in values])
        else:
            numbers[name] = np.array([np.nan if value is None else value for value in values], np.float64)
    return Seen(features, numbers, column(table, "predicted"), column(table, "p_predicted"), texts)
