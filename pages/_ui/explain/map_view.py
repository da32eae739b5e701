"""The predicted classes, the photo with its map, and the sum of the evidence in numbers."""

import html
from collections.abc import Callable, Sequence

import streamlit as st
from torch import Tensor

from core.arrays import FloatArray
from core.drawing import render
from core.explanation import display
from core.predictions.top_k import top_k_with
from pages._ui import words
from pages._ui.explain.scene import Scene
from pages._ui.kit.components import bars, viewer
from pages._ui.kit.components.scales import Scale
from pages._ui.kit.pickers import method_picker
from pages._ui.session.question import photos
from pages._ui.session.question.photos import Drawn

# Pixels of the scale, the verdict and the maps of all stages, which are seen together with the photo. The
# scale and the verdict on two classes are a line longer each.
_BELOW, _BELOW_TWO = 325, 370


def draw_verdict(
    logits: Tensor, class_names: Sequence[str], asked: tuple[int, int | None], on_pick: Callable[[str], None]
) -> None:
    """Draw the likeliest classes and those ``asked`` about (a class and its rival), to click."""
    class_idx, against = asked
    predictions = top_k_with(logits, class_names, asked)
    bars.draw(predictions, selected=class_idx, against=against, on_pick=on_pick)


def draw_viewer(scene: Scene, view: str) -> float:
    """Draw the photo with its map; gives the opacity in [0, 1] that is set in the browser."""
    drawn = photos.drawn(scene.photo)
    cells = scene.map.raw if scene.map.evidence is None else scene.map.evidence
    seen = scene.loaded.checkpoint.card.preprocess.window(drawn.size).shares(drawn.size)
    heat = render.heat_png(_on_drawn(scene, scene.values(scene.map.raw), drawn), scene.palette)
    alt = f"{scene.photo.name}: {scene.title}, {scene.method} {scene.place}"
    layered = viewer.Layered(drawn, heat, cells, seen)
    below = _BELOW_TWO if scene.rival_name else _BELOW
    return viewer.draw(layered, _scale(scene), view=view, alt=alt, below=below)


def draw_emptiness(scene: Scene) -> None:
    """Say where a heat map is empty, and what shows more."""
    if scene.map.has_positive_evidence or scene.is_signed:
        return
    st.info(
        f"No positive evidence: the map is empty {words.plain(scene.place)} for "
        f"{words.plain(scene.class_name)}. Choose *For and against* to see the evidence against it.",
        icon=":material/contrast:",
    )


def draw_sum(scene: Scene) -> None:
    """Draw the sum of the evidence, where a map is in logits."""
    shown = scene.map
    if shown.evidence is None:
        return
    # Short labels, so that the sum is one line in its column.
    score = "difference" if scene.rival_name else "logit"
    parts = [
        (words.signed(shown.speaks_for), "evidence for"),
        (words.signed(shown.speaks_against), "evidence against"),
        (words.signed(shown.bias), "bias"),
        (f"= {words.signed(shown.score)}", score),
    ]
    _draw_equation(parts)


def draw_small_print(scene: Scene) -> None:
    """The cells of the map, the size of the photo, and in how many seconds the map was computed."""
    width, height = photos.drawn(scene.photo).size
    rows, columns = scene.map.raw.shape
    parts = [
        f"{rows} × {columns} cells on {width} × {height} pixels",
        f"{scene.answer.seconds:.2f} s on {scene.answer.device}",
        *scene.answer.notes,
    ]
    st.caption(words.plain(" · ".join(parts)))


def _scale(scene: Scene) -> Scale:
    in_logits = scene.map.evidence is not None
    unit = "logits" if in_logits else method_picker.unit(scene.question.method)
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


def _draw_equation(parts: list[tuple[str, str]]) -> None:
    terms = "".join(
        f"<span><b>{number}</b><small>{html.escape(meaning)}</small></span>" for number, meaning in parts
    )
    st.html(f'<div class="seewhy-sum" title="In logits">{terms}</div>')
