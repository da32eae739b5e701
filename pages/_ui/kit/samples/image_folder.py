"""The folder of the images of an evaluation: asked for once, then remembered."""

from functools import partial
from pathlib import Path

import streamlit as st

from core.checkpoints.local import remember_data
from core.data.downloads import background
from core.data.image_set import ImageSet
from core.data.sources.folder.layout import LayoutError
from core.errors import CoreError
from core.mistakes.comparable import address
from core.predictions.evaluating.samples import open_images, remember_images
from core.predictions.evaluations import Evaluation
from pages._ui import words
from pages._ui.kit import download
from pages._ui.session import values
from pages._ui.session.data import folders, image_access
from pages._ui.session.data.image_access import Pictures

_FOLDER = "image_folder"


def draw_state(evaluation: Evaluation, pictures: Pictures) -> None:
    """Warn if the images of an evaluation are missing or have changed since; otherwise draw nothing."""
    if pictures.images is None:
        ask(evaluation, pictures.reason)
    elif pictures.has_changed:
        st.warning(
            "The images have changed since the evaluation: names, labels or contents differ. Numbers are "
            "from the last evaluation; pictures and maps are from the current images. Evaluate again to "
            "bring them together.",
            icon=":material/sync_problem:",
        )


def ask(evaluation: Evaluation, reason: str) -> None:
    """Say that the images are not here, offer to download them, and ask for their folder."""
    refused = image_access.take_refusal()
    source, place = evaluation.facts.source, address(evaluation)
    is_busy = refused is not None or background.under_way(source) is not None
    with st.expander(
        "**The images are not on this machine.** Get them to see pictures and maps.",
        expanded=is_busy, icon=":material/image_not_supported:", key=f"images_{place}",
    ):  # fmt: skip
        if not download.offer(source, place, on_end=image_access.look_again):
            st.caption(words.capital(reason))
        key = f"{_FOLDER}_{place}"
        st.text_input(
            f"Folder of the images of {words.plain(evaluation.name)}",
            key=key,
            placeholder="/path/to/the/images",
            on_change=partial(_take, evaluation, key),
        )
        if refused:
            st.error(words.capital(refused), icon=":material/folder_off:")


def _take(evaluation: Evaluation, key: str) -> None:
    typed = values.typed(key)
    if not typed:
        return
    try:
        place = folders.taken(typed)
        images = _images(evaluation, place)
        folders.keep(address(evaluation), place, partial(_remember, evaluation, images, place))
    except CoreError as error:
        image_access.refuse(str(error))
        return
    image_access.look_again()


def _remember(evaluation: Evaluation, images: ImageSet, place: Path) -> None:
    remember_data(evaluation.folder, place, images.layout)
    remember_images(evaluation.of, images, place)


def _images(evaluation: Evaluation, place: Path) -> ImageSet:
    """The images in a folder; of several ways to read it, the one that gives those of the evaluation."""
    try:
        return open_images(evaluation.of, place)
    except LayoutError as error:
        readings = (open_images(evaluation.of, place, each.name) for each in error.readings)
        same = (each for each in readings if each.fingerprint == evaluation.facts.fingerprint)
        if (reading := next(same, None)) is None:
            raise
        return reading
