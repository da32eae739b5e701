"""One pass of a checkpoint over a data set: the predictions table and its metrics, kept in its folder."""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from core import checkpoint
from core.checkpoint import Card, Checkpoint
from core.data import catalogue
from core.data.image_set import ImageSet, Labels
from core.errors import DataError, ImageError
from core.evaluation_summary import summary
from core.prediction_table import rows, write
from core.preprocess import Preprocess
from core.training.material import open_data, sides
from core.training.recipe import parse
from core.training.run import remember_data, remembered_data, replace_file

METRICS, PREDICTIONS = "metrics.json", "predictions.parquet"
_PARTS = ".evaluation"
_ROWS, _BATCH = 1024, 32

Item = tuple[Tensor, int]


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """What is to be predicted: ``indices`` (n,) of ``images``, with their ``labels`` (N,) and splits (N,).

    Labels are those of the checkpoint, which may count the classes in another order than the data set.
    """

    images: ImageSet
    indices: Labels
    labels: Labels
    splits: NDArray[np.str_]


def open_images(folder: Path, data: Path | None) -> ImageSet:
    """The images that a checkpoint is evaluated on: ``data``, else where they lay last, else where usual.

    Raises:
        DataError: they are not there, or nobody has ever said which they are.
    """
    card, place = checkpoint.read_card(folder), data or remembered_data(folder)
    if card.recipe:
        # The card's own source: the training may have been given other data than the recipe's.
        settings = parse(card.recipe).data
        return open_data(replace(settings, source=str(card.data.get("source", settings.source))), place)
    if place is None:
        raise DataError(f"say which images {folder.name!r} is to be evaluated on: --data DIR")
    return catalogue.load(catalogue.recognise(place), place)


def remember_images(folder: Path, images: ImageSet, data: Path) -> None:
    """Keep where the images of an evaluation lie, unless a training that can be resumed has others."""
    card = checkpoint.read_card(folder)
    if card.status == "finished" or card.data.get("fingerprint") == images.fingerprint:
        remember_data(folder, data)


def samples_of(card: Card, images: ImageSet, split: str) -> Samples:
    """The samples of one split: as the checkpoint was trained, if these are its data, else as published.

    ``all`` takes every image; data without any split are one split, ``val``.

    Raises:
        DataError: there is no such split, or a class that the checkpoint does not know.
    """
    splits = _splits(card, images)
    wanted = np.ones(len(images), bool) if split == "all" else splits == split
    if not wanted.any():
        there = ", ".join(sorted(set(splits.tolist())))
        raise DataError(f"{images.name!r} has no images in a split {split!r}; there is {there}, all")
    return Samples(images, np.flatnonzero(wanted), labels_for(images, card.class_names), splits)


def _splits(card: Card, images: ImageSet) -> NDArray[np.str_]:
    if card.data.get("fingerprint") == images.fingerprint:
        recipe = parse(card.recipe)
        divided = sides(images, recipe.data, recipe.seed)
        splits = np.full(len(images), "none", "<U5")
        for name, indices in (("train", divided.train), ("val", divided.val), ("test", divided.test)):
            splits[indices] = name
        return splits
    return np.full(len(images), "val") if images.published is None else images.published


def labels_for(images: ImageSet, class_names: Sequence[str]) -> Labels:
    """The labels (N,) of a data set by the numbers of ``class_names``: classes are matched by name.

    Raises:
        DataError: names the classes that the checkpoint does not know.
    """
    known = {name.casefold(): class_idx for class_idx, name in enumerate(class_names)}
    strange = [name for name in images.class_names if name.casefold() not in known]
    if strange:
        listed = ", ".join(map(repr, strange[:3]))
        raise DataError(f"the checkpoint has no class {listed}; it has {', '.join(class_names[:5])} …")
    numbers = np.array([known[name.casefold()] for name in images.class_names], np.int64)
    found: Labels = numbers[images.labels]
    return found


