"""What was predicted for plans, kept for all sessions; and settings that a click adds to a plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.models.layer_table import LayerTable
from core.training.network import described_layers
from core.training.planning import asking
from core.training.planning.forecast import Forecast
from core.training.settings.recipe import Recipe
from pages._ui.session import values

_MOST_KEPT = 32


@dataclass(frozen=True, slots=True)
class Asked:
    """A recipe by its name, with changes, for the images in a folder (None: the usual place)."""

    recipe_name: str
    changes: tuple[str, ...]
    folder: Path | None
    layout: str


def known(asked: Asked) -> Forecast | None:
    """What was predicted for it; None if nothing was."""
    return _kept().get(asked)


def predicted(asked: Asked) -> Forecast:
    """Predict it, which takes seconds; raises as `asking.predicted`."""
    kept = _kept()
    result = kept[asked] = asking.predicted(
        asked.recipe_name, data=asked.folder, layout=asked.layout, changes=asked.changes
    )
    while len(kept) > _MOST_KEPT:
        kept.pop(next(iter(kept)), None)
    return result


@st.cache_data(max_entries=16, show_spinner=False)
def layers(asked: Asked, num_classes: int, _recipe: Recipe) -> LayerTable:  # noqa: ARG001 (the key)
    """The layers of the network for so many classes; raises as `described_layers`."""
    return described_layers(_recipe, num_classes)


def add(recipe_name: str, changes: Sequence[str]) -> None:
    """Add settings, ``key=value``, to those that were typed into the plan, in place of others of that key."""
    field = f"train_more_{recipe_name}"
    keys = {change.partition("=")[0] for change in changes}
    typed = (line for line in values.typed(field).splitlines() if line.partition("=")[0].strip() not in keys)
    st.session_state[field] = "\n".join([*typed, *changes])
    for change in changes:
        key, _, value = change.partition("=")
        if key == "batch_size":  # It has a field of its own.
            st.session_state[f"train_batch_{recipe_name}"] = int(value)


def show_plan() -> None:
    """Open the tab with the plan when the page is drawn next; call it from a callback."""
    st.session_state["look"] = "Plan"


def show_experiment(name: str) -> None:
    """Open the tab with this experiment when the page is drawn next; call it from a callback."""
    st.session_state["look"], st.session_state["experiment"] = "Experiment", name


@st.cache_resource(max_entries=1)
def _kept() -> dict[Asked, Forecast]:
    return {}
