"""Which class scores are explained: the network's own, or those of an auxiliary head, where it has any."""

import streamlit as st

from core.models.auxiliary import auxiliary_heads
from pages._ui.session.address import links
from pages._ui.session.checkpoints import models
from pages._ui.session.checkpoints.models import Loaded
from pages._ui.session.question import question_keys


def pick(loaded: Loaded) -> Loaded:
    """The checkpoint with the chosen class scores; in the address. Draws nothing without auxiliary heads."""
    heads = auxiliary_heads(loaded.checkpoint.model)
    if not heads:
        return loaded
    key = question_keys.head_key(loaded.checkpoint.name)
    links.recall(key, links.HEAD, heads)
    chosen: str | None = st.selectbox(
        "Head",
        heads,
        index=None,
        placeholder="the network's own",
        key=key,
        help="An auxiliary head classifies what the layers before it have found. It helps them to learn, and "
        "has no part in the prediction.",
    )
    links.write(links.HEAD, chosen)
    return models.ending_in(loaded, chosen or "")
