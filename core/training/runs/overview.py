"""Trainings in words: progress, accuracy and time, in one table."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from core.training.runs import Run

SHORT = 8  # Characters of a fingerprint that are shown.
# The facts about a running training.
_PACE = {"epoch", "epochs", "images_per_s", "left_s", "share"}
_MINUTE, _HOUR = 60, 3600
_OTHER_MEASURES = {"val_balanced_accuracy": "Balanced accuracy", "val_macro_f1": "Macro F1"}


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a training: from 0 to 1, and in words."""

    share: float
    text: str


def progress(run: Run) -> Progress:
    """The progress that its process last reported."""
    said = run.progress
    if said.get("phase") == "training" and said.keys() >= _PACE:
        parts = [
            f"Epoch {said['epoch']} of {said['epochs']}",
            f"{said['images_per_s']:,.0f} images/s",
            f"about {duration(said['left_s'])} left" if said["left_s"] >= 1 else "almost done",
        ]
        return Progress(_within(said["share"]), " · ".join(parts))
    if said.get("total") and {"phase", "done"} <= said.keys():
        text = f"{str(said['phase']).capitalize()}: {said['done']:,} of {said['total']:,}"
        return Progress(_within(said["done"] / said["total"]), text)
    return Progress(0.0, "Getting ready")


def num_epochs(run: Run) -> tuple[int, int]:
    """The numbers of finished and of planned epochs."""
    return len(run.history), int(run.card.recipe.get("epochs", 0))


def best_epoch(run: Run) -> int | None:
    """The number of the epoch whose weights are kept; None before the first."""
    best = run.card.training.get("best_epoch")
    return None if best is None else int(best)


def kept_measure(run: Run) -> dict[str, float]:
    """The measure by which its best epoch is chosen, by name, where that is neither accuracy nor loss."""
    keep, metrics = run.card.recipe.get("keep"), run.card.metrics
    chosen = keep.get("best") if isinstance(keep, dict) else None
    return {
        label: metrics[name] for name, label in _OTHER_MEASURES.items() if name == chosen and name in metrics
    }


def seconds(run: Run) -> float:
    """Seconds of training: the total if finished, else of its whole epochs."""
    measured = run.card.training.get("seconds")
    if measured is None:
        return float(run.history["seconds"].sum()) if "seconds" in run.history else 0.0
    return float(measured)


def pieces(run: Run) -> int:
    """In how many pieces each batch is computed: 1, or more where memory ran out."""
    return int(run.card.training.get("pieces", 1))


def megabytes(run: Run) -> str:
    """The size of its folder."""
    return f"{run.num_bytes / 1e6:.1f} MB"


def table(runs: Sequence[Run]) -> pd.DataFrame:
    """One row per training, in the order given; unknown values are empty."""
    return pd.DataFrame([_row(run) for run in runs])


def duration(length: float) -> str:
    """Seconds in words: ``8 s``, ``3 min 20 s``, ``2 h 5 min``."""
    whole = max(0, round(length))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"


def _row(run: Run) -> dict[str, object]:
    accuracy = run.card.metrics.get("val_accuracy")
    done, planned = num_epochs(run)
    return {
        "name": run.name,
        "status": run.status,
        "recipe": run.card.recipe.get("title", ""),
        "data": run.card.data.get("source", ""),
        "fingerprint": str(run.card.data.get("fingerprint", ""))[:SHORT],
        "accuracy": None if accuracy is None else 100 * accuracy,
        "epochs": f"{done} / {planned}",
        "size": run.num_bytes / 1e6,
        "time": duration(seconds(run)),
        "started": pd.to_datetime(run.card.training.get("started"), errors="coerce", utc=True),
    }


def _within(share: float) -> float:
    return min(1.0, max(0.0, share)) if math.isfinite(share) else 0.0
