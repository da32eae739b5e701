"""Two checkpoints' results as one, and what is chosen on the page that compares them."""

from contextlib import suppress
from dataclasses import dataclass

import streamlit as st

from core.data.image_set import ImageSet
from core.errors import CoreError
from core.evaluation.comparing import comparison, verdict
from core.evaluation.comparing.comparison import Matrices, Pair, PerClassChange, Piles
from core.evaluation.comparing.group_rows import GroupRow
from core.evaluation.comparing.pair_selection import ALL, usual_pile
from core.evaluation.comparing.verdict import Verdict
from core.mistakes import kept_groups
from core.mistakes.comparable import address, at, comparable
from core.mistakes.results import Results
from core.predictions import group_tests
from core.predictions.evaluations import Evaluation
from pages._ui.session.checkpoints import models
from pages._ui.session.data import image_access
from pages._ui.session.evaluation import choices, evaluated, result_cache

# Names in the address; all but WITH and PILE are keys of widgets on this page.
WITH, PILE, CLASS, FIRST_SAID, SECOND_SAID = "with", "pile", "of_class", "first_said", "second_said"
PART, SHEET, FEW, MATRICES = "tab", "sheet", "some", "matrices"
# A widget whose value the address always names: Streamlit leaves a default out of the address, and the
# default pile may be another one where the link is opened.
SHOWN = "pile_shown"
_WRITTEN = "second_in_address"
# Which pair and whose classes the pickers are of.
_PAIR_OF, _CLASSES_OF = "compared_pair", "compared_classes"
_LEAVING = "leaving_for_mistakes"


# In the order of the square: rows the first right and wrong, columns the second.
SQUARE = ("both_right", "broken", "fixed", "both_wrong")
LABELS = {
    "both_right": "Both right",
    "broken": "Broken",
    "fixed": "Fixed",
    "both_wrong": "Both wrong",
    ALL: "All",
}


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Both results, and what they have in common; ``key`` is their name in caches."""

    first: Results
    second: Results
    pair: Pair
    piles: Piles
    matrices: Matrices
    change: PerClassChange
    key: str


def others(first: Evaluation) -> list[str]:
    """The evaluations to compare the first with, and the one that a link names; chooses one."""
    names, now = [address(each) for each in comparable(first)], address(first)
    linked = st.query_params.get(WITH)
    if linked not in (None, st.session_state.get(_WRITTEN)):
        evaluated.compare_with(_whole(linked, first), now)
    of, wanted = st.session_state.get(evaluated.LINKED_PAIR, ("", ""))
    if of == now and wanted not in (*names, now):
        names.append(wanted)
    if st.session_state.get(evaluated.SECOND) not in names:
        st.session_state[evaluated.SECOND] = names[0] if names else None
    return names


def write_address(second: str) -> None:
    """Write the second evaluation into the address, also where it is the default."""
    if st.query_params.get(WITH) != second:
        st.query_params[WITH] = second
    st.session_state[_WRITTEN] = second


def swap(first: Evaluation, second: Evaluation) -> None:
    """Exchange the two evaluations, and the choices that belong to them; before anything is drawn."""
    choices.choices_are_of(second.of.name)
    st.session_state[models.CHECKPOINT] = second.of.name
    evaluated.look_at(second.name)
    evaluated.compare_with(address(first), address(second))
    said = st.session_state.get(FIRST_SAID), st.session_state.get(SECOND_SAID)
    st.session_state[SECOND_SAID], st.session_state[FIRST_SAID] = said
    pile = st.session_state.get(SHOWN)
    st.session_state[SHOWN] = {"fixed": "broken", "broken": "fixed"}.get(str(pile), pile)
    from_the_first_sheet()
    choices.open_sample(st.query_params.get(choices.SAMPLE))


def _whole(linked: str, first: Evaluation) -> str:
    """The address of an evaluation where a link names only its checkpoint."""
    with suppress(CoreError):
        return address(at(linked, first))
    return linked


def compared(first: Results, second: Results) -> Compared:
    """The comparison of both, from memory if neither table has changed; DataError if nothing is in common."""
    key = " | ".join(result_cache.key_of(each) for each in (first, second))
    both = _compared(key, first, second)
    _forget_what_is_of_others(both)
    return both


def choose_usual_pile(compared: Compared) -> None:
    """Choose the pile that a link names, else the most telling, if none is chosen; before its picker."""
    if st.session_state.get(SHOWN) not in LABELS:
        linked = st.query_params.get(PILE)
        st.session_state[SHOWN] = linked if linked in LABELS else usual_pile(compared.piles)


def write_pile(pile: str) -> None:
    """Write the pile that is shown into the address."""
    if st.query_params.get(PILE) != pile:
        st.query_params[PILE] = pile


def verdict_on(compared: Compared, pictures: image_access.Pictures) -> Verdict:
    """The significance of the difference, by group where the images on this machine have groups."""
    images = pictures.images.images if pictures.images else None
    return _verdict(f"{compared.key} {images.fingerprint if images else ''}", compared, pictures)


def group_rows(compared: Compared, pictures: image_access.Pictures) -> list[GroupRow]:
    """The groups that both checkpoints keep as tests, from memory if nothing has changed."""
    images = pictures.images.images if pictures.images else None
    stamps = [group_tests.stamp(each.evaluation.of) for each in (compared.first, compared.second)]
    key = f"{compared.key} {images.fingerprint if images else ''} {stamps}"
    return _group_rows(key, compared, images)


def pictures(first: Results, second: Results) -> image_access.Pictures:
    """The images behind the samples, from either checkpoint's evaluation."""
    of_first = image_access.pictures(first.evaluation)
    if of_first.images is not None:
        return of_first
    of_second = image_access.pictures(second.evaluation)
    return of_first if of_second.images is None else of_second


