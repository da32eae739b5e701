"""The table ``trust.parquet``: scores and curves of each map, a row for each photo, method and layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan, nan
from pathlib import Path

import pyarrow as pa
import torch

from core.errors import CheckpointError
from core.explain.trust.drops import Dimmed
from core.explain.trust.faithfulness import Faithfulness, both_directions
from core.explain.trust.localisation import Localisation
from core.explain.trust.verdict import GRADES, NOISE, verdict
from core.files import tables
from core.trust.pairs import MethodAtLayer
from core.trust.testing.checks import Checks

WAYS = ("blur", "mean colour")  # Of hiding, in the order of the columns.
KEY = b"seewhy"  # Of the table's metadata: the run that made it.
_CURVES = ("deletion_curve", "insertion_curve")
_ORDERS = ("", "random_", "centre_", "edges_")
_CURVE_COLUMNS = tuple(f"{order}{curve}" for order in _ORDERS for curve in _CURVES)
_CHECKS = ("sanity", "stability", "class_correlation")
OVERLAPS = ("pointing", "energy", "iou")
CENTRE_OVERLAPS = tuple(f"centre_{name}" for name in OVERLAPS)
OBJECT_AREA = "object_area"
_ON_OBJECT = (*OVERLAPS, *CENTRE_OVERLAPS, OBJECT_AREA)  # Tables of version 1 do not have them.
_PROBABILITIES = ("probability", "deletion", "insertion", "random_spread", "p_random", "drop")
_DIFFERENCES = ("score", *(f"score_{way.replace(' ', '_')}" for way in WAYS), "centre_score", "edges_score")

_ROUNDING = 1e-6
SCHEMA = {
    **{name: tables.text(0, 10_000) for name in ("sample_id", "path", "method", "layer", "verdict")},
    "class_idx": tables.whole("a class index", 0, 2**31 - 1),
    **dict.fromkeys(_PROBABILITIES, tables.number(-_ROUNDING, 1 + _ROUNDING)),
    **dict.fromkeys(_DIFFERENCES, tables.number(-1 - _ROUNDING, 1 + _ROUNDING)),
    "logit_score": tables.number(-1e30, 1e30),
}
_LISTS = dict.fromkeys(("shares", *_CURVE_COLUMNS), tables.number(-_ROUNDING, 1 + _ROUNDING))
_FLAGS = ("rises", "is_empty")
_ARROW = pa.schema(
    [
        *((name, pa.string()) for name in ("sample_id", "path", "method", "layer", "verdict")),
        ("class_idx", pa.int32()),
        *(
            (name, pa.float64())
            for name in (*_PROBABILITIES, *_DIFFERENCES, "logit_score", *_CHECKS, *_ON_OBJECT)
        ),
        *((name, pa.bool_()) for name in _FLAGS),
        *((name, pa.list_(pa.float32())) for name in _LISTS),
    ]
)


@dataclass(frozen=True, slots=True, eq=False)
class MapTest:
    """The tests of one map: of a pair of method and layer, for the class that a photo is given.

    ``dimmed`` has the class's probability before and after the photo is multiplied by the heat map (1,).
    ``is_empty`` tells that the picture shows nothing, as no cell speaks for the class: then the patches were
    ranked at random. ``checks`` are made of the first photos of a sample only, and ``on_object`` is known
    for photos with a mask.
    """

    sample_id: str
    path: str
    pair: MethodAtLayer
    class_idx: int
    faithful: Faithfulness
    dimmed: Dimmed
    is_empty: bool
    checks: Checks | None = None
    on_object: Localisation | None = None


def as_table(tests: Sequence[MapTest]) -> pa.Table:
    """A row for each test."""
    return pa.Table.from_pylist([_row(test) for test in tests], schema=_ARROW)


def check(table: pa.Table) -> None:
    """ValueError, with the fault in words, for a table of another form."""
    tables.check(table, SCHEMA)
    tables.check_lists(table, _LISTS, 100)
    for name in (*_CHECKS, *_FLAGS):
        if name not in table.column_names or table[name].type != _ARROW.field(name).type:
            raise ValueError(f"lacks a column {name!r} of the right type")
    for name in _ON_OBJECT:
        if name in table.column_names and table[name].type != pa.float64():
            raise ValueError(f"lacks a column {name!r} of the right type")
    strange = set(table["verdict"].unique().to_pylist()) - set(GRADES)
    if strange:
        raise ValueError(f"has {min(strange)!r} in 'verdict': expected {', '.join(GRADES)}")


def read_table(path: Path, key: str) -> pa.Table:
    """The table of the run ``key``.

    Raises:
        CheckpointError: the file is missing, damaged, or of another run.
    """
    try:
        table = tables.read(path)
        check(table)
    except tables.FAULTS as error:
        raise CheckpointError(f"{path} is damaged: {tables.said(error)}; run 'trust' again") from error
    if (table.schema.metadata or {}).get(KEY, b"").decode(errors="replace") != key:
        raise CheckpointError(f"{path} is of another run than the file beside it; run 'trust' again")
    return table


def _row(test: MapTest) -> dict[str, object]:
    faithful = test.faithful
    probability, judged = faithful.of_map.probability, verdict(faithful)
    by_way = dict(zip(faithful.absent, probability.scores.tolist(), strict=True))
    return {
        "sample_id": test.sample_id,
        "path": test.path,
        "method": test.pair.method,
        "layer": test.pair.layer,
        "class_idx": test.class_idx,
        "probability": float(probability.deletion[0, 0]),
        "deletion": probability.deletion_area,
        "insertion": probability.insertion_area,
        "score": faithful.score,
        "logit_score": faithful.of_map.logit.score,
        **{f"score_{way.replace(' ', '_')}": by_way[way] for way in WAYS},
        "random_spread": faithful.noise_spread,
        "centre_score": faithful.centre.probability.score,
        "edges_score": faithful.edges.probability.score,
        "p_random": judged.p_noise,
        "verdict": NOISE if test.is_empty else judged.grade,
        "is_empty": test.is_empty,
        "drop": test.dimmed.average_drop,
        "rises": test.dimmed.increase > 0,
        **{name: _known(getattr(test.checks, name, nan)) for name in _CHECKS},
        **({} if test.on_object is None else _on_object(test.on_object)),
        "shares": probability.shares.tolist(),
        **_curve_columns(faithful),
    }


def _on_object(overlap: Localisation) -> dict[str, float]:
    own = {name: getattr(overlap.overlap, name) for name in OVERLAPS}
    centre = {f"centre_{name}": getattr(overlap.centre, name) for name in OVERLAPS}
    return own | centre | {OBJECT_AREA: overlap.area}


def _known(number: float) -> float | None:
    """The number; null in the table if it is NaN, which equals nothing."""
    return None if isnan(number) else number


def _curve_columns(faithful: Faithfulness) -> dict[str, list[float]]:
    """The curves of each order, means over the ways of hiding; of random orders, over these too."""
    orders = (
        [faithful.of_map.probability],
        both_directions(faithful),
        [faithful.centre.probability],
        [faithful.edges.probability],
    )
    values = (
        torch.cat([getattr(each, kind) for each in order]).mean(0).tolist()
        for order in orders
        for kind in ("deletion", "insertion")
    )
    return dict(zip(_CURVE_COLUMNS, values, strict=True))
