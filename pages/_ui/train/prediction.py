"""The layers of the plan's network, and the memory and time that its training will need."""

import streamlit as st

from core.errors import CoreError
from core.models.layer_table import LayerRow, LayerTable
from core.training.planning import forecast as forecasts
from core.training.planning.forecast import Forecast
from core.training.planning.proposals import Proposal
from pages._ui import errors, words
from pages._ui.train.plan import Plan
from pages._ui.train.state import plans
from pages._ui.train.state.plans import Asked

_HEIGHT = 300  # Pixels; longer tables scroll.
_COLUMNS = {
    "Output": st.column_config.TextColumn(help="For one image: channels, rows and columns"),
    "Parameters": st.column_config.NumberColumn(format="localized"),
}


@st.fragment
@errors.guarded
def draw(plan: Plan | None) -> None:
    """Layers and totals at once; memory and time on request, as they take seconds."""
    if plan is None or plan.data is None:
        return
    asked = Asked(plan.recipe_name, plan.changes, plan.data.folder, plan.data.layout)
    st.markdown("## Before you start", anchors=False)
    try:
        _draw_layers(plans.layers(asked, len(plan.data.opened().class_names), plan.recipe))
        known = plans.known(asked) or _predicted_on_request(asked)
    except CoreError as error:
        st.error(words.sentence(error), icon=":material/error:")
        return
    if known is not None:
        _draw_forecast(asked, known)


def _draw_layers(table: LayerTable) -> None:
    reads = table.flatten_width
    st.caption(
        f"{table.num_parameters:,} parameters: {table.num_trained:,} trained, {table.num_frozen:,} frozen"
        + (f" · the first layer after the last map reads {reads:,} features" if reads else "")
    )
    with st.expander("Layers of the network", icon=":material/layers:"):
        st.dataframe(
            [_row(row) for row in table.rows],
            hide_index=True,
            height=_HEIGHT,
            key="train_layers",
            column_config=_COLUMNS,
        )


def _row(row: LayerRow) -> dict[str, object]:
    return {
        "Layer": row.name,
        "Type": row.type,
        "Output": "does not run" if row.shape is None else " × ".join(map(str, row.shape)),
        "Parameters": row.num_parameters,
        "State": row.state,
    }


def _predicted_on_request(asked: Asked) -> Forecast | None:
    """The forecast once the button is pressed, which then disappears; None before."""
    slot = st.empty()
    pressed = slot.button(
        "Predict memory and time",
        icon=":material/timer:",
        key="train_predict",
        help="Trains on three batches in a process of its own; nothing is kept.",
    )
    if not pressed:
        return None
    with slot, st.spinner("Training on three batches…"):
        forecast = plans.predicted(asked)
    slot.empty()
    return forecast


def _draw_forecast(asked: Asked, forecast: Forecast) -> None:
    st.html(words.facts({fact.label: fact.text for fact in forecasts.facts(forecast)}))
    for number, proposal in enumerate(forecast.proposals):
        _draw_proposal(asked.recipe_name, proposal, number)


def _draw_proposal(recipe_name: str, proposal: Proposal, number: int) -> None:
    st.warning(words.capital(proposal.reason), icon=":material/lightbulb:")
    if proposal.changes and st.button(
        f"Set {words.plain(' and '.join(proposal.changes))}",
        key=f"train_propose_{number}",
        on_click=plans.add,
        args=(recipe_name, proposal.changes),
    ):
        st.rerun()
