"""Widgets that give plain values: a photo, a class, a layer, a method, a look."""

from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.drawing.render import COLORMAPS, SIGNED
from core.explain.maps.cam import CAM_METHODS
from core.explain.network.layers import Layer, default_layer
from core.explanation.explanation import INPUT, METHODS, Question
from core.images.sample_photos import SAMPLES, sample
from pages._ui import words
from pages._ui.kit import options
from pages._ui.kit.components import tiles, web
from pages._ui.session import links, models, photos, values

METHOD_LABELS = {
    "grad_cam": "Grad-CAM",
    "cam": "CAM",
    "grad_cam_pp": "Grad-CAM++",
    "hires_cam": "HiResCAM",
    "xgrad_cam": "XGrad-CAM",
    "layer_cam": "LayerCAM",
    "saliency": "Saliency",
    "integrated_gradients": "Integrated gradients",
    "occlusion": "Occlusion",
    "guided_grad_cam": "Guided Grad-CAM",
}
METHOD_HELP = """
**Regions** of a layer: CAM, Grad-CAM and their kin weigh the layer's channels by what they do for the
class. **Pixels** of the input: Saliency and Integrated gradients follow the gradient to single pixels;
Occlusion covers the photo bit by bit and watches the score; Guided Grad-CAM draws fine detail, but it is
known to change little when the network's weights are shuffled, so do not lean on it.
"""
# What a cell of a map is measured in, where the map is not evidence in logits.
UNITS = {"integrated_gradients": "logits", "occlusion": "logits", "saliency": "gradient"}
_CLASS, _AGAINST = "class", "against"
_MAX_PHOTO_MB = 20  # As `core.images.UPLOAD` has it, which is what counts.


def linked_photo() -> None:
    """Look at the photo that the address names, or say that it is not here; before photos are picked."""
    missing = links.follow()
    if missing:
        st.warning(
            f"The photo of this link, {words.plain(missing[:120])}, is not here. Choose another.",
            icon=":material/hide_image:",
        )


def photo_source() -> bool:
    """Drop, take or pick a photo: it becomes the chosen one, or the page says why it cannot be used.

    Whether there is a new one since the last run.
    """
    with st.container(key="source"):
        drop, pick = st.columns([5, 5], gap="medium", vertical_alignment="bottom")
    with drop:
        st.file_uploader(
            "Drop photos here, or browse",
            accept_multiple_files=True,
            key="uploads",
            on_change=_take_uploads,
            max_upload_size=_MAX_PHOTO_MB,
            help="JPEG, PNG, WebP, GIF, TIFF, BMP or PPM; up to 20 MB and 50 megapixels each.",
        )
        if not st.session_state["uploads"]:
            # Another page has an uploader of its own: what is not in that one has not been taken out.
            st.session_state[photos.UPLOADED] = {}
    with pick, st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        tiles.row(_sample_tiles(), label="Samples", key="samples", on_pick=_take_sample, width=320)
        _camera()
    for name, reason in photos.refusals():
        st.error(
            f"**{words.plain(name)}** cannot be used: {words.plain(reason)}.", icon=":material/hide_image:"
        )
    return photos.just_added()


def photo_strip() -> None:
    """The session's photos, where there are several, to change between them."""
    kept = photos.every()
    if len(kept) < 2:
        return
    chosen = photos.chosen_photo()
    items = [
        tiles.Tile(digest, web.data_uri(photos.thumb_jpeg(photo)), photo.name, selected=photo == chosen)
        for digest, photo in reversed(kept.items())
    ]
    tiles.row(items, label="Your photos", key="photos_strip", on_pick=photos.choose, side=72)


def class_to_explain(class_names: Sequence[str], predicted: str, checkpoint: str) -> int | None:
    """The class chosen by name, or None for the predicted one, whichever that is; in the address."""
    links.recall(class_key(checkpoint), links.CLASS, class_names)
    name = st.selectbox(
        "Class",
        class_names,
        index=None,
        placeholder=f"{predicted} (predicted)",
        filter_mode=options.search_in(class_names),
        key=class_key(checkpoint),
        help="Type to search. Cleared, it follows the prediction.",
    )
    links.write(links.CLASS, name)
    return None if name is None else list(class_names).index(name)


def rival_class(class_names: Sequence[str], checkpoint: str) -> int | None:
    """The class to compare with, or None; in the address."""
    links.recall(f"{_AGAINST}-{checkpoint}", links.AGAINST, class_names)
    name = st.selectbox(
        "Rather than",
        class_names,
        index=None,
        placeholder="no other class",
        filter_mode=options.search_in(class_names),
        key=f"{_AGAINST}-{checkpoint}",
        help="Why the one class and not this one: the map of the difference of their logits.",
    )
    links.write(links.AGAINST, name)
    return None if name is None else list(class_names).index(name)


def class_key(checkpoint: str) -> str:
    """The session's key of the class picker: classes of one checkpoint mean nothing to another."""
    return f"{_CLASS}-{checkpoint}"


