"""The edits of each photo of a session, with those that were undone, and the edited photos."""

import json
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.drawing import render
from core.images.edits import MOST_EDITS, Edit, edited
from core.images.edits.written import as_json, parsed
from pages._ui.session.question import photos
from pages._ui.session.question.photos import Photo


@dataclass(frozen=True, slots=True)
class Steps:
    """The edits of a photo in their order, and those that were undone, the last one first."""

    made: tuple[Edit, ...] = ()
    undone: tuple[Edit, ...] = ()


def steps(photo: Photo) -> Steps:
    """The edits of a photo."""
    kept: Steps = st.session_state.get(_key(photo), Steps())
    return kept


def add(photo: Photo, edit: Edit) -> None:
    """Make one more edit; those that were undone are gone."""
    made = steps(photo).made
    if len(made) < MOST_EDITS:
        _keep(photo, Steps((*made, edit)))


def undo(photo: Photo) -> None:
    """Take the last edit back."""
    *made, last = steps(photo).made
    _keep(photo, Steps(tuple(made), (last, *steps(photo).undone)))


def redo(photo: Photo) -> None:
    """Make the edit again that was taken back last."""
    first, *undone = steps(photo).undone
    _keep(photo, Steps((*steps(photo).made, first), tuple(undone)))


def reset(photo: Photo) -> None:
    """Forget all edits of a photo."""
    _keep(photo, Steps())


def list_file(photo: Photo) -> bytes:
    """The edits as a file for the command ``edit``."""
    return (json.dumps(as_json(steps(photo).made), indent=1) + "\n").encode()


def edited_photo(photo: Photo) -> Photo:
    """The photo after its edits, as a PNG file; the photo itself without any."""
    made = steps(photo).made
    return _edited(photo.digest, json.dumps(as_json(made)), photo) if made else photo


@st.cache_data(max_entries=16, max_size="128mb", show_spinner=False)
def _edited(digest: str, made: str, _photo: Photo) -> Photo:  # noqa: ARG001 (the key of the cache)
    image = edited(photos.upright(_photo), parsed(made))
    return photos.as_photo(f"edited-{_photo.name}", render.png(np.asarray(image)))


def _keep(photo: Photo, changed: Steps) -> None:
    st.session_state[_key(photo)] = changed


def _key(photo: Photo) -> str:
    return f"edits-{photo.digest}"
