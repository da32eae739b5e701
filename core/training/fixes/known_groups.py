"""The groups of mistakes that were found in a checkpoint's evaluations, by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from core.errors import FixError
from core.evaluation.comparing.proof import ALL_SAMPLES
from core.predictions import evaluations, groups
from core.predictions.evaluations import Evaluation

Groups = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class FoundGroup:
    """A group by its name, the evaluation in which it was found, and the sample ids of all groups there."""

    name: str
    evaluation: Evaluation
    groups: Groups

    @property
    def samples(self) -> tuple[str, ...]:
        """The sample ids of the group."""
        return self.groups[self.name]


def find_group(folder: Path, name: str, evaluation: str | None = None) -> FoundGroup:
    """The group of that name in an evaluation of a checkpoint, or in the first one that has it.

    `ALL_SAMPLES` is a group of every evaluation.

    Raises:
        FixError: there is none; the message names those that there are.
        EvaluationError: there is no evaluation of that name.
    """
    if name == ALL_SAMPLES:
        found = evaluations.find(folder, evaluation)
        ids = pq.read_table(found.table, columns=["sample_id"])["sample_id"].to_pylist()
        return FoundGroup(name, found, {**groups_of(found), name: tuple(ids)})
    searched = evaluations.every(folder) if evaluation is None else [evaluations.find(folder, evaluation)]
    known = {each.name: groups_of(each) for each in searched}
    for each in searched:
        if name in known[each.name]:
            return FoundGroup(name, each, known[each.name])
    there = ", ".join(repr(group) for names in known.values() for group in names)
    advice = (
        f"there is {there}" if there else f"find groups first: python -m core groups {folder.name} --out DIR"
    )
    raise FixError(f"{folder.name!r} has no group named {name!r}; {advice}")


def groups_of(evaluation: Evaluation) -> Groups:
    """The sample ids of each group of an evaluation, by name; empty if none were looked for.

    Raises:
        EvaluationError: the file is damaged.
    """
    kept = groups.read(evaluation)
    return {each.name: each.sample_ids for each in kept.groups} if kept else {}
