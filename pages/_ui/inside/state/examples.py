"""Real patches of a layer: from the table that a pass has left, else from the photos that are at hand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import streamlit as st
import torch
from PIL import Image
from torch import Tensor

from core.checkpoints import paths
from core.data.image_set import ImageSet
from core.data.sources.photos import photos_at_hand
from core.drawing.render import Pictures, jpeg
from core.errors import CheckpointError, CoreError, DataError
from core.evaluation.metrics import distinct_names
from core.images.preprocess import Preprocess
from core.images.sample_photos import SAMPLES, sample
from core.inside.examples import channel_tiles, export, stored_examples
from core.inside.examples.channel_tiles import Reached
from core.inside.examples.patches import Draw, by_sample_id, drawing, in_square, ringed
from core.inside.examples.search import collect, examples_among
from core.inside.examples.stored_examples import Example, Examples, ExamplesMetadata
from pages._ui.inside.state import inside
from pages._ui.session import folders, photos
from pages._ui.session.models import Loaded
from pages._ui.session.photos import Photo

_FOLDERS_CHANGE_S = 300
_PATCH, _TILE = 144, 128
# As many images as a pass takes a few seconds for; by the size of the network's input.
_SMALL_INPUT, _MOST_SMALL, _MOST_LARGE = 64, 6_000, 400


@dataclass(frozen=True, slots=True)
class AtHand:
    """Photos to look among without asking, the session's own first, of which there are ``num_yours``.

    The others are a few that the network was tested on, where ``of_its_data``, else those of core.samples.
    """

    photos: tuple[Photo, ...]
    num_yours: int
    of_its_data: bool

    @property
    def known(self) -> tuple[tuple[str, str], ...]:
        """What distinguishes them: digests, and names that are all different."""
        names = distinct_names([photo.name for photo in self.photos])
        return tuple(zip((photo.digest for photo in self.photos), names, strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The examples of each channel of a layer, what they are from, and how to draw them.

    ``images`` are those that they are of, or the sentence why these are not there. ``at_hand`` is None where
    they are from a table; ``folder`` is where its images lie, if somebody has named one.
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


def of_layer(loaded: Loaded, layer: str) -> Found:
    """The examples of a layer's channels: from the table if it has them, else among the photos at hand."""
    table = table_of(loaded)
    if table is not None and layer in table.about.layers:
        images = _images_behind(loaded, table)
        folder = None if isinstance(images, str) else folder_of(loaded)
        return Found(layer, table, *_drawable(loaded, layer, table), images, folder=folder)
    chosen = _at_hand(loaded.checkpoint.name)
    found = _among(loaded, layer, chosen)
    return Found(layer, found, *_drawable(loaded, layer, found), _image_set(chosen), at_hand=chosen)


def table_of(loaded: Loaded) -> Examples | None:
    """The table of a checkpoint's network, if somebody has had examples collected."""
    path = loaded.checkpoint.folder / paths.EXAMPLES
    if not path.exists():
        return None
    found = _table(str(path), path.stat().st_mtime)
    is_of_it = found is not None and found.about.network == stored_examples.network_of(loaded.checkpoint.card)
    return found if is_of_it else None


def reached(found: Found, channel: int) -> Reached | None:
    """The most that a channel answers to these images with; None where none excites it."""
    return channel_tiles.reached(found.examples, found.layer, channel)


def images_of(loaded: Loaded) -> ImageSet | str:
    """The images to collect examples from, or the sentence why they are not there."""
    typed = folders.kept(_key(loaded))
    found = _images(str(loaded.checkpoint.folder), str(folder_of(loaded)), loaded, typed)
    if isinstance(found, ImageSet) and not folders.may_be_seen(found.root):
        return "they lie in a folder that you have not named here"
    return found


def folder_of(loaded: Loaded) -> Path | None:
    """The folder that somebody has named for them; None if nobody has."""
    return folders.kept(_key(loaded)) or stored_examples.remembered_photos(loaded.checkpoint.folder)


def replaced_by(loaded: Loaded, images: ImageSet) -> ExamplesMetadata | None:
    """What the table is about, if it is of other images: a pass over these would replace it."""
    table = table_of(loaded)
    return None if table is None or table.is_of(loaded.checkpoint.card, images) else table.about


def are_few(loaded: Loaded, images: ImageSet) -> bool:
    """Whether a pass over the images is quick enough for somebody to wait for."""
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
    """The sentence why the folder that was typed there will not do, once."""
    refused: str | None = st.session_state.pop(f"{key}_refused", None)
    return refused


