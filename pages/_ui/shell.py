"""The frame of every page: title, sidebar, and errors as messages that a person can act on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit as st
from streamlit.errors import FragmentHandledException

from core.checkpoints.store import available
from pages._ui import mishaps, welcome
from pages._ui.kit import own_model
from pages._ui.session import collecting, models


@dataclass(frozen=True, slots=True)
class Page:
    """A page as the sidebar and Home present it."""

    title: str
    icon: str
    question: str


PAGES = {
    "app.py": Page("Home", ":material/home:", "What is loaded, and where to go"),
    "pages/explain.py": Page(
        "Explain", ":material/center_focus_strong:", "Why does it see that in this photo?"
    ),
    "pages/mistakes.py": Page("Mistakes", ":material/grid_on:", "Where does it fail, and what misled it?"),
    "pages/compare.py": Page(
        "Compare", ":material/compare:", "What did a change fix, and what did it break?"
    ),
    "pages/inside.py": Page("Inside", ":material/layers:", "What has each layer and filter learned?"),
    "pages/train.py": Page("Train", ":material/model_training:", "Train a network and watch it learn"),
}

# Training needs no network to begin with.
_WITHOUT_CHECKPOINT = ("pages/train.py",)

# Columns beside each other need room: below this they go under each other, earlier than Streamlit's 640 px.
_STYLE = """<style>
[data-testid="stMainBlockContainer"] { padding: 2.2rem 2.5rem 1.5rem; }
/* Above the labels in the row of the title lies the toolbar. */
.st-key-head { padding-top: 1.25rem; }
[data-testid="stSidebarHeader"] { height: 2.5rem; }
@media (max-width: 1020px) {
  :is(.st-key-stage, .st-key-source, .st-key-plan, .st-key-data, .st-key-curves,
  .st-key-quality_curves, .st-key-quality_confidence, .st-key-sample_more,
  .st-key-mistakes, .st-key-compare_top,
  .st-key-compare_change, .st-key-compare_matrices) [data-testid="stColumn"] {
    min-width: 100%;
  }
  .st-key-compared_maps [data-testid="stColumn"] { min-width: 44%; flex: 1 1 44%; }
  .st-key-compared_maps [data-testid="stColumn"]:first-child { margin-right: 46%; }
  .st-key-plan [data-testid="stColumn"] [data-testid="stColumn"] { min-width: 40%; }
}
@media (max-width: 640px) {
  .seewhy-strip.seewhy-strip { grid-template-columns: repeat(4, minmax(0, 7rem)); }
}
.seewhy-sum { display: flex; flex-wrap: wrap; gap: 0.35rem 1.4rem; font-variant-numeric: tabular-nums; }
.seewhy-sum span { display: flex; flex-direction: column; line-height: 1.25; }
.seewhy-sum b { font-size: 1.15rem; font-weight: 600; }
.seewhy-sum small { opacity: 0.7; }
.seewhy-facts { display: grid; grid-template-columns: max-content 1fr; gap: 0.4rem 1rem; }
.seewhy-facts { font-size: 0.9rem; line-height: 1.35; }
.seewhy-facts span { opacity: 0.7; }
.seewhy-facts b { font-weight: 400; }
.seewhy-two { border-collapse: separate; border-spacing: 3px; width: 100%; table-layout: fixed; }
.seewhy-two th { font-weight: 400; font-size: 0.78rem; opacity: 0.75; text-align: center; padding: 0.2rem; }
.seewhy-two td { text-align: center; padding: 0.9rem 0.3rem; border-radius: 0.35rem; }
.seewhy-two td { font-variant-numeric: tabular-nums; font-size: 1.05rem; }
.seewhy-two .right { background: rgb(15 148 136 / 0.22); }
.seewhy-two .wrong { background: rgb(232 89 12 / 0.22); }
.seewhy-strip { display: grid; grid-template-columns: repeat(8, minmax(0, 7rem)); gap: 0.5rem; }
.seewhy-strip figure { margin: 0; min-width: 0; }
.seewhy-strip img { width: 100%; display: block; border-radius: 0.35rem; }
.seewhy-strip img.tiny { image-rendering: pixelated; }
.seewhy-strip figcaption { font-size: 0.75rem; opacity: 0.7; margin-top: 0.15rem; }
.seewhy-strip figcaption { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
/* White on the bright accent of the dark theme would have a contrast of 1.9. */
[data-testid="stBaseButton-primary"]:not(:disabled) { color: light-dark(#ffffff, #06231f); }
</style>"""


@contextmanager
def page(path: str) -> Iterator[None]:
    """Draw the frame of the page at ``path``; an error inside becomes a message, see `mishaps.show`.

    Streamlit's own way to stop or to run again is no error, and passes.
    """
    collecting.spare_libraries()
    this = PAGES[path]
    st.set_page_config(page_title=f"{this.title} · SeeWhy", page_icon="🔎", layout="wide")
    st.html(_STYLE)
    try:
        welcome.draw_linked()
        _sidebar()
    except Exception as error:  # Whatever it is, the other pages can still be opened.
        mishaps.show(error, "the sidebar was drawn")
        st.stop()
    if path not in _WITHOUT_CHECKPOINT and not available():
        st.title("Why does it see that?" if path == "app.py" else this.title)
        welcome.draw()
        st.stop()
    try:
        yield
    except FragmentHandledException:
        raise  # It has been shown.
    except Exception as error:  # Whatever it is, the sidebar and what has been drawn stand.
        mishaps.show(error, f"the page {this.title} was drawn")


def _sidebar() -> None:
    own_model.choose_added()
    with st.sidebar:
        st.markdown("## SeeWhy")
        names = available()
        query = {models.CHECKPOINT: models.chosen_checkpoint()} if names else {}
        for path, each in PAGES.items():
            st.page_link(path, label=each.title, icon=each.icon, query_params=query)
        st.divider()
        if names:
            st.selectbox(
                "Model",
                names,
                key=models.CHECKPOINT,
                bind="query-params",
                persist_state="session",
                help="Which trained network answers. Your own can be added below.",
            )
        own_model.button()
        own_model.report(query.get(models.CHECKPOINT, ""))
        welcome.draw_unusable()
