"""Where the images behind a table are: asked once, and remembered."""

from functools import partial
from pathlib import Path

import streamlit as st

from core.data.image_set import ImageSet
from core.data.sources.folder.layout import LayoutError
from core.errors import CoreError
from core.mistakes.comparable import address
from core.predictions.evaluating.samples import open_images, remember_images
from core.predictions.evaluations import Evaluation
from core.training.run import remember_data
from pages._ui import words
from pages._ui.kit import download
from pages._ui.session import folders, image_access, values

_FOLDER = "image_folder"


def ask(evaluation: Evaluation, reason: str) -> None:
    """Say that the images are not here, download them, or take the folder of those who have them."""
    st.info(
        "**The images are not on this machine**, so there is nothing to draw maps on; all numbers hold.",
        icon=":material/image_not_supported:",
    )
    source = evaluation.facts.source
    if not download.offer(source, address(evaluation), on_end=image_access.look_again):
        st.caption(words.capital(reason))
    key = f"{_FOLDER}_{address(evaluation)}"
    st.text_input(
        f"Folder of the images of {words.plain(evaluation.name)}",
        key=key,
        placeholder="/path/to/the/images",
        on_change=partial(_take, evaluation, key),
    )
    if refused := image_access.take_refusal():
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
