"""Maps of the data and feature spaces, in memory: each takes a second for 100,000 samples."""

import pandas as pd
import streamlit as st

from core.checkpoints import paths
from core.evaluation.feature_space.neighbours import FeatureSpace
from core.mistakes.feature_space import data_map, nearest
from core.mistakes.feature_space.data_map import DataMap
from core.mistakes.results import Results
from pages._ui.session.evaluation import result_cache


def map_of(results: Results) -> DataMap | None:
    """The map of the results' samples; None if they have no features."""
    return _map(result_cache.key_of(results), results)


def umap_of(results: Results) -> DataMap | None:
    """The map by UMAP; None if the samples have no features."""
    return _umap(result_cache.key_of(results), results)


def properties(results: Results) -> pd.DataFrame:
    """The properties of the results' samples, from memory if their file has not changed."""
    file = results.evaluation.folder / paths.PROPERTIES
    stamp = file.stat().st_mtime_ns if file.exists() else 0
    return _properties(f"{result_cache.key_of(results)} {stamp}", results)


def space_of(training: Results) -> FeatureSpace:
    """The feature space of training images."""
    return _space(result_cache.key_of(training), training)


@st.cache_resource(max_entries=8, show_spinner="Drawing the map…")
def _map(key: str, _results: Results) -> DataMap | None:  # noqa: ARG001 (the key of the cache)
    return data_map.data_map(_results)


@st.cache_resource(max_entries=4, show_spinner="Drawing the map by UMAP; this takes up to a minute…")
def _umap(key: str, _results: Results) -> DataMap | None:  # noqa: ARG001 (the key of the cache)
    return data_map.umap_map(_results)


@st.cache_resource(max_entries=4, show_spinner=False)
def _properties(key: str, _results: Results) -> pd.DataFrame:  # noqa: ARG001 (the key of the cache)
    return data_map.properties_of(_results)


@st.cache_resource(max_entries=2, show_spinner="Reading the features of the training images…")
def _space(key: str, _training: Results) -> FeatureSpace:  # noqa: ARG001 (the key of the cache)
    return nearest.space_of(_training.evaluation)
