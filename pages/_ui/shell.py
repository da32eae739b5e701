"""The frame of every page: title, sidebar, and errors as messages that say what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.errors import FragmentHandledException

from core.checkpoints.store import available
from pages._ui import errors, welcome
from pages._ui.kit import own_model
from pages._ui.session import collecting
from pages._ui.session.checkpoints import models
from pages._ui.session.question import tested_maps


@dataclass(frozen=True, slots=True)
class Page:
    """A page as the sidebar and Home present it."""

    title: str
    icon: str
    question: str


PAGES = {
    "app.py": Page("Home", ":material/home:", "The model, and the pages"),
    "pages/explain.py": Page(
        "Explain", ":material/center_focus_strong:", "Why does the network see that in this photo?"
    ),
    "pages/trust.py": Page("Trust", ":material/verified:", "Which maps of this network can be believed?"),
    "pages/mistakes.py": Page(
        "Mistakes", ":material/grid_on:", "Where does the network fail, and what misled it?"
    ),
    "pages/compare.py": Page(
        "Compare", ":material/compare:", "What did a change fix, and what did it break?"
    ),
    "pages/inside.py": Page("Inside", ":material/layers:", "What has each layer and each channel learned?"),
    "pages/train.py": Page("Train", ":material/model_training:", "Train a network and watch it learn"),
}

# Training needs no checkpoint.
_WITHOUT_CHECKPOINT = ("pages/train.py",)

_STYLE = Path(__file__).with_name("shell.css")


@contextmanager
def page(path: str) -> Iterator[None]:
    """Draw the frame of the page at ``path``; an error inside becomes a message, see `errors.show`.

    Streamlit's own signals to stop or to run again are no errors, and pass.
    """
    collecting.spare_libraries()
    this = PAGES[path]
    st.set_page_config(page_title=f"{this.title} · SeeWhy", page_icon="🔎", layout="wide")
    st.html(_STYLE)
    try:
        welcome.draw_linked()
        _sidebar()
    except Exception as error:  # Any error: the other pages can still be opened.
        errors.show(error, "the sidebar was drawn")
        st.stop()
    if path not in _WITHOUT_CHECKPOINT and not available():
        st.title("Why does it see that?" if path == "app.py" else this.title, anchor=False)
        welcome.draw()
        st.stop()
    try:
        with tested_maps.at_the_end():
            yield
    except FragmentHandledException:
        raise  # The fragment has shown it.
    except Exception as error:  # Any error: the sidebar and what has been drawn stay.
        errors.show(error, f"the page {this.title} was drawn")


def _sidebar() -> None:
    own_model.choose_added()
    with st.sidebar:
        st.markdown("## SeeWhy", anchors=False)
        names = available()
        links = st.container()
        st.divider()
        if names:
            models.hold_linked_checkpoint()
            st.selectbox(
                "Model",
                names,
                key=models.CHECKPOINT,
                bind="query-params",
                persist_state="session",
                help="The trained network that these pages explain. Add your own below.",
            )
        # After the choice, which the links carry: what comes from the address is known to its widget only.
        query = {models.CHECKPOINT: models.chosen_checkpoint()} if names else {}
        for path, each in PAGES.items():
            links.page_link(path, label=each.title, icon=each.icon, query_params=query)
        own_model.button()
        own_model.report(query.get(models.CHECKPOINT, ""))
        welcome.draw_unusable()
