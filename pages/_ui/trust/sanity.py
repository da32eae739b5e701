"""Does the map change when the network forgets? One photo's map while more and more stages are random."""

import pyarrow as pa
import streamlit as st

from core.errors import CoreError
from core.trust import behind
from core.trust.cascade import CascadeStep
from core.trust.report.contents import PairEvidence, TrustReport
from pages._ui import words
from pages._ui.kit import figures
from pages._ui.kit.components import tiles
from pages._ui.kit.components.tiles import Tile
from pages._ui.session.checkpoints.models import Loaded
from pages._ui.session.question.photos import Photo
from pages._ui.trust import tested_photos
from pages._ui.trust.state import cascades, reports, test_photos

_TRAINED = "As trained"


def draw(loaded: Loaded, report: TrustReport, pair: PairEvidence, rows: pa.Table) -> None:
    """Draw the map of a typical photo for each step, and the rank correlation with the trained network's."""
    images = test_photos.of_report(loaded, report)
    if images is None:
        test_photos.ask(loaded, report)
        return
    typical = behind.notable(rows, 1)["typical"][0]
    try:
        photo = tested_photos.photo_of(images, typical.sample_id)
        steps = cascades.steps(loaded, photo, reports.as_pair(pair), typical.class_idx)
    except CoreError as error:
        st.warning(words.sentence(error), icon=":material/hide_image:")
        return
    names = [each.layer or _TRAINED for each in steps]
    tiles.row(
        [_tile(loaded, photo, name, step) for name, step in zip(names, steps, strict=True)],
        label="Random from the head down to", key="trust_cascade", side=112, on_pick=lambda _name: None,
    )  # fmt: skip
    st.plotly_chart(
        figures.sanity(names, [each.rank_correlation for each in steps]),
        config=figures.CONFIG,
        key="trust_cascade_plot",
    )
    st.caption(
        "The weights are random from the head down to the layer that is named; numbers are rank correlations "
        "with the first map. A map of what the network has learned changes at once. One that stays the same "
        "shows the photo, such as its edges, and not the reason for the class."
    )


def _tile(loaded: Loaded, photo: Photo, name: str, step: CascadeStep) -> Tile:
    picture = tested_photos.overlay(loaded, photo, step.raw)
    return Tile(name, picture, name, words.signed(step.rank_correlation))
