"""Patches of real images as pictures: for a channel's card, for tiles, and for a poster."""

from collections.abc import Sequence

import streamlit as st

from core.data.image_set import ImageSet
from core.drawing.render import Pictures, jpeg
from core.inside.examples import channel_tiles, export
from core.inside.examples.patches import Draw, by_sample_id
from core.inside.examples.stored_examples import Example
from pages._ui.inside.state.examples import LayerExamples

_PATCH, _TILE = 144, 128


def patch_jpegs(of_layer: LayerExamples, channel: int) -> list[bytes | None]:
    """A JPEG file of each patch of a channel; None for one whose image is missing or damaged."""
    images = of_layer.image_set
    return _patches(images.fingerprint, tuple(of_layer.channels[channel]), images, of_layer.draw)


def tiles(of_layer: LayerExamples, channels: Sequence[int]) -> Pictures:
    """The examples of each channel as one small picture (k, H, W, 3)."""
    images, wanted = of_layer.image_set, tuple(tuple(of_layer.channels[channel]) for channel in channels)
    return _tiles(images.fingerprint, wanted, of_layer.num_in_tile, images, of_layer.draw)


def poster(of_layer: LayerExamples) -> bytes:
    """The examples of all channels as one PNG file."""
    image_of = by_sample_id(of_layer.image_set)
    return export.poster_png(of_layer.channels, image_of, of_layer.draw, of_layer.num_in_tile)


@st.cache_data(max_entries=256, show_spinner=False)
def _patches(
    fingerprint: str,  # noqa: ARG001 (the key of the cache)
    wanted: tuple[Example, ...],
    _images: ImageSet,
    _draw: Draw,
) -> list[bytes | None]:
    pictures = channel_tiles.pictures(wanted, by_sample_id(_images), _PATCH, _draw)
    return [None if each is None else jpeg(each) for each in pictures]


@st.cache_resource(max_entries=16, show_spinner="Cutting out the patches…")
def _tiles(
    fingerprint: str,  # noqa: ARG001 (the key of the cache)
    wanted: tuple[tuple[Example, ...], ...],
    num: int,
    _images: ImageSet,
    _draw: Draw,
) -> Pictures:
    return channel_tiles.tiles(wanted, by_sample_id(_images), _TILE, _draw, num)
