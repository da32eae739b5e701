"""The network for one photo: its stages from the first to the last, each with its strongest channels."""

import numpy as np
import streamlit as st

from core.explain.network.layers import Layer
from core.inside.channels.inspection import Stage
from core.inside.network_map import step
from pages._ui import words
from pages._ui.inside.state import choices, fields, inspections
from pages._ui.inside.state.inspections import Look
from pages._ui.kit.components import sheets
from pages._ui.kit.components.sheets import Cell, Sheet

_BLANK = "\N{NO-BREAK SPACE}"


def draw(look: Look, layer: str, channel: int | None) -> None:
    """Draw the stages beside each other; a click on one, or on a channel of it, opens that."""
    counts = inspections.parameters_by_stage(look.loaded)
    stages = zip(inspections.column(look), counts, strict=True)
    sheets.draw(
        [_sheet(look, stage, count, (layer, channel)) for stage, count in stages],
        key="network",
        on_pick=choices.choose_layer,
        shown_in=".st-key-channels_view",
        title="The network",
        hint="From its first layers to its last: each stage with its strongest channels for this photo. "
        "Click a stage or a channel to open it.",
    )


def fill_fields(look: Look) -> None:
    """Find the receptive fields of stages where they are unknown, and draw the page again with them."""
    if fields.find_for_a_while(look.loaded):
        st.rerun()


def _sheet(look: Look, stage: Stage, num_parameters: int, chosen: tuple[str, int | None]) -> Sheet:
    name = stage.layer.name
    cells = [
        Cell(channel, "", f"{name}, channel {channel}", (name, channel) == chosen)
        for channel in stage.channels.tolist()
    ]
    num_channels = len(stage.stats.mean)
    lines, facts = _lines(look, stage.layer), _facts(look, stage, num_parameters)
    return Sheet(
        name, num_channels, cells, stage.values, stage.silent, lines, facts, selected=name == chosen[0]
    )


def _lines(look: Look, layer: Layer) -> list[str]:
    """The shape of a stage's output, and its receptive field."""
    return [" × ".join(f"{side:,}" for side in layer.shape), _sees(look, layer)]


def _facts(look: Look, stage: Stage, num_parameters: int) -> list[str]:
    """The facts shown under the pointer: parameters, stride, silent channels."""
    spacing = step(stage.layer, look.loaded.checkpoint.card.preprocess.input_size)
    silent = np.count_nonzero(stage.stats.silent)
    facts = [words.counted(num_parameters, "parameter"), f"stride {words.counted(spacing, 'pixel')}"]
    return facts + ([f"{silent:,} silent channels"] if silent else [])


def _sees(look: Look, layer: Layer) -> str:
    """The receptive field of one cell, in words; while it is unknown, a blank line of the same height."""
    size = fields.known(look.loaded, layer)
    if size is None:
        return _BLANK
    if size == look.loaded.checkpoint.card.preprocess.input_size:
        return "sees the whole image"
    return f"sees {size[0]} × {size[1]} pixels"
