"""What a fix did: the answer in words, then each part of the samples before and after."""

import streamlit as st

from core.checkpoints.card import Card
from core.evaluation.comparing.proof import ALL_SAMPLES, in_words
from core.training.fixes.kept import KeptFix, kept_fix, like_new_in_words, maps_in_words, table
from pages._ui import errors, words


@errors.guarded  # A damaged proof hides nothing else.
def draw(card: Card, first: str = "") -> None:
    """The proof in a fixed checkpoint's card, of a fix of the checkpoint ``first`` if that is given."""
    fix = kept_fix(card)
    if fix is None or first not in ("", fix.made_from):
        return
    icon = ":material/check_circle:" if fix.is_good else ":material/info:"
    show = st.success if fix.is_good else st.warning
    show(words.plain(f"Fix of {fix.made_from}{_for(fix)}. {_result(fix)}."), icon=icon)
    with st.expander("The fix group by group", icon=":material/build:"):
        st.caption(words.plain(f"Changed: {fix.change}. Why: {fix.why}."))
        if fix.maps is not None:
            st.markdown(words.capital(maps_in_words(fix.maps)))
        st.dataframe(table(fix.proof), width="stretch")
        st.caption(
            "Measured on samples that the fix did not use. Points are of accuracy; McNemar's test, exact, "
            "takes the samples as independent."
        )


def _for(fix: KeptFix) -> str:
    return "" if fix.group == ALL_SAMPLES else f" for {fix.group!r}"


def _result(fix: KeptFix) -> str:
    """What it did to samples like the new photos, if it was meant for these; else to the group."""
    if fix.like_new is None:
        return in_words(fix.proof)
    return f"{like_new_in_words(fix.like_new)}. On the samples as they are: {in_words(fix.proof)}"
