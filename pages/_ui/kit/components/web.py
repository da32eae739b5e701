"""Components that the browser draws itself: no build, no iframe, colours of the theme."""

import base64
from collections.abc import Callable, Collection
from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from pages._ui.session import values

_FOLDER = Path(__file__).parent


def component(name: str, *shared: str) -> ComponentRenderer:
    """The component that consists of the files ``name``.html, .css and .js beside this module.

    Its script can call the functions of the ``shared`` scripts, from the folder of that name.
    """
    html, css, *scripts = (
        (_FOLDER / file).read_text(encoding="utf-8")
        for file in (f"{name}.html", f"{name}.css", *(f"shared/{each}.js" for each in shared), f"{name}.js")
    )
    return st.components.v2.component(f"seewhy_{name}", html=html, css=css, js="\n".join(scripts))


def data_uri(content: bytes, kind: str = "jpeg") -> str:
    """A picture file as an address that needs no request."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def hear(key: str, ids: Collection[str], on_pick: Callable[[str], None]) -> None:
    """Give ``on_pick`` the one of ``ids`` that was clicked in component ``key``; ignore any other value."""
    picked = values.picked_id(key, ids)
    if picked is not None:
        on_pick(picked)
