"""The concepts of a layer as stored: for each the classes that it speaks for, and its share in each photo."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from core import files
from core.arrays import FloatArray
from core.checkpoints import paths
from core.errors import CheckpointError, FileError
from core.explain.concepts.ranks import RankScore
from core.files import arrays, stored

VERSION = 1


@dataclass(frozen=True, slots=True)
class ClassSpokenFor:
    """A class, and what one unit of a concept's presence adds to its logit."""

    class_idx: int
    class_name: str
    weight: float


@dataclass(frozen=True, slots=True)
class ConceptFacts:
    """What is known of one concept.

    Attributes:
        name: the name that a user gave it; empty without one.
        mean_share: its mean share of the predicted class's logit, over all photos.
        photos: the share of photos in which it has at least a tenth of what the layer contributes.
        channels: the five channels that it has most of, the largest first.
        speaks_for: the five classes whose logits it raises most; empty if the head does not read the layer.
        speaks_against: the three whose logits it lowers most.
    """

    name: str
    mean_share: float
    photos: float
    channels: tuple[int, ...]
    speaks_for: tuple[ClassSpokenFor, ...]
    speaks_against: tuple[ClassSpokenFor, ...]


@dataclass(frozen=True, slots=True)
class SampleShares:
    """The logit of one photo's predicted class in parts: ``sum(shares) + residual + bias`` is ``logit``.

    ``described`` is how well the concepts describe the layer in this photo, from 0 to 1.
    """

    sample_id: str
    class_idx: int
    logit: float
    bias: float
    residual: float
    described: float
    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ConceptReport:
    """The concepts of one layer of a network over a data set.

    ``is_exact`` says that the head reads the layer's mean, so that shares are exact; else they are gradient ×
    activation. ``ranks`` are the numbers of concepts that were tried, empty if the number was given.
    """

    checkpoint: str
    network: str
    layer: str
    data: str
    fingerprint: str
    num_photos: int
    seed: int
    is_exact: bool
    ranks: tuple[RankScore, ...]
    concepts: tuple[ConceptFacts, ...]
    samples: tuple[SampleShares, ...]
    version: int = VERSION


_REPORT = TypeAdapter(ConceptReport)


def write(place: Path, report: ConceptReport, directions: FloatArray) -> None:
    """Write ``concepts.json`` and ``directions.npy`` (R, K) into a folder, made if missing."""
    files.make_folder(place)
    arrays.write(place / paths.DIRECTIONS, np.ascontiguousarray(directions))
    files.write(place / paths.CONCEPTS_FILE, json.dumps(asdict(report)).encode())


def read(place: Path) -> tuple[ConceptReport, FloatArray] | None:
    """The report and the concepts (R, K) in a folder; None if there are none.

    Raises:
        CheckpointError: a file is damaged.
    """
    path = place / paths.CONCEPTS_FILE
    if not path.exists():
        return None
    try:
        report = stored.checked(_REPORT, stored.read_json(path))
    except (FileError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged: {error}; find the concepts again") from error
    directions = arrays.mapped(place / paths.DIRECTIONS, np.float32)
    if directions is None or directions.ndim != 2 or len(directions) != len(report.concepts):
        raise CheckpointError(f"{place / paths.DIRECTIONS} does not fit {path}; find the concepts again")
    return report, directions
