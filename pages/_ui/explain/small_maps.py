"""Small maps to compare: one for each stage of the network, and one for each of two classes."""

from dataclasses import replace
from functools import partial

import streamlit as st

from core.arrays import FloatArray
from core.drawing import render
from core.explain.network.layers import stages
from core.explanation import display
from core.explanation.answer import Explanation
from pages._ui import words
from pages._ui.explain.scene import Scene
from pages._ui.kit.components import tiles, web
from pages._ui.kit.components.tiles import Tile
from pages._ui.session.checkpoints import advice
from pages._ui.session.question import photos, question_keys
from pages._ui.session.question.photos import Drawn


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
            note=_note(scene, name),
        )
        for name, layer in sizes.items()
    ]
    pick = partial(question_keys.choose_layer, scene.loaded.scope)
    st.markdown(
        "### Where in the network the evidence forms",
        help="Early layers left, late layers right; each map has its own scale. Click a map to enlarge it.",
        anchors=False,
    )
    tiles.row(items, label="Stages", key="stages", on_pick=pick, side=128)


def _note(scene: Scene, layer: str) -> str:
    """What the tests of this network's maps say of the method at a layer, where it matters."""
    name, method = scene.loaded.scope, scene.question.method
    return "like noise" if advice.is_like_noise(advice.known(name), method, layer) else ""


def draw_duel(scene: Scene, first: Explanation, second: Explanation) -> None:
    """Draw the evidence for each of the two classes, side by side, on one scale."""
    drawn = photos.drawn(scene.photo)
    maps = {scene.class_name: first.maps[scene.layer].raw, scene.rival_name: second.maps[scene.layer].raw}
    top = max(map(display.peak, maps.values()))
    signed = replace(scene, palette=render.SIGNED)
    items = [
        Tile(name, _tile_picture(signed, display.balance(raw, top), drawn), name)
        for name, raw in maps.items()
    ]
    with st.container(gap="xsmall"):
        st.markdown("### Evidence for each class, on one scale", anchors=False)
        tiles.row(items, label="Either class", key="duel", on_pick=lambda _name: None, side=104)


def draw_before_and_after(before: Scene, after: Scene) -> None:
    """Draw the map of one class on a photo and on its edited copy, on one scale."""
    top = max(display.peak(each.map.raw) for each in (before, after))
    items = []
    for name, scene in (("Before", before), ("After", after)):
        raw, drawn = scene.map.raw, photos.drawn(scene.photo)
        scaled = display.balance(raw, top) if scene.is_signed else display.heat(raw, top)
        items.append(Tile(name, _tile_picture(scene, scaled, drawn), name))
    st.markdown(f"### Evidence for {words.plain(before.class_name)}, on one scale", anchors=False)
    tiles.row(items, label="Map", key="edit_maps", on_pick=lambda _name: None, side=240)


def _tile_picture(scene: Scene, values: FloatArray, drawn: Drawn) -> str:
    height, width = drawn.thumb.shape[:2]
    small = scene.loaded.checkpoint.card.preprocess.on_image(values, drawn.size, (width, height))
    return web.data_uri(render.jpeg(render.overlay(drawn.thumb, small, scene.palette, 0.8)))
