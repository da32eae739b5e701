"""The groups of an evaluation in memory, and which of them is chosen, in the address."""

from pathlib import Path

import streamlit as st

from core.errors import CoreError
from core.predictions import groups
from core.predictions.evaluations import Evaluation
from core.predictions.groups import KeptGroup, KeptGroups
from pages._ui import words
from pages._ui.session.evaluation import choices

GROUP = "group"  # A name in the address.


def groups_of(evaluation: Evaluation) -> KeptGroups | None:
    """The groups that were found in an evaluation; None if none were searched."""
    path = groups.path_of(evaluation)
    return _groups(path, path.stat().st_mtime_ns, evaluation) if path.exists() else None


def chosen(kept: KeptGroups) -> KeptGroup:
    """The group of the address; without one, the first."""
    name = st.query_params.get(GROUP)
    return next((each for each in kept.groups if each.name == name), kept.groups[0])


def choose(name: str) -> None:
    """Show the samples of this group, from the first page on; before it is drawn."""
    st.query_params[GROUP] = name
    choices.from_the_first_page()


def find(evaluation: Evaluation) -> None:
    """Find the groups of an evaluation, keep them, and draw the page again; say why if that fails."""
    try:
        with st.spinner("Finding groups: a few seconds, or a minute for 100,000 samples…"):
            groups.keep(evaluation, groups.find(evaluation))
    except CoreError as error:
        st.error(words.sentence(error), icon=":material/error:")
        return
    st.rerun()


@st.cache_resource(max_entries=8, show_spinner=False)
def _groups(path: Path, stamp: int, _evaluation: Evaluation) -> KeptGroups | None:  # noqa: ARG001 (the key of the cache)
    return groups.read(_evaluation)
