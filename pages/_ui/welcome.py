"""What there is to say where checkpoints are missing or broken, and what to do about it."""

import streamlit as st

from core.checkpoints import built_in, inventory, paths
from core.errors import CoreError
from pages._ui import words
from pages._ui.session import models


def draw() -> None:
    """There is no network yet: three ways to get one."""
    trouble = inventory.trouble()
    if trouble is not None:
        st.error(words.capital(trouble), icon=":material/folder_off:")
        return
    st.header("There is no network yet", anchor=False)
    st.markdown(words.plain(f"Networks are kept in {paths.root()}, and none that can be used is there."))
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Use the ImageNet network",
            icon=":material/download_done:",
            type="primary",
            key="welcome_built_in",
            on_click=_add_built_in,
            help="It is installed with SeeWhy and knows 1,000 classes. Nothing is downloaded.",
        )
        if st.button("Train one", icon=":material/model_training:", key="welcome_train"):
            st.switch_page("pages/train.py", query_params={})
    st.caption(
        "Or press **Bring your own model** in the sidebar. The trained examples are in the folder "
        f"checkpoints of SeeWhy's repository: copy it there, or name "
        f"another folder by {words.plain(paths.VARIABLE)}."
    )


def draw_unusable() -> None:
    """The checkpoints that cannot be used, each with the reason; nothing where all can."""
    faults = inventory.unusable()
    if not faults:
        return
    with st.expander(f"{words.counted(len(faults), 'checkpoint')} cannot be used", icon=":material/warning:"):
        for name, reason in faults.items():
            st.markdown(f"**{words.plain(name)}**")
            st.caption(words.capital(reason))


def draw_linked() -> None:
    """Say why the checkpoint that a link asks for is not the one that is shown."""
    name = models.linked_checkpoint()
    reason = inventory.unusable().get(name) if name else None
    if name and reason:
        told = f"{name} cannot be used, and another network is shown: {reason}."
        st.warning(words.plain(told), icon=":material/warning:")


def _add_built_in() -> None:
    try:
        built_in.add()
    except CoreError as error:
        st.toast(words.sentence(error), icon=":material/error:")
