"""What an evaluation is of: data, split, date and weights, kept beside its table."""

import functools
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from core import files
from core.checkpoints import paths, store
from core.errors import CheckpointError, FileError
from core.files import stored


@dataclass(frozen=True, slots=True)
class Facts:
    """What an evaluation is of; empty or None is what nobody knows.

    ``data`` is what the images are called, ``source`` the data set or layout that they were read as. The date
    is ISO 8601. ``weights_sha256`` is of the weights that predicted, ``key`` of all that matters for it.
    ``num_unknown`` images were left out: the network does not know their classes.
    """

    data: str = ""
    source: str = ""
    split: str = ""
    fingerprint: str | None = None
    num_images: int = 0
    date: str = ""
    weights_sha256: str | None = None
    key: str = ""
    num_unknown: int = 0


def write_facts(draft: Path, facts: Facts) -> None:
    """Say in the folder of an evaluation what it is of."""
    files.write(draft / paths.FACTS, f"{json.dumps(asdict(facts), indent=1, ensure_ascii=False)}\n".encode())


def of(folder: Path, place: Path) -> Facts:
    """What the evaluation in ``place`` says of itself; where that cannot be read, what its files say."""
    try:
        return stored.checked(_schema(), stored.read_json(place / paths.FACTS))
    except (ValueError, FileError):
        return found_out(place, card_data(folder))


def found_out(place: Path, data: dict[str, Any]) -> Facts:
    """The facts that table and metrics know; ``data`` is what the card says of those of the training."""
    fingerprint = _of_metrics(place) or data.get("fingerprint")
    is_own = fingerprint is not None and fingerprint == data.get("fingerprint")
    source = str(data.get("source", "")) if is_own else ""
    try:
        about = (place / paths.PREDICTIONS).stat()
        num_images, split = _counted(place / paths.PREDICTIONS, about.st_mtime_ns, about.st_size)
    except (OSError, ValueError, KeyError, pa.ArrowException):  # The table says it itself when it is read.
        num_images, split = 0, ""
    return Facts(source, source, split, fingerprint, num_images)


@functools.lru_cache(maxsize=256)
def _counted(table: Path, *stamp: int) -> tuple[int, str]:  # noqa: ARG001 (the key of the cache)
    """How many rows a table has, and of which split; ``all`` where there are several."""
    with files.opened(table):
        pass  # It is a regular file: a pipe would block for ever.
    file = pq.ParquetFile(table)
    splits = pc.unique(file.read(["split"])["split"]).to_pylist()
    return file.metadata.num_rows, str(splits[0]) if len(splits) == 1 else "all"


@functools.cache
def _schema() -> TypeAdapter[Facts]:
    return TypeAdapter(Facts)


def _of_metrics(place: Path) -> str | None:
    """The fingerprint of the images that metrics are of; None where they know none."""
    try:
        fingerprint = stored.read_json(place / paths.METRICS).get("fingerprint")
    except (ValueError, FileError):
        return None
    return None if fingerprint is None else str(fingerprint)


def own_fingerprint(folder: Path) -> str | None:
    """The fingerprint of the images that a checkpoint was trained on; None where nobody knows."""
    fingerprint = card_data(folder).get("fingerprint")
    return None if fingerprint is None else str(fingerprint)


def card_data(folder: Path) -> dict[str, Any]:
    """What a card says of the data of its training; nothing where it cannot be read."""
    try:
        card = store.read_card(folder)
    except CheckpointError:
        return {}
    return {"started": card.training.get("started", ""), **card.data}
