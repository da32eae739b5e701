"""Predicts the validation samples with the stored weights, and writes the predictions table."""

import shutil
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from lightning.pytorch import Trainer

from core import files
from core.checkpoints import paths, store
from core.checkpoints.card import Card
from core.data.batches import Share
from core.data.image_set import ImageSet
from core.passes.in_process import InProcess
from core.passes.parts import Parts
from core.passes.running import run
from core.passes.work import CachedReader
from core.predictions import evaluations, metrics
from core.predictions.evaluating.predicting import Predicting, key_of
from core.predictions.evaluating.sample_parts import write_part, write_whole
from core.predictions.evaluating.samples import Samples
from core.predictions.evaluating.score_parts import Joined, ScoreParts
from core.predictions.evaluating.workplace import parts_in
from core.predictions.evaluations import Facts
from core.training.material import Material

_PART = 1024
_SPLIT, _WHOLE = "val", "whole"


def validate(folder: Path, material: Material, trainer: Trainer) -> dict[str, float]:
    """Add the evaluation on the validation samples; gives its ``val_`` measures.

    Each process predicts its share of the parts; rank 0 joins them, and it alone gives the measures.
    """
    card, images = store.read_card(folder), material.decoded.images
    samples = Samples(images, material.val, images.labels, np.full(len(images), _SPLIT), _SPLIT)
    place = folder / paths.VALIDATION_WORK
    parts = Parts(parts_in(place, key_of(card, samples)), len(material.val), _PART)
    scored = ScoreParts(parts, len(card.class_names), (_SPLIT,))
    share = Share(trainer.global_rank, trainer.world_size)
    work = Predicting(folder, card, samples, CachedReader(material.decoded, material.val))
    with InProcess(str(trainer.strategy.root_device)).started(work) as running:
        for _ in run(running, parts, partial(write_part, scored), share=share):
            pass
    trainer.strategy.barrier()
    if share.rank:
        return {}
    joined = scored.joined()
    # How many of the images that cannot be read are for validation is unknown.
    num_broken = 0 if material.decoded.survey.ok.all() else None
    averages = _keep(folder, card, images, parts, joined, num_broken)
    shutil.rmtree(place, ignore_errors=True)
    return measures(joined.table) | averages


def _keep(
    folder: Path, card: Card, images: ImageSet, parts: Parts, joined: Joined, num_broken: int | None
) -> dict[str, float]:
    """Publish the evaluation under the data's name and split; replaces this training's earlier one.

    Gives ``val_balanced_accuracy`` and ``val_macro_f1``.
    """
    data = evaluations.data_name(images)
    name = evaluations.usual_name(data, _SPLIT)
    earlier = evaluations.known(folder, name)
    if earlier is not None and earlier.facts.fingerprint != images.fingerprint:
        name = evaluations.free_name(name, {each.name for each in evaluations.every(folder)})
    draft = evaluations.workplace(folder, name) / _WHOLE
    draft.mkdir(parents=True, exist_ok=True)
    write_whole(draft, parts, joined, images)
    content = metrics.write(draft, card.class_names, num_broken=num_broken, fingerprint=images.fingerprint)
    facts = Facts(
        data=data,
        source=images.name,
        split=_SPLIT,
        fingerprint=images.fingerprint,
        num_images=len(joined.table),
        date=evaluations.now(),
        weights_sha256=card.weights_sha256,
        corrections_sha256=images.corrected.sha256 if images.corrected else None,
    )
    evaluations.write_facts(draft, facts)
    files.replace_folder(draft, evaluations.place(folder, name))
    with suppress(OSError):  # An interrupted evaluation of that name is there.
        draft.parent.rmdir()
    return {f"val_{name}": content[name] for name in ("balanced_accuracy", "macro_f1")}


def measures(table: pa.Table) -> dict[str, float]:
    """Mean loss in nats, and accuracy."""
    right = pc.equal(table["label"], table["predicted"])
    return {
        "val_loss": float(pc.mean(table["loss"]).as_py()),
        "val_accuracy": float(pc.mean(pc.cast(right, pa.float64())).as_py()),
    }
