"""The photo that is inspected: the user's own, one of the network's data, or at first a sample."""

import streamlit as st

from core.images.sample_photos import SAMPLES, sample
from pages._ui.inside.state.own_samples import own_samples
from pages._ui.kit.components import tiles, web
from pages._ui.kit.components.tiles import Tile
from pages._ui.kit.pickers import photo_picker
from pages._ui.session.question import photos
from pages._ui.session.question.photos import Photo

# Pixels of an image of its data, and of the words beside such images.
_SIDE, _BESIDE = 48, 400


def pick(checkpoint: str) -> Photo:
    """Draw the title and the photo pickers; gives the chosen photo, or an example until one is chosen."""
    with st.container(key="inside_top"):
        left, right = st.columns([3, 20])
    left.title("Inside", anchor=False)
    photo_picker.linked_photo()
    with right:
        photo_picker.photo_source()
    photo_picker.photo_strip()
    own = own_samples(checkpoint)
    chosen = photos.chosen_photo()
    photo = chosen or (own[0] if own else _first_sample())
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="inside_examples"):
        if own:
            _draw_own(own, photo)
        if chosen is None:
            st.caption(
                ":material/image_search: This is an example. Drop your own photo above, or click another "
                "picture, and see how each layer responds to it.",
                width=_BESIDE if own else "stretch",
            )
        elif own:
            st.caption("Images this model was tested on.", width="content")
    return photo


def _draw_own(own: list[Photo], chosen: Photo) -> None:
    by_digest = {photo.digest: photo for photo in own}
    items = [
        Tile(
            photo.digest,
            web.data_uri(photos.thumb_jpeg(photo)),
            photo.name,
            selected=photo.digest == chosen.digest,
        )
        for photo in own
    ]

    def take(digest: str) -> None:
        taken = by_digest[digest]
        photos.add_photo(taken.name, taken.data, taken.link)

    tiles.row(
        items,
        label="Images from its data set",
        key="own_samples",
        on_pick=take,
        side=_SIDE,
        width=len(own) * (_SIDE + 10),
    )


def _first_sample() -> Photo:
    name = next(iter(SAMPLES))
    return photos.as_photo(name, sample(name))
