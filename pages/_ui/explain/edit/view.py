"""Tools on the photo, then the scores and the maps of the photo before and after the edits."""

from dataclasses import replace
from functools import partial
from typing import get_args

import streamlit as st

from core.explanation.edited import score_changes
from core.explanation.question import Question, Score
from core.images.edits.drawn import DRAWN_TOOLS, edit_of
from core.images.edits.fills import FillName
from core.shares import percent
from pages._ui import words
from pages._ui.explain import small_maps
from pages._ui.explain.scene import Scene
from pages._ui.explain.state import edits
from pages._ui.kit import options
from pages._ui.kit.components import painter
from pages._ui.session import values
from pages._ui.session.question import answers, photos

_FILLS: tuple[FillName, ...] = get_args(FillName)


def draw(scene: Scene) -> None:
    """Draw the photo to edit, and what the network says before and after; the map is of one class."""
    photo, edited = scene.photo, edits.edited_photo(scene.photo)
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="edit_tools"):
        tool = options.segmented(
            "Tool", {name: name.capitalize() for name in DRAWN_TOOLS}, key="edit_tool", bind=None
        )
        chosen = st.selectbox("What takes its place", _FILLS, key="edit_fill", format_func=str.capitalize)
        fill = next(each for each in _FILLS if each == values.choice(chosen, _FILLS))
    drawn = photos.drawn(edited)

    def line(points: list[tuple[float, float]]) -> None:
        edit = edit_of(tool, points, drawn.size, fill)
        if edit is not None:
            edits.add(photo, edit)

    painter.draw(drawn, tool, alt=f"{photo.name}, {_count(scene)}", key="painter", on_line=line)
    with st.container(horizontal=True, gap="small", key="edit_steps"):
        _draw_steps(scene)
        _draw_files(scene)
    question = Question(
        scene.question.method, (scene.layer,), (Score(scene.answer.class_idx, scene.answer.against),)
    )
    (after,) = answers.answers(edited, scene.loaded, question)
    _draw_scores(scene, replace(scene, photo=edited, answer=after))
    small_maps.draw_before_and_after(scene, replace(scene, photo=edited, answer=after))


def _draw_steps(scene: Scene) -> None:
    steps = edits.steps(scene.photo)
    for label, icon, change, is_possible in (
        ("Undo", "undo", edits.undo, bool(steps.made)),
        ("Redo", "redo", edits.redo, bool(steps.undone)),
        ("Reset", "restart_alt", edits.reset, bool(steps.made)),
    ):
        st.button(
            label,
            key=f"edit_{label.lower()}",
            icon=f":material/{icon}:",
            disabled=not is_possible,
            on_click=partial(change, scene.photo),
        )


def _draw_scores(before: Scene, after: Scene) -> None:
    changes = score_changes(
        before.answer.logits, after.answer.logits, before.loaded.checkpoint.card.class_names
    )
    rows = [
        {
            "Class": each.before.class_name,
            "Before": percent(each.before.probability),
            "After": percent(each.after.probability),
            "Change in logits": words.signed(each.change),
        }
        for each in changes
    ]
    st.dataframe(rows, hide_index=True, key="edit_scores", height="content")


def _draw_files(scene: Scene) -> None:
    made = edits.steps(scene.photo).made
    for label, name, mime, content in (
        ("Photo", "edited.png", "image/png", lambda: edits.edited_photo(scene.photo).data),
        ("Edits", "edits.json", "application/json", lambda: edits.list_file(scene.photo)),
    ):
        st.download_button(
            label,
            content,
            name,
            mime,
            key=f"download_{name}",
            on_click="ignore",
            icon=":material/download:",
            disabled=not made,
        )


def _count(scene: Scene) -> str:
    return words.counted(len(edits.steps(scene.photo).made), "edit")
