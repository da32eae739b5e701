"""Results of evaluations in memory, and what has been computed from them."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.checkpoints import store
from core.evaluation.ranking import curves as class_curves
from core.evaluation.ranking.areas import Ranking
from core.evaluation.ranking.areas import ranking as ranked
from core.evaluation.ranking.curves import PrecisionRecallCurve, RocCurve
from core.evaluation.ranking.scores import Scores
from core.explanation.question import Question
from core.images import digest
from core.mistakes import results as core_results
from core.mistakes.average_map import AverageMap
from core.mistakes.results import Results
from core.predictions import evaluations
from core.predictions.evaluations import Evaluation

_MAX_AVERAGES = 32


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Both curves of one class against the rest."""

    roc: RocCurve
    precision_recall: PrecisionRecallCurve


def load(name: str, split: str | None, evaluation: str | None = None) -> Results:
    """The results of a checkpoint in an evaluation (None: its first), from memory if it has not changed."""
    folder = store.find(name)
    known = evaluations.find(folder, evaluation)
    return _results(str(folder), known.name, split, _stamp(known))


def key_of(results: Results) -> str:
    """What distinguishes results in caches."""
    evaluation = results.evaluation
    return f"{evaluation.of} {evaluation.name} {results.split} {_stamp(evaluation)}"


def ranking(results: Results) -> Ranking:
    """How well scores separate each class from the rest."""
    return _ranking(key_of(results), results)


def scores(results: Results) -> Scores:
    """The scores of all classes, as far as the table has them."""
    return _scores(key_of(results), results)


def curves(results: Results, class_idx: int) -> Curves | None:
    """The curves of a class; None where all samples are of that class, or none."""
    return _curves(key_of(results), class_idx, results)


def average_key(results: Results, rows: Sequence[int], question: Question) -> str:
    """What an average map depends on."""
    return f"{key_of(results)} {question} {digest(repr(sorted(rows)).encode())}"


@st.cache_resource(max_entries=1)
def averages() -> OrderedDict[str, AverageMap | None]:
    """Average maps that have been computed, the oldest first."""
    return OrderedDict()


def keep_average(key: str, average: AverageMap | None) -> None:
    """Remember an average map; None where no image could be read."""
    averages()[key] = average
    while len(averages()) > _MAX_AVERAGES:
        averages().popitem(last=False)


def _stamp(evaluation: Evaluation) -> float:
    """When its table was written."""
    return evaluation.table.stat().st_mtime


@st.cache_resource(max_entries=4, show_spinner="Reading the predictions…")
def _results(folder: str, evaluation: str, split: str | None, stamp: float) -> Results:  # noqa: ARG001 (the key of the cache)
    return core_results.read(Path(folder), split, evaluation=evaluation)


@st.cache_resource(max_entries=4, show_spinner="Ranking samples by class…")
def _ranking(key: str, _results: Results) -> Ranking:  # noqa: ARG001 (the key of the cache)
    return ranked(scores(_results))


@st.cache_resource(max_entries=3, show_spinner=False)
def _scores(key: str, _results: Results) -> Scores:  # noqa: ARG001 (the key of the cache)
    return _results.scores


@st.cache_data(max_entries=64, show_spinner=False)
def _curves(key: str, class_idx: int, _results: Results) -> Curves | None:  # noqa: ARG001 (the key of the cache)
    try:
        return Curves(
            class_curves.roc_curve(scores(_results), class_idx),
            class_curves.precision_recall_curve(scores(_results), class_idx),
        )
    except ValueError:
        return None
