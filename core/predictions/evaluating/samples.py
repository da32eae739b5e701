"""Selects the samples that a checkpoint predicts, labelled by its own classes."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.checkpoints import store
from core.checkpoints.local import remember_data, remembered_data, remembered_layout
from core.checkpoints.store import Card
from core.data.division import divided
from core.data.image_set import ImageSet, Labels, LeftOut
from core.data.sources import catalogue
from core.errors import DataError
from core.evaluation.metrics import distinct_names
from core.predictions.evaluating.training_data import division_of, source_of
from core.predictions.evaluations import LAYOUTS, Evaluation, data_name

_EXAMPLES = 3


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """The samples to predict: ``indices`` (n,) of ``images``, with ``labels`` (N,) and ``splits`` (N,).

    Labels are the checkpoint's, whose classes may be in another order than the data set's. -1 is a class that
    it does not know; images of such classes are not predicted, and ``unknown`` counts those in this split.
    ``split`` is the one asked for, or empty.
    """

    images: ImageSet
    indices: Labels
    labels: Labels
    splits: NDArray[np.str_]
    split: str = ""
    unknown: tuple[LeftOut, ...] = ()


def open_images(folder: Path, data: Path | None, layout: str = "") -> ImageSet:
    """The images in ``data``; None stands for the folder used last, or else the usual place of the data set.

    Any folder with some of the network's classes is accepted; ``layout`` is how to read it, empty for as the
    last time.

    Raises:
        DataError: the images are missing, or no folder was ever named.
        LayoutError: the folder can be read in several ways.
    """
    card, place = store.read_card(folder), data or remembered_data(folder)
    layout = layout or remembered_layout(folder, data)
    if source := source_of(card):
        return catalogue.open_data(source, place, layout=layout, known=card.class_names)
    if place is None:
        raise DataError(f"no images are known for {folder.name!r}; give a folder with --data DIR")
    return catalogue.open_folder(place, layout=layout, known=card.class_names)


def images_of(evaluation: Evaluation, data: Path | None = None) -> ImageSet:
    """The images of an evaluation: in ``data``, or where they were, or the checkpoint's, or the usual place.

    Raises:
        DataError: the images are missing, or their folder is unknown.
    """
    folder, source = evaluation.of, evaluation.facts.source
    if data is not None:
        return open_images(folder, data)
    place = remembered_data(evaluation.folder)
    own = store.read_card(folder).data.get("fingerprint")
    if place is not None or evaluation.facts.fingerprint in (None, own):
        return open_images(folder, place, remembered_layout(evaluation.folder))
    if source.partition("?")[0] in catalogue.SOURCES and source not in LAYOUTS:
        return catalogue.load(source)
    raise DataError(f"the folder of the images of {evaluation.name!r} is unknown on this machine")


def remember_images(folder: Path, images: ImageSet, data: Path) -> None:
    """Store where a checkpoint's images are: those of its training, else those used last."""
    card = store.read_card(folder)
    if not card.recipe or card.data.get("fingerprint") == images.fingerprint:
        remember_data(folder, data, images.layout)


def data_has_changed(evaluation: Evaluation, images: ImageSet) -> bool:
    """Whether an evaluation was made with other images than these, or with a part; False if unknown."""
    known = evaluation.facts.fingerprint
    return known is not None and known != images.fingerprint and not _was_part(evaluation, images)


def _was_part(evaluation: Evaluation, images: ImageSet) -> bool:
    """Whether it was made with a part of these images, with the same names and classes."""
    card = store.read_card(evaluation.of)
    if evaluation.facts.fingerprint != card.data.get("fingerprint"):
        return False
    if len(images) <= int(card.data.get("images", len(images))):
        return False
    table = pq.read_table(evaluation.table, columns=["sample_id", "label"])
    try:
        labels = dict(zip(images.sample_ids, labels_for(images, card.class_names).tolist(), strict=True))
    except DataError:
        return False
    names, known = table["sample_id"].to_pylist(), table["label"].to_pylist()
    return all(labels.get(name) == label for name, label in zip(names, known, strict=True))


def note_on_data(folder: Path, images: ImageSet) -> str | None:
    """A sentence if these are not the images that the checkpoint was trained on; None if unknown."""
    known = store.read_card(folder).data.get("fingerprint")
    if known is None or known == images.fingerprint:
        return None
    return (
        f"the images of {data_name(images)!r} are not those that {folder.name!r} was trained on, or have "
        f"changed since: they are split as published, not as in training"
    )


