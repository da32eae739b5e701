"""Messages about missing and broken checkpoints, with what to do about them."""

import streamlit as st

from core.checkpoints import built_in, inventory, paths
from core.errors import CoreError
from pages._ui import words
from pages._ui.session.checkpoints import models


def draw() -> None:
    """Say that there is no model yet, and offer three ways to get one."""
    trouble = inventory.trouble()
    if trouble is not None:
        st.error(words.capital(trouble), icon=":material/folder_off:")
        return
    st.header("There is no model yet", anchor=False)
    st.markdown(words.plain(f"Models are kept in {paths.root()}. No usable model is there."))
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Use the ImageNet model",
            icon=":material/download_done:",
            type="primary",
            key="welcome_built_in",
            on_click=_add_built_in,
            help="It is installed with SeeWhy and knows 1,000 classes. Needs no download.",
        )
        if st.button("Train one", icon=":material/model_training:", key="welcome_train"):
            st.switch_page("pages/train.py", query_params={})
    st.caption(
        "Or press **Bring your own model** in the sidebar. The folder `checkpoints` of SeeWhy's repository "
        "has trained examples: copy them to this folder, or set "
        f"{words.plain(paths.VARIABLE)} to another folder."
    )


def draw_unusable() -> None:
    """List the checkpoints that cannot be used, each with the reason; draw nothing where there are none."""
    faults = inventory.unusable()
    if not faults:
        return
    with st.expander(f"{words.counted(len(faults), 'checkpoint')} cannot be used", icon=":material/warning:"):
        for name, reason in faults.items():
            st.markdown(f"**{words.plain(name)}**")
            st.caption(words.capital(reason))


def draw_linked() -> None:
    """Say why the page does not show the checkpoint that the link names."""
    name = models.linked_checkpoint()
    reason = inventory.unusable().get(name) if name else None
    if name and reason:
        told = f"{name} cannot be used: {reason}. The page shows another model."
        st.warning(words.plain(told), icon=":material/warning:")


def _add_built_in() -> None:
    try:
        built_in.add()
    except CoreError as error:
        st.toast(words.sentence(error), icon=":material/error:")
