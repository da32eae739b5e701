"""One pass over a data set that finds the strongest examples of every channel of some layers."""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa
import torch
from torch import Tensor

from core.checkpoints import paths
from core.checkpoints.card import network_fingerprint
from core.checkpoints.store import Checkpoint
from core.data.image_set import ImageSet
from core.errors import DataError
from core.explain.network.activations import observe
from core.explain.network.receptive_field import receptive_field
from core.inside.examples.feed import Batch, batches
from core.inside.examples.patch_table import described, rows, with_earlier
from core.inside.examples.search_state import State, alone, forget, read_state
from core.inside.examples.stored_examples import Examples, ExamplesMetadata, LayerSize
from core.inside.examples.strongest import Peaks, none_yet, peaks
from core.predictions.finite import not_finite, refuse_infinite
from core.predictions.prediction_table import write

_BATCHES, _WHILE_S = 8, 2.0  # The state is written after this many batches, or seconds.
_AT_ONCE = 8  # Images per batch from memory: a page has no memory for 32.


def collect(
    loaded: Checkpoint,
    layers: Sequence[str],
    images: ImageSet,
    *,
    workers: int = 0,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Examples:
    """Write ``examples.parquet`` into the checkpoint's folder: the nine strongest patches of each channel.

    Other layers in the table are kept if network and images are the same. An interrupted pass is resumed from
    the last state that was written. Broken images are left out, and counted.

    Raises:
        LayerError: a layer does not exist or has no channels.
        EvaluationError: another process is collecting examples of this checkpoint.
        DataError: an image cannot be read now, or no image can be read.
        CheckpointError: activations or logits are not finite.
    """
    folder = loaded.folder
    start = _start(loaded, layers)
    key = _key(loaded, layers, images)
    with alone(folder):
        state = read_state(folder, key, start)
        on_progress(state.num_done, len(images))
        for latest in _passing(loaded, images, state, workers):
            state = latest
            state.write(folder, key)
            on_progress(state.num_done, len(images))
        if state.num_broken == len(images):
            raise DataError(f"none of the {len(images)} images can be read")
        examples = with_earlier(folder, _examples(loaded, images, state))
        write(folder / paths.EXAMPLES, described(examples))
        forget(folder)
    return examples


def examples_among(loaded: Checkpoint, layer: str, images: ImageSet, pixels: Tensor) -> Examples:
    """The strongest examples of a layer among a few images in memory, with ``pixels`` (N, channels, H, W).

    Positions are in pixels of ``images``, which may be smaller copies of the originals.

    Raises:
        LayerError: the layer does not exist or has no channels.
        CheckpointError: activations or logits are not finite.
    """
    sizes = torch.tensor([images.image(index).size for index in range(len(images))])
    state = _start(loaded, [layer])
    for part in torch.arange(len(images)).split(_AT_ONCE):
        state = _joined(loaded, state, Batch(pixels[part], part, sizes[part], len(part)))
    return _examples(loaded, images, state)


def _start(loaded: Checkpoint, layers: Sequence[str]) -> State:
    with torch.inference_mode():
        # A network without finite logits has no meaningful examples.
        refuse_infinite(loaded.model(loaded.blank_input()), repr(loaded.name))
    num_channels = observe(loaded.model, loaded.blank_input(), layers, lambda output: output.shape[1])
    return State({name: none_yet(num) for name, num in num_channels.items()})


def _passing(loaded: Checkpoint, images: ImageSet, state: State, workers: int) -> Iterator[State]:
    """The state after every few batches, or after each batch that takes long, and after the last."""
    pinned = loaded.device.startswith("cuda")
    feed = batches(images, loaded.card.preprocess, first=state.num_done, workers=workers, pinned=pinned)
    began = time.monotonic()
    for number, batch in enumerate(feed, 1):
        state = _joined(loaded, state, batch)
        took_long = time.monotonic() - began > _WHILE_S
        if number % _BATCHES == 0 or took_long or state.num_done == len(images):
            yield state
            began = time.monotonic()


def _joined(loaded: Checkpoint, state: State, batch: Batch) -> State:
    strongest, num_whole = state.strongest, len(batch.indices)
    if num_whole:
        highest = _peaks(loaded, batch.pixels, list(strongest))
        strongest = {
            layer: each.joined(highest[layer], batch.indices, batch.sizes)
            for layer, each in strongest.items()
        }
    num_broken = batch.num_images - num_whole
    return State(strongest, state.num_done + batch.num_images, state.num_broken + num_broken)


def _peaks(loaded: Checkpoint, pixels: Tensor, layers: Sequence[str]) -> dict[str, Peaks]:
    batch = loaded.card.preprocess.normalised(pixels.to(loaded.device, non_blocking=True))
    highest = observe(loaded.model, batch, layers, peaks)
    if any(not (each.activations < torch.inf).all() for each in highest.values()):
        raise not_finite(f"activations of {loaded.name!r}")
    return highest


def _examples(loaded: Checkpoint, images: ImageSet, state: State) -> Examples:
    fields = {layer: receptive_field(loaded.model, layer, loaded.blank_input()) for layer in state.strongest}
    tables = [
        rows(layer, each, fields[layer], images, loaded.card.preprocess)
        for layer, each in state.strongest.items()
    ]
    sizes = {
        layer: LayerSize(len(each.activations), fields[layer].cells, fields[layer].size)
        for layer, each in state.strongest.items()
    }
    network = network_fingerprint(loaded.card)
    about = ExamplesMetadata(network, images.name, images.fingerprint, len(images), state.num_broken, sizes)
    return Examples(pa.concat_tables(tables), about)


def _key(loaded: Checkpoint, layers: Sequence[str], images: ImageSet) -> str:
    known = (network_fingerprint(loaded.card), images.fingerprint, *layers)
    return hashlib.blake2b(repr(known).encode(), digest_size=12).hexdigest()
