"""From the table of a run to what each pair of method and layer is worth, and to what it must beat."""

from collections.abc import Sequence
from math import sqrt

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.arrays import DoubleArray
from core.explain.trust.verdict import BELIEVABLE, NOISE, WEAK
from core.trust.map_rows import CENTRE_OVERLAPS, OBJECT_AREA, OVERLAPS, WAYS
from core.trust.pairs import MethodAtLayer
from core.trust.report.contents import Objects, OnObject, PairEvidence, ReferenceScore, ReferenceScores
from core.trust.report.significance import bootstrap_mean, holm, p_above_zero

ALPHA = 0.05
SAME = 0.9  # A rank correlation from which on two pictures count as the same.
_NORMAL = 1.959964  # 95% of a normal distribution lie within so many standard deviations.


def measured(table: pa.Table, pairs: Sequence[MethodAtLayer], seed: int) -> list[PairEvidence]:
    """The evidence for each pair, from the rows of all photos; ``seed`` is that of the bootstrap."""
    tables = [_of(table, pair) for pair in pairs]
    corrected = holm([p_above_zero(_values(each, "score")) for each in tables])
    return [
        _evidence(pair, each, p_random, seed)
        for pair, each, p_random in zip(pairs, tables, corrected, strict=True)
    ]


def references(table: pa.Table, seed: int) -> ReferenceScores:
    """The scores of the references, each photo's the mean over its pairs."""
    photos = table.group_by("sample_id", use_threads=False).aggregate(
        [("centre_score", "mean"), ("edges_score", "mean"), ("random_spread", "mean")]
    )
    centre, edges = (
        bootstrap_mean(_values(photos, f"{name}_score_mean"), seed) for name in ("centre", "edges")
    )
    spreads = _values(photos, "random_spread_mean")
    reach = _NORMAL * sqrt((spreads**2).mean() / len(spreads))
    return ReferenceScores(
        random=ReferenceScore(0.0, -reach, reach),
        centre=ReferenceScore(centre.value, centre.low, centre.high),
        edges=ReferenceScore(edges.value, edges.low, edges.high),
    )


def objects(table: pa.Table) -> Objects | None:
    """The objects of the photos with masks; None if there are none."""
    marked = table.filter(pc.is_valid(table[OBJECT_AREA]))
    centre = _on_object(marked, CENTRE_OVERLAPS)
    if centre is None:
        return None
    return Objects(len(marked["sample_id"].unique()), _mean(marked, OBJECT_AREA), centre)


def num_checked(table: pa.Table) -> int:
    """The number of photos with a map whose sanity is known."""
    return len(table.filter(pc.is_valid(table["sanity"]))["sample_id"].unique())


def grade(p_random: float, score: float, least: float, sanity: float | None) -> str:
    """Whether the maps of a pair can be believed for this network, by their scores on all photos.

    - *No better than noise*: against random maps, p > 0.05.
    - *Weak*: better than noise, but the mean score is below ``least``, the higher one of the means of a blob
      in the centre and of the photo's edges; or the pictures stay the same, with a rank correlation of 0.9
      and more, if the weights of the head and the last stage are random.
    - *Believable*: otherwise.
    """
    if p_random > ALPHA:
        return NOISE
    is_weak = score < least or (sanity is not None and sanity >= SAME)
    return WEAK if is_weak else BELIEVABLE


def _evidence(pair: MethodAtLayer, rows: pa.Table, p_random: float, seed: int) -> PairEvidence:
    scores, centre, edges = (_values(rows, name) for name in ("score", "centre_score", "edges_score"))
    mean, sanity = bootstrap_mean(scores, seed), _mean_of_known(rows, "sanity")
    return PairEvidence(
        method=pair.method,
        layer=pair.layer,
        verdict=grade(p_random, mean.value, max(centre.mean(), edges.mean()), sanity),
        score=mean.value,
        low=mean.low,
        high=mean.high,
        deletion=_mean(rows, "deletion"),
        insertion=_mean(rows, "insertion"),
        score_by_hiding={way: _mean(rows, f"score_{way.replace(' ', '_')}") for way in WAYS},
        logit_score=_mean(rows, "logit_score"),
        better_than_random=float((scores > 0).mean()),
        better_than_centre=float((scores > centre).mean()),
        better_than_edges=float((scores > edges).mean()),
        p_random=p_random,
        average_drop=_mean(rows, "drop"),
        increase=_mean(rows, "rises"),
        empty=_mean(rows, "is_empty"),
        sanity=sanity,
        stability=_mean_of_known(rows, "stability"),
        class_correlation=_mean_of_known(rows, "class_correlation"),
        on_object=_on_object(rows, OVERLAPS),
    )


def _on_object(rows: pa.Table, columns: Sequence[str]) -> OnObject | None:
    pointing, energy, iou = (_mean_of_known(rows, name) for name in columns)
    return None if pointing is None or energy is None or iou is None else OnObject(pointing, energy, iou)


def _of(table: pa.Table, pair: MethodAtLayer) -> pa.Table:
    return table.filter(pc.and_(pc.equal(table["method"], pair.method), pc.equal(table["layer"], pair.layer)))


def _values(rows: pa.Table, name: str) -> DoubleArray:
    values: DoubleArray = rows[name].to_numpy().astype(np.float64)
    return values


def _mean(rows: pa.Table, name: str) -> float:
    return float(_values(rows, name).mean())


def _mean_of_known(rows: pa.Table, name: str) -> float | None:
    """The mean of the values that are there; None if there is none."""
    values = _values(rows, name)
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None
