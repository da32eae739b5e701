"""Images of ascent on disk, by what made them; the ones unused for longest are deleted first."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from core import files
from core.checkpoints.store import Card
from core.explain.ascent import Ascended, Settings

MAX_BYTES = 256 * 2**20
_VERSION = 2  # Of ascent: increased whenever the same settings give other images.
_TEXT = "seewhy"  # The key of the PNG text that holds the numbers.


@dataclass(frozen=True, slots=True)
class AscentCache:
    """A folder with a PNG file for each image, which also holds its numbers; about ``max_bytes`` large."""

    folder: Path
    max_bytes: int = MAX_BYTES

    def read(self, key: str) -> Ascended | None:
        """The image cached under a key; None if there is none, or its file is damaged."""
        path = self._path(key)
        try:
            with Image.open(path) as image:
                stored = json.loads(image.info[_TEXT])
                picture = np.asarray(image.convert("RGB"))
            kept = Ascended(
                int(stored["channel"]), picture, float(stored["activation"]), bool(stored["is_dead"])
            )
            os.utime(path)
        except (OSError, SyntaxError, ValueError, KeyError, TypeError):
            return None
        return kept

    def write(self, key: str, ascended: Ascended) -> None:
        """Cache an image, whole or not at all; if the disk cannot be written, nothing is cached."""
        with suppress(OSError):
            self._write(key, ascended)

    def _write(self, key: str, ascended: Ascended) -> None:
        files.make_folder(self.folder)
        numbers = {
            "channel": ascended.channel,
            "activation": ascended.activation,
            "is_dead": ascended.is_dead,
        }
        info = PngImagePlugin.PngInfo()
        info.add_text(_TEXT, json.dumps(numbers))
        with files.draft(self._path(key), durable=False) as draft:
            Image.fromarray(ascended.picture).save(draft, format="PNG", pnginfo=info)

    def make_room(self) -> None:
        """Delete the least recently used images of a cache that is too large, to a tenth below its limit."""
        files.clean(self.folder)
        kept = sorted(_sizes(self.folder), key=lambda each: each[1].st_mtime)
        held = sum(stat.st_size for _, stat in kept)
        if held <= self.max_bytes:
            return
        for path, stat in kept:
            if held <= 0.9 * self.max_bytes:
                break
            path.unlink(missing_ok=True)  # Another session may have deleted it.
            held -= stat.st_size

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.png"


def key_of(card: Card, layer: str, channel: int, settings: Settings) -> str:
    """The cache key of an image: from the weights, the layer, the channel, the method and its settings."""
    made_by = {
        "version": _VERSION,
        "weights": [card.architecture, asdict(card.head), card.base, card.weights_sha256],
        "preprocess": [card.preprocess.mean, card.preprocess.std],
        "layer": layer,
        "channel": channel,
        "method": type(settings).__name__,
        "settings": asdict(settings),
    }
    return hashlib.blake2b(json.dumps(made_by).encode(), digest_size=16).hexdigest()


def _sizes(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for path in folder.glob("*"):
        with suppress(FileNotFoundError):
            yield path, path.stat()
