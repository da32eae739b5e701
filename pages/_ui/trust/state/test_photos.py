"""The photos that the maps of a checkpoint were tested on, if they are on this machine."""

from functools import partial
from pathlib import Path

import streamlit as st

from core.checkpoints import paths, store
from core.checkpoints.local import remember_data
from core.data.image_set import ImageSet
from core.errors import CoreError, DataError
from core.mistakes.sample_images import SampleImages, sample_images
from core.predictions import evaluations
from core.predictions.evaluating.samples import images_of
from core.trust.photos import open_any, remembered_photos
from core.trust.report.contents import TrustReport
from pages._ui import words
from pages._ui.session import values
from pages._ui.session.checkpoints.models import Loaded
from pages._ui.session.data import folders

_FOLDER, _REFUSED, _LEAVING = "trust_folder", "trust_folder_refused", "trust_leaves_for_explain"


def of_report(loaded: Loaded, report: TrustReport) -> SampleImages | None:
    """The photos of a report: in the folder of the test, a typed one, or that of an evaluation."""
    folder = store.find(loaded.checkpoint.name)
    images = _images(str(folder), report.photos.fingerprint, folders.kept(_key(folder)), _stamp(folder))
    return images if images and folders.may_be_seen(images.images.root) else None


def ask(loaded: Loaded, report: TrustReport) -> None:
    """Ask for the folder of the photos."""
    st.text_input(
        f"The photos ({words.plain(report.photos.name)}) are not on this machine, or not in a folder that "
        "this session has opened. Their folder:",
        key=_FOLDER,
        placeholder="/path/to/the/photos",
        on_change=partial(_take, store.find(loaded.checkpoint.name), report.photos.fingerprint),
    )
    refused = st.session_state.pop(_REFUSED, None)
    if refused:
        st.error(words.capital(refused), icon=":material/folder_off:")


def leave() -> None:
    """Go to Explain once this run has drawn the page."""
    st.session_state[_LEAVING] = True


def is_leaving() -> bool:
    """Whether to go to Explain; once."""
    return bool(st.session_state.pop(_LEAVING, False))


def _take(folder: Path, fingerprint: str) -> None:
    typed = values.typed(_FOLDER)
    if not typed:
        return
    try:
        place = folders.taken(typed)
        if open_any(folder, place).fingerprint != fingerprint:
            raise DataError(f"{typed!r} has other photos than those of the test")
        folders.keep(_key(folder), place, partial(remember_data, folder, place, name=paths.TRUST_LOCAL))
    except CoreError as error:
        st.session_state[_REFUSED] = str(error)
        return
    _images.clear()


def _key(folder: Path) -> str:
    return f"trust {folder.name}"


def _stamp(folder: Path) -> float:
    place = folder / paths.TRUST_LOCAL
    return place.stat().st_mtime if place.exists() else 0.0


@st.cache_resource(max_entries=4, ttl=300, show_spinner="Looking for the photos…")
def _images(folder: str, fingerprint: str, typed: Path | None, stamp: float) -> SampleImages | None:  # noqa: ARG001 (the key of the cache)
    for images in (_typed_or_remembered(Path(folder), typed), *_of_evaluations(Path(folder))):
        if images is not None and images.fingerprint == fingerprint:
            return sample_images(images)
    return None


def _typed_or_remembered(folder: Path, typed: Path | None) -> ImageSet | None:
    try:
        return open_any(folder, typed) if typed else remembered_photos(folder)
    except CoreError:
        return None


def _of_evaluations(folder: Path) -> list[ImageSet]:
    images = []
    for each in evaluations.every(folder):
        try:
            images.append(images_of(each, None))
        except CoreError:
            continue
    return images
