"""The photo and the question in the address.

``photo=coffee.png`` is a sample that comes with the app. ``photo=digits/digits-val/digits/677`` is an image
of an evaluation: after the checkpoint and the evaluation comes the name of the sample. It stays the same when
another checkpoint explains it. Older links name no evaluation. An uploaded file is in no address.
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
from pages._ui.session.address import history
from pages._ui.session.data import image_access
from pages._ui.session.question import photos
from pages._ui.session.question.photos import Photo, as_photo

# Names in the address. No picker of any page that is bound to the address has one as its key: Streamlit takes
# those names out of the address when the browser goes back to a page.
PHOTO, CLASS, AGAINST, LAYER, METHOD = "photo", "why", "against", "at", "method"
HEAD = "head"


def of_sample(evaluation: Evaluation, sample_id: str) -> str:
    """The name of an image of an evaluation in an address."""
    return f"{evaluation.of.name}/{evaluation.name}/{sample_id}"


def follow() -> str | None:
    """Choose the photo of the address if none is chosen yet, else write the chosen one into the address.

    Call once, as the page begins. Gives the photo's name in the address if there is no such photo.
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
    """Set a picker that has no value yet to the value in the address; before it is drawn.

    After the browser's Back it takes that value, or the ``usual`` one, even if it has another value.
    """
    linked = st.query_params.get(name)
    if not history.keeps(key):
        st.session_state[key] = linked if linked in options else usual


def write(name: str, value: str | None) -> None:
    """Write a value into the address, or take the name out of it where the value is empty."""
    if not value:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value


def _photo(link: str) -> Photo | None:
    """A photo by its name in an address; None if there is no such photo."""
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
