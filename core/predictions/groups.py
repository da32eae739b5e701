"""The groups of mistakes of an evaluation: found in its table, features and properties, and kept there."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from core import files
from core.checkpoints import paths, store
from core.errors import EvaluationError, FileError
from core.evaluation.groups.conditions import Condition
from core.evaluation.groups.finding import OnStep
from core.evaluation.groups.group import Group, groups
from core.evaluation.groups.group_test import GroupRule
from core.evaluation.groups.population import PREDICTED, Population
from core.evaluation.metrics import column, distinct_names
from core.files import stored
from core.predictions import properties, sample_features, schema
from core.predictions.evaluations import Evaluation
from core.shares import whole_percent

_ID = "sample_id"


@dataclass(frozen=True, slots=True)
class MapsOfGroup:
    """Means over ``num_images`` photos: of a map's heat on the object, of the photo that it covers."""

    on_object: float
    area: float
    num_images: int


@dataclass(frozen=True, slots=True)
class KeptGroup:
    """A group as ``groups.json`` has it; see `core.evaluation.groups.group.Group`.

    ``true`` and ``predicted`` are class names, ``sample_ids`` all of its samples, its most typical mistakes
    first. ``apart`` says what sets it apart, a phrase for each property. ``rule`` is None unless it is a rule
    over properties within true classes; ``maps`` is None where the objects have no masks.
    """

    name: str
    size: int
    error_inside: float
    error_outside: float
    p: float
    true: str
    predicted: str
    sample_ids: tuple[str, ...]
    apart: tuple[str, ...] = ()
    rule: GroupRule | None = None
    maps: MapsOfGroup | None = None


@dataclass(frozen=True, slots=True)
class KeptGroups:
    """The groups of an evaluation, the most important first, and how many were tried."""

    groups: tuple[KeptGroup, ...]
    tried: int


def find(evaluation: Evaluation) -> bytes:
    """The groups of an evaluation as the content of ``groups.json``; raises as `found`."""
    return encoded(found(evaluation))


def found(evaluation: Evaluation, on_step: OnStep = lambda _done, _total: None) -> dict[str, Any]:
    """The groups of an evaluation as the object in ``groups.json``; ``on_step`` as for a search.

    Raises:
        EvaluationError: the evaluation has neither features nor properties, or a damaged file.
        CheckpointError: its table is damaged.
    """
    names = tuple(distinct_names(store.read_card(evaluation.of).class_names))
    table = schema.read(evaluation.table, "evaluate again")
    schema.check_classes(table, len(names))
    result = groups(_population(evaluation, table, names), on_step=on_step)
    listed = [_entry(each, names, table[_ID]) for each in result.groups]
    return {"tried": result.tried, "num_samples": table.num_rows, "groups": listed}


def encoded(content: dict[str, Any]) -> bytes:
    """The content of ``groups.json``."""
    return f"{json.dumps(content, indent=1, ensure_ascii=False)}\n".encode()


def keep(evaluation: Evaluation, content: bytes) -> None:
    """Keep the groups in the evaluation's folder."""
    files.write(path_of(evaluation), content)


def path_of(evaluation: Evaluation) -> Path:
    """The file with the groups of an evaluation, whether it exists or not."""
    return evaluation.folder / paths.GROUPS


def read(evaluation: Evaluation) -> KeptGroups | None:
    """The groups that were found in an evaluation; None if none were searched.

    Raises:
        EvaluationError: the file is damaged.
    """
    path = path_of(evaluation)
    if not path.exists():
        return None
    try:
        content = stored.read_json(path)
        listed = tuple(_kept(each) for each in content["groups"])
        return KeptGroups(listed, int(content["tried"]))
    except (ValueError, TypeError, KeyError, FileError) as error:
        raise EvaluationError(f"{str(path)!r} is damaged; find the groups again") from error


def maps_in_words(maps: MapsOfGroup) -> str:
    """``the maps lie 71% on the background, which is 85% of the photos``."""
    share, area = (whole_percent(1 - each) for each in (maps.on_object, maps.area))
    return f"the maps lie {share} on the background, which is {area} of the photos"


def _kept(entry: dict[str, Any]) -> KeptGroup:
    names = KeptGroup.__dataclass_fields__
    values = {name: entry[name] for name in names if name in entry}
    values |= {name: tuple(map(str, values.get(name, ()))) for name in ("sample_ids", "apart")}
    maps = MapsOfGroup(**entry["maps"]) if entry.get("maps") else None
    return KeptGroup(**values | {"rule": _rule(entry), "maps": maps})


def _rule(entry: dict[str, Any]) -> GroupRule | None:
    """The rule of a group; None for a cluster, and for one of what is predicted as a class."""
    conditions = tuple(Condition(**each) for each in entry.get("conditions", ()))
    if not conditions or entry["within"]["kind"] == PREDICTED:
        return None
    return GroupRule(conditions, tuple(map(str, entry["within"]["classes"])))


def _population(evaluation: Evaluation, table: pa.Table, names: tuple[str, ...]) -> Population:
    features, known = sample_features.read(evaluation), properties.read(evaluation)
    if features is None and known is None:
        raise EvaluationError(
            f"{evaluation.name!r} has neither features nor properties, in which groups are found: it is of "
            "an earlier version; evaluate again"
        )
    rows = pd.DataFrame(index=range(table.num_rows)) if known is None else known.drop(columns=_ID)
    labels, predicted = column(table, "label"), column(table, "predicted")
    return Population(names, labels, predicted, column(table, "p_label"), rows, features)


def _entry(group: Group, names: tuple[str, ...], ids: pa.ChunkedArray) -> dict[str, Any]:
    return {
        "name": group.name,
        "size": group.size,
        "error_inside": group.error_inside,
        "error_outside": group.error_outside,
        "p": group.p,
        "true": names[group.true],
        "predicted": names[group.predicted],
        "apart": [str(each) for each in group.contrasts],
        "within": {"kind": group.scope, "classes": [names[each] for each in group.classes]},
        "conditions": [condition_entry(each) for each in group.conditions],
        "sample_ids": ids.take(pa.array(group.rows)).to_pylist(),
    }


def condition_entry(condition: Condition) -> dict[str, Any]:
    """The condition in JSON, which has no infinity: a limit that is missing is none."""
    limits = {"low": condition.low, "high": condition.high}
    given = {name: limit for name, limit in limits.items() if np.isfinite(limit)}
    return {"column": condition.column} | (
        {"value": condition.value} if condition.value is not None else given
    )
