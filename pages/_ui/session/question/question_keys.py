"""What is asked about a photo: the keys of the pickers of class, rival class, layer and method.

A picker's value is set in a callback, or before the picker is drawn.
"""

from collections.abc import Sequence

import streamlit as st

METHOD = "method"
_FASTEST = "grad_cam"


def class_key(checkpoint: str) -> str:
    """The key of the class picker: the classes of one checkpoint mean nothing to another."""
    return f"class-{checkpoint}"


def rival_key(checkpoint: str) -> str:
    """The key of the picker of the class to compare with."""
    return f"against-{checkpoint}"


def layer_key(checkpoint: str) -> str:
    """The key of the layer picker."""
    return f"layer-{checkpoint}"


def head_key(checkpoint: str) -> str:
    """The key of the picker of auxiliary heads."""
    return f"head-{checkpoint}"


def choose_class(checkpoint: str, name: str) -> None:
    """Set the class picker."""
    st.session_state[class_key(checkpoint)] = name


def choose_classes(checkpoint: str, name: str, rival: str | None) -> None:
    """Set both class pickers: why ``name``, and not ``rival``."""
    choose_class(checkpoint, name)
    st.session_state[rival_key(checkpoint)] = rival


def chosen_layer(checkpoint: str) -> str | None:
    """The value of the layer picker; None before it has one."""
    chosen: str | None = st.session_state.get(layer_key(checkpoint))
    return chosen


def choose_layer(checkpoint: str, name: str) -> None:
    """Set the layer picker."""
    st.session_state[layer_key(checkpoint)] = name


def method_among(methods: Sequence[str], usual: str) -> str:
    """The value of the method picker, which becomes the usual one if only another network offers it."""
    if st.session_state.get(METHOD) not in methods:
        st.session_state[METHOD] = usual
    return str(st.session_state[METHOD])


def choose_method(name: str) -> None:
    """Set the method picker."""
    st.session_state[METHOD] = name


def choose_fast_method() -> None:
    """Set the method picker to a method that answers at once."""
    st.session_state[METHOD] = _FASTEST
