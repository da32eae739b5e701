"""Where the images behind a table are: asked once, and remembered."""

from pathlib import Path

import streamlit as st

from core import checkpoint
from core.errors import CoreError
from core.predicting.samples import open_images
from core.training.run import remember_data
from pages._ui import words
from pages._ui.state import results as memory

_FOLDER = "image_folder"


def ask(name: str, reason: str) -> None:
    """Say that the images are not here, where to get them, and take the folder of those who have them."""
    st.info(
        f"**The images are not on this machine**, so there is nothing to draw maps on; all numbers hold. "
        f"{words.plain(reason[:1].upper() + reason[1:])}.",
        icon=":material/image_not_supported:",
    )
    typed = st.text_input(
        "Folder of the images", key=_FOLDER, placeholder="/path/to/the/images", on_change=_take, args=(name,)
    )
    if refused := st.session_state.pop(memory.REFUSED_FOLDER, None):
        st.error(f"{words.plain(typed)}: {words.plain(refused)}.", icon=":material/folder_off:")


def _take(name: str) -> None:
    typed = st.session_state[_FOLDER].strip()
    if not typed:
        return
    place, folder = Path(typed).expanduser(), checkpoint.find(name)
    try:
        open_images(folder, place)
    except (CoreError, OSError) as error:
        st.session_state[memory.REFUSED_FOLDER] = str(error)
        return
    remember_data(folder, place)
    memory.look_again()
