"""What a channel looks for: real patches, an image made by ascent, its weights, and its classes."""

import html
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import CoreError
from core.explain.ascent import Ascended
from core.inside.channels.class_weights import ClassWeight
from pages._ui import words
from pages._ui.inside import channel_tiles, example_patches
from pages._ui.inside.channel_tiles import brief
from pages._ui.inside.layer_channels import Shown
from pages._ui.inside.state import ascents, cards
from pages._ui.inside.state.ascents import Place

# Side by side in a card that is wide enough, whatever the window.
_STYLE = """<style>
.st-key-channel_sections { container-type: inline-size; }
.st-key-channel_sections [data-testid="stColumn"] { min-width: 0; }
@container (max-width: 330px) {
  .st-key-channel_sections [data-testid="stColumn"] { min-width: 100%; }
}
.st-key-ascent_image img { border-radius: 4px; }
.seewhy-classes { display: grid; grid-template-columns: 1fr max-content; gap: 0.15rem 1rem; }
.seewhy-classes { font-size: 0.9rem; }
.seewhy-classes b { font-weight: 400; font-variant-numeric: tabular-nums; text-align: right; }
.seewhy-classes .against { opacity: 0.7; }
.seewhy-classes hr { grid-column: 1 / -1; margin: 0.2rem 0; border: 0; }
.seewhy-classes hr { border-top: 1px solid rgb(128 128 128 / 0.4); }
</style>"""


@dataclass(frozen=True, slots=True, eq=False)
class Sections:
    """The places of a card that are filled when the rest of the page is there."""

    field: DeltaGenerator
    patches: DeltaGenerator
    ascent: DeltaGenerator
    more: DeltaGenerator
    weights: DeltaGenerator
    classes: DeltaGenerator


def draw() -> Sections:
    """Draw the headings of a card's sections: real patches beside what ascent makes, then the others."""
    st.html(_STYLE)
    field = st.container()
    with st.container(key="channel_sections"):
        left, right = st.columns(2, gap="medium")
        with left:
            patches = _section(
                "Real patches", "What excites it: the parts of real images to which it answers most strongly."
            )
        with right:
            ascent = _section(
                "Made by ascent",
                "What excites it most: noise, changed step by step until it answers as strongly as it can.",
            )
        more = st.container()
    weights = _section(
        "Its weights", "The filter that makes this channel from the image, or from the channels before it."
    )
    classes = _section(
        "Classes that it speaks for",
        "What the head multiplies the channel's mean by: weights, not probabilities.",
    )
    return Sections(field, patches, ascent, more, weights, classes)


def fill(sections: Sections, shown: Shown, channel: int) -> None:
    """Fill a card's sections, what is slow last."""
    loaded, layer = shown.look.loaded, shown.layer
    with sections.classes:
        _draw_classes(shown, channel)
    with sections.weights:
        _draw_weights(shown, channel)
    with sections.field:
        _draw_field(shown)
    with sections.patches:
        example_patches.draw(loaded, layer, channel)
    with sections.more:
        example_patches.draw_more(loaded, layer)
    with sections.ascent:
        image = st.container()
        place = Place(loaded, layer, channel, channel_tiles.pick_method())
        is_new = ascents.kept(place) is None
        with image:
            _draw_ascent(place)
    if is_new and ascents.kept(place) and shown.show == channel_tiles.ASCENT:
        st.rerun()  # For its tile.


def _section(title: str, explanation: str) -> DeltaGenerator:
    st.markdown(f"**{title}**", help=explanation)
    return st.container()


def _draw_field(shown: Shown) -> None:
    height, width = cards.field_size(shown.look.loaded, shown.layer)
    rows, columns = shown.look.loaded.checkpoint.card.preprocess.input_size
    st.caption(
        f"A cell of {words.plain(shown.layer)} sees {height} × {width} of the {rows} × {columns} pixels.",
        help="Its receptive field: what lies outside cannot change the cell.",
    )


def _draw_ascent(place: Place) -> None:
    slot, found = st.empty(), ascents.kept(place)
    if found is None and ascents.is_stopped(place):
        slot.button(
            "Make the image", icon=":material/play_arrow:", key="ascent_start", on_click=ascents.start
        )
        return
    try:
        found = found or _made(place, slot)
    except CoreError as error:
        slot.caption(words.sentence(error))
        return
    with slot.container():
        _draw_found(place, found)


def _made(place: Place, slot: DeltaGenerator) -> Ascended:
    """The image, while a bar shows its steps; a click anywhere, on Stop too, ends the wait."""
    with slot.container(border=True):
        heartbeat = st.empty()
        st.button(
            "Stop", icon=":material/stop_circle:", key="ascent_stop", on_click=ascents.stop, args=(place,)
        )
    return channel_tiles.waited(place, heartbeat)


def _draw_found(place: Place, found: Ascended) -> None:
    if found.is_dead:
        st.info(
            "Dead: from no start did any step raise it, so there is no such image.", icon=":material/block:"
        )
        return
    with st.container(key="ascent_image"):
        st.image(found.picture, width="stretch")
    st.caption(f"It reaches **{brief(found.activation)}**, the mean of its map. {_real(place)}")


def _real(place: Place) -> str:
    real = cards.reached(place.loaded, place.layer, place.channel)
    if real is None:
        return "None of the real images excites it."
    mean, cell = brief(real.mean), brief(real.cell)
    return f"The images of the real patches reach **{mean}** at most, {cell} in one cell."


def _draw_weights(shown: Shown, channel: int) -> None:
    found = cards.filters_of(shown.look.loaded, shown.layer)
    if found is None:
        st.caption("No single filter makes it: channels are mixed or put together on the way to this layer.")
        return
    own = cards.filter_of(found, channel)
    st.image(own.picture)
    total = len(found.weights)
    kernel = " × ".join(map(str, found.weights.shape[2:]))
    st.caption(
        f"{words.plain(found.name)}, {kernel}: norm **{brief(own.norm)}**, number {own.rank:,} of {total:,}. "
        + _reads(len(own.input_channels), in_colour=own.in_colour, total=found.weights.shape[1])
        + ("" if found.is_alone else " A shortcut adds to what it gives.")
    )


def _reads(num_shown: int, *, in_colour: bool, total: int) -> str:
    if in_colour:
        return "Grey is a weight of 0; one scale for all filters of the layer."
    kernels = f"The strongest {num_shown} of {total:,} kernels" if num_shown < total else "All its kernels"
    return f"{kernels}, each above the channel that it reads; red adds, blue takes away."


def _draw_classes(shown: Shown, channel: int) -> None:
    found = cards.spoken_for(shown.look.loaded, shown.layer, channel)
    if found is None:
        st.caption(
            "From here on the network computes more than a weighted sum, so a channel has no weight for a "
            "class. The last stage has one where the head is linear; sort by class to rank this layer's."
        )
        return
    names = shown.look.class_names
    most = "".join(_class_row(names, each, "for") for each in found.most)
    least = "".join(_class_row(names, each, "against") for each in found.least)
    st.html(f'<div class="seewhy-classes">{most}{"<hr>" if least else ""}{least}</div>')


def _class_row(names: list[str], each: ClassWeight, kind: str) -> str:
    name, weight = html.escape(names[each.class_idx]), words.signed(each.weight)
    return f'<span class="{kind}">{name}</span><b class="{kind}">{weight}</b>'
