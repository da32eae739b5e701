"""Pickers of classes by name, which open at once with many thousand of them too."""

from collections.abc import Callable, Sequence

import streamlit as st

from core.evaluation.confusion import ConfusionMatrix
from core.evaluation.matrix_view import classes_of_most_confused
from pages._ui import words
from pages._ui.kit import options
from pages._ui.session import values

# Beyond, a picker offers the classes of the most frequent mistakes, and takes any other by its name.
_MANY, _OFFERED = 2_000, 500
_HELP = "These are the classes of the most frequent mistakes. Type the name of any other, then press Enter."


def one(
    label: str,
    names: Sequence[str],
    matrix: ConfusionMatrix,
    *,
    key: str,
    placeholder: str = "any",
    on_change: Callable[[], None] = lambda: None,
) -> int | None:
    """One class, or None; in the address. ``matrix`` says which classes are worth offering."""
    name = st.selectbox(
        label,
        _offered(names, matrix),
        index=None,
        placeholder=placeholder,
        filter_mode=options.search_in(names),
        accept_new_options=len(names) > _MANY,
        help=_HELP if len(names) > _MANY else None,
        key=key,
        bind="query-params",
        persist_state="session",
        on_change=on_change,
    )
    found = values.class_idx(name, names)
    if name and found is None:
        st.caption(f"There is no class {words.plain(values.text(name))}.")
    return found


def some(
    label: str, names: Sequence[str], matrix: ConfusionMatrix, *, key: str, placeholder: str, most: int
) -> list[int]:
    """Up to ``most`` classes, in the address. ``matrix`` says which classes are worth offering."""
    chosen = st.multiselect(
        label,
        _offered(names, matrix),
        key=key,
        max_selections=most,
        placeholder=placeholder,
        filter_mode=options.search_in(names),
        accept_new_options=len(names) > _MANY,
        help=_HELP if len(names) > _MANY else None,
        bind="query-params",
        persist_state="session",
    )
    found = (values.class_idx(name, names) for name in chosen)
    return [class_idx for class_idx in found if class_idx is not None]


def _offered(names: Sequence[str], matrix: ConfusionMatrix) -> list[str]:
    """The same in every run, whatever is chosen: with other options a picker would forget its value."""
    if len(names) <= _MANY:
        return list(names)
    return [names[class_idx] for class_idx in classes_of_most_confused(matrix, _OFFERED)]
