"""Makes a fixed checkpoint from another, evaluates it, and keeps the proof in its card."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.arrays import IntArray
from core.checkpoints import paths, store
from core.errors import FixError
from core.evaluation.comparing.comparison import paired
from core.evaluation.comparing.proof import Proof, proof
from core.evaluation.metrics import column
from core.predictions import evaluations, group_tests, prediction_table
from core.predictions.evaluating.evaluate import Keep, evaluate
from core.predictions.evaluating.samples import Samples, images_of, samples_of
from core.predictions.evaluations import Evaluation
from core.training.fixes.known_groups import FoundGroup

UNTOUCHED = "untouched"  # Ends the name of an evaluation on the samples that a fix did not use.


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """What a fix starts from: the checkpoint, the group, and the evaluation in which it was found.

    ``table`` has a row for each of the N samples; ``inside`` (N,) says which are in the group, ``indices``
    (N,) where they are among the images.
    """

    folder: Path
    group: FoundGroup
    table: pa.Table
    inside: NDArray[np.bool_]
    samples: Samples

    @property
    def labels(self) -> IntArray:
        """The labels (N,), as the checkpoint's classes."""
        return column(self.table, "label").astype(np.int64)

    @property
    def whole(self) -> IntArray | None:
        """Which samples belong together (N,), such as frames of one video; None where nothing is known."""
        groups = self.samples.images.groups
        return None if groups is None else groups[self.samples.indices]


@dataclass(frozen=True, slots=True)
class Choices:
    """What a user may choose of a fix: the ``seed`` of its halves, decisions on labels, a report on drift."""

    seed: int = 0
    corrections: Path | None = None
    drift: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A fixed checkpoint: its folder, the rows that it did not use, and in words what was changed and why.

    ``extra`` is what else the card keeps of the fix.
    """

    folder: Path
    untouched: IntArray
    change: str
    why: str
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Fix:
    """The result: the fixed checkpoint's folder, its evaluation on untouched samples, and the proof."""

    folder: Path
    evaluation: str
    proof: Proof


def open_case(folder: Path, group: FoundGroup) -> Case:
    """The case of a group.

    Raises:
        FixError: the group was found in training images, or its images have changed.
        DataError: the images are missing.
    """
    evaluation = group.evaluation
    table = prediction_table.read(evaluation.table)
    if "train" in pc.unique(table["split"]).to_pylist():
        raise FixError(
            f"{evaluation.name!r} has training images, on which nothing can be proved; "
            "find groups in an evaluation on validation or test images"
        )
    inside = pc.is_in(table["sample_id"], value_set=pa.array(group.groups[group.name], pa.string()))
    return Case(folder, group, table, np.asarray(inside), _samples(evaluation, table))


def conclude(case: Case, by: str, made: Made) -> Fix:
    """Evaluate the fixed checkpoint where the group was found; the proof is kept in its card.

    Where the fix used a part of these samples, the others are an evaluation by themselves.
    """
    evaluation = case.group.evaluation
    evaluate(made.folder, case.samples, keep=Keep(evaluation.name))
    name = evaluation.name
    if len(made.untouched) < case.table.num_rows:
        name = f"{evaluation.name}-{UNTOUCHED}"
        rest = replace(case.samples, indices=case.samples.indices[made.untouched])
        evaluate(made.folder, rest, keep=Keep(name))
    names = store.read_card(case.folder).class_names
    after = prediction_table.read(evaluations.place(made.folder, name) / paths.PREDICTIONS)
    shown = proof(paired(case.table, after, names, names), case.group.name, case.group.groups)
    _keep(case, by, made, name, shown)
    return Fix(made.folder, name, shown)


def _samples(evaluation: Evaluation, table: pa.Table) -> Samples:
    """The samples of the table, in its order."""
    images, card = images_of(evaluation), store.read_card(evaluation.of)
    samples = samples_of(card, images, evaluation.facts.split or "val")
    rows = pc.index_in(table["sample_id"], value_set=pa.array(images.sample_ids, pa.string()))
    if rows.null_count:
        raise FixError(
            f"{rows.null_count} samples of {evaluation.name!r} are not among its images any more; "
            "evaluate again"
        )
    return replace(samples, indices=rows.to_numpy().astype(np.int64))


def _keep(case: Case, by: str, made: Made, evaluation: str, shown: Proof) -> None:
    """Write what was fixed, why, and the proof into the card; the tests of its parent are kept."""
    before, card = store.read_card(case.folder), store.read_card(made.folder)
    fix = {
        "from": case.folder.name,
        "from_weights": before.weights_sha256,
        "group": case.group.name,
        "by": by,
        "change": made.change,
        "why": made.why,
        "found_in": case.group.evaluation.name,
        "proved_in": evaluation,
        "proof": asdict(shown),
        **made.extra,
    }
    group_tests.inherit(made.folder, case.folder)
    measured = card.metrics or {"val_accuracy": shown.overall.second_accuracy}
    store.update(made.folder, replace(card, fix=fix, metrics=measured))
