"""Widgets that pick a photo: an uploaded file, the camera, a sample, or the photo of a link."""

import streamlit as st

from core.images.sample_photos import SAMPLES
from pages._ui import words
from pages._ui.kit.components import tiles, web
from pages._ui.kit.components.tiles import Tile
from pages._ui.session.address import links
from pages._ui.session.question import photos, uploads

MAX_PHOTO_MB = 20  # As in `core.images.UPLOAD`, which is what counts.


def linked_photo() -> None:
    """Choose the photo that the address names, or say that it is not here; before photos are picked."""
    missing = links.follow()
    if missing:
        st.warning(
            f"The photo of this link, {words.plain(missing[:120])}, is not here. Choose another.",
            icon=":material/hide_image:",
        )


def photo_source() -> bool:
    """Drop, take or pick a photo: it becomes the chosen one, or the page says why it cannot be used.

    Returns:
        Whether a photo has come since the last run.
    """
    with st.container(key="source"):
        drop, pick = st.columns([5, 5], gap="medium", vertical_alignment="bottom")
    with drop:
        st.file_uploader(
            "Drop photos here, or browse",
            accept_multiple_files=True,
            key=uploads.UPLOADS,
            on_change=uploads.take_uploads,
            max_upload_size=MAX_PHOTO_MB,
            help="JPEG, PNG, WebP, GIF, TIFF, BMP or PPM; up to 20 MB and 50 megapixels each.",
            # Once there is a photo, its explanation needs the room.
            label_visibility="collapsed" if photos.chosen_photo() else "visible",
        )
        uploads.forget_other_uploaders()
    with pick, st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        tiles.row(_sample_tiles(), label="Samples", key="samples", on_pick=uploads.take_sample, width=320)
        _camera()
    for name, reason in photos.refusals():
        st.error(
            f"**{words.plain(name)}** cannot be used: {words.plain(reason)}.", icon=":material/hide_image:"
        )
    return photos.just_added()


def photo_strip() -> None:
    """The session's photos, where there are several, to change between them."""
    kept = photos.every()
    if len(kept) < 2:
        return
    chosen = photos.chosen_photo()
    items = [
        Tile(digest, web.data_uri(photos.thumb_jpeg(photo)), photo.name, selected=photo == chosen)
        for digest, photo in reversed(kept.items())
    ]
    tiles.row(items, label="Your photos", key="photos_strip", on_pick=photos.choose, side=72)


def _sample_tiles() -> list[Tile]:
    chosen = photos.chosen_photo()
    link = chosen.link if chosen else ""
    return [
        Tile(name, web.data_uri(uploads.sample_thumb(name)), title, selected=name == link)
        for name, title in SAMPLES.items()
    ]


def _camera() -> None:
    with st.popover(
        "Camera", icon=":material/photo_camera:", key="camera_popover", on_change="rerun"
    ) as popover:
        if popover.open:
            # So wide that the button below the picture is seen, too.
            st.camera_input("Take a photo", key=uploads.CAMERA, on_change=uploads.take_camera, width=400)
