"""The validation samples through the weights as they lie in the folder: the predictions table."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import torch
from lightning.pytorch import Trainer

from core import checkpoint
from core.checkpoint import Checkpoint
from core.data.batches import InOrder, Pictures, Share, loader
from core.prediction_table import joined, write
from core.training.material import Material
from core.training.run import PREDICTIONS
from core.training.sample_rows import sample_rows

_BATCH = 64


def validate(folder: Path, material: Material, trainer: Trainer) -> dict[str, float]:
    """Write ``predictions.parquet``, and give ``val_loss`` and ``val_accuracy`` of what it says.

    Each process predicts its share and writes a part; the first one joins them and alone gives the measures.
    """
    loaded = checkpoint.load(folder, device=str(trainer.strategy.root_device))
    share = Share(trainer.global_rank, trainer.world_size)
    write(_part(folder, share.rank), predicted(loaded, material, share))
    trainer.strategy.barrier()
    if share.rank:
        return {}
    parts = [_part(folder, rank) for rank in range(share.world)]
    images = material.decoded.images
    table = joined(parts, [images.sample_ids[index] for index in material.val])
    write(folder / PREDICTIONS, table)
    for path in parts:
        path.unlink()
    return measures(table)


def _part(folder: Path, rank: int) -> Path:
    return folder / f".{PREDICTIONS}.{rank}"


def measures(table: pa.Table) -> dict[str, float]:
    """Mean loss in nats, and the share of right predictions."""
    right = pc.equal(table["label"], table["predicted"])
    return {
        "val_loss": float(pc.mean(table["loss"]).as_py()),
        "val_accuracy": float(pc.mean(pc.cast(right, pa.float64())).as_py()),
    }


@torch.inference_mode()
def predicted(loaded: Checkpoint, material: Material, share: Share) -> pa.Table:
    """This process's rows."""
    images, preprocess = material.decoded.images, loaded.card.preprocess
    parts = []
    for pixels, labels, where in loader(
        Pictures(material.decoded), InOrder(material.val, batch_size=_BATCH, share=share)
    ):
        logits = loaded.model(preprocess.normalised(pixels.to(loaded.device))).cpu()
        parts.append(sample_rows(images, where.numpy(), labels.numpy(), ["val"] * len(labels), logits))
    return pa.concat_tables(parts)
