"""The real patches with a channel's highest activations."""

import html
from collections.abc import Sequence

import streamlit as st

from core.inside.examples.stored_examples import Example, ExamplesMetadata
from pages._ui import words
from pages._ui.inside.numbers import brief
from pages._ui.inside.state import example_pictures, examples
from pages._ui.inside.state.at_hand import AtHand
from pages._ui.inside.state.examples import LayerExamples
from pages._ui.kit.components.web import data_uri
from pages._ui.session.checkpoints.models import Loaded

RING = "The ring marks the cell."
_HOW_TO_READ = (
    "What do they have in common? Each patch is the receptive field of its cell; hover over one to read "
    "its name and activation. Search more images to find stronger examples."
)


def draw(loaded: Loaded, layer: str, channel: int) -> None:
    """Draw the patches of a channel, or say why there are none."""
    of_layer = examples.of_layer(loaded, layer)
    own = of_layer.channels[channel]
    if not own:
        st.caption(words.plain(f"None of these images excites the channel. Searched: {source(of_layer)}."))
    elif isinstance(of_layer.images, str):
        st.caption(words.plain(f"The images cannot be shown: {of_layer.images}. Their names:"))
        st.caption(words.plain(", ".join(each.sample_id for each in own)))
    else:
        _draw_patches(own, example_pictures.patch_jpegs(of_layer, channel))
        ring = f" {RING}" if of_layer.is_ringed else ""
        st.caption(words.plain(f"From {source(of_layer)}.{ring}"), help=_HOW_TO_READ)


def source(of_layer: LayerExamples) -> str:
    """The source of examples: ``the 1,797 images of digits``, ``7 photos: 2 of yours and the samples``."""
    if of_layer.at_hand is not None:
        return _photos(of_layer.at_hand)
    about = of_layer.examples.about
    if of_layer.folder is None:
        return of_table(about)
    return f"the {words.counted(about.num_images, 'image')} in {of_layer.folder.name or of_layer.folder}"


def of_table(about: ExamplesMetadata) -> str:
    """``the 1,797 images of digits``."""
    return f"the {words.counted(about.num_images, 'image')} of {about.data}"


def _photos(chosen: AtHand) -> str:
    others = "images it was tested on" if chosen.of_its_data else "samples"
    total = len(chosen.photos)
    if not chosen.num_yours:
        return f"{total} {others}"
    return f"{total} photos: {chosen.num_yours} of yours and the {others}"


def _draw_patches(own: Sequence[Example], files: Sequence[bytes | None]) -> None:
    tiles = "".join(_tile(each, file) for each, file in zip(own, files, strict=True))
    st.html(f'<div class="seewhy-nine">{tiles}</div>')


def _tile(example: Example, file: bytes | None) -> str:
    texts = (example.sample_id, example.class_name, brief(example.activation))
    name = html.escape(" · ".join(filter(None, texts)))
    if file is None:
        return f"<span>{name}: missing</span>"
    return f'<img src="{data_uri(file)}" alt="{name}" title="{name}">'
