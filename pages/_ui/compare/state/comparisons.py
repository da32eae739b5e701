"""Two checkpoints' results as one, and what is chosen on the page that compares them."""

from contextlib import suppress
from dataclasses import dataclass

import streamlit as st

from core.errors import CoreError
from core.evaluation.comparing import comparison, verdict
from core.evaluation.comparing.comparison import Matrices, Pair, PerClassChange, Piles
from core.evaluation.comparing.pair_selection import ALL, usual_pile
from core.evaluation.comparing.verdict import Verdict
from core.mistakes.comparable import address, at, comparable
from core.mistakes.results import Results
from core.predictions.evaluations import Evaluation
from pages._ui.session import evaluated, models
from pages._ui.session import results as memory

# Names in the address; but for two, each is the key of a widget here and of none elsewhere.
WITH, PILE, CLASS, FIRST_SAID, SECOND_SAID = "with", "pile", "of_class", "first_said", "second_said"
PART, SHEET, FEW = "tab", "sheet", "some"
# Widgets that the address always names: what is bound is left out of it while it is usual, and what is usual
# may be another thing for whoever follows the link.
SECOND, SHOWN = "second_checkpoint", "pile_shown"
_WRITTEN = "second_in_address"
# Which pair and whose classes the pickers are of; and a pair that a link asked for though it does not match.
_PAIR_OF, _CLASSES_OF, _LINKED = "compared_pair", "compared_classes", "compared_by_link"
_LEAVING = "leaving_for_mistakes"


# In the order in which the square has them: rows the first right and wrong, columns the second.
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
    """The evaluations to compare the first with, and the one that a link asks for; one is chosen."""
    names, now = [address(each) for each in comparable(first)], address(first)
    linked = st.query_params.get(WITH)
    if linked not in (None, st.session_state.get(_WRITTEN)):
        compare_with(_whole(linked, first), now)
    of, wanted = st.session_state.get(_LINKED, ("", ""))
    if of == now and wanted not in (*names, now):
        names.append(wanted)
    if st.session_state.get(SECOND) not in names:
        st.session_state[SECOND] = names[0] if names else None
    return names


def compare_with(second: str, first: str = "") -> None:
    """Compare with this evaluation from now on, even if it does not match ``first``; before its picker."""
    st.session_state[SECOND], st.session_state[_LINKED] = second, (first, second)


def write_address(second: str) -> None:
    """Let the address say what is compared, even where nobody has chosen it."""
    if st.query_params.get(WITH) != second:
        st.query_params[WITH] = second
    st.session_state[_WRITTEN] = second


def swap(first: Evaluation, second: Evaluation) -> None:
    """Let the two change places, and with them what is chosen; before anything is drawn."""
    memory.choices_are_of(second.of.name)
    st.session_state[models.CHECKPOINT] = second.of.name
    evaluated.look_at(second.name)
    compare_with(address(first), address(second))
    said = st.session_state.get(FIRST_SAID), st.session_state.get(SECOND_SAID)
    st.session_state[SECOND_SAID], st.session_state[FIRST_SAID] = said
    pile = st.session_state.get(SHOWN)
    st.session_state[SHOWN] = {"fixed": "broken", "broken": "fixed"}.get(str(pile), pile)
    from_the_first_sheet()
    memory.open_sample(st.query_params.get(memory.SAMPLE))


def _whole(linked: str, first: Evaluation) -> str:
    """The address of an evaluation where a link names only its checkpoint."""
    with suppress(CoreError):
        return address(at(linked, first))
    return linked


def compared(first: Results, second: Results) -> Compared:
    """Both as one, from memory if neither table has changed; DataError where nothing is in common."""
    key = " | ".join(memory.key_of(each) for each in (first, second))
    found = _compared(key, first, second)
    _forget_what_is_of_others(found)
    return found


