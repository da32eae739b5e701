"""One of a few values, or of many names."""

from collections.abc import Callable, Sequence
from typing import Literal

import streamlit as st

from pages._ui.session import values

_MOST_FUZZY = 2_000  # Names.


def segmented(
    label: str,
    labels: dict[str, str],
    *,
    key: str,
    label_visibility: Literal["visible", "collapsed"] = "visible",
    on_change: Callable[[], None] = lambda: None,
    bind: Literal["query-params"] | None = "query-params",
) -> str:
    """One of a few values, shown by their labels, the first unless another is chosen.

    It is kept in the address, or with ``bind=None`` in the session only.
    """
    chosen = st.segmented_control(
        label,
        list(labels),
        # The same in every run: it is what the browser's Back shows where the address says nothing.
        default=next(iter(labels)),
        required=True,
        format_func=labels.__getitem__,
        key=key,
        bind=bind,
        persist_state="session",
        label_visibility=label_visibility,
        on_change=on_change,
    )
    return values.choice(chosen, labels)


def search_in(names: Sequence[str]) -> Literal["fuzzy", "contains"]:
    """How a select box searches while the user types: fuzzy matching of many thousand names is too slow."""
    return "fuzzy" if len(names) <= _MOST_FUZZY else "contains"
