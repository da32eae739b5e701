"""What has each layer and filter learned? All channels of any layer for a photo, and the whole network."""

import streamlit as st

from pages._ui import (
    inside_card,
    inside_class,
    inside_layer,
    inside_network,
    inside_photo,
    inside_sections,
    shell,
)
from pages._ui.state import inside as memory
from pages._ui.state import models

with shell.page("pages/inside.py"):
    st.title("Inside")
    name = shell.checkpoint_name()
    memory.choices_are_of(name)
    wanted = memory.channel()
    photo = inside_photo.pick(name)
    look = memory.Look(photo, models.load(name))
    board = st.container()
    with st.container(key="layer_view"), st.container(key="stage"):
        left, right = st.columns([11, 9], gap="large")
    with left:
        shown = inside_layer.ask(look)
        channel = inside_layer.draw_grid(shown, wanted)
        inside_layer.draw_downloads(shown)
    with right:
        sections = inside_card.draw(shown, channel)

    with board:
        inside_network.draw_map(look, shown.layer)
    inside_network.draw_column(look, shown.layer, channel)
    wanted_image = inside_class.draw(shown)
    inside_network.draw_sparsity(look, shown.layer)
    # What takes longer comes when all else is there.
    inside_sections.fill(sections, shown, channel)
    inside_class.fill(wanted_image)
    inside_network.fill_fields(look)
    inside_layer.fill_grid(shown)
