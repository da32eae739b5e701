"""The outputs of a frozen part of a network, computed once, of images as they are or augmented."""

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from torch import Tensor, nn

from core import files
from core.data.batches import ImageDataset
from core.data.cache import Decoded
from core.data.image_set import Labels
from core.data.workers import usual_workers
from core.errors import FileError
from core.files import locks
from core.files.places import cache_root
from core.images import VERSION
from core.images.preprocess import Preprocess
from core.passes.in_process import InProcess
from core.passes.parts import Parts
from core.passes.pieces import InPieces
from core.passes.progress import PassProgress
from core.passes.running import run
from core.passes.work import CachedReader, Compute, Input, InputBatch
from core.training.lightning import feature_files

_PART = 1024
_FEATURES = "features"
_MOST_BYTES = 32 * 2**30


@dataclass(frozen=True, slots=True, eq=False)
class AugmentedReader:
    """The images ``indices`` (n,), as they are augmented in an epoch."""

    images: ImageDataset
    indices: Labels
    epoch: int

    def __call__(self, position: int) -> Input:
        """The sample; raises as `Decoded.pixels`."""
        (pixels,), _, _ = self.images[self.epoch, int(self.indices[position])]
        return Input(pixels, (pixels.shape[2], pixels.shape[1]))


def room_for(num_features: int, num_images: int, folder: Path | None = None) -> bool:
    """Whether the disk has room for that many features (float32) of each image."""
    place = files.make_folder(cache_root() if folder is None else folder)
    needed = 2 * 4 * num_features * num_images  # Twice: parts, then the whole.
    return needed <= min(_MOST_BYTES, shutil.disk_usage(place).free // 2)


def features(
    backbone: nn.Module,
    reader: CachedReader | AugmentedReader,
    decoded: Decoded,
    *,
    device: str,
    folder: Path | None = None,
    on_progress: Callable[[PassProgress], None] = lambda _progress: None,
) -> NDArray[np.float32]:
    """Outputs of ``backbone`` for the reader's images (N, K) by index, memory-mapped; other rows are zero.

    Stored in ``folder`` under a key of backbone, data and reader, so that the next training starts at once.
    Where several processes ask for the same, one computes. An interrupted pass is continued. Features of
    earlier trainings make room, see `feature_files`.
    """
    folder = (cache_root() if folder is None else folder) / "features"
    files.clean(files.make_folder(folder))
    path = folder / f"{_key(backbone, reader, decoded)}.npy"
    with locks.in_turn(path.with_suffix(".lock")):
        kept = feature_files.opened(path)
        if kept is None:
            place = path.with_suffix(".parts")
            _write_computed(path, _Backbone(backbone, reader, decoded), place, device, on_progress)
            shutil.rmtree(place, ignore_errors=True)
            kept = feature_files.opened(path)
    if kept is None:
        raise FileError(f"cannot read {str(path)!r}, which was just written; check the disk")
    feature_files.drop_oldest(folder, feature_files.limit())
    return kept


@dataclass(frozen=True, slots=True, eq=False)
class _Backbone:
    """The work of a pass that computes features."""

    backbone: nn.Module
    reader: CachedReader | AugmentedReader
    decoded: Decoded

    def opened(self, device: str) -> Compute:
        """The function from a batch to its features."""
        compute = partial(_features, self.backbone.eval().to(device), self.decoded.preprocess, device)
        return InPieces(compute, pa.concat_tables)


@torch.inference_mode()
def _features(backbone: nn.Module, preprocess: Preprocess, device: str, batch: InputBatch) -> pa.Table:
    outputs: Tensor = backbone(preprocess.normalised(batch.pixels.to(device))).float().cpu()
    values = pa.array(outputs.flatten().numpy())
    return pa.table({_FEATURES: pa.FixedSizeListArray.from_arrays(values, outputs[0].numel())})


def _write_computed(
    path: Path,
    work: _Backbone,
    place: Path,
    device: str,
    on_progress: Callable[[PassProgress], None],
) -> None:
    """Write the features of all images, zero where there is no index; parts that are there are taken."""
    indices = work.reader.indices
    parts = Parts(place, len(indices), _PART)
    # Augmentation draws from torch's own generator, which threads share: one at a time.
    is_alone = isinstance(work.reader, AugmentedReader) or work.decoded.array is not None
    with InProcess(device, 0 if is_alone else usual_workers()).started(work) as running:
        for progress in run(running, parts, partial(_write, parts)):
            on_progress(progress)
    with files.draft(path) as draft:
        every = None
        for part in range(len(parts)):
            rows = _rows(parts.path(part))
            if every is None:
                shape = (len(work.decoded.images), rows.shape[1])
                every = open_memmap(draft, "w+", np.dtype(np.float32), shape)
            every[indices[parts.span(part)]] = rows


def _rows(path: Path) -> NDArray[np.float32]:
    """The features (n, K) in the file of a part."""
    column = pq.read_table(path)[_FEATURES].combine_chunks()
    rows: NDArray[np.float32] = column.flatten().to_numpy().reshape(len(column), -1)
    return rows


def _write(parts: Parts, part: int, tables: Sequence[pa.Table]) -> None:
    with files.draft(parts.path(part)) as draft:
        pq.write_table(pa.concat_tables(tables), draft)


def _key(backbone: nn.Module, reader: CachedReader | AugmentedReader, decoded: Decoded) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name, tensor in backbone.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    digest.update(f"{VERSION}{decoded.images.fingerprint}{decoded.preprocess!r}".encode())
    digest.update(np.ascontiguousarray(reader.indices).tobytes())
    if isinstance(reader, AugmentedReader):
        digest.update(f"{reader.images.augment!r}{reader.images.seed} {reader.epoch}".encode())
    return digest.hexdigest()
