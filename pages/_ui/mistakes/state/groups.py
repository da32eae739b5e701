"""The groups of an evaluation in memory, and which of them is chosen, in the address."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.evaluation.groups.group_test import GroupScore
from core.predictions import groups
from core.predictions.evaluations import Evaluation
from core.predictions.groups import KeptGroup, KeptGroups
from pages._ui.session.evaluation import choices

GROUP = "group"  # A name in the address.


def groups_of(evaluation: Evaluation) -> KeptGroups | None:
    """The groups that were found in an evaluation; None if none were searched."""
    path = groups.path_of(evaluation)
    return _groups(path, path.stat().st_mtime_ns, evaluation) if path.exists() else None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The name of the chosen group or test, and its samples here, its mistakes first."""

    name: str
    sample_ids: tuple[str, ...]


def chosen(groups_: Sequence[KeptGroup], scores: Sequence[GroupScore]) -> Chosen | None:
    """The group or test of the address; without one, the first group, else the first test; None if none."""
    known = [Chosen(each.name, each.sample_ids) for each in groups_]
    known += [Chosen(each.test.name, each.sample_ids) for each in scores]
    name = st.query_params.get(GROUP)
    return next((each for each in known if each.name == name), known[0] if known else None)


def choose(name: str) -> None:
    """Show the samples of this group, from the first page on; before it is drawn."""
    st.query_params[GROUP] = name
    choices.from_the_first_page()


@st.cache_resource(max_entries=8, show_spinner=False)
def _groups(path: Path, stamp: int, _evaluation: Evaluation) -> KeptGroups | None:  # noqa: ARG001 (the key of the cache)
    return groups.read(_evaluation)
