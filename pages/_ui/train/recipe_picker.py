"""Widgets that make a plan: recipe, what is changed in it, data, and the name of the result."""

import html
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.checkpoints import store
from core.data.image_set import ImageSet
from core.data.sources import catalogue
from core.data.sources.folder.class_folders import SOURCE as OWN
from core.data.trainable import refuse_untrainable
from core.errors import CoreError, DataError
from core.training import recipe as recipes
from core.training import runs, summary
from core.training.recipe import Recipe
from pages._ui import words
from pages._ui.kit import download
from pages._ui.kit.pickers import layout_picker
from pages._ui.session import folders, values
from pages._ui.train.state import trainings

_MINE = "A folder of mine…"
_FIRST = "digits"  # Needs no download, and takes a minute.


@dataclass(frozen=True, slots=True)
class Chosen:
    """Data that are there: the source, and the folder if somebody named one."""

    source: str
    folder: Path | None = None
    layout: str = ""

    def opened(self) -> ImageSet:
        """Its images."""
        return trainings.image_set(self.source, self.folder, self.layout)


@dataclass(frozen=True, slots=True)
class Plan:
    """What Start would do."""

    recipe_name: str
    recipe: Recipe
    changes: tuple[str, ...]
    data: Chosen | None
    name: str
    is_ready: bool


def pick() -> Plan | None:
    """The widgets, top to bottom; None where the recipe cannot be read, which is then said."""
    name = _recipe_name()
    usual = recipes.read(name)
    st.caption(words.plain(usual.about))
    data = _data(name, usual)
    changes = _changes(name, usual)
    if data is not None:
        # Last: what is picked above is what the report shows.
        changes = (*changes, f"data.source={data.source}")
    recipe = _changed(name, changes)
    result = _result_name(name)
    if recipe is None:
        return None
    return Plan(name, recipe, changes, data, result or "", is_ready=bool(data and result))


def draw_facts(plan: Plan) -> bool:
    """The recipe with its changes, in words; whether it goes together."""
    try:
        facts = summary.facts(plan.recipe)
    except CoreError as error:
        st.error(words.sentence(error), icon=":material/error:")
        return False
    rows = "".join(f"<span>{html.escape(fact.label)}</span><b>{html.escape(fact.text)}</b>" for fact in facts)
    st.html(f'<div class="seewhy-facts">{rows}</div>')
    return True


def start_button(plan: Plan | None, *, fits: bool) -> None:
    """Start the training and look at it from now on; says why where it does not start."""
    ready = plan is not None and fits and plan.is_ready
    pressed = st.button(
        "Start", type="primary", icon=":material/play_arrow:", key="train_start", disabled=not ready
    )
    # The browser alone enforces "disabled".
    if pressed and plan is not None and ready:
        _start(plan)


def _start(plan: Plan) -> None:
    data = plan.data or Chosen("")
    try:
        with st.spinner("Starting: the libraries are loaded, the network is built…"):
            runs.start(
                plan.recipe_name, plan.name, data=data.folder, layout=data.layout, changes=plan.changes
            )
            # Inside the spinner: leaving it may end this script, when somebody clicks again.
            trainings.watch(plan.name)
    except CoreError as error:
        st.error(words.sentence(error), icon=":material/error:")
        return
    st.rerun()


def _recipe_name() -> str:
    names = recipes.names()
    chosen: str = st.selectbox(
        "Recipe",
        names,
        index=names.index(_FIRST) if _FIRST in names else 0,
        format_func=_titles().__getitem__,
        key="train_recipe",
        persist_state="session",
        help="Network, data and all settings, known to go well together.",
    )
    return chosen


def _titles() -> dict[str, str]:
    return {name: recipes.read(name).title for name in recipes.names()}


