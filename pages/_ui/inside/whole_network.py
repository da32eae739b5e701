"""The whole network for one photo: a map of its stages, their strongest channels, how sparse it is."""

import numpy as np
import streamlit as st

from core.drawing.channel_grid import grid, page_layout
from core.drawing.render import png
from core.explain.network.layers import Layer
from core.inside.channels.inspection import Sparsity, Stage
from core.inside.network_map import step
from pages._ui import words
from pages._ui.inside.state import fields
from pages._ui.inside.state import inside as memory
from pages._ui.inside.state.inside import Look
from pages._ui.kit.components import depth, sheets, tiles, web
from pages._ui.kit.components.depth import Point
from pages._ui.kit.components.sheets import Cell, Sheet
from pages._ui.kit.components.tiles import Tile

_TILE = 120
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
    tiles.row(items, label="Stages", key="inside_stages", on_pick=memory.choose_layer, side=_TILE)


def draw_column(look: Look, layer: str, channel: int) -> None:
    """Draw the strongest channels of every stage, a row a stage; a click looks closer."""
    st.markdown(
        "##### From edges to parts",
        help="The strongest channels of each stage, each channel on its own scale. Going down, maps become "
        "coarser and channels more: from edges and colours to textures, parts and things.",
    )
    rows = [_row(look, stage, (layer, channel)) for stage in memory.column(look)]
    sheets.draw(rows, key="column", on_pick=memory.choose_layer, shown_in=".st-key-layer_view")


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

    depth.draw(
        [_point(each, layer) for each in found],
        label="Share of zeros of each rectified layer, in the order in which the layers run",
        key="sparsity",
        on_pick=memory.choose_layer,
    )


def _point(each: Sparsity, chosen: str) -> Point:
    name = each.layer.name
    meaning = f"{name}: {words.percent(each.share_of_zeros)} zeros"
    return Point(name, each.share_of_zeros, meaning, name == chosen)


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
    return web.data_uri(png(picture), "png")


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
