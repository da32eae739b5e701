"""One checkpoint's results on two data sets, and the sample of each that is open."""

from dataclasses import dataclass

import streamlit as st

from core.evaluation.comparing import two_data_sets
from core.evaluation.comparing.two_data_sets import Shift
from core.mistakes.results import Results
from pages._ui.session.evaluation import choices, result_cache

# Names in the address; the first is the key of a widget, too.
TAB = "show"
SAMPLES = {"first": "first_sample", "second": "second_sample"}


@dataclass(frozen=True, slots=True, eq=False)
class TwoDataSets:
    """Results of one checkpoint on two data sets, and what changes from the first to the second."""

    first: Results
    second: Results
    shift: Shift

    @property
    def names(self) -> tuple[str, str]:
        """The names of both evaluations."""
        return self.first.evaluation.name, self.second.evaluation.name


def of(first: Results, second: Results) -> TwoDataSets:
    """The comparison of both, from memory if neither table has changed."""
    key = f"{result_cache.key_of(first)} | {result_cache.key_of(second)}"
    return TwoDataSets(first, second, _shift(key, first, second))


def opened(side: str) -> str | None:
    """The sample of a side that is open, from the address."""
    linked: str | None = st.query_params.get(SAMPLES[side])
    return linked


def open_sample(side: str, sample_id: str) -> None:
    """Open this sample of a side; before the page is drawn."""
    st.query_params[SAMPLES[side]] = sample_id


def show_class(both: TwoDataSets, class_idx: int) -> None:
    """Show the mistakes of a class on both; before the pickers are drawn."""
    name = both.first.class_names[class_idx]
    choices.set_picker(choices.TRUE, name, name)
    choices.set_picker(choices.PREDICTED, None, None)
    show_samples()


def show_samples() -> None:
    """Turn to the samples, and open the first of each side; before the pickers are drawn."""
    for side in SAMPLES.values():
        st.query_params.pop(side, None)
    st.session_state[TAB] = "samples"


@st.cache_resource(max_entries=4, show_spinner="Comparing…")
def _shift(key: str, _first: Results, _second: Results) -> Shift:  # noqa: ARG001 (the key of the cache)
    return two_data_sets.shift(_first.table, _second.table, len(_first.class_names))