def _data(name: str, usual: Recipe) -> Chosen | None:
    """The data set, or None where it is not there, which is then said."""
    own = usual.data.source
    here = [each for each in catalogue.SOURCES if each != own and catalogue.find(each) is not None]
    chosen = st.selectbox(
        "Data",
        [own, *here, _MINE],
        format_func=_data_label,
        key=f"train_data_{name}",
        help="The recipe's own data set comes first, then what else is on this machine.",
    )
    if chosen == _MINE:
        return _folder(usual)
    if catalogue.find(chosen) is not None:
        return Chosen(chosen)
    if download.offer(chosen, "train"):
        return None
    try:
        catalogue.load(chosen)
    except DataError as error:
        st.warning(words.sentence(error), icon=":material/folder_off:")
    return None


def _data_label(name: str) -> str:
    return name if name == _MINE else catalogue.SOURCES[name].title


def _folder(usual: Recipe) -> Chosen | None:
    """A folder that somebody types; what was recognised, or why not."""
    text = st.text_input(
        "Folder",
        key="train_folder",
        placeholder="/home/me/photos",
        persist_state="session",
        help="A folder for each class (photos/cat/1.jpg), or labels in file names (photos/cat.1.jpg).",
    )
    text = values.text(text).strip()
    if not text:
        st.caption("Type where the images lie: a folder for each class is enough.")
        return None
    try:
        folder = folders.taken(text)
        layout = layout_picker.pick(folder, "train_layout")
        if layout is None:
            return None
        source = OWN.name if layout else catalogue.recognise(folder)
        chosen = Chosen(source, folder, layout)
        _draw_understood(chosen.opened(), usual)
    except CoreError as error:
        st.error(words.sentence(error), icon=":material/folder_off:")
        return None
    return chosen


def _draw_understood(images: ImageSet, usual: Recipe) -> None:
    """How many images and classes, and what is left out; CoreError where a network cannot learn from them."""
    refuse_untrainable(images, as_published=usual.data.split == "published")
    st.caption(f":material/check: {len(images):,} images of {len(images.class_names):,} classes")
    for each in (each for each in images.left_out or () if each.reason.startswith("images")):
        st.caption(f":material/info: Left out: {words.plain(str(each))}")


def _changes(name: str, usual: Recipe) -> tuple[str, ...]:
    """What is set otherwise than in the recipe, as ``key=value``."""
    left, right = st.columns(2)
    epochs = left.number_input("Epochs", 1, None, usual.epochs, key=f"train_epochs_{name}")
    rate = right.number_input(
        "Learning rate", 0.0, None, usual.optimiser.lr, 1e-4, "%g", key=f"train_lr_{name}"
    )
    size = left.number_input("Batch size", 1, None, usual.batch_size, key=f"train_batch_{name}")
    seed = right.number_input(
        "Seed",
        0,
        None,
        usual.seed,
        key=f"train_seed_{name}",
        help="Another one draws all that is random anew.",
    )
    known = recipes.keys()
    more = st.text_area(
        "Other settings",
        key=f"train_more_{name}",
        height=80,
        placeholder="augment.flip=true\noptimiser.name=sgd",
        help=f"One a line. There are: {words.plain(', '.join(known))}",
    )
    chosen = {"epochs": epochs, "optimiser.lr": rate, "batch_size": size, "seed": seed}
    usually = (usual.epochs, usual.optimiser.lr, usual.batch_size, usual.seed)
    changed = (
        f"{key}={value}" for (key, value), old in zip(chosen.items(), usually, strict=True) if value != old
    )
    return (*changed, *(line for line in values.text(more).splitlines() if line.strip()))


def _changed(name: str, changes: tuple[str, ...]) -> Recipe | None:
    try:
        return recipes.read(name, changes)
    except CoreError as error:
        st.error(f"This cannot be set: {words.plain(str(error))}.", icon=":material/error:")
        return None


def _result_name(recipe_name: str) -> str | None:
    """A name that is free, or None, and then what is wrong with it is said."""
    free = runs.free_name(recipe_name)
    name = st.text_input("Name of the result", free, key=f"train_name_{free}", max_chars=64)
    name = values.text(name).strip()
    try:
        store.refuse_odd(name)
    except CoreError as error:
        st.error(words.sentence(error), icon=":material/error:")
        return None
    if name in store.folders():
        st.error(f"There is a checkpoint named {words.plain(name)} already.", icon=":material/error:")
        return None
    return name
