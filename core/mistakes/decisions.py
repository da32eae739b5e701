"""Decisions on the labels of a data set, made one by one on a page, and as tasks for Label Studio."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from core import files
from core.data import corrections
from core.data.corrections import EXCLUDE, RELABEL, UNSURE, Correction
from core.data.image_set import ImageSet
from core.errors import FileError
from core.evaluation.selection import sample_at
from core.files import locks
from core.mistakes.wrong_labels import WrongLabels
from core.predictions.evaluating.samples import labels_for

_WAIT_S = 5.0


def read(path: Path) -> dict[str, Correction]:
    """The decisions in a file by sample id; none if it does not exist. Raises as `corrections.read`."""
    return corrections.read(path) if path.exists() else {}


def record(path: Path, decision: Correction) -> None:
    """Add a decision to a file, or replace an earlier one on the same sample.

    Raises:
        DataError: the file is damaged.
        FileError: it cannot be written.
    """
    files.make_folder(path.parent)
    taken = FileError(f"{str(path)!r} is being written by another process; try again")
    with locks.held(path.with_name(f".{path.name}.lock"), taken, wait_s=_WAIT_S):
        decided = read(path)
        decided.pop(decision.sample_id, None)  # A repeated decision moves to the end.
        corrections.write(path, [*decided.values(), decision])


def forget(path: Path, sample_id: str) -> None:
    """Remove the decision on a sample; raises as `record`."""
    taken = FileError(f"{str(path)!r} is being written by another process; try again")
    with locks.held(path.with_name(f".{path.name}.lock"), taken, wait_s=_WAIT_S):
        corrections.write(path, [each for each in read(path).values() if each.sample_id != sample_id])


def name_in_data(images: ImageSet, class_names: Sequence[str], class_idx: int) -> str:
    """What a data set calls a class of the network; the network's name for a class without images there."""
    same = images.labels[labels_for(images, class_names) == class_idx]
    return images.class_names[int(same[0])] if len(same) else class_names[class_idx]


def label_studio(wrong: WrongLabels, decided: Iterable[Correction], images: ImageSet | None = None) -> bytes:
    """Tasks of image classification for Label Studio, as JSON: suspected labels and samples with a decision.

    A task has the ``image`` (its path below the data set, or its file where ``images`` are known), the given
    label, as a prediction the suggested one, and as an annotation the decision, if there is one. A labelling
    interface fits that has an ``<Image name="image">`` and ``<Choices name="label" toName="image">``.
    """
    known = {each.sample_id: each for each in decided}
    found, tasks = wrong.suspects, []
    listed = set(found.rows[found.is_suspect].tolist())
    ids = wrong.table["sample_id"].take(pa.array(found.rows)).to_pylist()
    for place, (row, sample_id) in enumerate(zip(found.rows.tolist(), ids, strict=True)):
        if row in listed or sample_id in known:
            tasks.append(_task(wrong, place, known.get(sample_id), images))
    return f"{json.dumps(tasks, indent=1, ensure_ascii=False)}\n".encode()


def _task(
    wrong: WrongLabels, place: int, decision: Correction | None, images: ImageSet | None
) -> dict[str, Any]:
    found = wrong.suspects
    sample = sample_at(wrong.table, int(found.rows[place]))
    given, suggested = wrong.class_names[sample.label], wrong.class_names[int(found.suggested[place])]
    path = sample.path or sample.sample_id
    task: dict[str, Any] = {
        "data": {
            "image": str(images.root / path) if images and images.root else path,
            "sample_id": sample.sample_id,
            "given": given,
            "label_quality": round(float(found.quality[place]), 6),
        },
        "predictions": [
            {
                "model_version": wrong.evaluation.of.name,
                "score": float(found.confidence[place]),
                "result": [_choice(suggested)],
            }
        ],
    }
    if decision is not None:
        task["data"]["decision"] = decision.decision
        task["annotations"] = [
            {"was_cancelled": decision.decision == EXCLUDE, "result": _result(given, decision)}
        ]
    return task


def _result(given: str, decision: Correction) -> list[dict[str, Any]]:
    """The class that was decided on; none for an image that is left out or undecided."""
    if decision.decision in (EXCLUDE, UNSURE):
        return []
    return [_choice(decision.label if decision.decision == RELABEL else given)]


def _choice(name: str) -> dict[str, Any]:
    return {"from_name": "label", "to_name": "image", "type": "choices", "value": {"choices": [name]}}
