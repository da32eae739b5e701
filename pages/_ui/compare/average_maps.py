"""The average maps of both networks over the same samples: did the place where they look move?"""

from collections.abc import Sequence
from functools import partial

import pyarrow as pa
import streamlit as st

from core.checkpoints import store
from core.errors import CoreError
from core.evaluation.selection import rows_of
from core.explanation.question import Question
from core.mistakes import average_map
from core.mistakes.average_map import AverageMap
from core.mistakes.results import Results
from core.training.fixes.kept import KeptFix, kept_fix
from core.training.fixes.known_groups import find_group
from pages._ui import words
from pages._ui.compare.piles import PairSelection
from pages._ui.compare.state.comparisons import Compared
from pages._ui.kit import average_maps, options
from pages._ui.kit.components import panes
from pages._ui.kit.components.panes import Pane
from pages._ui.session.data.image_access import Pictures

_OF = {"group": "The fixed group", "shown": "The samples below"}


def draw(compared: Compared, selection: PairSelection, pictures: Pictures) -> None:
    """Draw the switch, and once it is on, the mean image and the mean heat map of each network."""
    if pictures.images is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        is_wanted = st.toggle(
            "Average maps",
            key="average_maps",
            persist_state="session",
            help="Mean heat maps of both models over the same samples: did the place where they look move?",
        )
        fix = _fix_of(compared) if is_wanted else None
        of = (
            options.segmented("Of", _OF, key="average_of", label_visibility="collapsed", bind=None)
            if fix
            else ""
        )
    if not is_wanted:
        return
    ids = _group(compared, fix) if fix and of == "group" else _shown(compared, selection)
    if not ids:
        st.caption("No samples to average.")
        return
    both = [_averaged(each, ids, pictures) for each in (compared.first, compared.second)]
    if both[0] is None or both[1] is None:
        st.warning("None of these images can be read.", icon=":material/hide_image:")
        return
    _draw(compared, both[0], both[1])


def _draw(compared: Compared, first: AverageMap, second: AverageMap) -> None:
    drawn = [average_map.pictures(each) for each in (first, second)]
    named = partial(words.shortened, most=30)
    panes.draw(
        [
            Pane(drawn[0].seen, "Mean image", words.counted(first.count, "sample")),
            Pane(
                drawn[0].heat, named(compared.first.name), "before: mean of heat maps, each on its own scale"
            ),
            Pane(drawn[1].heat, named(compared.second.name), "after: the same samples"),
        ],
        None,
        key="average_maps_panes",
        hint="",
    )


def _fix_of(compared: Compared) -> KeptFix | None:
    """The fix by which the second checkpoint was made from the first; None for any other pair."""
    try:
        fix = kept_fix(compared.second.card)
    except CoreError:
        return None
    return fix if fix is not None and fix.made_from == compared.first.name else None


def _group(compared: Compared, fix: KeptFix) -> list[str]:
    """The samples of the fixed group that both evaluations have; none where the group is gone."""
    try:
        group = set(find_group(store.find(fix.made_from), fix.group, fix.found_in).samples)
    except CoreError:
        return []
    return [name for name in compared.pair.first["sample_id"].to_pylist() if name in group]


def _shown(compared: Compared, selection: PairSelection) -> list[str]:
    ids: list[str] = compared.pair.first["sample_id"].take(pa.array(selection.rows)).to_pylist()
    return ids


def _averaged(results: Results, ids: Sequence[str], pictures: Pictures) -> AverageMap | None:
    rows = rows_of(results.table, ids[: average_maps.MOST]).tolist()
    return average_maps.averaged(results, rows, pictures, Question())
