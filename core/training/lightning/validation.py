"""Predicts the validation samples with the stored weights, and writes the predictions table."""

from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import torch
from lightning.pytorch import Trainer

from core import files
from core.checkpoints import paths, store
from core.checkpoints.store import Checkpoint
from core.data.batches import ImageDataset, InOrder, Share, loader
from core.data.image_set import ImageSet
from core.evaluation.ranking.histograms import Counts, empty_counts
from core.predictions import evaluations, metrics
from core.predictions.evaluations import Facts
from core.predictions.prediction_table import joined, write
from core.predictions.sample_rows import sample_rows
from core.predictions.score_files import counts_of, fit, moved, remove
from core.training.material import Material

_BATCH = 64
_SPLIT, _WHOLE = "val", "whole"


def validate(folder: Path, material: Material, trainer: Trainer) -> dict[str, float]:
    """Add the evaluation on the validation samples; gives its ``val_loss`` and ``val_accuracy``.

    Each process predicts its share and writes a part; rank 0 joins them, and it alone gives the measures.
    """
    loaded = store.load(folder, device=str(trainer.strategy.root_device))
    share = Share(trainer.global_rank, trainer.world_size)
    write(_part(folder, share.rank), *predicted(loaded, material, share))
    trainer.strategy.barrier()
    if share.rank:
        return {}
    parts = [_part(folder, rank) for rank in range(share.world)]
    images = material.decoded.images
    table = joined(parts, [images.sample_ids[index] for index in material.val])
    # How many of the images that cannot be read are for validation is unknown.
    num_broken = 0 if material.decoded.survey.ok.all() else None
    _keep(loaded, images, table, counts_of(parts), num_broken)
    for path in parts:
        remove(path)
    return measures(table)


def _keep(
    loaded: Checkpoint, images: ImageSet, table: pa.Table, counts: Counts | None, num_broken: int | None
) -> None:
    """Publish the evaluation under the data's name and split; replaces this training's earlier one."""
    data = evaluations.data_name(images)
    name = evaluations.usual_name(data, _SPLIT)
    earlier = evaluations.known(loaded.folder, name)
    if earlier is not None and earlier.facts.fingerprint != images.fingerprint:
        name = evaluations.free_name(name, {each.name for each in evaluations.every(loaded.folder)})
    draft = evaluations.workplace(loaded.folder, name) / _WHOLE
    draft.mkdir(parents=True, exist_ok=True)
    write(draft / paths.PREDICTIONS, table, counts)
    metrics.write(draft, loaded.card.class_names, num_broken=num_broken, fingerprint=images.fingerprint)
    facts = Facts(
        data=data,
        source=images.name,
        split=_SPLIT,
        fingerprint=images.fingerprint,
        num_images=len(table),
        date=evaluations.now(),
        weights_sha256=loaded.card.weights_sha256,
    )
    evaluations.write_facts(draft, facts)
    files.replace_folder(draft, evaluations.place(loaded.folder, name))
    with suppress(OSError):  # An interrupted evaluation of that name is there.
        draft.parent.rmdir()


def _part(folder: Path, rank: int) -> Path:
    return folder / f".{paths.PREDICTIONS}.{rank}"


def measures(table: pa.Table) -> dict[str, float]:
    """Mean loss in nats, and accuracy."""
    right = pc.equal(table["label"], table["predicted"])
    return {
        "val_loss": float(pc.mean(table["loss"]).as_py()),
        "val_accuracy": float(pc.mean(pc.cast(right, pa.float64())).as_py()),
    }


@torch.inference_mode()
def predicted(loaded: Checkpoint, material: Material, share: Share) -> tuple[pa.Table, Counts | None]:
    """The rows of this process, and histograms of their scores if there are too many to keep."""
    images, preprocess = material.decoded.images, loaded.card.preprocess
    num_classes = len(loaded.card.class_names)
    counts = None if fit(len(material.val), num_classes) else empty_counts(1, num_classes)
    parts = []
    for pixels, labels, where in loader(
        ImageDataset(material.decoded), InOrder(material.val, batch_size=_BATCH, share=share)
    ):
        logits = loaded.model(preprocess.normalised(pixels.to(loaded.device))).cpu()
        splits = [_SPLIT] * len(labels)
        table = sample_rows(images, where.numpy(), labels.numpy(), splits, logits=logits, network=loaded.name)
        parts.append(table if counts is None else moved(table, counts, [_SPLIT]))
    return pa.concat_tables(parts), counts
