"""The outputs of a frozen backbone, computed once."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core import files
from core.data.batches import ImageDataset, InOrder, loader
from core.data.cache import Decoded
from core.data.image_set import Labels
from core.data.workers import usual_workers
from core.errors import FileError
from core.files import arrays, locks
from core.images import VERSION
from core.places import cache_root

_BATCH = 32


def features(
    backbone: nn.Module,
    decoded: Decoded,
    indices: Labels,
    *,
    device: str,
    folder: Path | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> NDArray[np.float32]:
    """Outputs of ``backbone`` (N, K) by index, memory-mapped; rows that are not in ``indices`` are zero.

    Stored in ``folder`` under a key of backbone, data and indices, so that the next training starts at once.
    Where several processes ask for the same, one computes.
    """
    folder = (cache_root() if folder is None else folder) / "features"
    files.clean(files.make_folder(folder))
    path = folder / f"{_key(backbone, decoded, indices)}.npy"
    with locks.in_turn(path.with_suffix(".lock")):
        if _kept(path) is None:
            outputs = _computed(
                backbone.eval().to(device), decoded, indices, device=device, on_progress=on_progress
            )
            arrays.write(path, outputs)
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


@torch.inference_mode()
def _computed(
    backbone: nn.Module,
    decoded: Decoded,
    indices: Labels,
    *,
    device: str,
    on_progress: Callable[[int, int], None],
) -> NDArray[np.float32]:
    workers = usual_workers() if decoded.array is None else 0
    batches = loader(ImageDataset(decoded), InOrder(indices, batch_size=_BATCH), workers=workers)
    table: NDArray[np.float32] | None = None
    done = 0
    for pixels, _, where in batches:
        outputs: Tensor = backbone(decoded.preprocess.normalised(pixels.to(device)))
        if table is None:
            table = np.zeros((len(decoded.images), *outputs.shape[1:]), np.float32)
        table[where.numpy()] = outputs.float().cpu().numpy()
        done += len(where)
        on_progress(done, len(indices))
    if table is None:
        raise ValueError("there are no indices")
    return table


def _key(backbone: nn.Module, decoded: Decoded, indices: Labels) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name, tensor in backbone.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    digest.update(f"{VERSION}{decoded.images.fingerprint}{decoded.preprocess!r}".encode())
    digest.update(np.ascontiguousarray(indices).tobytes())
    return digest.hexdigest()
