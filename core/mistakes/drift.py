"""Do new photos look like those of an evaluation? The report for a page, and its JSON file."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.arrays import DoubleArray, IntArray
from core.checkpoints import store
from core.data.image_set import ImageSet
from core.errors import DataError
from core.evaluation.comparing.significance import odds
from core.evaluation.drift.strangest import Strange, strangest
from core.evaluation.drift.two_samples import (
    CLASSIFIER,
    CONFIDENCE,
    ENERGY,
    FEWEST,
    PREDICTED,
    Comparison,
    DriftTest,
    compare,
)
from core.evaluation.metrics import distinct_names
from core.passes.in_process import IN_PROCESS
from core.passes.running import Engine
from core.predictions import evaluations, seen_photos
from core.predictions.evaluations import Evaluation
from core.predictions.seen_photos import OnProgress, SeenPhotos

UNLIKELY = 0.01
_SHOWN = 200  # Strange photos in the file.
_OTHERS = (CLASSIFIER, ENERGY, PREDICTED, CONFIDENCE)


@dataclass(frozen=True, slots=True, eq=False)
class Drift:
    """New photos beside those of an evaluation, all tests, and the new photos, the strangest first.

    ``root`` is the folder of the new photos.
    """

    evaluation: Evaluation
    root: Path | None
    class_names: tuple[str, ...]
    known: SeenPhotos
    new: SeenPhotos
    comparison: Comparison
    strangest: list[Strange]

    @property
    def has_drifted(self) -> bool:
        """Whether the probability of such a difference by chance is below 0.01."""
        return self.comparison.p < UNLIKELY

    @property
    def sentence(self) -> str:
        """The answer, with its probability and what differs most."""
        compared = self.comparison
        counts = f"the {compared.num_new:,} new photos and {compared.num_known:,} of {self.evaluation.name}"
        chance = f"p = {compared.p:.3f}"
        if not self.has_drifted:
            return f"No drift found between {counts} ({chance})."
        what = ", ".join(each.name for each in compared.tests if each.p_adjusted < UNLIKELY)
        return f"Drift: {counts} differ in {what} ({chance}, {odds(compared.p)}, if they were alike)."


def report(
    folder: Path,
    images: ImageSet,
    evaluation: str | None = None,
    engine: Engine = IN_PROCESS,
    *,
    seed: int = 0,
    on_progress: OnProgress = lambda _progress: None,
) -> Drift:
    """New photos compared with those of an evaluation of a checkpoint; without a name, of its first.

    Raises:
        EvaluationError: there is no evaluation, or none of that name.
        DataError: there are fewer than five photos, or images are missing.
    """
    found = evaluations.find(folder, evaluation)
    known = seen_photos.of_evaluation(found, engine, on_progress=on_progress)
    new = seen_photos.of_photos(folder, images, engine, on_progress=on_progress)
    place = images.root.name if images.root else images.name
    for name, each in ((found.name, known), (place, new)):
        if len(each.seen) < FEWEST:
            raise DataError(f"{name!r} has {len(each.seen)} readable photos; drift needs {FEWEST} or more")
    return Drift(
        evaluation=found,
        root=images.root,
        class_names=tuple(distinct_names(store.read_card(folder).class_names)),
        known=known,
        new=new,
        comparison=compare(known.seen, new.seen, seed),
        strangest=strangest(known.seen, new.seen, seed),
    )


def json_of(drift: Drift) -> bytes:
    """The content of ``drift.json``.

    ``p`` is the probability of a difference at least as unusual in any test by chance. ``statistic`` is how
    well a linear classifier on the features tells new photos from known ones: its ROC AUC, 0.5 not at all;
    null for a network without features. ``tests`` are all tests, the most unusual first. ``properties`` has
    medians and the test of each property, ``metadata`` the test of each column of texts that both sides have,
    and the shares of its values; ``classes`` the shares of each predicted class. ``strangest`` are up to 200
    new photos with the cause, the strangest first; their paths are below the folder ``data``.
    """
    compared = drift.comparison
    classifier = compared.test(CLASSIFIER)
    content = {
        "p": compared.p,
        "statistic": None if classifier is None else classifier.statistic,
        "sentence": drift.sentence,
        "evaluation": drift.evaluation.name,
        "data": None if drift.root is None else str(drift.root.resolve()),
        "num_known": compared.num_known,
        "num_new": compared.num_new,
        "num_divisions": compared.num_divisions,
        "tests": [_test(each) for each in compared.tests],
        "properties": properties(drift),
        "metadata": metadata(drift),
        "classes": class_shares(drift),
        "strangest": [strange(drift, each) for each in drift.strangest[:_SHOWN]],
    }
    return f"{json.dumps(content, indent=1, ensure_ascii=False)}\n".encode()


def _test(test: DriftTest) -> dict[str, Any]:
    return {"name": test.name, "statistic": test.statistic, "p": test.p, "p_adjusted": test.p_adjusted}


def properties(drift: Drift) -> dict[str, dict[str, float]]:
    """For each property that was tested: its median in known and new photos, and the test, in its order."""
    found = {}
    for test in drift.comparison.tests:
        if test.name not in (*_OTHERS, *drift.known.seen.texts):
            known, new = (side.seen.properties[test.name] for side in (drift.known, drift.new))
            medians = {"known": _median(known), "new": _median(new)}
            found[test.name] = medians | {
                name: value for name, value in _test(test).items() if name != "name"
            }
    return found


def metadata(drift: Drift) -> dict[str, dict[str, Any]]:
    """For each column of texts: its test, and the shares of its values, the largest shift first."""
    found: dict[str, dict[str, Any]] = {}
    for test in drift.comparison.tests:
        if test.name in drift.known.seen.texts and test.name not in _OTHERS:
            known, new = (side.seen.texts[test.name] for side in (drift.known, drift.new))
            values = [
                {"value": value, "known": float((known == value).mean()), "new": float((new == value).mean())}
                for value in np.unique(np.concatenate([known, new])).tolist()
            ]
            values.sort(key=lambda each: -abs(each["new"] - each["known"]))
            found[test.name] = {"p": test.p, "p_adjusted": test.p_adjusted, "values": values}
    return found


def class_shares(drift: Drift) -> list[dict[str, Any]]:
    """The share of each class among the predictions for known and for new photos, largest shift first."""
    number = len(drift.class_names)
    known, new = (_shares(side.seen.predicted, number) for side in (drift.known, drift.new))
    order = np.argsort(-np.abs(new - known), kind="stable")
    return [
        {"class_name": drift.class_names[each], "known": float(known[each]), "new": float(new[each])}
        for each in order.tolist()
        if known[each] or new[each]
    ]


def strange(drift: Drift, photo: Strange) -> dict[str, Any]:
    """A strange photo as a row: its path, the cause, its deviation, and what the network predicts."""
    seen = drift.new.seen
    return {
        "path": drift.new.sample_ids[photo.row],
        "cause": photo.cause,
        "property": photo.what,
        "deviation": round(photo.deviation, 3),
        "predicted": drift.class_names[int(seen.predicted[photo.row])],
        "p_predicted": round(float(seen.confidence[photo.row]), 6),
    }


def _shares(predicted: IntArray, num_classes: int) -> DoubleArray:
    return np.bincount(predicted, minlength=num_classes) / len(predicted)


def _median(values: DoubleArray) -> float:
    return float(np.median(values[np.isfinite(values)]))