def samples_of(card: Card, images: ImageSet, split: str) -> Samples:
    """The samples of one split: as in the checkpoint's training, if these are its data, else as published.

    ``all`` takes every image. Data without splits count as one split, under the name asked for.

    Raises:
        DataError: no such split, or it has no image of a class that the checkpoint knows.
    """
    splits = splits_of(card, images, split)
    wanted = are_in(images, splits, split)
    labels = labels_for(images, card.class_names)
    known = labels >= 0
    if images.corrected is not None:
        wanted &= ~images.corrected.excluded
    if not (wanted & known).any():
        raise DataError(_none_known(images, images.labels[wanted], card.class_names))
    unknown = _unknown(images, np.flatnonzero(wanted & ~known))
    return Samples(images, np.flatnonzero(wanted & known), labels, splits, split, unknown)


def are_in(images: ImageSet, splits: NDArray[np.str_], split: str) -> NDArray[np.bool_]:
    """Whether each image (N,) is in a split, or all of them for ``all``; DataError if no image is."""
    wanted = np.ones(len(images), bool) if split == "all" else splits == split
    if not wanted.any():
        there = ", ".join(sorted(set(splits.tolist())))
        raise DataError(f"{data_name(images)!r} has no images in a split {split!r}; there is {there}, all")
    return wanted


def splits_of(card: Card, images: ImageSet, wanted: str) -> NDArray[np.str_]:
    """The split of each image (N,): as in the checkpoint's training if these are its data, else as published.

    Images without splits get the one that is wanted, or ``val``.
    """
    if card.data.get("fingerprint") == images.fingerprint:
        parts = divided(images, division_of(card))
        splits = np.full(len(images), "none", "<U5")
        for name, indices in (("train", parts.train), ("val", parts.val), ("test", parts.test)):
            splits[indices] = name
        return splits
    if images.published is None:
        return np.full(len(images), wanted if wanted in ("train", "test") else "val")
    return images.published


def _unknown(images: ImageSet, indices: Labels) -> tuple[LeftOut, ...]:
    """The images of these indices, as an entry of those left out."""
    if not len(indices):
        return ()
    reason = f"images of classes that the network does not know: {_listed(images, images.labels[indices])}"
    examples = tuple(images.sample_ids[index] for index in indices[:_EXAMPLES])
    return (LeftOut(reason, len(indices), examples),)


def labels_for(images: ImageSet, class_names: Sequence[str]) -> Labels:
    """The labels (N,) of a data set as indices of ``class_names``; -1 for a class that is not among them.

    Classes are matched by name. Case, underscores for spaces and Unicode forms do not matter, unless classes
    differ in nothing else. ImageNet's classes may also be named by synset: ``n02123045``.

    Raises:
        DataError: the checkpoint knows none of the classes that have images.
    """
    exact, folded = _known(class_names), _numbered([_folded(name) for name in class_names])
    numbers = np.array([exact.get(name, folded.get(_folded(name), -1)) for name in images.class_names])
    labels: Labels = numbers.astype(np.int64)[images.labels]
    if (labels < 0).all():
        raise DataError(_none_known(images, images.labels, class_names))
    return labels


def _none_known(images: ImageSet, labels: Labels, class_names: Sequence[str]) -> str:
    listed = _listed(images, labels)
    return f"the checkpoint has no class {listed}; it has {', '.join(class_names[:5])} …"


def _listed(images: ImageSet, labels: Labels) -> str:
    """The first three classes of these labels by name, and the number of others."""
    names = [images.class_names[label] for label in np.unique(labels)]
    return ", ".join(map(repr, names[:3])) + (f" and {len(names) - 3} more" if names[3:] else "")


def _known(class_names: Sequence[str]) -> dict[str, int]:
    """The index of every class by its name, and by its synset if it has one."""
    if len(class_names) == 1000:
        from core.models import imagenet  # noqa: PLC0415 (timm and its lists, only where they are needed)

        if imagenet.has_its_classes(class_names):
            return _numbered(imagenet.synsets()) | _numbered(class_names)
    return _numbered(class_names)


def _numbered(names: Sequence[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(distinct_names(names))}


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).replace("_", " ").casefold()
