"""What a fix did: the answer in words, then each part of the samples before and after."""

import streamlit as st

from core.checkpoints.card import Card
from core.evaluation.comparing.proof import has_cost, has_helped, in_words
from core.training.fixes.kept import kept_fix, maps_in_words, table
from pages._ui import errors, words


@errors.guarded  # A damaged proof hides nothing else.
def draw(card: Card, first: str = "") -> None:
    """The proof in a fixed checkpoint's card, of a fix of the checkpoint ``first`` if that is given."""
    fix = kept_fix(card)
    if fix is None or first not in ("", fix.made_from):
        return
    helped = has_helped(fix.proof) and not has_cost(fix.proof)
    icon = ":material/check_circle:" if helped else ":material/info:"
    show = st.success if helped else st.warning
    show(words.plain(f"Fix of {fix.made_from} for {fix.group!r}. {in_words(fix.proof)}."), icon=icon)
    with st.expander("The fix group by group", icon=":material/build:"):
        st.caption(words.plain(f"Changed: {fix.change}. Why: {fix.why}."))
        if fix.maps is not None:
            st.markdown(words.capital(maps_in_words(fix.maps)))
        st.dataframe(table(fix.proof), width="stretch")
        st.caption(
            "Measured on samples that the fix did not use. Points are of accuracy; McNemar's test, exact, "
            "takes the samples as independent."
        )
