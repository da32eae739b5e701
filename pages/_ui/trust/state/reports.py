"""The report of a checkpoint's maps in memory, and the pair of method and layer that is chosen."""

from collections.abc import Sequence

import pyarrow as pa
import streamlit as st

from core.checkpoints import paths, store
from core.errors import CheckpointError
from core.trust.pairs import MethodAtLayer
from core.trust.report import reading
from core.trust.report.contents import PairEvidence, TrustReport
from pages._ui.session.checkpoints import advice
from pages._ui.session.checkpoints.models import Loaded

PAIR, VIEW = "pair", "trust_view"


def rows(loaded: Loaded) -> pa.Table | None:
    """A row for each photo, method and layer; None where the table is not there, or of another run."""
    return _rows(loaded.checkpoint.name, advice.stamp(loaded.checkpoint.name, paths.TRUST_TABLE))


def chosen(report: TrustReport) -> PairEvidence:
    """The pair in the address; the recommended one, or else that with the highest score."""
    named = {_name(each.method, each.layer): each for each in report.pairs}
    usual = _name(report.recommended.method or "", report.recommended.layer or "")
    best = max(report.pairs, key=lambda each: each.score)
    return named.get(st.query_params.get(PAIR, usual), named.get(usual, best))


def choose(pair: PairEvidence) -> None:
    """Write a pair into the address."""
    st.query_params[PAIR] = _name(pair.method, pair.layer)


def as_pair(evidence: PairEvidence) -> MethodAtLayer:
    """The method and the layer of a pair."""
    return MethodAtLayer(evidence.method, evidence.layer)


def methods_of(report: TrustReport) -> Sequence[str]:
    """The methods that were tested, the best one first."""
    ranked = sorted(report.pairs, key=lambda each: -each.score)
    return list(dict.fromkeys(each.method for each in ranked))


def _name(method: str, layer: str) -> str:
    return f"{method} {layer}"


@st.cache_resource(max_entries=2, show_spinner="Reading the tests…")
def _rows(name: str, stamp: float) -> pa.Table | None:  # noqa: ARG001 (the key of the cache)
    try:
        return reading.rows(store.find(name))
    except CheckpointError:
        return None
