"""One pass over a data set that finds the strongest examples of every channel of some layers."""

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import torch
from torch import Tensor

from core import files
from core.checkpoints import paths
from core.checkpoints.card import network_fingerprint
from core.checkpoints.store import Checkpoint
from core.data.image_set import ImageSet
from core.errors import DataError, EvaluationError
from core.explain.network.activations import observe
from core.explain.network.receptive_field import receptive_field
from core.files import locks
from core.inside.examples.patch_table import described, rows, with_earlier
from core.inside.examples.searching import ByLayer, Searching, joined, merged, none_in
from core.inside.examples.stored_examples import Examples, ExamplesMetadata, LayerSize
from core.inside.examples.strongest_table import as_table, from_table, num_broken
from core.passes.in_process import IN_PROCESS
from core.passes.parts import Parts
from core.passes.progress import PassProgress
from core.passes.running import Engine, run
from core.passes.work import InputBatch
from core.predictions.finite import refuse_infinite
from core.predictions.prediction_table import write

_AT_ONCE = 8  # Images per batch from memory: a page has no memory for 32.
# Images in a part: few in a small data set, so that a page that is left loses little.
_SMALLEST, _LARGEST, _MANY = 32, 1024, 256


def collect(
    loaded: Checkpoint,
    layers: Sequence[str],
    images: ImageSet,
    engine: Engine = IN_PROCESS,
    *,
    on_progress: Callable[[PassProgress], None] = lambda _progress: None,
) -> Examples:
    """Write ``examples.parquet`` into the checkpoint's folder: the nine strongest patches of each channel.

    Other layers in the table are kept if network and images are the same. An interrupted pass continues with
    the parts that are missing, on this engine or another. Broken images are left out, and counted.

    Raises:
        LayerError: a layer does not exist or has no channels.
        EvaluationError: another process is collecting examples of this checkpoint, or the engine fails.
        DataError: an image cannot be read now, or no image can be read.
        CheckpointError: activations or logits are not finite.
    """
    folder, num_channels = loaded.folder, _num_channels(loaded, layers)
    place = folder / paths.EXAMPLES_WORK / _key(loaded, layers, images)
    parts = Parts(place, len(images), _part_size(len(images)))
    work = Searching(folder, loaded.card, num_channels, images, loaded)
    with _alone(folder), engine.started(work) as running:
        for progress in run(running, parts, partial(_write, parts, num_channels)):
            on_progress(progress)
        strongest, broken = _joined(parts, num_channels)
        if broken == len(images):
            raise DataError(f"none of the {len(images)} images can be read")
        examples = with_earlier(folder, _examples(loaded, images, strongest, broken))
        write(folder / paths.EXAMPLES, described(examples))
        _forget(folder)
    return examples


def examples_among(loaded: Checkpoint, layer: str, images: ImageSet, pixels: Tensor) -> Examples:
    """The strongest examples of a layer among a few images in memory, with ``pixels`` (N, channels, H, W).

    Positions are in pixels of ``images``, which may be smaller copies of the originals.

    Raises:
        LayerError: the layer does not exist or has no channels.
        CheckpointError: activations or logits are not finite.
    """
    sizes = torch.tensor([images.image(index).size for index in range(len(images))])
    strongest = none_in(_num_channels(loaded, [layer]))
    for part in torch.arange(len(images)).split(_AT_ONCE):
        batch = InputBatch(pixels[part], part, sizes[part], torch.empty(len(part), 0), len(part))
        strongest = joined(strongest, loaded, batch)
    return _examples(loaded, images, strongest, 0)


def _num_channels(loaded: Checkpoint, layers: Sequence[str]) -> dict[str, int]:
    with torch.inference_mode():
        # A network without finite logits has no meaningful examples.
        refuse_infinite(loaded.model(loaded.blank_input()), repr(loaded.name))
    return observe(loaded.model, loaded.blank_input(), layers, lambda output: output.shape[1])


def _part_size(num_images: int) -> int:
    return min(_LARGEST, _SMALLEST * max(1, num_images // (_SMALLEST * _MANY)))


def _write(parts: Parts, num_channels: Mapping[str, int], part: int, tables: Sequence[pa.Table]) -> None:
    strongest = merged([from_table(each, num_channels) for each in tables])
    with files.draft(parts.path(part)) as draft:
        pq.write_table(as_table(strongest, num_broken(tables)), draft, compression="zstd")


def _joined(parts: Parts, num_channels: Mapping[str, int]) -> tuple[ByLayer, int]:
    """The strongest of all parts, read one by one, and the number of broken images."""
    strongest, broken = none_in(num_channels), 0
    for part in range(len(parts)):
        table = pq.read_table(parts.path(part))
        strongest = merged([strongest, from_table(table, num_channels)])
        broken += num_broken([table])
    return strongest, broken


def _examples(loaded: Checkpoint, images: ImageSet, strongest: ByLayer, broken: int) -> Examples:
    fields = {layer: receptive_field(loaded.model, layer, loaded.blank_input()) for layer in strongest}
    tables = [
        rows(layer, each, fields[layer], images, loaded.card.preprocess) for layer, each in strongest.items()
    ]
    sizes = {
        layer: LayerSize(len(each.activations), fields[layer].cells, fields[layer].size)
        for layer, each in strongest.items()
    }
    network = network_fingerprint(loaded.card)
    about = ExamplesMetadata(network, images.name, images.fingerprint, len(images), broken, sizes)
    return Examples(pa.concat_tables(tables), about)


def _key(loaded: Checkpoint, layers: Sequence[str], images: ImageSet) -> str:
    known = (network_fingerprint(loaded.card), images.fingerprint, *layers)
    return hashlib.blake2b(repr(known).encode(), digest_size=12).hexdigest()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let only this process collect examples of the checkpoint.

    Raises:
        EvaluationError: another process is collecting.
    """
    place = files.make_folder(folder / paths.EXAMPLES_WORK)
    taken = EvaluationError(f"another process is collecting examples of {folder.name!r}")
    with locks.held(place / paths.LOCK, taken):
        yield


def _forget(folder: Path) -> None:
    """Delete the parts of all searches, finished or not; earlier versions left a state in one file."""
    for path in (folder / paths.EXAMPLES_WORK).iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.suffix == ".safetensors":
            path.unlink(missing_ok=True)
