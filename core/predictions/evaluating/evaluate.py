"""One pass of a checkpoint over its samples: the predictions table and its metrics, under a name."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from core import files
from core.checkpoints import paths, store
from core.checkpoints.card import network_values
from core.checkpoints.local import remember_data
from core.checkpoints.store import Checkpoint
from core.data.batches import Share
from core.data.image_set import ImageSet, Labels
from core.data.unreadable import away, refuse_many
from core.data.workers import leave_quietly
from core.errors import AwayImageError, DataError, EvaluationError, ImageError
from core.images.preprocess import Preprocess
from core.predictions import evaluations, metrics
from core.predictions.evaluating.naming import difference, name_for, split_of
from core.predictions.evaluating.parts import Parts
from core.predictions.evaluating.samples import Samples
from core.predictions.evaluating.score_parts import Joined, ScoreParts
from core.predictions.evaluations import Evaluation, Facts
from core.predictions.prediction_table import write, write_part
from core.predictions.sample_rows import sample_rows

_BATCH = 32
_WHOLE = "whole"

Item = tuple[Tensor, int]
Batch = tuple[Tensor, Labels]


@dataclass(frozen=True, slots=True)
class Resources:
    """What an evaluation runs on: a device, ``workers`` processes that read images, its share of the work.

    ``others_end`` waits for the processes that share the work to end, if this one has started them.
    """

    device: str = "cpu"
    workers: int = 0
    share: Share = field(default_factory=Share)
    others_end: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Keep:
    """How an evaluation is kept: its name (empty: the data's name and the split), and its folder of images.

    ``replace`` allows it to overwrite one of that name that was made with other images or weights.
    """

    name: str = ""
    data: Path | None = None
    replace: bool = False


def evaluate(
    folder: Path,
    samples: Samples,
    resources: Resources = Resources(),
    *,
    keep: Keep = Keep(),
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, Any]:
    """Add an evaluation to a checkpoint's folder, whole or not at all; gives its metrics.

    It is made in parts; an interrupted one continues if weights, data and samples are the same. Damaged
    images have no row and are counted as ``num_broken``. Of several processes, rank 0 waits for the others,
    writes the files and gives the metrics; the others give an empty dictionary.

    Raises:
        EvaluationError: it is being made already, another process has ended too early, or the name belongs to
            an evaluation of other images or weights.
        CheckpointError: logits are not finite.
        DataError: an image cannot be read at present, or more than a few are damaged; nothing is replaced.
    """
    loaded = store.load_for_speed(folder, device=resources.device)
    key = _key(loaded, samples)
    parts = Parts(folder, keep.name or name_for(samples), key, len(samples.indices), resources.share)
    _earlier(parts, loaded, samples, keep)
    splits = sorted(set(samples.splits[samples.indices].tolist()))
    scored = ScoreParts(parts, len(loaded.card.class_names), tuple(splits))
    with parts.held():
        # Checked again under the lock: another process may have taken the name meanwhile.
        earlier = _earlier(parts, loaded, samples, keep)
        facts = _facts(loaded, samples, key)
        if not resources.share.rank:
            _describe(evaluations.workplace(folder, parts.name), facts, keep.data, samples.images.layout)
        on_progress(parts.num_done(), parts.num_samples)
        for _ in _predicted(loaded, samples, scored, resources.workers):
            on_progress(parts.num_done(), parts.num_samples)
        if resources.share.rank:
            return {}
        for _ in parts.wait():
            on_progress(parts.num_done(), parts.num_samples)
        joined = scored.joined()
        _refuse_partial(samples, parts, joined.table, earlier)
        measured = _kept(scored.parts, joined, facts, keep, samples.images.layout)
        # The parts go last: a process that still runs would compute missing ones again.
        resources.others_end()
        parts.remove()
    return measured


def _earlier(parts: Parts, loaded: Checkpoint, samples: Samples, keep: Keep) -> Evaluation | None:
    """The evaluation that has the name already; EvaluationError if it differs and must not be replaced."""
    earlier = evaluations.known(parts.folder, parts.name)
    if earlier is None or keep.replace or earlier.facts.key == parts.key:
        return earlier
    other = difference(earlier, loaded.card, samples) or ("other labels" if earlier.facts.key else None)
    if other is not None:
        raise EvaluationError(
            f"{loaded.name!r} has an evaluation {earlier.name!r} of {other}; choose another name with "
            "--as NAME, or overwrite it with --replace"
        )
    return earlier


def _refuse_partial(samples: Samples, parts: Parts, table: pa.Table, earlier: Evaluation | None) -> None:
    """Raise DataError if too many images cannot be read for a result on these samples."""
    try:
        refuse_many(parts.num_samples - len(table), samples.images, parts.num_samples)
        _refuse_fewer(parts, len(table), earlier)
    except DataError:
        parts.forget_partial()  # Repaired images are then read by the next pass.
        raise


def _refuse_fewer(parts: Parts, num_read: int, earlier: Evaluation | None) -> None:
    """Raise DataError if an earlier evaluation of the same samples has more images."""
    if earlier is not None and earlier.facts.key == parts.key and earlier.facts.num_images > num_read:
        raise DataError(
            f"{earlier.facts.num_images - num_read} images that could be read for {earlier.name!r} cannot be "
            "read now, so the earlier evaluation is kept; repair them, then evaluate again"
        )


def _facts(loaded: Checkpoint, samples: Samples, key: str) -> Facts:
    """The facts about an evaluation that begins."""
    return Facts(
        data=evaluations.data_name(samples.images),
        source=samples.images.name,
        split=split_of(samples),
        fingerprint=samples.images.fingerprint,
        weights_sha256=loaded.card.weights_sha256,
        key=key,
        num_unknown=sum(each.num_files for each in samples.unknown),
    )


def _describe(place: Path, facts: Facts, data: Path | None, layout: str) -> None:
    """Write the facts about an evaluation, and where its images are on this machine."""
    evaluations.write_facts(place, facts)
    if data is not None:
        remember_data(place, data, layout)


def _kept(parts: Parts, joined: Joined, facts: Facts, keep: Keep, layout: str) -> dict[str, Any]:
    """Write all files of an evaluation and publish it under its name; gives its metrics."""
    draft, num_read = parts.place / _WHOLE, len(joined.table)
    draft.mkdir(exist_ok=True)
    write(draft / paths.PREDICTIONS, joined.table, joined.counts)
    measured = metrics.write(
        draft,
        store.read_card(parts.folder).class_names,
        num_broken=parts.num_samples - num_read,
        fingerprint=facts.fingerprint,
    )
    facts = replace(facts, num_images=num_read, date=evaluations.now())
    _describe(draft, facts, keep.data, layout)
    files.replace_folder(draft, evaluations.place(parts.folder, parts.name))
    return measured


class _Decoded(Dataset[Item]):
    """By index: pixels (channels, H, W), empty for a damaged image; and the index."""

    def __init__(self, images: ImageSet, preprocess: Preprocess) -> None:
        self.images, self.preprocess = images, preprocess

    def __getitem__(self, index: int) -> Item:
        try:
            image = files.patiently(lambda: self.images.image(index), AwayImageError)
            return self.preprocess.pixels(image), index
        except AwayImageError as error:
            raise away(self.images, error) from error
        except ImageError:
            return torch.empty(0, dtype=torch.uint8), index


def _together(items: list[Item]) -> Batch:
    """The pixels (n, channels, H, W) of the readable images, and their indices (n,)."""
    whole = [(pixels, index) for pixels, index in items if pixels.numel()]
    pixels = torch.stack([each for each, _ in whole]) if whole else torch.empty(0, dtype=torch.uint8)
    return pixels, np.array([index for _, index in whole], np.int64)


def _predicted(loaded: Checkpoint, samples: Samples, scored: ScoreParts, workers: int) -> Iterator[int]:
    """Predict the missing parts of this process; gives the number of each once it is written."""
    parts = scored.parts
    missing = parts.missing(parts.share.rank)
    batches = [_batches(samples.indices[slice(*parts.span(part))]) for part in missing]
    arriving = iter(
        DataLoader(
            _Decoded(samples.images, loaded.card.preprocess),
            batch_sampler=[batch for each in batches for batch in each],
            collate_fn=_together,
            num_workers=workers if missing else 0,
            pin_memory=loaded.device.startswith("cuda"),
            worker_init_fn=leave_quietly,
        )
    )
    for part, each in zip(missing, batches, strict=True):
        tables = [_rows(loaded, samples, *next(arriving)) for _ in each]
        write_part(parts.path(part), pa.concat_tables(tables))
        scored.fold(parts.share.rank)
        if not parts.share.rank:
            parts.refuse_dead()
        yield part


def _batches(indices: Labels) -> list[list[int]]:
    """Batches of indices, never across parts: the last digits of logits depend on the batch."""
    return [indices[start : start + _BATCH].tolist() for start in range(0, len(indices), _BATCH)]


@torch.inference_mode()
def _rows(loaded: Checkpoint, samples: Samples, pixels: Tensor, indices: Labels) -> pa.Table:
    logits = torch.empty(0, len(loaded.card.class_names))
    if len(indices):
        on_device = pixels.to(loaded.device, non_blocking=True)
        logits = loaded.model(loaded.card.preprocess.normalised(on_device)).cpu()
    splits = samples.splits[indices].tolist()
    labels = samples.labels[indices]
    return sample_rows(samples.images, indices, labels, splits, logits=logits, network=loaded.name)


def _key(loaded: Checkpoint, samples: Samples) -> str:
    """A hash of everything that the predictions depend on: weights, preprocess, images, labels, splits."""
    known = (*network_values(loaded.card), samples.images.fingerprint)
    digest = hashlib.blake2b(repr(known).encode(), digest_size=12)
    for array in (samples.indices, samples.labels[samples.indices], samples.splits[samples.indices]):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
