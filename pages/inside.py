"""What has each layer and filter learned? The network for a photo, and one layer, class or depth closer."""

import streamlit as st

from pages._ui import shell
from pages._ui.inside import channels, class_image, network, photo, sparsity, styles, toolbar
from pages._ui.inside.state import choices
from pages._ui.inside.state.inspections import Look
from pages._ui.session.checkpoints import models

VIEWS = {"channels": channels.draw, "class image": class_image.draw, "sparsity": sparsity.draw}

with shell.page("pages/inside.py"):
    styles.draw()
    name = models.chosen_checkpoint()
    choices.choices_are_of(name)
    look = Look(photo.pick(name), models.load(name))
    overview = st.container()
    bar = st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="inside_bar")
    with bar:
        draw = VIEWS[toolbar.pick_view()]
    view = draw(look, bar)
    with overview:
        network.draw(look, view.layer, view.channel)
    # Slow parts are drawn after everything else.
    view.fill()
    network.fill_fields(look)
    view.go_on()