def evaluate(
    folder: Path,
    samples: Samples,
    *,
    device: str = "cpu",
    workers: int = 0,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, Any]:
    """Write ``predictions.parquet`` and ``metrics.json`` into a checkpoint's folder; gives the metrics.

    The table grows in parts beside them; an interrupted pass goes on after its last whole part, if weights,
    data and samples are the same. Broken images are in no row, and counted as ``num_broken``.
    """
    loaded = checkpoint.load_for_speed(folder, device=device)
    parts = folder / _PARTS / _key(loaded, samples)
    parts.mkdir(parents=True, exist_ok=True)
    paths = []
    for start in range(0, len(samples.indices), _ROWS):
        paths.append(parts / f"{start:09}.parquet")
        if not paths[-1].exists():
            write(paths[-1], _part(loaded, samples, samples.indices[start : start + _ROWS], workers))
        on_progress(min(start + _ROWS, len(samples.indices)), len(samples.indices))
    table = pa.concat_tables([pq.read_table(path) for path in paths])
    if not len(table):
        raise DataError(f"none of the {len(samples.indices)} images can be read")
    write(folder / PREDICTIONS, table)
    num_broken = len(samples.indices) - len(table)
    found = write_metrics(folder, num_broken=num_broken, fingerprint=samples.images.fingerprint)
    shutil.rmtree(folder / _PARTS)
    return found


def write_metrics(folder: Path, *, num_broken: int | None, fingerprint: str | None) -> dict[str, Any]:
    """Write ``metrics.json`` beside a checkpoint's predictions table, whole or not at all; gives the content.

    ``num_broken`` images cannot be read and are in no row, None where nobody has counted them; the
    ``fingerprint`` is of the images, as `ImageSet` has it.
    """
    found = summary(pq.read_table(folder / PREDICTIONS), checkpoint.read_card(folder).class_names)
    found |= {"num_broken": num_broken, "fingerprint": fingerprint}
    replace_file(folder / METRICS, (json.dumps(found, indent=1, ensure_ascii=False) + "\n").encode())
    return found


def write_metrics_of_training(folder: Path) -> dict[str, Any]:
    """`write_metrics` of the validation samples that a training has just predicted."""
    data = checkpoint.read_card(folder).data
    # How many of the skipped images are for validation, no card says.
    return write_metrics(
        folder, num_broken=None if data.get("skipped") else 0, fingerprint=data.get("fingerprint")
    )


class _Decoded(Dataset[Item]):
    """Pixels (channels, H, W) of an index, empty where the image is broken; and the index."""

    def __init__(self, images: ImageSet, preprocess: Preprocess, indices: Labels) -> None:
        self.images, self.preprocess, self.indices = images, preprocess, indices

    def __getitem__(self, place: int) -> Item:
        index = int(self.indices[place])
        try:
            return self.preprocess.pixels(self.images.image(index)), index
        except ImageError:
            return torch.empty(0, dtype=torch.uint8), index

    def __len__(self) -> int:
        return len(self.indices)


@torch.inference_mode()
def _part(loaded: Checkpoint, samples: Samples, indices: Labels, workers: int) -> pa.Table:
    """The rows of these indices, in order, without the broken ones."""
    dataset = _Decoded(samples.images, loaded.card.preprocess, indices)
    batches = DataLoader(dataset, batch_size=_BATCH, num_workers=workers, collate_fn=list)
    tables = []
    for items in batches:
        whole = [(pixels, index) for pixels, index in items if pixels.numel()]
        if whole:
            pixels = torch.stack([each for each, _ in whole]).to(loaded.device)
            logits = loaded.model(loaded.card.preprocess.normalised(pixels)).cpu()
            tables += _tables(logits, np.array([index for _, index in whole]), samples)
    nothing = torch.empty(0, len(loaded.card.class_names))
    return pa.concat_tables(tables or _tables(nothing, indices[:0], samples))


def _tables(logits: Tensor, indices: Labels, samples: Samples) -> list[pa.Table]:
    """Rows of one batch, which may belong to several splits: a column of its own instead of one name."""
    images = samples.images
    ids = [images.sample_ids[index] for index in indices]
    paths = ids if images.root else [""] * len(ids)
    table = rows(logits, torch.from_numpy(samples.labels[indices]), sample_ids=ids, paths=paths, split="")
    place = table.column_names.index("split")
    splits = pa.array(samples.splits[indices].tolist(), pa.string())
    return [table.set_column(place, "split", splits)]


def _key(loaded: Checkpoint, samples: Samples) -> str:
    digest = hashlib.blake2b(digest_size=12)
    digest.update(
        f"{loaded.card.weights_sha256}{loaded.card.preprocess!r}{samples.images.fingerprint}".encode()
    )
    digest.update(np.ascontiguousarray(samples.indices).tobytes())
    return digest.hexdigest()
