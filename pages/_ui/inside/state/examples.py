"""Examples of a layer's channels: from a table that was collected, else from photos in memory."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import streamlit as st

from core.checkpoints import paths
from core.checkpoints.card import network_fingerprint
from core.data.image_set import ImageSet
from core.errors import CheckpointError, CoreError, DataError
from core.inside.examples import channel_tiles, stored_examples
from core.inside.examples.channel_tiles import Reached
from core.inside.examples.patches import Draw, drawing, in_square, ringed
from core.inside.examples.search import collect
from core.inside.examples.stored_examples import Example, Examples, ExamplesMetadata
from core.passes.progress import PassProgress
from pages._ui.inside.state.at_hand import AtHand, among, at_hand, image_set
from pages._ui.session.checkpoints.models import Loaded
from pages._ui.session.data import folders

_FOLDERS_CHANGE_S = 300
# The number of images that a pass reads in a few seconds, by the size of the network's input.
_SMALL_INPUT, _MOST_SMALL, _MOST_LARGE = 64, 6_000, 400


@dataclass(frozen=True, slots=True, eq=False)
class LayerExamples:
    """The examples of each channel of a layer, the images they come from, and how to draw them.

    ``images`` is the sentence why they are missing where they are. ``at_hand`` is None where the examples
    come from a table; ``folder`` is where its images lie, if a folder was named.
    """

    layer: str
    examples: Examples
    channels: list[list[Example]]
    draw: Draw
    images: ImageSet | str
    at_hand: AtHand | None = None
    folder: Path | None = None

    @property
    def is_ringed(self) -> bool:
        """Whether a ring shows where in a patch the cell is."""
        return self.draw is ringed

    @property
    def num_in_tile(self) -> int:
        """How many of the examples a small tile shows: fewer where there are few images."""
        return in_square(self.examples.about.num_images)

    @property
    def image_set(self) -> ImageSet:
        """The images, to draw from; ValueError where they are missing."""
        if isinstance(self.images, str):
            raise ValueError(f"there are no images to draw: {self.images}")  # noqa: TRY004 (no wrong type)
        return self.images


def of_layer(loaded: Loaded, layer: str) -> LayerExamples:
    """The examples of a layer's channels: from the table if it has them, else among the photos in memory."""
    table = table_of(loaded)
    if table is not None and layer in table.about.layers:
        images = _images_behind(loaded, table)
        folder = None if isinstance(images, str) else folder_of(loaded)
        return LayerExamples(layer, table, *_drawable(loaded, layer, table), images, folder=folder)
    chosen = at_hand(loaded.checkpoint.name)
    examples = among(loaded, layer, chosen)
    drawable = _drawable(loaded, layer, examples)
    return LayerExamples(layer, examples, *drawable, image_set(chosen), at_hand=chosen)


def table_of(loaded: Loaded) -> Examples | None:
    """The table of a checkpoint's network, if examples were collected."""
    path = loaded.checkpoint.folder / paths.EXAMPLES
    if not path.exists():
        return None
    table = _table(str(path), path.stat().st_mtime)
    network = network_fingerprint(loaded.checkpoint.card)
    return table if table is not None and table.about.network == network else None


def reached(loaded: Loaded, layer: str, channel: int) -> Reached | None:
    """The largest activations of a channel on its examples; None where no image excites it."""
    return channel_tiles.reached(of_layer(loaded, layer).examples, layer, channel)


def images_of(loaded: Loaded) -> ImageSet | str:
    """The images to collect examples from, or the sentence why they are missing."""
    typed = folders.kept(_key(loaded))
    images = _images(str(loaded.checkpoint.folder), str(folder_of(loaded)), loaded, typed)
    if isinstance(images, ImageSet) and not folders.may_be_seen(images.root):
        return "they are in a folder that you have not entered in this session"
    return images


def folder_of(loaded: Loaded) -> Path | None:
    """The chosen folder of images; None without one."""
    return folders.kept(_key(loaded)) or stored_examples.remembered_photos(loaded.checkpoint.folder)


def replaced_by(loaded: Loaded, images: ImageSet) -> ExamplesMetadata | None:
    """What the table describes, if it is of other images: a pass over these would replace it."""
    table = table_of(loaded)
    return None if table is None or table.is_of(loaded.checkpoint.card, images) else table.about


def are_few(loaded: Loaded, images: ImageSet) -> bool:
    """Whether a pass over the images is quick enough to wait for."""
    small = max(loaded.checkpoint.card.preprocess.input_size) <= _SMALL_INPUT
    return len(images) <= (_MOST_SMALL if small else _MOST_LARGE)


def take_folder(loaded: Loaded, key: str) -> None:
    """Collect from the folder in the text input ``key`` from now on, or keep the sentence why not."""
    typed = str(st.session_state[key]).strip()
    if not typed:
        return
    folder = loaded.checkpoint.folder
    try:
        place = folders.taken(typed)
        stored_examples.open_photos(folder, place)
        folders.keep(_key(loaded), place, partial(stored_examples.remember_photos, folder, place))
    except CoreError as error:
        st.session_state[f"{key}_refused"] = str(error)
        return
    _images.clear()


def refusal(key: str) -> str | None:
    """The sentence why the folder typed there cannot be used, once."""
    refused: str | None = st.session_state.pop(f"{key}_refused", None)
    return refused


def collect_examples(
    loaded: Loaded, layer: str, images: ImageSet, on_progress: Callable[[PassProgress], None]
) -> None:
    """Collect the examples of a layer; if ``on_progress`` raises, the next call resumes there."""
    collect(loaded.checkpoint, [layer], images, on_progress=on_progress)


def _key(loaded: Loaded) -> str:
    return f"examples of {loaded.checkpoint.name}"


def _drawable(loaded: Loaded, layer: str, known: Examples) -> tuple[list[list[Example]], Draw]:
    """The examples of each channel, and how to draw them."""
    about = known.about
    channels = _channels((about.network, about.fingerprint, layer, len(known.table)), known)
    return channels, drawing(about.layers[layer], loaded.checkpoint.card.preprocess.input_size)


def _images_behind(loaded: Loaded, table: Examples) -> ImageSet | str:
    """The images of a table; those of another folder may have the same names."""
    images = images_of(loaded)
    if isinstance(images, str) or table.is_of(loaded.checkpoint.card, images):
        return images
    return f"the images of {images.name!r} on this machine are different ones, or have changed since"


@st.cache_resource(max_entries=8, show_spinner=False)
def _table(path: str, stamp: float) -> Examples | None:  # noqa: ARG001 (the key of the cache)
    try:
        return stored_examples.read(Path(path).parent)
    except CheckpointError:  # Damaged: as if there were none, and the next pass replaces it.
        return None


@st.cache_resource(max_entries=16, show_spinner=False)
def _channels(known: tuple[str, str, str, int], _examples: Examples) -> list[list[Example]]:
    return _examples.of(known[2])


@st.cache_resource(max_entries=8, ttl=_FOLDERS_CHANGE_S, show_spinner=False)
def _images(
    folder: str,  # noqa: ARG001 (the key of the cache)
    place: str,  # noqa: ARG001 (the key of the cache)
    _loaded: Loaded,
    _typed: Path | None,
) -> ImageSet | str:
    try:
        return stored_examples.open_photos(_loaded.checkpoint.folder, _typed)
    except DataError as error:
        return str(error)
