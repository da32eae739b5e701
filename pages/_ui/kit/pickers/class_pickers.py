"""Pickers of classes by name, quick also with many thousand classes."""

from collections.abc import Callable, Sequence

import streamlit as st

from core.evaluation.confusion import ConfusionMatrix
from core.evaluation.matrix_view import classes_of_most_confused
from pages._ui import words
from pages._ui.kit import options
from pages._ui.session import values

# With more classes than _MANY, a picker offers those of the most frequent mistakes; others are typed.
_MANY, _OFFERED = 2_000, 500
_HELP = (
    "These are the classes of the most frequent mistakes. Type the name of any other class and press Enter."
)


def one(
    label: str,
    names: Sequence[str],
    matrix: ConfusionMatrix,
    *,
    key: str,
    placeholder: str = "any",
    on_change: Callable[[], None] = lambda: None,
) -> int | None:
    """One class, or None; in the address. ``matrix`` gives the classes of the most frequent mistakes."""
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
    """Up to ``most`` classes, in the address. ``matrix`` gives the classes of the most frequent mistakes."""
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
    """The names to offer: the same in every run, because a picker loses its value if its options change."""
    if len(names) <= _MANY:
        return list(names)
    return [names[class_idx] for class_idx in classes_of_most_confused(matrix, _OFFERED)]
