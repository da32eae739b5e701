"""The content of ``trust.json`` and its schema: what each method is worth, at each layer of a network."""

import json
from dataclasses import asdict, dataclass
from functools import cache
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field, TypeAdapter

from core.explain.trust.verdict import BELIEVABLE, NOISE, WEAK
from core.files import stored
from core.trust.pairs import MethodAtLayer

VERSION = 2
_STRICT = ConfigDict(allow_inf_nan=False)

Text = Annotated[str, Field(max_length=10_000)]
Share = Annotated[float, Field(ge=-1e-6, le=1 + 1e-6)]
Difference = Annotated[float, Field(ge=-1 - 1e-6, le=1 + 1e-6)]
Grade = Annotated[str, Field(pattern=f"^({BELIEVABLE}|{WEAK}|{NOISE})$")]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]


@dataclass(frozen=True, slots=True)
class OnObject:
    """How heat maps overlap with the objects of photos with masks, each a mean over these photos.

    Attributes:
        pointing: share of photos whose brightest pixel lies on the object, or at most 15 pixels beside it.
        energy: share of the heat on the object.
        iou: intersection over union at each photo's best threshold.
    """

    pointing: Share
    energy: Share
    iou: Share
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True)
class Objects:
    """The objects of the photos with masks: how many, and what needs no network.

    ``area`` is the mean share of the photo that they cover, and ``centre`` the overlap of a blob in the
    centre.
    """

    number: Annotated[int, Field(ge=1)]
    area: Share
    centre: OnObject
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True)
class PairEvidence:
    """What the maps of one method at one layer are worth, on average over the photos.

    Attributes:
        method: by its name in the registry.
        layer: by its name in the network; ``input`` for a method that explains no layer.
        verdict: see `core.trust.report.measuring.grade`.
        score: area between insertion and deletion curve of the class's probability; 0 for random maps.
        low: lower end of the score's 95% bootstrap interval.
        high: its upper end.
        deletion: area under the deletion curve; low for good maps.
        insertion: area under the insertion curve; high for good maps.
        score_by_hiding: the score with each way of hiding patches.
        logit_score: the score of the class's logit in place of its probability.
        better_than_random: share of photos with a score above 0, the mean of random maps.
        better_than_centre: share of photos with a score above that of a blob in the centre.
        better_than_edges: share of photos with a score above that of the photo's edges.
        p_random: of a Wilcoxon test against random maps, one-sided, corrected by Holm for all pairs.
        average_drop: share of the probability lost if the photo is multiplied by the heat map.
        increase: share of photos whose probability rises then.
        empty: share of photos whose picture shows nothing, as nothing speaks for the class.
        sanity: rank correlation with the pictures of the network whose head and last stage are random: 0 is
            right; at 1, the pictures do not depend on what these have learned. None if no photo could tell.
        stability: rank correlation with pictures of the photo moved by a pixel or under slight noise: 1 is
            best.
        class_correlation: rank correlation with the picture of another class: at 1, the class does not
            matter.
        on_object: overlap with the objects; None without masks.
    """

    method: Text
    layer: Text
    verdict: Grade
    score: Difference
    low: Difference
    high: Difference
    deletion: Share
    insertion: Share
    score_by_hiding: dict[str, Difference]
    logit_score: float
    better_than_random: Share
    better_than_centre: Share
    better_than_edges: Share
    p_random: Share
    average_drop: Share
    increase: Share
    empty: Share
    sanity: Difference | None = None
    stability: Difference | None = None
    class_correlation: Difference | None = None
    on_object: OnObject | None = None
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    def __str__(self) -> str:
        """``grad_cam at bn2``."""
        return str(MethodAtLayer(self.method, self.layer))


@dataclass(frozen=True, slots=True)
class ReferenceScore:
    """The mean score of a reference over photos and pairs, and its 95% interval.

    For random maps, whose mean is 0, the interval is that of the mean score of one random map for each photo.
    """

    score: Difference
    low: Difference
    high: Difference


@dataclass(frozen=True, slots=True)
class ReferenceScores:
    """What a map must beat: random maps, a blob in the centre of the photo, and the photo's edges."""

    random: ReferenceScore
    centre: ReferenceScore
    edges: ReferenceScore


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The pair to explain this network with, and why, in a sentence; None for both if no pair can be."""

    method: Text | None
    layer: Text | None
    reason: Text


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """What the photos are, and how many.

    ``checked`` counts those that tell the sanity of a pair: it is measured on the first four.
    """

    name: Text
    number: Annotated[int, Field(ge=1)]
    checked: Annotated[int, Field(ge=0)]
    split: Text
    fingerprint: Text


@dataclass(frozen=True, slots=True)
class TrustReport:
    """All that ``trust.json`` says; ``network`` is the network's fingerprint, ``key`` that of the run.

    ``objects`` is None where no photo has a mask.
    """

    checkpoint: Text
    network: Text
    photos: PhotoFacts
    seed: Seed
    recommended: Recommendation
    references: ReferenceScores
    pairs: Annotated[tuple[PairEvidence, ...], Field(min_length=1)]
    key: Text
    objects: Objects | None = None
    version: Annotated[int, Field(ge=1, le=VERSION)] = VERSION
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


def as_json(report: TrustReport) -> bytes:
    """The content of the file."""
    return f"{json.dumps(asdict(report), indent=1, ensure_ascii=False)}\n".encode()


def of_json(content: stored.Json) -> TrustReport:
    """The report in a JSON object; ValueError says what is wrong with it."""
    return stored.checked(_schema(), content)


@cache
def _schema() -> TypeAdapter[TrustReport]:
    return TypeAdapter(TrustReport)