def target_layer(layers: Sequence[Layer], checkpoint: str) -> str:
    """A layer by name, from the last to the first; at first the last convolutional one. In the address.

    Layers that the logits do not depend on are not offered.
    """
    labels = {layer.name: layer.label for layer in reversed(layers) if not layer.is_dead_end}
    names, usual, key = list(labels), default_layer(layers), layer_key(checkpoint)
    links.recall(key, links.LAYER, names, usual)
    chosen: str = st.selectbox(
        "Layer",
        names,
        format_func=labels.__getitem__,
        key=key,
        help="With channels, rows and columns. Late layers know what it is, early ones exactly where.",
    )
    links.write(links.LAYER, None if chosen == usual else chosen)
    return chosen


def layers_asked(method_name: str, layer: str, stage_names: Sequence[str]) -> tuple[str, ...]:
    """The layers to ask for: with the chosen one all stages, which share its forward pass.

    Not for CAM, which exists at the last stage alone.
    """
    if method_name in CAM_METHODS and method_name != "cam":
        return tuple(dict.fromkeys((*stage_names, layer)))
    return () if layer == INPUT else (layer,)


def choose_class(checkpoint: str, name: str) -> None:
    """Set the class picker; before it is drawn."""
    st.session_state[class_key(checkpoint)] = name


def choose_question(checkpoint: str, name: str, rival: str | None) -> None:
    """Set both class pickers: why the one, and not the other; before they are drawn."""
    choose_class(checkpoint, name)
    st.session_state[f"{_AGAINST}-{checkpoint}"] = rival


def choose_layer(checkpoint: str, name: str) -> None:
    """Set the layer picker; before it is drawn."""
    st.session_state[layer_key(checkpoint)] = name


def layer_key(checkpoint: str) -> str:
    """The session's key of the layer picker."""
    return f"layer-{checkpoint}"


def method_label(name: str) -> str:
    """A method as people call it; one that was just added, by its own name."""
    return METHOD_LABELS.get(name, name)


def method() -> str:
    """An explanation method by its name in `core`; in the address."""
    usual = Question().method
    links.recall(models.METHOD, links.METHOD, METHODS, usual)
    chosen: str = st.selectbox(
        "Method",
        sorted(METHODS, key=[*METHOD_LABELS, *METHODS].index),
        format_func=method_label,
        key=models.METHOD,
        help=METHOD_HELP,
        persist_state="session",
    )
    links.write(links.METHOD, None if chosen == usual else chosen)
    return chosen


def view() -> str:
    """How photo and map are laid out: ``overlay``, ``side`` or ``wipe``."""
    labels = {"overlay": "Overlay", "side": "Side by side", "wipe": "Wipe"}
    return _segmented("View", labels, key="photo_view")


def palette(*, difference: bool) -> str:
    """A palette of heat maps, or `SIGNED` where both sides are shown, as a difference always has."""
    if difference:
        return SIGNED
    if _segmented("Show", {"heat": "Heat map", "signed": "For and against"}, key="shown") == "signed":
        return SIGNED
    return _segmented("Colours", {name: name.capitalize() for name in COLORMAPS}, key="colormap")


def _segmented(label: str, labels: dict[str, str], *, key: str) -> str:
    chosen = st.segmented_control(
        label,
        list(labels),
        default=next(iter(labels)),
        required=True,
        format_func=labels.__getitem__,
        key=key,
        label_visibility="collapsed",
        persist_state="session",
    )
    return values.choice(chosen, labels)


def _sample_tiles() -> list[tiles.Tile]:
    chosen = photos.chosen_photo()
    return [
        tiles.Tile(name, _sample_picture(name), title, selected=bool(chosen and chosen.link == name))
        for name, title in SAMPLES.items()
    ]


@st.cache_data(show_spinner=False)
def _sample_picture(name: str) -> str:
    return web.data_uri(photos.thumb_jpeg(photos.as_photo(name, sample(name))))


def _camera() -> None:
    with st.popover(
        "Camera", icon=":material/photo_camera:", key="camera_popover", on_change="rerun"
    ) as popover:
        if popover.open:
            st.camera_input("Take a photo", key="camera", on_change=_take_camera)


def _take_sample(name: str) -> None:
    if name in SAMPLES:
        photos.add_photo(name, sample(name), name)


def _take_camera() -> None:
    taken = st.session_state["camera"]
    if taken is not None:
        photos.add_photo("Camera", taken.getvalue())


def _take_uploads() -> None:
    """Add what is new in the uploader, and drop what was taken out of it."""
    before: dict[str, str] = st.session_state.get(photos.UPLOADED, {})
    now: dict[str, str] = {}
    for file in st.session_state["uploads"]:
        if not isinstance(file, UploadedFile):
            continue  # It was let go: see `serving.bound`.
        digest = before.get(file.file_id) or photos.add_photo(file.name, file.getvalue())
        if digest:
            now[file.file_id] = digest
    for gone in set(before.values()) - set(now.values()):
        photos.drop_photo(gone)
    st.session_state[photos.UPLOADED] = now