def choose_usual_pile(found: Compared) -> None:
    """Where none is chosen, choose the pile that a link names, else the most telling; before its picker."""
    if st.session_state.get(SHOWN) not in LABELS:
        linked = st.query_params.get(PILE)
        st.session_state[SHOWN] = linked if linked in LABELS else usual_pile(found.piles)


def write_pile(pile: str) -> None:
    """Let the address name the pile that is shown."""
    if st.query_params.get(PILE) != pile:
        st.query_params[PILE] = pile


def verdict_on(found: Compared, pictures: memory.Pictures) -> Verdict:
    """How sure the difference is, by group where the pictures on this machine say what belongs together."""
    images = pictures.found.images if pictures.found else None
    return _verdict(f"{found.key} {images.fingerprint if images else ''}", found, pictures)


def pictures(first: Results, second: Results) -> memory.Pictures:
    """Where the samples can be seen, by either checkpoint."""
    of_first = memory.pictures(first.evaluation)
    if of_first.found is not None:
        return of_first
    of_second = memory.pictures(second.evaluation)
    return of_first if of_second.found is None else of_second


def chosen_classes(found: Compared) -> tuple[int | None, int | None, int | None]:
    """True class, what the first took it for, and what the second did, as they are chosen."""
    names = found.pair.class_names
    chosen = [st.session_state.get(key) for key in (CLASS, FIRST_SAID, SECOND_SAID)]
    label, first, second = (names.index(name) if name in names else None for name in chosen)
    return label, first, second


def choose(found: Compared, pile: str, *classes: int | None) -> None:
    """Show a pile's samples of a true class, that the first took for a class, and the second for a class."""
    st.session_state[SHOWN] = pile
    for key, class_idx in zip((CLASS, FIRST_SAID, SECOND_SAID), classes, strict=True):
        name = None if class_idx is None else found.pair.class_names[class_idx]
        memory.set_picker(key, name, name)
    st.session_state[PART] = "samples"
    from_the_first_sheet()
    memory.open_sample(None)


def from_the_first_sheet() -> None:
    """What is shown has changed; before its picker is drawn."""
    st.session_state[SHEET] = 1


def take_to_mistakes(found: Results, sample_id: str) -> None:
    """A sample becomes that of the page Mistakes, as this checkpoint saw it; before anything is drawn."""
    memory.choices_are_of(found.name)
    models.choose_checkpoint(found.name)
    evaluated.look_at(found.evaluation.name)
    st.session_state[memory.SPLIT] = found.split
    memory.open_sample(sample_id)
    st.session_state[_LEAVING] = True


def leaves_for_mistakes() -> bool:
    """Whether somebody has just asked for that page; once."""
    return bool(st.session_state.pop(_LEAVING, False))


def _forget_what_is_of_others(found: Compared) -> None:
    """Forget classes that this pair has not, and a pile that is empty in it; before the pickers are drawn."""
    names, pile = found.pair.class_names, st.session_state.get(SHOWN)
    if st.session_state.get(_CLASSES_OF, names) != names:
        # Set, not removed: the browser would go on showing what the picker had.
        usual = usual_pile(found.piles)
        st.session_state.update({SHOWN: usual, CLASS: None, FIRST_SAID: None, SECOND_SAID: None, FEW: []})
        from_the_first_sheet()
    is_another = st.session_state.get(_PAIR_OF, found.key) != found.key
    if is_another and pile in SQUARE and not len(getattr(found.piles, pile)):
        st.session_state[SHOWN] = usual_pile(found.piles)
    st.session_state[_CLASSES_OF], st.session_state[_PAIR_OF] = names, found.key


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


@st.cache_resource(max_entries=8, show_spinner="Asking whether it could be chance…")
def _verdict(key: str, _found: Compared, _pictures: memory.Pictures) -> Verdict:  # noqa: ARG001 (the key of the cache)
    images = _pictures.found.images if _pictures.found else None
    if images is None:
        return verdict.verdict(_found.piles, None)
    return verdict.verdict(_found.piles, verdict.by_group(_found.pair, images.sample_ids, images.groups))
