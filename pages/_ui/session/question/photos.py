"""The session's photos, and photos as the page draws them."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image

from core import images
from core.drawing.render import Picture, jpeg
from core.errors import ImageError
from core.images import limits

PHOTOS, CHOSEN, ADDED, REFUSED = "photos", "chosen", "added", "refused"

# What one session keeps; the oldest photos are dropped first.
MAX_PHOTOS, MAX_PHOTO_BYTES = 24, 100 * 2**20
DRAWN_SIDE, PANE_SIDE, THUMB_SIDE, TINY_SIDE = 900, 512, 160, 96


@dataclass(frozen=True, slots=True)
class Photo:
    """A chosen image file, and the digest of its bytes.

    ``link`` is its name in an address (`session.address.links`), empty for an upload. ``lies_here``: the
    file comes from a folder on this machine, to which the limits of an upload do not apply.
    """

    digest: str
    name: str
    data: bytes
    link: str = ""
    lies_here: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A photo as the page shows it: its full size (width, height) in pixels, and smaller copies."""

    size: tuple[int, int]
    picture: Picture
    thumb: Picture
    jpeg: bytes


def every() -> dict[str, Photo]:
    """The session's photos by digest, oldest first."""
    kept: dict[str, Photo] = st.session_state.setdefault(PHOTOS, {})
    return kept


def chosen_photo() -> Photo | None:
    """The photo that the pages show."""
    return every().get(st.session_state.get(CHOSEN, ""))


def choose(digest: str) -> None:
    """Show this photo from now on."""
    st.session_state[CHOSEN] = digest


def add_photo(name: str, data: bytes, link: str = "") -> str | None:
    """Keep and choose a photo; gives its digest, or None and keeps the reason where it cannot be opened."""
    digest = images.digest(data)
    try:
        drawn(Photo(digest, name, data))
    except ImageError as error:
        st.session_state.setdefault(REFUSED, []).append((name, str(error)))
        return None
    every().pop(digest, None)
    every()[digest] = Photo(digest, name, data, link)
    while len(every()) > MAX_PHOTOS or sum(len(photo.data) for photo in every().values()) > MAX_PHOTO_BYTES:
        every().pop(next(iter(every())))
    choose(digest)
    st.session_state[ADDED] = True
    return digest


def just_added() -> bool:
    """Whether a photo was added since the last call."""
    return bool(st.session_state.pop(ADDED, False))


def as_photo(name: str, data: bytes, link: str = "") -> Photo:
    """A file as a photo, without keeping it."""
    return Photo(images.digest(data), name, data, link)


def drop_photo(digest: str) -> None:
    """Drop a photo; if it was the chosen one, the newest of the others takes its place."""
    every().pop(digest, None)
    if st.session_state.get(CHOSEN) == digest and every():
        choose(next(reversed(every())))


def refusals() -> list[tuple[str, str]]:
    """Names and reasons of files refused since the last call."""
    refused: list[tuple[str, str]] = st.session_state.pop(REFUSED, [])
    return refused


def drawn(photo: Photo) -> Drawn:
    """The photo as the page shows it."""
    return _drawn(photo.digest, photo.lies_here, photo)


def pane(photo: Photo) -> Picture:
    """The photo as shown in a row of pictures."""
    return _pane(photo.digest, photo.lies_here, photo)


def thumb_jpeg(photo: Photo) -> bytes:
    """The photo as a small JPEG file."""
    return jpeg(drawn(photo).thumb)


def small_jpeg(image: Image.Image, side: int) -> bytes:
    """An image as a small JPEG file, a tiny image enlarged; without caching."""
    return jpeg(np.asarray(image.resize(_within(image.size, side), _filter(image.size))))


def upright(photo: Photo) -> Image.Image:
    """The photo at full size; shared, so never changed."""
    return _upright(photo.digest, photo.lies_here, photo)


# One at a time: a photo of 50 megapixels takes 200 MB.
@st.cache_resource(max_entries=1, show_spinner=False)
def _upright(digest: str, lies_here: bool, _photo: Photo) -> Image.Image:  # noqa: ARG001, FBT001 (the key)
    return images.upright_rgb(_photo.data, limits.own() if lies_here else limits.UPLOAD)


@st.cache_resource(max_entries=64, show_spinner=False)
def _drawn(digest: str, lies_here: bool, _photo: Photo) -> Drawn:  # noqa: FBT001 (the key of the cache)
    image = _upright(digest, lies_here, _photo)
    # A tiny image is drawn larger, cell by cell, so that its map is not as coarse as its pixels.
    small = image.resize(_within(image.size, DRAWN_SIDE), _filter(image.size))
    picture, thumb = np.asarray(small), np.asarray(small.resize(_within(image.size, THUMB_SIDE)))
    return Drawn(image.size, picture, thumb, jpeg(picture))


# Small: maps over all of 900 pixels would take three times as long.
@st.cache_resource(max_entries=64, show_spinner=False)
def _pane(digest: str, lies_here: bool, _photo: Photo) -> Picture:  # noqa: FBT001 (the key of the cache)
    image = _upright(digest, lies_here, _photo)
    return np.asarray(image.resize(_within(image.size, PANE_SIDE), _filter(image.size)))


def _filter(size: tuple[int, int]) -> Image.Resampling:
    return Image.Resampling.NEAREST if max(size) <= TINY_SIDE else Image.Resampling.BILINEAR


def _within(size: tuple[int, int], side: int) -> tuple[int, int]:
    longest = max(size)
    return max(1, round(size[0] * side / longest)), max(1, round(size[1] * side / longest))
