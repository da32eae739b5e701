"""The plan of a training: widgets for recipe, data and settings, the plan in words, and its start."""

from dataclasses import dataclass

import streamlit as st

from core.checkpoints import store
from core.errors import CoreError
from core.training import runs, summary
from core.training.settings import recipe as recipes
from core.training.settings import table
from core.training.settings.recipe import Recipe
from pages._ui import words
from pages._ui.session import values
from pages._ui.train import data_picker
from pages._ui.train.data_picker import Chosen
from pages._ui.train.state import trainings

_FIRST = "digits"  # Needs no download, and takes a minute.


@dataclass(frozen=True, slots=True)
class Plan:
    """A recipe, what is changed in it as ``key=value``, and the data, None where they are missing."""

    recipe_name: str
    recipe: Recipe
    changes: tuple[str, ...]
    data: Chosen | None


def recipe_name() -> str:
    """The recipe that the plan begins with."""
    names = recipes.names()
    chosen: str = st.selectbox(
        "Recipe",
        names,
        index=names.index(_FIRST) if _FIRST in names else 0,
        format_func={name: recipes.read(name).title for name in names}.__getitem__,
        key="train_recipe",
        persist_state="session",
        help="A network, its data, and settings that are known to work together.",
    )
    return chosen


def pick(name: str) -> Plan | None:
    """The recipe with data and changed settings; None, with the reason on the page, where one is wrong."""
    usual = recipes.read(name)
    st.caption(words.plain(usual.about))
    data = data_picker.pick(name, usual)
    changes = _changes(name, usual)
    if data is not None:
        # Last: the data picked above are those that the report shows.
        changes = (*changes, f"data.source={data.source}")
    recipe = _changed(name, changes)
    return None if recipe is None else Plan(name, recipe, changes, data)


def draw_facts(plan: Plan | None) -> bool:
    """Draw the plan in words; gives whether its settings are consistent."""
    if plan is None:
        st.caption("Fix the highlighted setting to see the plan.")
        return False
    try:
        facts = summary.facts(plan.recipe)
    except CoreError as error:
        st.error(words.sentence(error), icon=":material/error:")
        return False
    st.html(words.facts({fact.label: fact.text for fact in facts}))
    return True


def draw_start(recipe_name: str, plan: Plan | None, *, fits: bool) -> None:
    """Draw the name of the new model, and the button that starts the training and shows it."""
    name = _result_name(recipe_name)
    ready = fits and name is not None and plan is not None and plan.data is not None
    pressed = st.button(
        "Start", type="primary", icon=":material/play_arrow:", key="train_start", disabled=not ready
    )
    # The browser alone enforces "disabled".
    if pressed and ready and plan and name:
        _start(plan, name)


def _start(plan: Plan, name: str) -> None:
    data = plan.data or Chosen("")
    try:
        with st.spinner("Starting: loading the libraries, building the network…"):
            runs.start(plan.recipe_name, name, data=data.folder, layout=data.layout, changes=plan.changes)
            # Inside the spinner: leaving it may end this script, where another click has come.
            trainings.watch(name)
    except CoreError as error:
        st.error(words.sentence(error), icon=":material/error:")
        return
    st.rerun()


def _changes(name: str, usual: Recipe) -> tuple[str, ...]:
    """The settings that differ from the recipe's, as ``key=value``."""
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
        help="Changes the split, the initial weights and the augmentation.",
    )
    with st.expander("Other settings"):
        more = st.text_area(
            "One setting per line, as in the list below",
            key=f"train_more_{name}",
            height=80,
            placeholder="augment.flip=true\noptimiser.name=sgd",
        )
        _draw_settings(usual)
    chosen = {"epochs": epochs, "optimiser.lr": rate, "batch_size": size, "seed": seed}
    usually = (usual.epochs, usual.optimiser.lr, usual.batch_size, usual.seed)
    changed = (
        f"{key}={value}" for (key, value), old in zip(chosen.items(), usually, strict=True) if value != old
    )
    return (*changed, *(line for line in values.text(more).splitlines() if line.strip()))


def _draw_settings(usual: Recipe) -> None:
    """Every setting as a line for the text area, with its meaning."""
    rows = table.table(usual)
    lines = rows["setting"] + "=" + rows["value"]
    st.html(words.definitions("All settings", dict(zip(lines, rows["meaning"], strict=True))))


def _changed(name: str, changes: tuple[str, ...]) -> Recipe | None:
    try:
        return recipes.read(name, changes)
    except CoreError as error:
        st.error(f"This setting does not work: {words.plain(str(error))}.", icon=":material/error:")
        return None


def _result_name(recipe_name: str) -> str | None:
    """A name that is free; None, with the reason on the page, where it cannot be used."""
    free = runs.free_name(recipe_name)
    name = st.text_input("Name of the new model", free, key=f"train_name_{free}", max_chars=64)
    name = values.text(name).strip()
    try:
        store.refuse_odd(name)
    except CoreError as error:
        st.error(words.sentence(error), icon=":material/error:")
        return None
    if name in store.folders():
        st.error(f"There is already a model named {words.plain(name)}.", icon=":material/error:")
        return None
    return name
