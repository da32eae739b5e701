"""The images behind an evaluation: whether this session may see them, and a sample as a photo."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st
from PIL import Image

from core.checkpoints.local import place_in_words
from core.errors import CoreError, ImageError
from core.evaluation.selection import Sample, sample_at
from core.mistakes.comparable import address
from core.mistakes.results import Results
from core.mistakes.sample_images import SampleImages, sample_images
from core.predictions.evaluating.samples import data_has_changed, images_of
from core.predictions.evaluations import Evaluation
from pages._ui.session.data import folders
from pages._ui.session.question import photos
from pages._ui.session.question.photos import Photo

_REFUSED = "refused_folder"
_GALLERY_SIDE = 132
_FOLDERS_CHANGE_S = 300


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """The images of a data set, or the sentence why they are not there.

    ``has_changed``: they are not those that were evaluated, by names, labels or contents.
    """

    images: SampleImages | None
    reason: str = ""
    has_changed: bool = False


def pictures(evaluation: Evaluation) -> Pictures:
    """Where the samples of an evaluation can be seen."""
    typed = folders.kept(address(evaluation))
    of_evaluation, own = (place_in_words(each) for each in (evaluation.folder, evaluation.of))
    key = f"{evaluation.of.name} {evaluation.name} {evaluation.facts.fingerprint} {of_evaluation} {own}"
    known = _pictures(f"{key} {typed}", evaluation, typed)
    if known.images and not folders.may_be_seen(known.images.images.root):
        return Pictures(None, "they are in a folder that you have not entered in this session")
    return known


def look_again() -> None:
    """Forget where images are: a folder has been named, or images have been downloaded."""
    _pictures.clear()


def take_refusal() -> str | None:
    """Why the folder that was typed last was refused; once."""
    refused: str | None = st.session_state.pop(_REFUSED, None)
    return refused


def refuse(reason: str) -> None:
    """Keep the reason why a folder was refused until the page is drawn."""
    st.session_state[_REFUSED] = reason


def photo(pictures: Pictures, sample: Sample) -> Photo:
    """A sample as a photo that can be drawn; ImageError if it is not there."""
    if pictures.images is None:
        raise ImageError("the images are not on this machine")
    made = photos.as_photo(sample.sample_id.rpartition("/")[2], pictures.images.file_of(sample))
    made = replace(made, lies_here=True)
    photos.drawn(made)
    return made


def thumbs(images: SampleImages, samples: list[Sample]) -> list[bytes | None]:
    """Small JPEG files of samples, None for one that cannot be shown."""

    def thumb(sample: Sample) -> bytes | None:
        try:
            return _thumb(images.images.fingerprint, sample.sample_id, images, sample)
        except ImageError:  # Not cached: the image may be available again next time.
            return None

    # Decoding lets others run meanwhile: two threads take half the time on two cores.
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(thumb, samples))


def openers(results: Results, pictures: Pictures, rows: Sequence[int]) -> list[Callable[[], Image.Image]]:
    """Functions that open the images of these rows, each when it is called."""

    def opener(row: int) -> Callable[[], Image.Image]:
        def opened() -> Image.Image:
            if pictures.images is None:
                raise ImageError(pictures.reason)
            return pictures.images.image_of(sample_at(results.table, row))

        return opened

    return [opener(row) for row in rows]


@st.cache_resource(max_entries=4, ttl=_FOLDERS_CHANGE_S, show_spinner="Looking for the images…")
def _pictures(key: str, _evaluation: Evaluation, _typed: Path | None) -> Pictures:  # noqa: ARG001 (the key)
    try:
        images = images_of(_evaluation, _typed)
        return Pictures(sample_images(images), has_changed=data_has_changed(_evaluation, images))
    except CoreError as error:
        return Pictures(None, str(error))


@st.cache_data(max_entries=2_000, show_spinner=False)
def _thumb(fingerprint: str, sample_id: str, _images: SampleImages, _sample: Sample) -> bytes:  # noqa: ARG001 (the key of the cache)
    return photos.small_jpeg(_images.image_of(_sample), _GALLERY_SIDE)
