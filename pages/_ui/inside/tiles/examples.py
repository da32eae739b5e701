"""Tiles that show real patches, and all of them as one file."""

import numpy as np
import streamlit as st

from core.inside.channels.layer_channels import Indices
from core.inside.examples.stored_examples import Example
from pages._ui.inside.card.patches import RING, source
from pages._ui.inside.numbers import brief
from pages._ui.inside.state import example_pictures, examples
from pages._ui.inside.tiles.kinds import Tiles
from pages._ui.session.checkpoints.models import Loaded


def of_examples(loaded: Loaded, layer: str, channels: Indices) -> Tiles | None:
    """The real patches with each channel's highest activations; None where their images are missing."""
    of_layer = examples.of_layer(loaded, layer)
    if isinstance(of_layer.images, str):
        return None
    wanted = [of_layer.channels[channel] for channel in channels.tolist()]
    missing = np.array([not each for each in wanted])
    pictures = example_pictures.tiles(of_layer, channels.tolist())
    numbers = [brief(each[0].activation) if each else "" for each in wanted]
    meanings = [_meaning(*each) for each in zip(channels.tolist(), wanted, strict=True)]
    hint = f"The real patches with the highest activations, first at the top left. From {source(of_layer)}."
    if of_layer.is_ringed:
        hint += f" {RING}"
    if missing.any():
        hint += f" Dashed: none of the images excites {np.count_nonzero(missing)} channels on this page."
    return Tiles(pictures, missing, np.zeros_like(missing), numbers, meanings, hint)


def draw_poster(loaded: Loaded, layer: str) -> None:
    """Offer the examples of all channels of a layer as one file, where their images are there."""
    of_layer = examples.of_layer(loaded, layer)
    if not isinstance(of_layer.images, str):
        st.download_button(
            "Poster of examples", lambda: example_pictures.poster(of_layer), f"examples.{layer}.png",
            "image/png", key="download_examples", on_click="ignore", icon=":material/download:",
            help="The real patches of all channels of this layer, by index, as one image (PNG)",
        )  # fmt: skip


def _meaning(channel: int, own: list[Example]) -> str:
    if not own:
        return f"Channel {channel}: none of the images excites it"
    class_name = f" ({own[0].class_name})" if own[0].class_name else ""
    return f"Channel {channel}: {brief(own[0].activation)} in {own[0].sample_id}{class_name}"
