"""The facts about an evaluation: data, split, date and weights, stored beside its table."""

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
    """Data, split, date and weights of an evaluation; empty or None where unknown.

    ``data`` is the name of the images, ``source`` the data set or layout that they were read as. The date is
    ISO 8601. ``weights_sha256`` is of the weights that predicted; ``key`` is a hash of everything that the
    predictions depend on. ``num_unknown`` images of classes that the network does not know were left out.
    ``corrections_sha256`` is of the file with decisions on labels, if there was one.
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
    corrections_sha256: str | None = None


def write_facts(draft: Path, facts: Facts) -> None:
    """Write the facts into the folder of an evaluation."""
    files.write(draft / paths.FACTS, f"{json.dumps(asdict(facts), indent=1, ensure_ascii=False)}\n".encode())


def of(folder: Path, place: Path) -> Facts:
    """The facts about the evaluation in ``place``; where their file cannot be read, from its other files."""
    try:
        return stored.checked(_schema(), stored.read_json(place / paths.FACTS))
    except (ValueError, FileError):
        return found_out(place, card_data(folder))


def found_out(place: Path, data: dict[str, Any]) -> Facts:
    """The facts that table and metrics tell; ``data`` is the card's entry about the training's data."""
    fingerprint = _of_metrics(place) or data.get("fingerprint")
    is_own = fingerprint is not None and fingerprint == data.get("fingerprint")
    source = str(data.get("source", "")) if is_own else ""
    try:
        about = (place / paths.PREDICTIONS).stat()
        num_images, split = _counted(place / paths.PREDICTIONS, about.st_mtime_ns, about.st_size)
    except (OSError, ValueError, KeyError, pa.ArrowException):  # Reading the table reports this.
        num_images, split = 0, ""
    return Facts(source, source, split, fingerprint, num_images)


@functools.lru_cache(maxsize=256)
def _counted(table: Path, *stamp: int) -> tuple[int, str]:  # noqa: ARG001 (the key of the cache)
    """The number of rows in a table, and their split; ``all`` where there are several."""
    with files.opened(table):
        pass  # Regular files only: a pipe would block forever.
    file = pq.ParquetFile(table)
    splits = pc.unique(file.read(["split"])["split"]).to_pylist()
    return file.metadata.num_rows, str(splits[0]) if len(splits) == 1 else "all"


@functools.cache
def _schema() -> TypeAdapter[Facts]:
    return TypeAdapter(Facts)


def _of_metrics(place: Path) -> str | None:
    """The fingerprint of the images, from ``metrics.json``; None if it has none."""
    try:
        fingerprint = stored.read_json(place / paths.METRICS).get("fingerprint")
    except (ValueError, FileError):
        return None
    return None if fingerprint is None else str(fingerprint)


def own_fingerprint(folder: Path) -> str | None:
    """The fingerprint of the images that a checkpoint was trained on; None if unknown."""
    fingerprint = card_data(folder).get("fingerprint")
    return None if fingerprint is None else str(fingerprint)


def card_data(folder: Path) -> dict[str, Any]:
    """The card's entry about the data of its training; empty if it cannot be read."""
    try:
        card = store.read_card(folder)
    except CheckpointError:
        return {}
    return {"started": card.training.get("started", ""), **card.data}
