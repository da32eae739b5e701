"""The card of one channel: on the photo, what excites it, its weights, and the classes it feeds."""

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.evaluation.selection import place_of
from pages._ui.inside.card import ascent_image, classes, filters, more_images, on_photo, patches
from pages._ui.inside.layer import ShownLayer
from pages._ui.inside.state import choices


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """The parts of a card that are filled after the rest of the page is drawn."""

    field: DeltaGenerator
    patches: DeltaGenerator
    more: DeltaGenerator
    ascent: DeltaGenerator
    weights: DeltaGenerator
    classes: DeltaGenerator


def draw(shown: ShownLayer, channel: int) -> Slots:
    """Draw the card of a channel; gives the parts that are still empty."""
    with st.container(key="channel_card"):
        _draw_head(shown, channel)
        with st.container(key="channel_body"):
            left, right = st.columns([6, 5], gap="small")
            with left, st.container(gap="xsmall"):
                on_photo.draw(shown, channel)
                field = st.container()
            with right, st.container(gap="xsmall"):
                real = _section(
                    "Real patches", "The parts of real images with the channel's highest activations."
                )
                made = _section(
                    "Made by ascent",
                    "An image that starts as noise and is changed step by step until the channel's mean "
                    "activation stops rising.",
                )
                more = st.container()
            left, right = st.columns([6, 5], gap="small")
            with left, st.container(gap="xsmall"):
                weights = _section(
                    "Weights", "The filter that makes this channel from the image, or from earlier channels."
                )
            with right, st.container(gap="xsmall"):
                heads = _section(
                    "Classes in the head",
                    "The head multiplies the channel's mean by these weights: the five largest and the three "
                    "smallest. They are weights, not probabilities.",
                )
    return Slots(field, real, more, made, weights, heads)


def fill(slots: Slots, shown: ShownLayer, channel: int) -> None:
    """Fill the empty parts of a card, the slow ones last."""
    loaded, layer = shown.look.loaded, shown.name
    with slots.classes:
        classes.draw(shown, channel)
    with slots.weights:
        filters.draw(shown, channel)
    with slots.field:
        on_photo.draw_field(shown)
    with slots.patches:
        patches.draw(loaded, layer, channel)
    with slots.more:
        more_images.draw(loaded, layer)
    with slots.ascent:
        ascent_image.draw(shown, channel)


def _draw_head(shown: ShownLayer, channel: int) -> None:
    place = place_of(shown.order, channel)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"### Channel {channel}", width="content", anchors=False)
        with st.container(horizontal=True, vertical_alignment="center", width="content", gap="small"):
            st.caption(f"{place.number:,} of {place.total:,} by {shown.by}" if place else "", width="content")
            _step(shown, "Previous", place.before if place else None, "chevron_left")
            _step(shown, "Next", place.after if place else None, "chevron_right")


def _step(shown: ShownLayer, label: str, channel: int | None, icon: str) -> None:
    st.button(
        label, icon=f":material/{icon}:", key=f"channel_{label}", help=f"{label} channel in this order",
        disabled=channel is None, on_click=choices.walk_to, args=(shown.order, channel),
        icon_position="right" if label == "Next" else "left",
    )  # fmt: skip


def _section(title: str, explanation: str) -> DeltaGenerator:
    st.markdown(f"#### {title}", help=explanation, anchors=False)
    return st.container()
