"""An explanation on the page: the photo with its map, the stages, the sum of the evidence, the downloads."""

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import streamlit as st
from torch import Tensor

from core.arrays import FloatArray
from core.drawing import render
from core.explain.network.layers import stages
from core.explanation import display, export
from core.explanation.answer import Explanation, Map
from core.explanation.question import INPUT, Question
from core.predictions.top_k import top_k_with
from pages._ui import words
from pages._ui.kit.components import bars, tiles, viewer, web
from pages._ui.kit.components.scales import Scale
from pages._ui.kit.components.tiles import Tile
from pages._ui.kit.pickers import method_picker
from pages._ui.session import photos, question_keys
from pages._ui.session.models import Loaded
from pages._ui.session.photos import Drawn, Photo


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One photo, one question, its answer at one layer, and the colours of the map."""

    photo: Photo
    loaded: Loaded
    question: Question
    answer: Explanation
    layer: str
    palette: str

    @property
    def map(self) -> Map:
        """The map at the layer."""
        return self.answer.maps[self.layer]

    @property
    def is_signed(self) -> bool:
        """Whether the map shows evidence for and against."""
        return self.palette == render.SIGNED

    @property
    def method(self) -> str:
        """The method by its usual name."""
        return method_picker.label(self.question.method)

    @property
    def place(self) -> str:
        """Where the map was computed, in words."""
        return "on the input" if self.layer == INPUT else f"at {self.layer}"

    @property
    def class_name(self) -> str:
        """The class that is explained."""
        return self.loaded.checkpoint.card.class_names[self.answer.class_idx]

    @property
    def rival_name(self) -> str:
        """The class to compare with; empty where there is none."""
        against = self.answer.against
        return "" if against is None else self.loaded.checkpoint.card.class_names[against]

    @property
    def title(self) -> str:
        """The question in words."""
        return f"Why {self.class_name}" + (f", and not {self.rival_name}" if self.rival_name else "")

    def values(self, raw: FloatArray) -> FloatArray:
        """A raw map scaled for its colours: to [0, 1], or to [-1, 1] where it shows both sides."""
        return display.balance(raw, display.peak(raw)) if self.is_signed else display.heat(raw)


def draw_viewer(scene: Scene, view: str) -> float:
    """Draw the photo with its map; gives the opacity in [0, 1] that is set in the browser."""
    drawn = photos.drawn(scene.photo)
    cells = scene.map.raw if scene.map.evidence is None else scene.map.evidence
    seen = scene.loaded.checkpoint.card.preprocess.window(drawn.size).shares(drawn.size)
    heat = render.heat_png(_on_drawn(scene, scene.values(scene.map.raw), drawn), scene.palette)
    alt = f"{scene.photo.name}: {scene.title}, {scene.method} {scene.place}"
    return viewer.draw(viewer.Layered(drawn, heat, cells, seen), _scale(scene), view=view, alt=alt)


def draw_verdict(
    logits: Tensor, class_names: Sequence[str], asked: tuple[int, int | None], on_pick: Callable[[str], None]
) -> None:
    """Draw the likeliest classes and those ``asked`` about (a class and its rival), to click."""
    class_idx, against = asked
    predictions = top_k_with(logits, class_names, asked)
    bars.draw(predictions, selected=class_idx, against=against, on_pick=on_pick)


def draw_sum(scene: Scene) -> None:
    """Draw the sum of the evidence, or say that there is none."""
    found = scene.map
    if found.evidence is not None:
        score = f"logit of {scene.class_name}"
        if scene.rival_name:
            score += f" {words.MINUS} logit of {scene.rival_name}"
        parts = [
            (words.signed(found.speaks_for), "evidence for"),
            (words.signed(found.speaks_against), "evidence against"),
            (words.signed(found.bias), "bias"),
            (f"= {words.signed(found.score)}", score),
        ]
        _draw_equation(parts)
    if not found.has_positive_evidence and not scene.is_signed:
        st.info(
            f"No positive evidence: this method shows nothing {words.plain(scene.place)} for "
            f"{words.plain(scene.class_name)}. Choose *For and against* to see the evidence against it.",
            icon=":material/contrast:",
        )


def draw_stages(scene: Scene) -> None:
    """Draw one small map per stage of the network; a click chooses that layer."""
    drawn = photos.drawn(scene.photo)
    sizes = {layer.name: layer for layer in stages(scene.loaded.layers)}
    items = [
        Tile(
            name,
            _tile_picture(scene, scene.values(scene.answer.maps[name].raw), drawn),
            name,
            f"{layer.size[0]} × {layer.size[1]}",
            selected=name == scene.layer,
        )
        for name, layer in sizes.items()
    ]
    pick = partial(question_keys.choose_layer, scene.loaded.checkpoint.name)
    st.markdown(
        "### Where in the network the evidence forms",
        help="Early layers left, late layers right; each map has its own scale. Click a map to enlarge it.",
    )
    tiles.row(items, label="Stages", key="stages", on_pick=pick, side=128)


def draw_duel(scene: Scene, first: Explanation, second: Explanation) -> None:
    """Draw the evidence for each of the two classes, side by side, on one scale."""
    drawn = photos.drawn(scene.photo)
    maps = {scene.class_name: first.maps[scene.layer].raw, scene.rival_name: second.maps[scene.layer].raw}
    top = max(map(display.peak, maps.values()))
    signed = replace(scene, palette=render.SIGNED)
    logits = {
        scene.class_name: first.logits[first.class_idx],
        scene.rival_name: second.logits[second.class_idx],
    }
    items = [
        Tile(
            name,
            _tile_picture(signed, display.balance(raw, top), drawn),
            name,
            f"logit {words.signed(float(logits[name]))}",
        )
        for name, raw in maps.items()
    ]
    with st.container(gap="xsmall"):
        st.markdown("### Evidence for each class, on one scale")
        tiles.row(items, label="Either class", key="duel", on_pick=lambda _name: None, side=200)


def draw_downloads(scene: Scene, opacity: float) -> None:
    """Offer overlay, raw map and prediction as files; each is made on the click."""
    stem = export.stem(scene.answer, scene.layer)
    files = (
        ("Overlay", "overlay.png", "image/png", lambda: _overlay_file(scene, opacity)),
        ("Map", "raw.npy", "application/octet-stream", lambda: export.npy(scene.map.raw)),
        ("JSON", "json", "application/json", lambda: _prediction_file(scene)),
    )
    with st.container(horizontal=True, gap="small", key="downloads"):
        for label, ending, mime, content in files:
            st.download_button(
                label,
                content,
                f"{stem}.{ending}",
                mime,
                key=f"download_{label}",
                on_click="ignore",
                icon=":material/download:",
            )


def draw_small_print(scene: Scene) -> None:
    """How the map was computed, at which layer, and in how many seconds."""
    width, height = photos.drawn(scene.photo).size
    rows, columns = scene.map.raw.shape
    parts = [
        f"{scene.method} {scene.place}: {rows} × {columns} cells",
        f"photo {width} × {height} pixels",
        f"computed in {scene.answer.seconds:.2f} s on {scene.answer.device}",
        *scene.answer.notes,
    ]
    st.caption(words.plain(" · ".join(parts)))


def _scale(scene: Scene) -> Scale:
    in_logits = scene.map.evidence is not None
    unit = "logits" if in_logits else method_picker.UNITS.get(scene.question.method, "raw")
    values = scene.map.raw if scene.map.evidence is None else scene.map.evidence
    if not scene.is_signed:
        top = display.peak(values.clip(min=0))
        return Scale(scene.palette, "0", f"+{top:.2g}", unit)
    top = display.peak(values)
    against, for_ = ("against", "for") if not scene.rival_name else (scene.rival_name, scene.class_name)
    return Scale(render.SIGNED, f"{against} {words.MINUS}{top:.2g}", f"+{top:.2g} {for_}", unit)


def _on_drawn(scene: Scene, values: FloatArray, drawn: Drawn) -> FloatArray:
    height, width = drawn.picture.shape[:2]
    return scene.loaded.checkpoint.card.preprocess.on_image(values, drawn.size, (width, height))


def _tile_picture(scene: Scene, values: FloatArray, drawn: Drawn) -> str:
    height, width = drawn.thumb.shape[:2]
    small = scene.loaded.checkpoint.card.preprocess.on_image(values, drawn.size, (width, height))
    return web.data_uri(render.jpeg(render.overlay(drawn.thumb, small, scene.palette, 0.8)))


def _overlay_file(scene: Scene, opacity: float) -> bytes:
    image = photos.upright(scene.photo)
    values = scene.loaded.checkpoint.card.preprocess.on_image(scene.values(scene.map.raw), image.size)
    return export.overlay(image, values, scene.palette, opacity)


def _prediction_file(scene: Scene) -> bytes:
    return export.prediction_json(scene.loaded.checkpoint, scene.answer)


def _draw_equation(parts: list[tuple[str, str]]) -> None:
    terms = "".join(
        f"<span><b>{number}</b><small>{html.escape(meaning)}</small></span>" for number, meaning in parts
    )
    st.html(f'<div class="seewhy-sum" title="In logits">{terms}</div>')
