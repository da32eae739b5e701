"""Results of checkpoints in memory, the pictures behind them, and the sample that is looked at."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st
from PIL import Image
from streamlit.errors import StreamlitAPIException

from core.checkpoints import store
from core.errors import CoreError, ImageError
from core.evaluation.matrix_view import classes_of_most_confused
from core.evaluation.ranking import curves as class_curves
from core.evaluation.ranking.areas import Ranking
from core.evaluation.ranking.areas import ranking as ranked
from core.evaluation.ranking.curves import PrecisionRecallCurve, RocCurve
from core.evaluation.ranking.scores import Scores
from core.evaluation.selection import Sample, sample_at
from core.explanation.explanation import Question
from core.images import digest
from core.mistakes import results
from core.mistakes.average_map import AverageMap
from core.mistakes.comparable import address
from core.mistakes.results import Results
from core.mistakes.sample_images import SampleImages, sample_images
from core.predictions import evaluations
from core.predictions.evaluating.samples import data_has_changed, images_of
from core.predictions.evaluations import Evaluation
from core.training.record import place_in_words
from pages._ui.session import folders, photos
from pages._ui.session.photos import Photo

# Names in the address.
TRUE, PREDICTED, ONLY, ORDER, PAGE, SPLIT, VIEW = "true", "pred", "only", "order", "page", "split", "view"
CURVE, FEW = "curve", "few"
# A name in the address, too; it must not be the key of a widget.
SAMPLE, SAMPLE_NEXT = "sample", "sample_next"
REFUSED_FOLDER = "refused_folder"
# Whose classes the pickers hold.
_CHOSEN_OF = "results_of"
_GALLERY_SIDE, _MAX_AVERAGES = 132, 32
_FOLDERS_CHANGE_S = 300


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """The pictures of a data set, or the sentence why they are not there.

    ``has_changed``: they are not those that were evaluated, by names, labels or contents.
    """

    found: SampleImages | None
    reason: str = ""
    has_changed: bool = False


def load(name: str, split: str | None, evaluation: str | None = None) -> Results:
    """The results of a checkpoint in an evaluation (None: its first), from memory if it has not changed."""
    found = evaluations.find(store.find(name), evaluation)
    return _results(name, found.name, split, _stamp(found))


def pictures(evaluation: Evaluation) -> Pictures:
    """Where the samples of an evaluation can be seen."""
    typed = folders.kept(address(evaluation))
    of_evaluation, own = (place_in_words(each) for each in (evaluation.folder, evaluation.of))
    key = f"{evaluation.of.name} {evaluation.name} {evaluation.facts.fingerprint} {of_evaluation} {own}"
    found = _pictures(f"{key} {typed}", evaluation, typed)
    if found.found and not folders.may_be_seen(found.found.images.root):
        return Pictures(None, "they lie in a folder that you have not named here")
    return found


def look_again() -> None:
    """Somebody has said where pictures are, or put them there."""
    _pictures.clear()


def photo(found: Pictures, sample: Sample) -> Photo:
    """A sample as a photo that can be drawn; ImageError if it is not there."""
    if found.found is None:
        raise ImageError("the images are not on this machine")
    made = photos.as_photo(sample.sample_id.rpartition("/")[2], found.found.file_of(sample))
    made = replace(made, lies_here=True)
    photos.drawn(made)
    return made


def thumbs(found: SampleImages, samples: list[Sample]) -> list[bytes | None]:
    """Small JPEG files of samples, None for one that cannot be shown."""

    def thumb(sample: Sample) -> bytes | None:
        try:
            return _thumb(found.images.fingerprint, sample.sample_id, found, sample)
        except ImageError:  # Outside of the cache: it may be back the next time.
            return None

    # Decoding lets others run meanwhile: two threads take half the time on two cores.
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(thumb, samples))


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Both curves of one class against the rest."""

    roc: RocCurve
    precision_recall: PrecisionRecallCurve


def ranking(found: Results) -> Ranking:
    """How well each class is told from the rest."""
    return _ranking(key_of(found), found)


def scores(found: Results) -> Scores:
    """What is known of the scores of all classes."""
    return _scores(key_of(found), found)


def curves(found: Results, class_idx: int) -> Curves | None:
    """The curves of a class; None where all samples are of it, or none."""
    return _curves(key_of(found), class_idx, found)


def usual_class(found: Results) -> int:
    """The class whose curves are shown first: the true class that is chosen, else one that is confused."""
    name = st.session_state.get(TRUE)
    if name in found.class_names:
        return found.class_names.index(name)
    return classes_of_most_confused(found.metrics.confusion_matrix, 1)[0]


def show_view(name: str) -> None:
    """Turn to a part of the page; before its picker is drawn."""
    st.session_state[VIEW] = name


