"""Tiles of a layer that show real examples of its channels, and all of them as one file."""

import numpy as np
import streamlit as st

from core.inside.channels.layer_channels import Indices
from core.inside.examples.stored_examples import Example
from pages._ui.inside.channel_tiles import Tiles, brief
from pages._ui.inside.example_patches import RING, whose
from pages._ui.inside.state import examples
from pages._ui.session.models import Loaded


def of_examples(loaded: Loaded, layer: str, channels: Indices) -> Tiles | None:
    """The real patches that excite each channel most; None where their images are not there."""
    found = examples.of_layer(loaded, layer)
    if isinstance(found.images, str):
        return None
    wanted = [found.channels[channel] for channel in channels.tolist()]
    missing = np.array([not each for each in wanted])
    pictures = examples.tiles(found, channels.tolist())
    numbers = [brief(each[0].activation) if each else "" for each in wanted]
    meanings = [_meaning(*each) for each in zip(channels.tolist(), wanted, strict=True)]
    hint = f"The real patches that excite each channel most, the first at the top left. Of {whose(found)}."
    if found.is_ringed:
        hint += f" {RING}"
    if missing.any():
        hint += f" Dashed: {np.count_nonzero(missing)} on this page answer to none of the images."
    return Tiles(pictures, missing, np.zeros_like(missing), numbers, meanings, hint)


def draw_poster(loaded: Loaded, layer: str) -> None:
    """Offer the examples of all channels of a layer as one file, where their images are there."""
    found = examples.of_layer(loaded, layer)
    if not isinstance(found.images, str):
        st.download_button(
            "Poster of examples", lambda: examples.poster(found), f"examples.{layer}.png", "image/png",
            key="download_examples", on_click="ignore", icon=":material/download:",
            help="The real patches of all channels of this layer, by index, as one picture (PNG)",
        )  # fmt: skip


def _meaning(channel: int, found: list[Example]) -> str:
    if not found:
        return f"Channel {channel}: none of the images excites it"
    first = found[0]
    class_name = f" ({first.class_name})" if first.class_name else ""
    return f"Channel {channel}: {brief(first.activation)} in {first.sample_id}{class_name}"
