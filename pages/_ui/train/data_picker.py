"""Widgets that pick the data of a training: the recipe's own, another set on this machine, or a folder."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.data.image_set import ImageSet
from core.data.sources import catalogue
from core.data.sources.folder.class_folders import SOURCE as OWN
from core.data.trainable import refuse_untrainable
from core.errors import CoreError, DataError
from core.training.settings.recipe import Recipe
from pages._ui import words
from pages._ui.kit import download
from pages._ui.kit.pickers import layout_picker
from pages._ui.session import values
from pages._ui.session.data import folders
from pages._ui.train.state import trainings

_MINE = "A folder of mine…"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Data on this machine: the source, and the folder if one was typed."""

    source: str
    folder: Path | None = None
    layout: str = ""

    def opened(self) -> ImageSet:
        """Its images."""
        return trainings.image_set(self.source, self.folder, self.layout)


def pick(recipe_name: str, recipe: Recipe) -> Chosen | None:
    """The data set; None, with the reason on the page, where it is not on this machine."""
    own = recipe.data.source
    here = [each for each in catalogue.SOURCES if each != own and catalogue.find(each) is not None]
    chosen = st.selectbox(
        "Data",
        [own, *here, _MINE],
        format_func=_label,
        key=f"train_data_{recipe_name}",
        help="First the recipe's own data set, then the other data sets on this machine.",
    )
    if chosen == _MINE:
        return _folder(recipe)
    if catalogue.find(chosen) is not None:
        return Chosen(chosen)
    if download.offer(chosen, "train"):
        return None
    try:
        catalogue.load(chosen)
    except DataError as error:
        st.warning(words.sentence(error), icon=":material/folder_off:")
    return None


def _label(name: str) -> str:
    return name if name == _MINE else catalogue.SOURCES[name].title


def _folder(recipe: Recipe) -> Chosen | None:
    """The folder that was typed; None, with the reason on the page, where it cannot be used."""
    text = st.text_input(
        "Folder",
        key="train_folder",
        placeholder="/home/me/photos",
        persist_state="session",
        help="A folder for each class (photos/cat/1.jpg), or labels in file names (photos/cat.1.jpg).",
    )
    text = values.text(text).strip()
    if not text:
        st.caption("Type the path of the folder with the images. One folder for each class is enough.")
        return None
    try:
        folder = folders.taken(text)
        layout = layout_picker.pick(folder, "train_layout")
        if layout is None:
            return None
        source = OWN.name if layout else catalogue.recognise(folder)
        chosen = Chosen(source, folder, layout)
        _draw_content(chosen.opened(), recipe)
    except CoreError as error:
        st.error(words.sentence(error), icon=":material/folder_off:")
        return None
    return chosen


def _draw_content(images: ImageSet, recipe: Recipe) -> None:
    """The number of images and classes, and what is left out; CoreError if they cannot be trained on."""
    refuse_untrainable(images, as_published=recipe.data.split == "published")
    st.caption(f":material/check: {len(images):,} images of {len(images.class_names):,} classes")
    for each in (each for each in images.left_out or () if each.reason.startswith("images")):
        st.caption(f":material/info: Left out: {words.plain(str(each))}")