def collect_examples(
    loaded: Loaded, layer: str, images: ImageSet, on_progress: Callable[[int, int], None]
) -> None:
    """Look for the examples of a layer; if ``on_progress`` raises, the next call goes on from there."""
    collect(loaded.checkpoint, [layer], images, on_progress=on_progress)


def patch_jpegs(found: Found, channel: int) -> list[bytes | None]:
    """A JPEG file of each patch of a channel; None for one whose image is gone or broken."""
    images = _those(found)
    return _patches(images.fingerprint, tuple(found.channels[channel]), images, found.draw)


def tiles(found: Found, channels: Sequence[int]) -> Pictures:
    """The examples of each channel as one small picture (k, H, W, 3)."""
    images, wanted = _those(found), tuple(tuple(found.channels[channel]) for channel in channels)
    return _tiles(images.fingerprint, wanted, found.num_in_tile, images, found.draw)


def poster(found: Found) -> bytes:
    """The examples of all channels as one PNG file."""
    image_of = by_sample_id(_those(found))
    return export.poster_png(found.channels, image_of, found.draw, found.num_in_tile)


def _key(loaded: Loaded) -> str:
    return f"examples of {loaded.checkpoint.name}"


def _those(found: Found) -> ImageSet:
    if isinstance(found.images, str):
        raise ValueError(f"there are no images to draw: {found.images}")  # noqa: TRY004 (no wrong type)
    return found.images


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
    return f"those of {images.name!r} on this machine are others, or have changed since"


def _at_hand(name: str) -> AtHand:
    own = inside.own_samples(name)
    others = own or _samples()
    known = {photo.digest for photo in others}
    yours = [photo for photo in photos.every().values() if photo.digest not in known]
    return AtHand((*yours, *others), len(yours), bool(own))


def _image_set(chosen: AtHand) -> ImageSet:
    """As the page draws them: large enough for patches, and in memory already."""

    def image(index: int) -> Image.Image:
        return Image.fromarray(photos.drawn(chosen.photos[index]).picture)

    names = [name for _, name in chosen.known]
    return photos_at_hand(names, image, repr(chosen.known))


def _among(loaded: Loaded, layer: str, chosen: AtHand) -> Examples:
    return _examples_among(loaded.checkpoint.name, loaded.stamp, layer, chosen.known, loaded, chosen)


@st.cache_resource(max_entries=1, show_spinner=False)
def _samples() -> list[Photo]:
    return [photos.as_photo(name, sample(name)) for name in SAMPLES]


# A layer of 1,280 channels takes 1 MB.
@st.cache_resource(max_entries=16, show_spinner="Looking at the photos…")
def _examples_among(
    name: str,  # noqa: ARG001 (the key of the cache)
    stamp: float,  # noqa: ARG001 (the key of the cache)
    layer: str,
    known: tuple[tuple[str, str], ...],  # noqa: ARG001 (the key of the cache)
    _loaded: Loaded,
    _chosen: AtHand,
) -> Examples:
    preprocess = _loaded.checkpoint.card.preprocess
    pixels = torch.stack([_pixels(photo.digest, preprocess, photo) for photo in _chosen.photos])
    return examples_among(_loaded.checkpoint, layer, _image_set(_chosen), pixels)


@st.cache_resource(max_entries=64, show_spinner=False)
def _pixels(digest: str, preprocess: Preprocess, _photo: Photo) -> Tensor:  # noqa: ARG001 (the key of the cache)
    return preprocess.pixels(photos.upright(_photo))


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


@st.cache_data(max_entries=256, show_spinner=False)
def _patches(
    fingerprint: str,  # noqa: ARG001 (the key of the cache)
    wanted: tuple[Example, ...],
    _images: ImageSet,
    _draw: Draw,
) -> list[bytes | None]:
    found = channel_tiles.pictures(wanted, by_sample_id(_images), _PATCH, _draw)
    return [None if each is None else jpeg(each) for each in found]


@st.cache_resource(max_entries=16, show_spinner="Cutting the patches out…")
def _tiles(
    fingerprint: str,  # noqa: ARG001 (the key of the cache)
    wanted: tuple[tuple[Example, ...], ...],
    num: int,
    _images: ImageSet,
    _draw: Draw,
) -> Pictures:
    return channel_tiles.tiles(wanted, by_sample_id(_images), _TILE, _draw, num)
