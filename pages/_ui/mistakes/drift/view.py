"""New photos beside those of the evaluation: the answer, what has shifted, and the strangest photos."""

from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from core.errors import CoreError
from core.evaluation.comparing.proof import ALL_SAMPLES
from core.mistakes.reports import DRIFT
from core.mistakes.results import Results
from core.predictions.evaluations import Evaluation
from pages._ui import words
from pages._ui.kit import options
from pages._ui.kit.components import tile_box
from pages._ui.kit.components.tiles import Tile
from pages._ui.kit.samples.gallery import picture
from pages._ui.mistakes import fixing, making
from pages._ui.mistakes.drift import stress
from pages._ui.mistakes.state import drift as state
from pages._ui.session import values
from pages._ui.session.data import folders

_PARTS = {"new": "New photos", "stress": "Stress test"}
_SHOWN = 48
_MOST_COLUMNS = 3  # Of metadata, those that differ most.
_UNLIKELY = 0.01
_TILE = 132
_NAMES = {
    "aspect_ratio": "aspect ratio, width to height",
    "file_size": "file size, bytes",
    "width": "width, pixels",
    "height": "height, pixels",
    "cropped": "share cropped away",
    "brightness": "brightness, 0 to 1",
    "contrast": "contrast, 0 to 1",
    "classifier": "classifier on the features",
    "energy": "distance of the features",
}


def draw(results: Results) -> None:
    """Draw the comparison with new photos, or the stress test."""
    if state.is_leaving():
        st.switch_page("pages/explain.py", query_params={})
    if options.segmented("Of", _PARTS, key="drift", label_visibility="collapsed") == "stress":
        stress.draw(results)
    else:
        _draw_new_photos(results)


def _draw_new_photos(results: Results) -> None:
    st.markdown(
        "Are new photos like those of this evaluation? A folder is enough, labels are not needed. One "
        "permutation test over features, properties, predicted classes and confidence answers."
    )
    report = making.offer(results, DRIFT, "Looking at the photos", _draw_form)
    if report is not None:
        _draw_report(results.evaluation, report)


def _draw_form(results: Results) -> None:
    with st.form("drift", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        entered = st.text_input("Folder of new photos", key="drift_folder", placeholder="/path/to/photos")
        described = st.text_input(
            "Metadata file in it", key="drift_metadata", placeholder="optional: cameras.csv", width=220,
            help="CSV file with a row for each photo: columns that the evaluation has too are compared.",
        )  # fmt: skip
        wanted = st.form_submit_button("Compare", type="primary", icon=":material/difference:")
    typed = values.text(entered).strip()
    if not wanted or not typed:
        return
    try:
        place = folders.taken(typed)
    except CoreError as error:
        st.error(words.sentence(error), icon=":material/error:")
        return
    metadata = Path(values.text(described).strip()).name  # A name only: nothing outside of the folder.
    making.start(
        results, DRIFT, "--data", str(place), *(["--metadata", str(place / metadata)] if metadata else [])
    )


def _draw_report(evaluation: Evaluation, report: dict[str, Any]) -> None:
    if report["p"] < _UNLIKELY:
        st.warning(words.plain(report["sentence"]), icon=":material/trending_up:")
        fixing.draw(evaluation, ALL_SAMPLES, "drift", first="augment", label="Train for such photos")
    else:
        st.success(words.plain(report["sentence"]), icon=":material/check:")
    left, right = st.columns([9, 11], gap="large")
    with left:
        _draw_tests(report)
        _draw_shares("Predicted classes", "Class", report["classes"], "class_name")
        for name, column in list(report.get("metadata", {}).items())[:_MOST_COLUMNS]:
            _draw_shares(words.plain(words.shortened(name)), "Value", column["values"], "value")
    with right:
        _draw_strangest(report)


def _draw_tests(report: dict[str, Any]) -> None:
    """Every test: what it is of, both medians of a property, and the probability by chance."""
    st.markdown("## What differs", anchors=False)
    rows = [
        {
            "what": _NAMES.get(test["name"], test["name"]),
            "p": test["p_adjusted"],
            "known": report["properties"].get(test["name"], {}).get("known"),
            "new": report["properties"].get(test["name"], {}).get("new"),
        }
        for test in report["tests"]
    ]
    column = st.column_config
    st.dataframe(
        rows,
        hide_index=True,
        placeholder="",
        key="drift_tests",
        column_config={
            "what": column.TextColumn("Of the photos", width="medium"),
            "known": column.NumberColumn("Evaluated", format="%.3g", help="Median of the evaluated photos"),
            "new": column.NumberColumn("New", format="%.3g", help="Median of the new photos"),
            "p": column.NumberColumn(
                "p", format="%.3f", help="Probability by chance, for all tests together"
            ),
        },
    )
    if report["statistic"] is not None:
        st.caption(
            f"A classifier tells new photos from evaluated ones with a ROC AUC of {report['statistic']:.2f}; "
            "0.5 is not at all. All photos count as independent: frames of one video are not."
        )


def _draw_shares(title: str, of: str, rows: list[dict[str, Any]], name: str) -> None:
    """The share of each class or value in evaluated and in new photos; ``name`` is the key of its name."""
    st.markdown(f"## {title}", anchors=False)
    share = partial(st.column_config.ProgressColumn, format="percent", min_value=0.0, max_value=1.0)
    st.dataframe(
        rows,
        hide_index=True,
        height=min(212, 36 * (len(rows) + 1) + 2),
        key=f"drift_shares_{title}",
        column_config={
            name: st.column_config.TextColumn(of),
            "known": share("Evaluated"),
            "new": share("New"),
        },
    )


def _draw_strangest(report: dict[str, Any]) -> None:
    """The photos least like the evaluated ones, each with its cause; a click opens one on Explain."""
    st.markdown("## Strangest new photos", help="Click one to explain its prediction.", anchors=False)
    if not state.may_be_seen(report):
        st.caption("Their folder was not opened in this session.")
        return
    root, shown = report["data"], report["strangest"][:_SHOWN]
    tiles = [
        Tile(
            each["path"],
            picture(state.thumb(root, each["path"])),
            each["cause"],
            f"{each['predicted']} · {words.percent(each['p_predicted'])}",
            note=each["path"].rpartition("/")[2],
        )
        for each in shown
    ]
    tile_box.draw(
        tiles,
        label="Strangest new photos",
        key="strangest",
        side=_TILE,
        on_pick=partial(state.take_along, root),
    )
