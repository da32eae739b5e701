"""The photo and the question in the address.

``photo=coffee.png`` is a sample that comes with the app. ``photo=digits/digits-val/digits/677`` is an image
of an evaluation: after the checkpoint and the evaluation comes the name of the sample. It stays the same when
another checkpoint looks at it. Older links name no evaluation. A file of somebody's own is in no address.
"""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace

import streamlit as st

from core.checkpoints import store
from core.errors import CoreError
from core.images.sample_photos import SAMPLES, sample
from core.mistakes import results as core_results
from core.predictions import evaluations
from core.predictions.evaluations import Evaluation
from pages._ui.session import history, image_access, photos
from pages._ui.session.photos import Photo, as_photo

# Names in the address. No picker of any page that is bound to the address has one as its key: Streamlit takes
# those names out of the address of a page that somebody goes back to.
PHOTO, CLASS, AGAINST, LAYER, METHOD = "photo", "why", "against", "at", "method"


def of_sample(evaluation: Evaluation, sample_id: str) -> str:
    """What an address calls an image of an evaluation."""
    return f"{evaluation.of.name}/{evaluation.name}/{sample_id}"


def follow() -> str | None:
    """Look at the photo of the address if none is chosen yet, else let it name the chosen one.

    Once, as the page begins. Gives what the address names, if that is not here.
    """
    linked, chosen = st.query_params.get(PHOTO), photos.chosen_photo()
    if not linked or (chosen and not history.was_walked()):
        write(PHOTO, chosen.link if chosen else None)
        return None
    found = _photo(linked)
    if found is None:
        return linked
    photos.add_photo(found.name, found.data, found.link)
    return None


def recall(key: str, name: str, options: Collection[str], usual: str | None = None) -> None:
    """Let a picker that shows nothing yet show what the address says; before it is drawn.

    Where somebody goes back, it shows that, or what is ``usual``, even if it has shown something else.
    """
    linked = st.query_params.get(name)
    if not history.keeps(key):
        st.session_state[key] = linked if linked in options else usual


def write(name: str, value: str | None) -> None:
    """Let the address say this, or, where it is empty, nothing."""
    if not value:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value


def _photo(link: str) -> Photo | None:
    """A photo by its name in an address; None if it is not here."""
    if link in SAMPLES:
        return as_photo(link, sample(link), link)
    name, _, rest = link.partition("/")
    if name not in core_results.available():
        return None
    folder = store.find(name)
    named, _, sample_id = rest.partition("/")
    for each in evaluations.every(folder):
        with suppress(CoreError):
            wanted = sample_id if each.name == named else rest
            found = core_results.sample(folder, wanted, evaluation=each.name)
            if found:
                return replace(image_access.photo(image_access.pictures(each), found), link=link)
    return None