def chosen_classes(compared: Compared) -> tuple[int | None, int | None, int | None]:
    """The chosen true class, prediction of the first, and prediction of the second."""
    names = compared.pair.class_names
    chosen = [st.session_state.get(key) for key in (CLASS, FIRST_SAID, SECOND_SAID)]
    label, first, second = (names.index(name) if name in names else None for name in chosen)
    return label, first, second


def choose(compared: Compared, pile: str, *classes: int | None) -> None:
    """Show the samples of a pile with this true class and these predictions; None: any class."""
    st.session_state[SHOWN] = pile
    for key, class_idx in zip((CLASS, FIRST_SAID, SECOND_SAID), classes, strict=True):
        name = None if class_idx is None else compared.pair.class_names[class_idx]
        choices.set_picker(key, name, name)
    st.session_state[PART] = "samples"
    from_the_first_sheet()
    choices.open_sample(None)


def from_the_first_sheet() -> None:
    """Begin at the first page of samples; before its picker is drawn."""
    st.session_state[SHEET] = 1


def take_to_mistakes(results: Results, sample_id: str) -> None:
    """Open a sample on the page Mistakes with this checkpoint; before anything is drawn."""
    choices.choices_are_of(results.name)
    models.choose_checkpoint(results.name)
    evaluated.look_at(results.evaluation.name)
    st.session_state[choices.SPLIT] = results.split
    choices.open_sample(sample_id)
    st.session_state[_LEAVING] = True


def leaves_for_mistakes() -> bool:
    """Whether a click asked for the page Mistakes; once."""
    return bool(st.session_state.pop(_LEAVING, False))


def _forget_what_is_of_others(compared: Compared) -> None:
    """Clear the chosen classes if this pair lacks them, and an empty pile; before the pickers are drawn."""
    names, pile = compared.pair.class_names, st.session_state.get(SHOWN)
    if st.session_state.get(_CLASSES_OF, names) != names:
        # Set, not removed: the browser would keep showing the picker's old value.
        usual = usual_pile(compared.piles)
        st.session_state.update({SHOWN: usual, CLASS: None, FIRST_SAID: None, SECOND_SAID: None, FEW: []})
        from_the_first_sheet()
    is_another = st.session_state.get(_PAIR_OF, compared.key) != compared.key
    if is_another and pile in SQUARE and not len(getattr(compared.piles, pile)):
        st.session_state[SHOWN] = usual_pile(compared.piles)
    st.session_state[_CLASSES_OF], st.session_state[_PAIR_OF] = names, compared.key


@st.cache_resource(max_entries=2, show_spinner="Comparing…")
def _compared(key: str, _first: Results, _second: Results) -> Compared:
    pair = comparison.paired(_first.table, _second.table, _first.class_names, _second.class_names)
    return Compared(
        _first,
        _second,
        pair,
        comparison.piles(pair),
        comparison.matrices(pair),
        comparison.per_class_change(pair),
        key,
    )


@st.cache_resource(max_entries=8, show_spinner="Testing significance…")
def _verdict(key: str, _both: Compared, _pictures: image_access.Pictures) -> Verdict:  # noqa: ARG001 (the key of the cache)
    images = _pictures.images.images if _pictures.images else None
    if images is None:
        return verdict.verdict(_both.piles, None)
    return verdict.verdict(_both.piles, verdict.by_group(_both.pair, images.sample_ids, images.groups))


@st.cache_resource(max_entries=8, show_spinner=False)
def _group_rows(key: str, _both: Compared, _images: ImageSet | None) -> list[GroupRow]:  # noqa: ARG001 (the key of the cache)
    return kept_groups.rows(_both.first.evaluation, _both.second.evaluation, _both.pair, _images)
