"""The real patches that excite a channel most, and how to find them among more images."""

import html
import shlex
from collections.abc import Sequence

import streamlit as st

from core.data.image_set import ImageSet
from core.errors import CoreError
from core.inside.examples.stored_examples import Example, ExamplesMetadata
from pages._ui import words
from pages._ui.inside.channel_tiles import brief
from pages._ui.inside.state import examples
from pages._ui.inside.state.examples import AtHand, Found
from pages._ui.kit.components.web import data_uri
from pages._ui.session.models import Loaded

RING = "The ring is where the cell is."
_MORE = "Look through more images"
_HOW_TO_READ = (
    "What do they have in common? Each is cut to what the cell sees; point at one to read its name and how "
    "strongly it excites the cell. More images show more."
)
_STYLE = """<style>
.seewhy-nine { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 3px; max-width: 22rem; }
.seewhy-nine img, .seewhy-nine span { width: 100%; aspect-ratio: 1; display: block; border-radius: 3px; }
.seewhy-nine img { outline: 1px solid rgb(128 128 128 / 0.35); outline-offset: -1px; }
.seewhy-nine span { font-size: 0.7rem; opacity: 0.7; overflow: hidden; overflow-wrap: anywhere; }
</style>"""


def draw(loaded: Loaded, layer: str, channel: int) -> None:
    """Draw the patches that excite a channel."""
    found = examples.of_layer(loaded, layer)
    own = found.channels[channel]
    if not own:
        st.caption(words.plain(f"Dead here: nothing in these images excites it. Looked at: {whose(found)}."))
    elif isinstance(found.images, str):
        st.caption(words.plain(f"Their images cannot be shown: {found.images}. Their names:"))
        st.caption(words.plain(", ".join(each.sample_id for each in own)))
    else:
        _draw_patches(own, examples.patch_jpegs(found, channel))
        st.caption(words.plain(_caption(found)), help=_HOW_TO_READ)


def draw_more(loaded: Loaded, layer: str) -> None:
    """Where patches are of a few photos, or their images are not there, offer to look among others."""
    found = examples.of_layer(loaded, layer)
    if isinstance(found.images, str):
        _ask_folder(loaded, key="card")
    elif found.at_hand:
        draw_offer(loaded, layer, key="card")


def draw_offer(loaded: Loaded, layer: str, *, key: str) -> None:
    """Offer to look through images: the checkpoint's own or a folder's; many in a terminal."""
    images = examples.images_of(loaded)
    if isinstance(images, str):
        with st.expander(_MORE):
            if examples.folder_of(loaded):
                st.caption(words.plain(f"The folder of the last time is no longer there: {images}."))
            _ask_folder(loaded, key=key)
            _draw_command(loaded, layer)
        return
    are_few = examples.are_few(loaded, images)
    if are_few:
        _offer_look(loaded, layer, images, key=key)
    with st.expander("Look through other images" if are_few else _MORE):
        if not are_few:
            st.caption(
                f"{_described(loaded, images)}: they take minutes, so look through them in a terminal."
            )
        _draw_command(loaded, layer)
        _ask_folder(loaded, key=key)


def whose(found: Found) -> str:
    """Of which images examples are: ``the 1,797 images of digits``, ``7 photos: 2 of yours and samples``."""
    if found.at_hand is None:
        about = found.examples.about
        if found.folder is None:
            return _of_table(about)
        return f"the {words.counted(about.num_images, 'image')} in {found.folder.name or found.folder}"
    return _photos(found.at_hand)


def _of_table(about: ExamplesMetadata) -> str:
    return f"the {words.counted(about.num_images, 'image')} of {about.data}"


def _photos(chosen: AtHand) -> str:
    others = "images that it was tested on" if chosen.of_its_data else "samples"
    total = len(chosen.photos)
    if not chosen.num_yours:
        return f"{total} {others}"
    return f"{total} photos: {chosen.num_yours} of yours and the {others}"


def _caption(found: Found) -> str:
    ring = f" {RING}" if found.is_ringed else ""
    return f"Of {whose(found)}.{ring}"


def _described(loaded: Loaded, images: ImageSet) -> str:
    """``1,797 images of digits``, or those of the folder that somebody has named."""
    folder = examples.folder_of(loaded)
    return words.plain(
        f"{words.counted(len(images), 'image')} {f'in {folder}' if folder else f'of {images.name}'}"
    )


def _offer_look(loaded: Loaded, layer: str, images: ImageSet, *, key: str) -> None:
    if replaced := examples.replaced_by(loaded, images):
        st.caption(words.plain(f"This replaces what was found among {_of_table(replaced)}."))
    if st.button(f"Look through {_described(loaded, images)}", icon=":material/search:", key=f"look_{key}"):
        _look(loaded, layer, images)


def _ask_folder(loaded: Loaded, *, key: str) -> None:
    """Take a folder of photos to look through, or say why not."""
    field = f"photo_folder_{key}"
    st.text_input(
        "Folder of photos",
        key=field,
        placeholder="/path/to/photos",
        on_change=examples.take_folder,
        args=(loaded, field),
        help="On the machine that runs this page. What is found is kept beside the checkpoint.",
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


def _look(loaded: Loaded, layer: str, images: ImageSet) -> None:
    bar = st.progress(0.0, text="Looking…")

    def move(done: int, total: int) -> None:
        # A click anywhere ends this run at the next stroke of the bar; the next pass goes on from there.
        bar.progress(words.share(done, total), text=f"{done:,} of {words.counted(total, 'image')}")

    try:
        examples.collect_examples(loaded, layer, images, move)
    except CoreError as error:
        st.error(words.sentence(error), icon=":material/error:")
        return
    st.rerun()


def _draw_patches(own: Sequence[Example], files: Sequence[bytes | None]) -> None:
    tiles = "".join(_tile(each, file) for each, file in zip(own, files, strict=True))
    st.html(f'{_STYLE}<div class="seewhy-nine">{tiles}</div>')


def _tile(example: Example, file: bytes | None) -> str:
    known = (example.sample_id, example.class_name, brief(example.activation))
    name = html.escape(" · ".join(filter(None, known)))
    if file is None:
        return f"<span>{name}: not there</span>"
    return f'<img src="{data_uri(file)}" alt="{name}" title="{name}">'
