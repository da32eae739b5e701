"""What has each layer and filter learned? All channels of any layer for a photo, and the whole network."""

import streamlit as st

from pages._ui import shell
from pages._ui.inside import (
    card_sections,
    channel_card,
    class_image,
    layer_channels,
    which_photo,
    whole_network,
)
from pages._ui.inside.state import inside as memory
from pages._ui.session import models

with shell.page("pages/inside.py"):
    st.title("Inside")
    name = models.chosen_checkpoint()
    memory.choices_are_of(name)
    wanted = memory.channel()
    photo = which_photo.pick(name)
    look = memory.Look(photo, models.load(name))
    board = st.container()
    with st.container(key="layer_view"), st.container(key="stage"):
        left, right = st.columns([11, 9], gap="large")
    with left:
        shown = layer_channels.ask(look)
        channel = layer_channels.draw_grid(shown, wanted)
        layer_channels.draw_downloads(shown)
    with right:
        sections = channel_card.draw(shown, channel)

    with board:
        whole_network.draw_map(look, shown.layer)
    whole_network.draw_column(look, shown.layer, channel)
    wanted_image = class_image.draw(shown)
    whole_network.draw_sparsity(look, shown.layer)
    # What takes longer comes when all else is there.
    card_sections.fill(sections, shown, channel)
    class_image.fill(wanted_image)
    whole_network.fill_fields(look)
    layer_channels.fill_grid(shown)
