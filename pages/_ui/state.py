"""What is remembered: the only caches, and the only keys of the session."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image
from torch import Tensor

from core import checkpoint as checkpoints
from core import images
from core.checkpoint import Checkpoint
from core.data import catalogue
from core.data.cache import Decoded, decode
from core.data.image_set import ImageSet
from core.data.report import Report, report
from core.device import usable_device
from core.errors import ImageError
from core.explanation import Explanation, Question, explain, layers_of
from core.layers import Layer
from core.render import Picture, jpeg
from core.training.material import Material, material, sides
from core.training.network import preprocess_of
from core.training.recipe import Recipe

PHOTOS, CHOSEN, ADDED, REFUSED, UPLOADED = "photos", "chosen", "added", "refused", "uploaded"
CHECKPOINT, METHOD = "checkpoint", "method"
# RUN is a name in the address; it must not be the key of a widget.
RUN, RUN_NEXT, RUN_LAST, AUGMENTED_EPOCH = "run", "run_next", "run_last", "augmented_epoch"

# One session keeps what a person can look through; the oldest photos go first.
MAX_PHOTOS, MAX_PHOTO_BYTES = 24, 100 * 2**20
DRAWN_SIDE, THUMB_SIDE, TINY_SIDE = 900, 160, 96
_MAX_ANSWERS = 256
_MAX_DECODED = 2
_FOLDERS_CHANGE_S = 60


@dataclass(frozen=True, slots=True)
class Photo:
    """A file that somebody chose, under the digest of its bytes."""

    digest: str
    name: str
    data: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A photo as the page shows it: its true size (width, height), and smaller copies."""

    size: tuple[int, int]
    picture: Picture
    thumb: Picture
    jpeg: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A checkpoint in memory, the layers that can be explained, and its stamp for the keys of caches."""

    checkpoint: Checkpoint
    layers: list[Layer]
    stamp: float


def load(name: str) -> Loaded:
    """The checkpoint ``name``, from memory if its folder has not changed."""
    stamp = (checkpoints.find(name) / checkpoints.CARD).stat().st_mtime
    return _loaded(name, stamp)


def photos() -> dict[str, Photo]:
    """The session's photos by digest, oldest first."""
    found: dict[str, Photo] = st.session_state.setdefault(PHOTOS, {})
    return found


def chosen_photo() -> Photo | None:
    """The photo that is being looked at."""
    return photos().get(st.session_state.get(CHOSEN, ""))


def choose(digest: str) -> None:
    """Look at this photo from now on."""
    st.session_state[CHOSEN] = digest


def add_photo(name: str, data: bytes) -> str | None:
    """Keep and choose a photo and give its digest, or keep the sentence why it cannot be opened."""
    digest = images.digest(data)
    try:
        drawn(Photo(digest, name, data))
    except ImageError as error:
        st.session_state.setdefault(REFUSED, []).append((name, str(error)))
        return None
    photos().pop(digest, None)
    photos()[digest] = Photo(digest, name, data)
    while len(photos()) > MAX_PHOTOS or sum(len(photo.data) for photo in photos().values()) > MAX_PHOTO_BYTES:
        photos().pop(next(iter(photos())))
    choose(digest)
    st.session_state[ADDED] = True
    return digest


def just_added() -> bool:
    """Whether a photo has come since the last call."""
    return bool(st.session_state.pop(ADDED, False))


def as_photo(name: str, data: bytes) -> Photo:
    """A file as a photo, without keeping it."""
    return Photo(images.digest(data), name, data)


def drop_photo(digest: str) -> None:
    """Forget a photo; if it was the chosen one, the newest that is left takes its place."""
    photos().pop(digest, None)
    if st.session_state.get(CHOSEN) == digest and photos():
        choose(next(reversed(photos())))


def refusals() -> list[tuple[str, str]]:
    """Names and reasons of files refused since the last call."""
    refused: list[tuple[str, str]] = st.session_state.pop(REFUSED, [])
    return refused


def drawn(photo: Photo) -> Drawn:
    """The photo as the page shows it."""
    return _drawn(photo.digest, photo.data)


def thumb_jpeg(photo: Photo) -> bytes:
    """The photo as a small JPEG file."""
    return jpeg(drawn(photo).thumb)


def upright(photo: Photo) -> Image.Image:
    """The photo at full size; shared, so never changed."""
    return _upright(photo.digest, photo.data)


