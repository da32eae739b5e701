"""The training that the page shows, and the data of the plan."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from core.data.cache import Decoded, decode
from core.data.division import divided
from core.data.image_set import ImageSet
from core.data.sources import catalogue
from core.data.survey.report import DataReport, report
from core.training.material import Material, material
from core.training.network import preprocess_of
from core.training.settings.recipe import Recipe

# RUN is a name in the address; it must not be the key of a widget.
RUN, RUN_NEXT, RUN_LAST, AUGMENTED_EPOCH = "run", "run_next", "run_last", "augmented_epoch"
_MAX_DECODED = 2
_FOLDERS_CHANGE_S = 60


def watch(run: str | None) -> None:
    """Show this training, or none, from the next run of the page on."""
    st.session_state[RUN_NEXT] = run


def epoch_shown() -> int:
    """The epoch whose augmentations are shown."""
    return int(st.session_state.get(AUGMENTED_EPOCH, 0))


def next_epoch() -> int:
    """Go on to the next one."""
    st.session_state[AUGMENTED_EPOCH] = epoch_shown() + 1
    return epoch_shown()


def is_leaving() -> bool:
    """Whether a click has chosen another training than the page shows."""
    return RUN_NEXT in st.session_state


def watched() -> str | None:
    """The training to show: the address's, else this session's last. Call once, as the page begins."""
    address = st.query_params.get(RUN)
    name: str | None
    if RUN_NEXT in st.session_state:
        name = st.session_state.pop(RUN_NEXT)
    else:
        name = address or st.session_state.get(RUN_LAST)
    st.session_state[RUN_LAST] = name
    if name and name != address:
        st.query_params[RUN] = name
    elif address and not name:
        del st.query_params[RUN]
    return name


@st.cache_resource(max_entries=2, ttl=_FOLDERS_CHANGE_S, show_spinner="Looking at the images…")
def image_set(source: str, folder: Path | None, layout: str = "") -> ImageSet:
    """The images of a source, as they were at most a minute ago, and what lies beside them."""
    return catalogue.with_left_out(catalogue.load(source, folder, layout=layout))


def training_data(images: ImageSet, recipe: Recipe, on_progress: Callable[[int, int], None]) -> Material:
    """The images as this recipe splits and reads them; read once, which may take long."""
    kept = _decoded_sets()
    preprocess = preprocess_of(recipe)
    key = (images.fingerprint, images.root, preprocess)
    decoded = kept.get(key) or decode(images, preprocess, on_progress=on_progress)
    kept[key] = decoded
    while len(kept) > _MAX_DECODED:
        kept.pop(next(iter(kept)), None)
    return material(decoded, recipe.data, recipe.seed)


def data_report(decoded: Decoded, recipe: Recipe) -> DataReport:
    """The report on a data set as this recipe splits it."""
    images, settings = decoded.images, recipe.data
    return _report(
        f"{images.fingerprint} {images.root}",
        str(settings.division(recipe.seed)),
        decoded,
        recipe,
    )


@st.cache_resource(max_entries=8, show_spinner="Looking for copies…")
def _report(content: str, split: str, _decoded: Decoded, _recipe: Recipe) -> DataReport:  # noqa: ARG001 (the key)
    parts = divided(_decoded.images, _recipe.data.division(_recipe.seed))
    return report(_decoded.images, _decoded.survey, train=parts.train, val=parts.val, test=parts.test)


@st.cache_resource(max_entries=1)
def _decoded_sets() -> dict[tuple[object, ...], Decoded]:
    return {}
