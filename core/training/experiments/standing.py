"""How an experiment stands while it runs, from the folders of its trainings."""

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from core import files
from core.checkpoints import paths
from core.errors import FileError
from core.evaluation.comparing.over_seeds import Interval, accuracy_interval, t_interval
from core.files import stored
from core.predictions.evaluations import Evaluation
from core.shares import percent
from core.training import runs
from core.training.experiments import workplace
from core.training.experiments.plan import Plan, PlannedRun, PlannedVariant
from core.training.experiments.scores import TEST, evaluation_of, numbers
from core.training.runs import Run, overview
from core.training.settings import recipe as recipes

_MOST_BYTES = 16 * 2**20
_UNLIKELIEST = 1e-4
_COMPARED = ["difference", "p_vs_base"]


@dataclass(frozen=True, slots=True)
class VariantStanding:
    """How far a variant is.

    Attributes:
        variant: What is trained.
        seeds: The seeds whose training is finished and evaluated on the test set.
        state: What happens now, in words.
        score: The experiment's measure on the test set so far; None before the first seed.
        seconds: Mean time of a training so far; None before the first seed.
    """

    variant: PlannedVariant
    seeds: tuple[int, ...]
    state: str
    score: Interval | None
    seconds: float | None


def standing(plan: Plan, place: Path) -> list[VariantStanding]:
    """How far each variant of the experiment in this folder is."""
    return [_of(variant, plan, place) for variant in plan.variants]


def is_complete(standings: Sequence[VariantStanding], plan: Plan, place: Path) -> bool:
    """Whether every training is finished and the table is written."""
    return (place / workplace.TABLE).exists() and all(
        len(each.seeds) == len(plan.seeds) for each in standings
    )


def remarks(plan: Plan, place: Path) -> list[str]:
    """What books have for the variants, and, once the table is written, what needs no network."""
    books = [
        f"{variant.name}: {book.source} has {percent(book.value)}; {book.because}."
        for variant in plan.variants
        if (book := variant.book)
    ]
    without = ", ".join(f"{name} {percent(share)}" for name, share in _floor(place).items())
    return [f"Without a network: {without}.", *books] if without else books


def as_frame(standings: Sequence[VariantStanding], place: Path) -> pd.DataFrame:
    """A row for each variant, shares in percent; the comparison with the base once the table is written."""
    compared = _compared(place)
    return pd.DataFrame([_row(each, compared.get(each.variant.name, {})) for each in standings])


def _of(variant: PlannedVariant, plan: Plan, place: Path) -> VariantStanding:
    folders = {seed: place / workplace.RUNS / PlannedRun(variant, seed).name for seed in plan.seeds}
    trainings = {seed: runs.at(each) for seed, each in folders.items() if (each / paths.CARD).exists()}
    scored = {seed: evaluation_of(each.folder, TEST) for seed, each in trainings.items()}
    evaluated = {seed: each for seed, each in scored.items() if each is not None}
    return VariantStanding(
        variant,
        tuple(evaluated),
        _state(trainings, len(evaluated), len(plan.seeds)),
        _score(list(evaluated.values()), plan.experiment.measure),
        float(np.mean([overview.seconds(trainings[seed]) for seed in evaluated])) if evaluated else None,
    )


def _state(trainings: Mapping[int, Run], num_done: int, num_seeds: int) -> str:
    for seed, each in trainings.items():
        if each.is_running:
            now, _, _ = overview.progress(each).text.partition(" · ")
            return f"seed {seed}: {now[:1].lower()}{now[1:]}"
        if each.can_resume:
            reason = f": {each.card.reason}" if each.card.reason else ""
            return f"seed {seed} {each.status}{reason}"
    if num_done == num_seeds:
        return "finished"
    return f"{num_done} of {num_seeds} finished" if num_done else "waiting"


def _score(evaluated: Sequence[Evaluation], measure: str) -> Interval | None:
    """The mean so far with its interval; of one seed, with Wilson's for accuracy and without for others."""
    values = np.array([numbers(each)[measure] for each in evaluated])
    if len(values) > 1:
        return t_interval(values, 0.0, 1.0)
    if not len(values):
        return None
    if measure != "accuracy":
        return Interval(float(values[0]), math.nan, math.nan, "1 seed")
    number = evaluated[0].facts.num_images
    return accuracy_interval(np.arange(number) < round(values[0] * number))


def _compared(place: Path) -> dict[str, dict[str, float]]:
    """Difference and p of each variant, from the table; empty before it is written, or if it is damaged."""
    try:
        table = pd.read_csv(io.BytesIO(files.read(place / workplace.TABLE, _MOST_BYTES)), index_col="variant")
        known: dict[str, dict[str, float]] = table[_COMPARED].astype(float).to_dict("index")
    except (FileError, ValueError, KeyError):
        return {}
    return known


def _floor(place: Path) -> dict[str, float]:
    """The accuracy of each baseline without a network, from the table; empty if it is not there."""
    try:
        baselines = stored.read_json(place / workplace.DETAILS)["floor"]["baselines"]
        return {str(each["name"]): float(each["accuracy"]) for each in baselines}
    except (FileError, ValueError, KeyError, TypeError):
        return {}


def _row(standing: VariantStanding, compared: Mapping[str, float]) -> dict[str, object]:
    score, settings = standing.score, recipes.values(standing.variant.recipe)
    return {
        "variant": standing.variant.name,
        "state": standing.state,
        "mean": "" if score is None else f"{100 * score.mean:.1f}%",
        "interval": _interval(score),
        "difference": _signed(compared.get("difference", math.nan)),
        "p": _p(compared.get("p_vs_base", math.nan)),
        "time": "" if standing.seconds is None else overview.duration(standing.seconds),
        "differs": ", ".join(f"{key}={settings[key]}" for key in standing.variant.differs),
    }


def _interval(score: Interval | None) -> str:
    """``96.1 to 98.9``, in percent; empty where it is unknown."""
    if score is None or math.isnan(score.low):
        return ""
    return f"{100 * score.low:.1f} to {100 * score.high:.1f}"


def _signed(difference: float) -> str:
    """``+1.2``, in percentage points; empty where it is unknown."""
    return "" if math.isnan(difference) else f"{100 * difference:+.1f}".replace("-", "\N{MINUS SIGN}")


def _p(p_value: float) -> str:
    """``0.012``, ``< 0.0001``; empty where it is unknown."""
    if math.isnan(p_value):
        return ""
    return "< 0.0001" if p_value < _UNLIKELIEST else f"{p_value:.2g}"
