"""Examples among photos in memory: the session's own, and a few of the network's data or of the samples."""

from dataclasses import dataclass

import streamlit as st
import torch
from PIL import Image
from torch import Tensor

from core.data.image_set import ImageSet
from core.data.sources.photos import photos_at_hand
from core.evaluation.metrics import distinct_names
from core.images.preprocess import Preprocess
from core.images.sample_photos import SAMPLES, sample
from core.inside.examples.search import examples_among
from core.inside.examples.stored_examples import Examples
from pages._ui.inside.state.own_samples import own_samples
from pages._ui.session.checkpoints.models import Loaded
from pages._ui.session.question import photos
from pages._ui.session.question.photos import Photo


@dataclass(frozen=True, slots=True)
class AtHand:
    """Photos to search without asking: first the session's own, ``num_yours``, then others.

    The others come from the images that the network was tested on, where ``of_its_data``, else from
    core.images.sample_photos.
    """

    photos: tuple[Photo, ...]
    num_yours: int
    of_its_data: bool

    @property
    def known(self) -> tuple[tuple[str, str], ...]:
        """Their key in caches: digests, and names that are all different."""
        names = distinct_names([photo.name for photo in self.photos])
        return tuple(zip((photo.digest for photo in self.photos), names, strict=True))


def at_hand(checkpoint: str) -> AtHand:
    """The photos in memory for a checkpoint."""
    own = own_samples(checkpoint)
    others = own or _samples()
    known = {photo.digest for photo in others}
    yours = [photo for photo in photos.every().values() if photo.digest not in known]
    return AtHand((*yours, *others), len(yours), bool(own))


def image_set(chosen: AtHand) -> ImageSet:
    """The photos as the page draws them: large enough for patches, and in memory already."""

    def image(index: int) -> Image.Image:
        return Image.fromarray(photos.drawn(chosen.photos[index]).picture)

    names = [name for _, name in chosen.known]
    return photos_at_hand(names, image, repr(chosen.known))


def among(loaded: Loaded, layer: str, chosen: AtHand) -> Examples:
    """The examples of a layer's channels among these photos."""
    return _examples_among(loaded.checkpoint.name, loaded.stamp, layer, chosen.known, loaded, chosen)


@st.cache_resource(max_entries=1, show_spinner=False)
def _samples() -> list[Photo]:
    return [photos.as_photo(name, sample(name)) for name in SAMPLES]


# A layer of 1,280 channels takes 1 MB.
@st.cache_resource(max_entries=16, show_spinner="Searching the photos…")
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
    return examples_among(_loaded.checkpoint, layer, image_set(_chosen), pixels)


@st.cache_resource(max_entries=64, show_spinner=False)
def _pixels(digest: str, preprocess: Preprocess, _photo: Photo) -> Tensor:  # noqa: ARG001 (the key of the cache)
    return preprocess.pixels(photos.upright(_photo))
