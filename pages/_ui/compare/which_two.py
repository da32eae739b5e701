"""Which two evaluations are compared."""

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.mistakes.comparable import at
from core.mistakes.results import Results
from pages._ui import words
from pages._ui.compare.state import comparisons
from pages._ui.kit.evaluations import evaluation_picker, numbers
from pages._ui.session.checkpoints import models
from pages._ui.session.evaluation import evaluated, result_cache


def pick(name: str, row: DeltaGenerator) -> tuple[Results, Results]:
    """Draw the pickers of both evaluations in ``row``; if there is no second, say how to get one."""
    numbers.need_some(name)
    with row:
        first = evaluation_picker.pick(name, f"First: {name} on")
        names = comparisons.others(first)
        second = _second(name, names) if names else None
        swap = st.container(width="content")
    if second is None:
        _say_how(result_cache.load(name, None, first.name))
        st.stop()
    comparisons.write_address(second)
    other = at(second, first)
    swap.button(
        "Swap",
        icon=":material/swap_horiz:",
        key="compare_swap",
        on_click=comparisons.swap,
        args=(first, other),
    )
    results = numbers.of_split(first)
    split = results.split if other.of != first.of else None
    return results, result_cache.load(other.of.name, split, other.name)


def _second(name: str, addresses: list[str]) -> str:
    chosen: str = st.selectbox(
        "Second",
        addresses,
        key=evaluated.SECOND,
        format_func=partial(_label, name),
        persist_state="session",
        help="Other models on the same images, then the same model on other images. "
        "Choose the first model in the sidebar.",
        on_change=comparisons.from_the_first_sheet,
    )
    return chosen


def _label(first: str, address: str) -> str:
    """``signs-bn on gtsrb-val``; of the first network itself, ``street-val, same model``."""
    name, _, evaluation = address.partition("/")
    if name == first:
        return f"{evaluation}, same model"
    return f"{name} on {evaluation}" if evaluation else name


def _say_how(first: Results) -> None:
    source = words.plain(str(first.card.data.get("source", "")))
    data = f"the images of {source}" if source else "its images"
    st.info(
        f"**{words.plain(first.name)}** is the only model here that has been evaluated on {data}. "
        "To compare, train another one on the same images: another architecture, more "
        f"augmentation, or from scratch. Or evaluate one you already have:\n\n"
        f"`python -m core evaluate OTHER --data FOLDER`",
        icon=":material/compare:",
    )
    st.page_link(
        "pages/train.py",
        label="Train another",
        icon=":material/model_training:",
        query_params={models.CHECKPOINT: first.name},
    )
