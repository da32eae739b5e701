"""The layout of Inside: in a window that is wide enough, each pane scrolls by itself."""

import streamlit as st

_STYLE = """<style>
.seewhy-nine { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 3px; max-width: 22rem; }
.seewhy-nine img, .seewhy-nine span { width: 100%; aspect-ratio: 1; display: block; border-radius: 3px; }
.seewhy-nine img { outline: 1px solid rgb(128 128 128 / 0.35); outline-offset: -1px; }
.seewhy-nine span { font-size: 0.7rem; opacity: 0.75; overflow: hidden; overflow-wrap: anywhere; }
.seewhy-classes { display: grid; grid-template-columns: 1fr max-content; gap: 0.15rem 1rem; }
.seewhy-classes { font-size: 0.9rem; }
.seewhy-classes b { font-weight: 400; font-variant-numeric: tabular-nums; text-align: right; }
.seewhy-classes .against { opacity: 0.75; }
.seewhy-classes hr { grid-column: 1 / -1; margin: 0.2rem 0; border: 0; }
.seewhy-classes hr { border-top: 1px solid rgb(128 128 128 / 0.4); }
.st-key-ascent_image img { border-radius: 4px; }
.st-key-channels_box, .st-key-channel_body { padding: 0 4px; margin: 0 -4px; width: calc(100% + 8px); }
.st-key-channels_box { overflow-y: auto; max-height: 26rem; }
.st-key-channel_body { container-type: inline-size; }
@container (max-width: 400px) {
  .st-key-channel_body [data-testid="stColumn"] { min-width: 100%; }
}
@media (max-width: 1020px) {
  [data-testid="stMainBlockContainer"] :is(.st-key-inside_top, .st-key-channels_view)
    > [data-testid="stLayoutWrapper"] > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"] {
    min-width: 100%;
  }
}
@media (min-width: 1021px) {
  .st-key-inside_top .st-key-source [data-testid="stColumn"] { flex: 1 1 0; }
  .st-key-inside_top .st-key-source [data-testid="stColumn"]:last-child { flex: 0 0 30rem; }
  .st-key-inside_top .st-key-source { padding-top: 1.5rem; }
  .st-key-inside_top [data-testid="stFileUploaderDropzone"] { flex-direction: row; align-items: center; }
  [data-testid="stMainBlockContainer"]:has(.st-key-channels_view) {
    height: calc(100dvh - 2px);
    padding-bottom: 1rem;
  }
  [data-testid="stMainBlockContainer"]:has(.st-key-channels_view) > [data-testid="stVerticalBlock"] {
    height: 100%;
  }
  [data-testid="stMainBlockContainer"]:has(.st-key-channels_view) > [data-testid="stVerticalBlock"] > * {
    flex-shrink: 0;
  }
  [data-testid="stMainBlockContainer"] [data-testid="stLayoutWrapper"]:has(> .st-key-channels_view) {
    flex: 1 1 0;
    min-height: 26rem;
  }
  .st-key-channels_view > [data-testid="stLayoutWrapper"],
  .st-key-channels_view > * > * > [data-testid="stColumn"] > * > [data-testid="stLayoutWrapper"],
  [data-testid="stLayoutWrapper"]:has(> :is(.st-key-channels_box, .st-key-channel_body)) {
    flex: 1 1 0;
    min-height: 0;
  }
  .st-key-channels_view,
  .st-key-channels_view > * > [data-testid="stHorizontalBlock"],
  .st-key-channels_view > * > * > [data-testid="stColumn"],
  .st-key-channels_view > * > * > [data-testid="stColumn"] > *,
  .st-key-layer_view, .st-key-channels_box, .st-key-channel_card, .st-key-channel_body {
    height: 100%;
    max-height: none;
  }
  .st-key-channel_body { overflow-y: auto; }
}
</style>"""


def draw() -> None:
    """Lay out the page."""
    st.html(_STYLE)
