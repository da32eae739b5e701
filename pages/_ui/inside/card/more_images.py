"""Searching more images for real patches: the checkpoint's own data, or a folder; many in a terminal."""

import shlex

import streamlit as st

from core.data.image_set import ImageSet
from core.errors import CoreError
from core.passes.progress import PassProgress
from pages._ui import words
from pages._ui.inside.card.patches import of_table
from pages._ui.inside.state import examples
from pages._ui.session.checkpoints.models import Loaded

_MORE = "Search more images"


def draw(loaded: Loaded, layer: str) -> None:
    """Offer to search other images, if the patches come from a few photos or their images are missing."""
    of_layer = examples.of_layer(loaded, layer)
    if isinstance(of_layer.images, str):
        _ask_folder(loaded, key="card")
    elif of_layer.at_hand:
        draw_offer(loaded, layer, key="card")


def draw_offer(loaded: Loaded, layer: str, *, key: str) -> None:
    """Offer to search images: the checkpoint's own or a folder's; many in a terminal."""
    images = examples.images_of(loaded)
    if isinstance(images, str):
        with st.expander(_MORE):
            if examples.folder_of(loaded):
                st.caption(words.plain(f"The folder of the last search is missing: {images}."))
            _ask_folder(loaded, key=key)
            _draw_command(loaded, layer)
        return
    are_few = examples.are_few(loaded, images)
    if are_few:
        _offer_search(loaded, layer, images, key=key)
    with st.expander("Search other images" if are_few else _MORE):
        if not are_few:
            st.caption(f"{_described(loaded, images)}: that takes minutes, so search them in a terminal.")
        _draw_command(loaded, layer)
        _ask_folder(loaded, key=key)


def _described(loaded: Loaded, images: ImageSet) -> str:
    """``1,797 images of digits``, or of the chosen folder."""
    folder = examples.folder_of(loaded)
    return words.plain(
        f"{words.counted(len(images), 'image')} {f'in {folder}' if folder else f'of {images.name}'}"
    )


def _offer_search(loaded: Loaded, layer: str, images: ImageSet, *, key: str) -> None:
    if replaced := examples.replaced_by(loaded, images):
        st.caption(words.plain(f"This replaces the examples from {of_table(replaced)}."))
    if st.button(f"Search {_described(loaded, images)}", icon=":material/search:", key=f"look_{key}"):
        _search(loaded, layer, images)


def _ask_folder(loaded: Loaded, *, key: str) -> None:
    """Take a folder of photos to search, or say why not."""
    field = f"photo_folder_{key}"
    st.text_input(
        "Folder of photos",
        key=field,
        placeholder="/path/to/photos",
        on_change=examples.take_folder,
        args=(loaded, field),
        help="A folder on the machine that runs SeeWhy. The examples are stored with the model.",
    )
    if refused := examples.refusal(field):
        st.error(words.capital(refused), icon=":material/folder_off:")


def _draw_command(loaded: Loaded, layer: str) -> None:
    folder = examples.folder_of(loaded)
    if isinstance(examples.images_of(loaded), str):
        data = " --data FOLDER"
    else:
        data = f" --data {shlex.quote(str(folder))}" if folder else ""
    st.caption("Thousands of images take minutes. In a terminal:")
    st.code(
        f"python -m core examples --checkpoint {loaded.checkpoint.name} --layer {layer}{data} --out out",
        language=None,
        wrap_lines=True,
    )


def _search(loaded: Loaded, layer: str, images: ImageSet) -> None:
    bar = st.progress(0.0, text="Searching…")

    def move(progress: PassProgress) -> None:
        # A click anywhere ends this run at the next step of the bar; the next search resumes there.
        bar.progress(words.share(progress.done, progress.total), text=str(progress))

    try:
        examples.collect_examples(loaded, layer, images, move)
    except CoreError as error:
        st.error(words.sentence(error), icon=":material/error:")
        return
    st.rerun()
