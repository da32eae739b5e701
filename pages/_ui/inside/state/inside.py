"""What somebody looks at inside a network: layer, order, channel; and what has been found there."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import streamlit as st
from torch import Tensor

from core.errors import CoreError
from core.evaluation.metrics import distinct_names
from core.evaluation.selection import SampleFilter, sample_at, selected
from core.inside import network_map
from core.inside.channels import inspection
from core.inside.channels.inspection import Inspection, Sparsity, Stage
from core.inside.channels.layer_channels import Indices, num_pages, page
from core.mistakes import results as core_results
from core.mistakes.results import Results
from pages._ui.session import history, image_access, links, result_cache
from pages._ui.session.models import Loaded
from pages._ui.session.photos import Photo, upright

# Names in the address. Mistakes has a "page" of its own.
LAYER, ORDER, CLASS, PART = "layer", "sort", "class", "part"
# A name in the address, too; it must not be the key of a widget.
CHANNEL = "channel"
_CHANNEL_NEXT, _CHANNEL_LAST = "channel_next", "channel_last"
# Whose layers and classes the pickers hold.
_CHOSEN_OF = "inside_of"
_MOST_OWN, _FOLDERS_CHANGE_S = 8, 300


def choices_are_of(name: str) -> None:
    """Go to the first channel if another checkpoint was looked at before; before the pickers are drawn."""
    if st.session_state.get(_CHOSEN_OF) not in (None, name):
        start_again()
    st.session_state[_CHOSEN_OF] = name


def keep_if_known(key: str, options: Sequence[str], otherwise: str | None) -> None:
    """Let a picker that holds what another checkpoint had, and this one has not, show something else."""
    if key in st.session_state and st.session_state[key] not in (None, *options):
        st.session_state[key] = otherwise


def choose_layer(name: str, channel: int | None = None) -> None:
    """Look at this layer and its channel, or at its first one; before the pickers are drawn."""
    st.session_state[LAYER] = name
    start_again()
    choose_channel(channel)


def start_again() -> None:
    """Go to the first page of channels, and to the first of them; before the pickers are drawn."""
    to_first_part()
    choose_channel(None)


def to_first_part() -> None:
    """Go to the first page of channels; before the pickers are drawn."""
    st.session_state[PART] = 1


def choose_channel(channel: int | None) -> None:
    """Look at this channel from the next run of the page on, or at the first one that is shown."""
    st.session_state[_CHANNEL_NEXT] = channel


def walk_to(order: Indices, channel: int) -> None:
    """Look at this channel, and at the page of channels that it is on; before the pickers are drawn."""
    choose_channel(channel)
    parts = range(num_pages(len(order)))
    st.session_state[PART] = next(part + 1 for part in parts if channel in page(order, part))


def channel() -> int | None:
    """The channel to look at: the address's, else this session's last; once, as the page begins.

    Where somebody goes back, it is the address's or none.
    """
    address = st.query_params.get(CHANNEL)
    if _CHANNEL_NEXT in st.session_state:
        wanted = st.session_state.pop(_CHANNEL_NEXT)
    elif address or history.was_walked():
        wanted = _number(address or "")
    else:
        wanted = st.session_state.get(_CHANNEL_LAST)
    st.session_state[_CHANNEL_LAST] = wanted
    if wanted is not None and str(wanted) != address:
        st.query_params[CHANNEL] = str(wanted)
    elif address and wanted is None:
        del st.query_params[CHANNEL]
    found: int | None = wanted
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A photo, and the network that looks at it."""

    photo: Photo
    loaded: Loaded

    @property
    def key(self) -> tuple[str, str, float]:
        """What distinguishes it."""
        return self.photo.digest, self.loaded.checkpoint.name, self.loaded.stamp

    @property
    def class_names(self) -> list[str]:
        """The classes, all different: namesakes have their index behind them."""
        return distinct_names(self.loaded.checkpoint.card.class_names)


def inspect(look: Look, layer: str, class_idx: int | None = None) -> Inspection:
    """A layer for a photo, and what its channels say for a class, at first the predicted one."""
    return _inspection(look.key, layer, class_idx, look)


def column(look: Look) -> list[Stage]:
    """The strongest channels of each stage."""
    return _column(look.key, look)


def sparsity(look: Look) -> list[Sparsity]:
    """How sparse each rectified layer is."""
    return _sparsity(look.key, look)


def parameters_by_stage(loaded: Loaded) -> list[int]:
    """How many parameters each stage has."""
    return _parameters(loaded.checkpoint.name, loaded.stamp, loaded)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else None


def own_samples(name: str) -> list[Photo]:
    """Images that a checkpoint was evaluated on, one of each of a few classes; none where there are none."""
    if name not in core_results.available():
        return []
    with suppress(CoreError):
        found = result_cache.load(name, None)
        pictures = image_access.pictures(found.evaluation)  # Those that this session may see.
        if pictures.images is not None:
            images = pictures.images.images
            return _own_samples(
                f"{result_cache.key_of(found)} {images.root} {images.fingerprint}", found, pictures
            )
    return []


Key = tuple[str, str, float]


# A layer of VGG-16 takes 13 MB.
@st.cache_resource(max_entries=12, show_spinner=False)
def _inspection(key: Key, layer: str, class_idx: int | None, _look: Look) -> Inspection:
    return inspection.inspect(_look.loaded.checkpoint, _batch(key, _look), layer, class_idx)[0]


@st.cache_resource(max_entries=32, show_spinner=False)
def _column(key: Key, _look: Look) -> list[Stage]:
    return inspection.column(_look.loaded.checkpoint, _batch(key, _look), _look.loaded.layers)


@st.cache_resource(max_entries=64, show_spinner=False)
def _sparsity(key: Key, _look: Look) -> list[Sparsity]:
    return inspection.sparsity_by_depth(_look.loaded.checkpoint, _batch(key, _look), _look.loaded.layers)


@st.cache_data(max_entries=16, show_spinner=False)
def _parameters(name: str, stamp: float, _loaded: Loaded) -> list[int]:  # noqa: ARG001 (the key of the cache)
    return network_map.parameters_by_stage(_loaded.checkpoint.model, _loaded.layers)


# The twin of `pages._ui.session.models._batch`.
@st.cache_resource(max_entries=16, show_spinner=False)
def _batch(key: Key, _look: Look) -> Tensor:  # noqa: ARG001 (the key of the cache)
    return _look.loaded.checkpoint.card.preprocess.batch([upright(_look.photo)])


@st.cache_resource(max_entries=8, ttl=_FOLDERS_CHANGE_S, show_spinner="Looking for its images…")
def _own_samples(key: str, _found: Results, _pictures: image_access.Pictures) -> list[Photo]:  # noqa: ARG001 (the key)
    classes = range(len(_found.class_names))[:_MOST_OWN]
    found = (_clearest(_found, _pictures, class_idx) for class_idx in classes)
    return [photo for photo in found if photo]


def _clearest(found: Results, pictures: image_access.Pictures, class_idx: int) -> Photo | None:
    """The image of a class that the network is surest of."""
    rows = selected(found.table, SampleFilter(label=class_idx), "confidently_right")
    if not len(rows):
        return None
    sample = sample_at(found.table, int(rows[0]))
    photo = image_access.photo(pictures, sample)
    link = links.of_sample(found.evaluation, sample.sample_id)
    return replace(photo, name=found.class_names[class_idx], link=link)