def openers(found: Results, pictures: Pictures, rows: Sequence[int]) -> list[Callable[[], Image.Image]]:
    """What opens the pictures of these rows, each when it is called."""

    def opener(row: int) -> Callable[[], Image.Image]:
        def opened() -> Image.Image:
            if pictures.found is None:
                raise ImageError(pictures.reason)
            return pictures.found.image_of(sample_at(found.table, row))

        return opened

    return [opener(row) for row in rows]


def average_key(found: Results, rows: Sequence[int], question: Question) -> str:
    """What an average map depends on."""
    return f"{key_of(found)} {question} {digest(repr(sorted(rows)).encode())}"


@st.cache_resource(max_entries=1)
def averages() -> OrderedDict[str, AverageMap | None]:
    """Average maps that have been computed, the oldest first."""
    return OrderedDict()


def keep_average(key: str, average: AverageMap | None) -> None:
    """Remember an average map; None where no image could be read."""
    averages()[key] = average
    while len(averages()) > _MAX_AVERAGES:
        averages().popitem(last=False)


def choices_are_of(name: str) -> None:
    """Forget what was chosen for another checkpoint's classes; before the pickers are drawn."""
    if st.session_state.get(_CHOSEN_OF) not in (None, name):
        # Set, not removed: the browser would go on showing what the picker had.
        st.session_state.update({TRUE: None, PREDICTED: None, ONLY: "wrong", CURVE: None, FEW: []})
        st.session_state.pop(SPLIT, None)
        from_the_first_page()
        open_sample(None)
    st.session_state[_CHOSEN_OF] = name


def set_picker(key: str, value: str | None, written: str | None) -> None:
    """Set a picker that is bound to the address, where it is ``written`` so; before it is drawn.

    One that has not been drawn yet on this page does not write itself.
    """
    st.session_state[key] = value
    if written is not None:
        with suppress(StreamlitAPIException):  # It has been drawn, and does.
            st.query_params[key] = written


def from_the_first_page() -> None:
    """Begin at the first page of samples; before its picker is drawn."""
    st.session_state[PAGE] = 1


def open_sample(sample_id: str | None) -> None:
    """Look at this sample from the next run of the page on, or at none."""
    st.session_state[SAMPLE_NEXT] = sample_id


def opened() -> str | None:
    """The sample to look at, which is in the address; once, as the page begins."""
    if SAMPLE_NEXT in st.session_state:
        wanted = st.session_state.pop(SAMPLE_NEXT)
        if wanted:
            st.query_params[SAMPLE] = wanted
        else:
            st.query_params.pop(SAMPLE, None)
    found: str | None = st.query_params.get(SAMPLE)
    return found


def key_of(found: Results) -> str:
    """What distinguishes results in caches."""
    return f"{found.name} {found.evaluation.name} {found.split} {_stamp(found.evaluation)}"


def _stamp(evaluation: Evaluation) -> float:
    """When its table was written."""
    return evaluation.table.stat().st_mtime


@st.cache_resource(max_entries=4, show_spinner="Reading the predictions…")
def _results(name: str, evaluation: str, split: str | None, stamp: float) -> Results:  # noqa: ARG001 (the key of the cache)
    return results.read(store.find(name), split, evaluation=evaluation)


@st.cache_resource(max_entries=4, show_spinner="Ranking samples by class…")
def _ranking(key: str, _found: Results) -> Ranking:  # noqa: ARG001 (the key of the cache)
    return ranked(scores(_found))


@st.cache_resource(max_entries=3, show_spinner=False)
def _scores(key: str, _found: Results) -> Scores:  # noqa: ARG001 (the key of the cache)
    return _found.scores


@st.cache_data(max_entries=64, show_spinner=False)
def _curves(key: str, class_idx: int, _found: Results) -> Curves | None:  # noqa: ARG001 (the key of the cache)
    try:
        return Curves(
            class_curves.roc_curve(scores(_found), class_idx),
            class_curves.precision_recall_curve(scores(_found), class_idx),
        )
    except ValueError:
        return None


@st.cache_resource(max_entries=4, ttl=_FOLDERS_CHANGE_S, show_spinner="Looking for the images…")
def _pictures(key: str, _evaluation: Evaluation, _typed: Path | None) -> Pictures:  # noqa: ARG001 (the key)
    try:
        images = images_of(_evaluation, _typed)
        return Pictures(sample_images(images), has_changed=data_has_changed(_evaluation, images))
    except CoreError as error:
        return Pictures(None, str(error))


@st.cache_data(max_entries=2_000, show_spinner=False)
def _thumb(fingerprint: str, sample_id: str, _found: SampleImages, _sample: Sample) -> bytes:  # noqa: ARG001 (the key of the cache)
    return photos.small_jpeg(_found.image_of(_sample), _GALLERY_SIDE)