def answer(
    photo: Photo,
    loaded: Loaded,
    question: Question,
    on_progress: Callable[[float], None] = lambda _share: None,
) -> Explanation:
    """The explanation of one photo, computed once per photo, checkpoint and question for all sessions."""
    answers, guard = _answers()
    key = (photo.digest, loaded.checkpoint.name, loaded.stamp, question)
    if key not in answers:
        batch = _batch(photo.digest, loaded.checkpoint.name, loaded.stamp, photo.data)
        found = explain(loaded.checkpoint, batch, question, on_progress=on_progress)[0]
        with guard:
            answers[key] = found
            while len(answers) > _MAX_ANSWERS:
                answers.popitem(last=False)
        return found
    return answers[key]


def is_answered(photo: Photo, loaded: Loaded, question: Question) -> bool:
    """Whether `answer` would come at once."""
    return (photo.digest, loaded.checkpoint.name, loaded.stamp, question) in _answers()[0]


def choose_checkpoint(name: str) -> None:
    """Let this checkpoint answer from now on; before the sidebar is drawn."""
    st.session_state[CHECKPOINT] = name


def watch(run: str | None) -> None:
    """Look at this training from the next run of the page on, or at none."""
    st.session_state[RUN_NEXT] = run


def epoch_shown() -> int:
    """The epoch whose augmentations are shown."""
    return int(st.session_state.get(AUGMENTED_EPOCH, 0))


def next_epoch() -> int:
    """Go on to the next one."""
    st.session_state[AUGMENTED_EPOCH] = epoch_shown() + 1
    return epoch_shown()


def has_turned() -> bool:
    """Whether somebody wants to look at another training than the page shows."""
    return RUN_NEXT in st.session_state


def watched() -> str | None:
    """The training to look at: the address's, else this session's last; once, as the page begins."""
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
def image_set(source: str, folder: Path | None) -> ImageSet:
    """The images of a source, as they were at most a minute ago."""
    return catalogue.load(source, folder)


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


def data_report(decoded: Decoded, recipe: Recipe) -> Report:
    """The report on a data set as this recipe splits it."""
    images, settings = decoded.images, recipe.data
    return _report(
        f"{images.fingerprint} {images.root}",
        f"{settings.split} {settings.val} {recipe.seed}",
        decoded,
        recipe,
    )


@st.cache_resource(max_entries=8, show_spinner="Looking for copies…")
def _report(content: str, split: str, _decoded: Decoded, _recipe: Recipe) -> Report:  # noqa: ARG001 (the key)
    parts = sides(_decoded.images, _recipe.data, _recipe.seed)
    return report(_decoded.images, _decoded.survey, train=parts.train, val=parts.val, test=parts.test)


@st.cache_resource(max_entries=1)
def _decoded_sets() -> dict[tuple[object, ...], Decoded]:
    return {}


@st.cache_resource(max_entries=2, show_spinner="Loading the model…")
def _loaded(name: str, stamp: float) -> Loaded:
    device, _ = usable_device(None)
    checkpoint = checkpoints.load_for_speed(checkpoints.find(name), device=device)
    layers = layers_of(checkpoint)
    # Once through, so that the first photo does not wait for the libraries to warm up.
    blank = Image.new("RGB", checkpoint.card.preprocess.input_size)
    explain(checkpoint, checkpoint.card.preprocess.batch([blank]), Question(target_layers=(layers[0].name,)))
    return Loaded(checkpoint, layers, stamp)


@st.cache_resource(max_entries=1)
def _answers() -> tuple[OrderedDict[tuple[object, ...], Explanation], threading.Lock]:
    return OrderedDict(), threading.Lock()


# One at a time: a photo of 50 megapixels takes 200 MB.
@st.cache_resource(max_entries=1, show_spinner=False)
def _upright(digest: str, _data: bytes) -> Image.Image:  # noqa: ARG001 (the key of the cache)
    return images.upright_rgb(_data)


@st.cache_resource(max_entries=64, show_spinner=False)
def _drawn(digest: str, _data: bytes) -> Drawn:
    image = _upright(digest, _data)
    # A tiny image is drawn larger, cell by cell, so that its map is not as coarse as its pixels.
    small = image.resize(_within(image.size, DRAWN_SIDE), _filter(image.size))
    picture, thumb = np.asarray(small), np.asarray(small.resize(_within(image.size, THUMB_SIDE)))
    return Drawn(image.size, picture, thumb, jpeg(picture))


@st.cache_data(max_entries=128, show_spinner=False)
def _batch(digest: str, name: str, stamp: float, _data: bytes) -> Tensor:
    return _loaded(name, stamp).checkpoint.card.preprocess.batch([_upright(digest, _data)])


def _filter(size: tuple[int, int]) -> Image.Resampling:
    return Image.Resampling.NEAREST if max(size) <= TINY_SIDE else Image.Resampling.BILINEAR


def _within(size: tuple[int, int], side: int) -> tuple[int, int]:
    longest = max(size)
    return max(1, round(size[0] * side / longest)), max(1, round(size[1] * side / longest))
