"""The whole network for one photo: a map of its stages, their strongest channels, how sparse it is."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.inside.channel_grid import grid, page_layout
from core.inside.inspection import Sparsity, Stage
from core.inside.network_map import step
from core.layers import Layer
from core.render import png
from pages._ui import components, figures, inside_sheets, words
from pages._ui.components import Tile
from pages._ui.inside_sheets import Cell, Sheet
from pages._ui.state import fields
from pages._ui.state import inside as memory
from pages._ui.state.inside import Look

_TILE, _CHART = 120, 260
_BLANK = "\N{NO-BREAK SPACE}"


def draw_map(look: Look, chosen: str) -> None:
    """Draw the stages as a map of the network, each with its strongest channel; a click looks closer."""
    card = look.loaded.checkpoint.card
    counts = memory.parameters_by_stage(look.loaded)
    items = [
        Tile(
            stage.layer.name,
            _strongest(stage),
            stage.layer.name,
            f"{_shape(stage.layer)}\n{_sees(look, stage.layer)}",
            selected=stage.layer.name == chosen,
            note=words.counted(count, "parameter"),
        )
        for stage, count in zip(memory.column(look), counts, strict=True)
    ]
    st.markdown(
        "##### The network, from its first layers to its last",
        help=f"The stages of {words.plain(card.architecture)}, each with its strongest channel for this "
        "photo, the shape of its output (channels × rows × columns), the part of the image that one cell of "
        "it can see, its receptive field, and its parameters.",
    )
    components.tiles(items, label="Stages", key="inside_stages", on_pick=memory.choose_layer, side=_TILE)


def draw_column(look: Look, layer: str, channel: int) -> None:
    """Draw the strongest channels of every stage, a row a stage; a click looks closer."""
    st.markdown(
        "##### From edges to parts",
        help="The strongest channels of each stage, each channel on its own scale. Going down, maps become "
        "coarser and channels more: from edges and colours to textures, parts and things.",
    )
    sheets = [_row(look, stage, (layer, channel)) for stage in memory.column(look)]
    inside_sheets.draw(sheets, key="column", on_pick=memory.choose_layer, shown_in=".st-key-layer_view")


def fill_fields(look: Look) -> None:
    """Find what cells of the stages see, where nobody has before, and draw the page again with it."""
    if fields.find_for_a_while(look.loaded):
        st.rerun()


def draw_sparsity(look: Look, layer: str) -> None:
    """Draw the share of zeros by depth; a click on a point looks at that layer."""
    st.markdown(
        "##### Sparsity by depth",
        help="A ReLU sets what is negative to exactly 0. Late layers are often sparser: each of their "
        "channels answers to fewer things.",
    )
    found = memory.sparsity(look)
    if not found:
        st.caption("No layer here sets values to exactly 0, as a ReLU does, so there is nothing to draw.")
        return

    def picked() -> None:
        points = st.session_state["sparsity"].selection.points
        if points:
            memory.choose_layer(found[points[0]["point_index"]].layer.name)

    st.plotly_chart(
        _sparsity_figure(found, layer),
        key="sparsity",
        on_select=picked,
        selection_mode="points",
        config=figures.CONFIG,
        alt="Share of zeros of each rectified layer, in the order in which the layers run",
    )


def _row(look: Look, stage: Stage, chosen: tuple[str, int]) -> Sheet:
    name, input_size = stage.layer.name, look.loaded.checkpoint.card.preprocess.input_size
    silent = np.count_nonzero(stage.stats.silent)
    lines = [_shape(stage.layer), f"a cell every {words.counted(step(stage.layer, input_size), 'pixel')}"]
    lines += [_sees(look, stage.layer)]
    lines += [f"{silent:,} silent"] if silent else []
    cells = [
        Cell(channel, "", f"{name}, channel {channel}", (name, channel) == chosen)
        for channel in stage.channels.tolist()
    ]
    return Sheet(name, len(stage.stats.mean), cells, stage.values, stage.silent, lines, name == chosen[0])


def _strongest(stage: Stage) -> str:
    rows, columns = stage.values.shape[1:]
    picture = grid(stage.values[:1], stage.silent[:1], page_layout(1, (rows, columns)))
    return components.data_uri(png(picture), "png")


def _sees(look: Look, layer: Layer) -> str:
    """What one cell sees; a blank that keeps its line while that is not known."""
    size = fields.known(look.loaded, layer)
    if size is None:
        return _BLANK
    if size == look.loaded.checkpoint.card.preprocess.input_size:
        return "sees all of the image"
    return f"sees {size[0]} × {size[1]} pixels"


def _shape(layer: Layer) -> str:
    return " × ".join(f"{side:,}" for side in layer.shape)


def _sparsity_figure(found: list[Sparsity], layer: str) -> go.Figure:
    names = [each.layer.name for each in found]
    shares = [each.share_of_zeros for each in found]
    here = [each.layer.name == layer for each in found]
    figure = go.Figure()
    figure.add_scatter(
        x=list(range(len(found))),
        y=shares,
        mode="lines+markers",
        line={"color": figures.RIGHT, "width": 2},
        marker={
            "size": [14 if each else 8 for each in here],
            "color": [figures.WRONG if each else figures.RIGHT for each in here],
            "opacity": 1,
        },
        unselected={"marker": {"opacity": 1}},
        customdata=names,
        hovertemplate="<b>%{customdata}</b><br>%{y:.1%} zeros<extra></extra>",
    )
    figure.update_layout(
        height=_CHART,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        dragmode=False,
        hoverdistance=-1,
        showlegend=False,
    )
    depths = range(len(found))
    figure.update_xaxes(
        title="Depth",
        tickvals=[depths[0], depths[-1]],
        ticktext=[names[0], names[-1]],
        fixedrange=True,
        showgrid=False,
        zeroline=False,
    )
    figure.update_yaxes(
        title="Zeros",
        range=[0, 1.04],
        tickformat=".0%",
        fixedrange=True,
        gridcolor=figures.GRID,
        zeroline=False,
    )
    return figure
