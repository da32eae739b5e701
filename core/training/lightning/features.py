"""The outputs of a frozen backbone, computed once."""

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
from numpy.typing import NDArray
from torch import Tensor, nn

from core import files
from core.data.cache import Decoded
from core.data.image_set import Labels
from core.data.workers import usual_workers
from core.errors import FileError
from core.files import arrays, locks
from core.files.places import cache_root
from core.images import VERSION
from core.images.preprocess import Preprocess
from core.passes.in_process import InProcess
from core.passes.parts import Parts
from core.passes.progress import PassProgress
from core.passes.running import run
from core.passes.work import CachedReader, Compute, InputBatch

_PART = 1024
_FEATURES = "features"


def features(
    backbone: nn.Module,
    decoded: Decoded,
    indices: Labels,
    *,
    device: str,
    folder: Path | None = None,
    on_progress: Callable[[PassProgress], None] = lambda _progress: None,
) -> NDArray[np.float32]:
    """Outputs of ``backbone`` (N, K) by index, memory-mapped; rows that are not in ``indices`` are zero.

    Stored in ``folder`` under a key of backbone, data and indices, so that the next training starts at once.
    Where several processes ask for the same, one computes. An interrupted pass is continued.
    """
    folder = (cache_root() if folder is None else folder) / "features"
    files.clean(files.make_folder(folder))
    path = folder / f"{_key(backbone, decoded, indices)}.npy"
    with locks.in_turn(path.with_suffix(".lock")):
        if _kept(path) is None:
            place = path.with_suffix(".parts")
            arrays.write(path, _computed(_Backbone(backbone, decoded, indices), place, device, on_progress))
            shutil.rmtree(place, ignore_errors=True)
    kept = _kept(path)
    if kept is None:
        raise FileError(f"cannot read {str(path)!r}, which was just written; check the disk")
    return kept


def _kept(path: Path) -> NDArray[np.float32] | None:
    """The stored features; None if there are none, or the file is damaged."""
    try:
        return np.load(path, mmap_mode="r")  # type: ignore[no-any-return]
    except (OSError, EOFError, ValueError):
        return None


@dataclass(frozen=True, slots=True, eq=False)
class _Backbone:
    """The work of a pass that computes features."""

    backbone: nn.Module
    decoded: Decoded
    indices: Labels

    @property
    def reader(self) -> CachedReader:
        """The images of the indices, in order."""
        return CachedReader(self.decoded, self.indices)

    def opened(self, device: str) -> Compute:
        """The function from a batch to its features."""
        return partial(_features, self.backbone.eval().to(device), self.decoded.preprocess, device)


@torch.inference_mode()
def _features(backbone: nn.Module, preprocess: Preprocess, device: str, batch: InputBatch) -> pa.Table:
    outputs: Tensor = backbone(preprocess.normalised(batch.pixels.to(device))).float().cpu()
    values = pa.array(outputs.flatten().numpy())
    return pa.table({_FEATURES: pa.FixedSizeListArray.from_arrays(values, outputs[0].numel())})


def _computed(
    work: _Backbone, place: Path, device: str, on_progress: Callable[[PassProgress], None]
) -> NDArray[np.float32]:
    """The features of all images, zero where there is no index; parts that are there already are taken."""
    parts = Parts(place, len(work.indices), _PART)
    with InProcess(device, usual_workers() if work.decoded.array is None else 0).started(work) as running:
        for progress in run(running, parts, partial(_write, parts)):
            on_progress(progress)
    tables = [pq.read_table(parts.path(part))[_FEATURES].combine_chunks() for part in range(len(parts))]
    rows = np.concatenate([table.flatten().to_numpy().reshape(len(table), -1) for table in tables])
    every = np.zeros((len(work.decoded.images), rows.shape[1]), np.float32)
    every[work.indices] = rows
    return every


def _write(parts: Parts, part: int, tables: Sequence[pa.Table]) -> None:
    with files.draft(parts.path(part)) as draft:
        pq.write_table(pa.concat_tables(tables), draft)


def _key(backbone: nn.Module, decoded: Decoded, indices: Labels) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name, tensor in backbone.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    digest.update(f"{VERSION}{decoded.images.fingerprint}{decoded.preprocess!r}".encode())
    digest.update(np.ascontiguousarray(indices).tobytes())
    return digest.hexdigest()
