"""The explanation as files: overlay, raw map and prediction."""

import streamlit as st

from core.explanation import export
from pages._ui.explain.scene import Scene
from pages._ui.session.question import photos


def draw(scene: Scene, opacity: float) -> None:
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


def _overlay_file(scene: Scene, opacity: float) -> bytes:
    image = photos.upright(scene.photo)
    values = scene.loaded.checkpoint.card.preprocess.on_image(scene.values(scene.map.raw), image.size)
    return export.overlay(image, values, scene.palette, opacity)


def _prediction_file(scene: Scene) -> bytes:
    return export.prediction_json(scene.loaded.checkpoint, scene.answer)
