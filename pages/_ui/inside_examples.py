"""The real patches that excite a channel most, and how to get them where nobody has looked yet."""

import html
from collections.abc import Sequence

import streamlit as st

from core.data.image_set import ImageSet
from core.errors import CoreError
from core.inside.examples import Example, Examples
from pages._ui import words
from pages._ui.components import data_uri
from pages._ui.inside_tiles import brief
from pages._ui.state import cards
from pages._ui.state.models import Loaded

_STYLE = """<style>
.seewhy-nine { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 3px; max-width: 22rem; }
.seewhy-nine img, .seewhy-nine span { width: 100%; aspect-ratio: 1; display: block; border-radius: 3px; }
.seewhy-nine img { outline: 1px solid rgb(128 128 128 / 0.35); outline-offset: -1px; }
.seewhy-nine span { font-size: 0.7rem; opacity: 0.7; overflow: hidden; overflow-wrap: anywhere; }
</style>"""


def draw(loaded: Loaded, layer: str, channel: int) -> None:
    """Draw the nine patches of a channel; where there are none, say why or offer to look for them."""
    found = cards.examples_of(loaded, layer)
    if found is None:
        draw_offer(loaded, layer, key="card")
        return
    about = cards.collected(loaded)
    images, own = cards.images_of(loaded), found[channel]
    if not own:
        st.caption(f"None of {_whose(about)} excites it: on this data the channel is dead.")
        return
    if isinstance(images, ImageSet):
        _draw_patches(images, own)
    else:
        st.caption(words.plain(f"The images are not on this machine: {images}. Their names:"))
        st.caption(words.plain(", ".join(each.sample_id for each in own)))
    st.caption(f"Of {_whose(about)}, cut to what the cell sees. Point at one to read it.")


def draw_offer(loaded: Loaded, layer: str, *, key: str) -> None:
    """Offer to look through the checkpoint's own images, or say how to do that in a terminal."""
    name, images = loaded.checkpoint.name, cards.images_of(loaded)
    if not isinstance(images, ImageSet) or not cards.are_few(loaded, images):
        many = f"its {len(images):,} images take minutes" if isinstance(images, ImageSet) else "name a folder"
        st.caption(f"Nobody has looked for real examples of this layer yet; {many}. In a terminal:")
        data = "" if isinstance(images, ImageSet) else " --data FOLDER"
        st.code(
            f"python -m core examples --checkpoint {name} --layer {layer}{data} --out out",
            language=None,
            wrap_lines=True,
        )
        return
    st.caption("Nobody has looked for real examples of this layer yet.")
    wanted = st.button(
        f"Look through its {words.counted(len(images), 'image')}", icon=":material/search:", key=f"look_{key}"
    )
    if wanted:
        _look(loaded, layer, images)


def _look(loaded: Loaded, layer: str, images: ImageSet) -> None:
    bar = st.progress(0.0, text="Looking…")

    def move(done: int, total: int) -> None:
        # A click anywhere ends this run at the next stroke of the bar; the next pass goes on from there.
        bar.progress(words.share(done, total), text=f"{done:,} of {words.counted(total, 'image')}")

    try:
        cards.collect_examples(loaded, layer, images, move)
    except CoreError as error:
        st.error(words.sentence(error), icon=":material/error:")
        return
    st.rerun()


def _draw_patches(images: ImageSet, wanted: Sequence[Example]) -> None:
    files = cards.patch_jpegs(images, wanted)
    tiles = "".join(_tile(each, file) for each, file in zip(wanted, files, strict=True))
    st.html(f'{_STYLE}<div class="seewhy-nine">{tiles}</div>')


def _tile(example: Example, file: bytes | None) -> str:
    name = html.escape(
        f"{example.sample_id} · {example.class_name or 'no class'} · {brief(example.activation)}"
    )
    if file is None:
        return f"<span>{name}: not there</span>"
    return f'<img src="{data_uri(file)}" alt="{name}" title="{name}">'


def _whose(about: Examples | None) -> str:
    return (
        "" if about is None else words.plain(f"the {about.about.num_images:,} images of {about.about.data}")
    )
