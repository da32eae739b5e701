"""The receptive field of a layer's cells: computed once for an architecture, then cached on disk."""

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from weakref import WeakKeyDictionary

from torch import nn

from core import files
from core.checkpoints.store import Checkpoint
from core.explain.network.receptive_field import receptive_field
from core.files.places import cache_root

_VERSION = 1  # Of the computation: increased whenever it gives other sizes.
Size = tuple[int, int]
_KNOWN: WeakKeyDictionary[nn.Module, dict[str, Size]] = WeakKeyDictionary()


def field_size(checkpoint: Checkpoint, layer: str) -> Size:
    """Height and width of the largest receptive field of a layer's cells, in pixels of the network's input.

    Raises:
        LayerError: as `core.explain.network.receptive_field.receptive_field`.
    """
    known = known_field_size(checkpoint, layer)
    return _computed(checkpoint, layer) if known is None else known


def known_field_size(checkpoint: Checkpoint, layer: str) -> Size | None:
    """The same from the cache; None if it must be computed, which may take seconds."""
    known = _KNOWN.setdefault(checkpoint.model, {})
    if layer not in known:
        kept = _read(_path(checkpoint, layer))
        if kept is None:
            return None
        known[layer] = kept
    return known[layer]


def _computed(checkpoint: Checkpoint, layer: str) -> Size:
    size = receptive_field(checkpoint.model, layer, checkpoint.blank_input()).size
    _KNOWN[checkpoint.model][layer] = size
    # If the disk cannot be written, it is known only while this process runs.
    with suppress(OSError):
        path = _path(checkpoint, layer)
        files.make_folder(path.parent)
        files.write(path, json.dumps(size).encode(), durable=False)
    return size


def _path(checkpoint: Checkpoint, layer: str) -> Path:
    """The file for everything that the size depends on, which does not include the weights."""
    card = checkpoint.card
    depends_on = {
        "version": _VERSION,
        "network": [card.architecture, asdict(card.head), len(card.class_names)],
        "input": [len(card.preprocess.mean), *card.preprocess.input_size],
        "layer": layer,
    }
    digest = hashlib.blake2b(json.dumps(depends_on).encode(), digest_size=16).hexdigest()
    return cache_root() / "fields" / f"{digest}.json"


def _read(path: Path) -> Size | None:
    try:
        height, width = json.loads(files.read_text(path))
        return int(height), int(width)
    except (OSError, ValueError, TypeError):  # Not there, or damaged.
        return None
