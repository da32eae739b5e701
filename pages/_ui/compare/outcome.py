"""The outcome of a comparison: the result in words, and the four piles of samples."""

import streamlit as st

from core.evaluation.comparing.comparison import Pair
from core.evaluation.comparing.significance import in_words
from core.evaluation.comparing.verdict import Verdict, counted, headline
from pages._ui import words
from pages._ui.compare.state import comparisons
from pages._ui.compare.state.comparisons import Compared
from pages._ui.kit.components import piles
from pages._ui.kit.components.piles import Pile, Square

_COLOURED = ("fixed", "broken")


def draw_headline(compared: Compared, verdict: Verdict) -> None:
    """The result in one sentence."""
    st.markdown(
        f"## {words.plain(headline(verdict, compared.first.name, compared.second.name))}", anchors=False
    )


def draw(compared: Compared, verdict: Verdict, pile: str | None) -> None:
    """The result in one sentence, what the test says, and the piles to click."""
    first, second = compared.first.name, compared.second.name
    with st.container(key="compare_top"):
        left, right = st.columns([6, 5], gap="large", vertical_alignment="top")
    with left:
        draw_headline(compared, verdict)
        st.markdown(words.plain(in_words(verdict.test, first, second)))
        st.caption(words.plain(" ".join([f"{counted(verdict)}.", *_left_out(compared.pair, first, second)])))
    with right:
        _draw_piles(compared, pile)


def _draw_piles(compared: Compared, pile: str | None) -> None:
    first, second = compared.first.name, compared.second.name
    meanings = {
        "both_right": "easy for both",
        "broken": f"only {words.shortened(first)} is right",
        "fixed": f"only {words.shortened(second)} is right",
        "both_wrong": "hard for both",
    }
    sizes = {name: len(getattr(compared.piles, name)) for name in comparisons.SQUARE}

    def picked(wanted: str) -> None:
        # A second click on a pile deselects it.
        comparisons.choose(compared, "all" if wanted == pile else wanted, None, None, None)

    made = [
        Pile(
            id=name,
            name=comparisons.LABELS[name],
            meaning=meanings[name],
            count=f"{size:,}",
            tone=name if size and name in _COLOURED else "same",
            selected=name == pile,
        )
        for name, size in sizes.items()
    ]
    piles.draw(
        Square(first, second, made),
        label=f"Samples by who is right: rows {first}, columns {second}",
        key="piles",
        on_pick=picked,
    )


def _left_out(pair: Pair, first: str, second: str) -> list[str]:
    """The samples and classes that only one checkpoint has, which are not compared."""
    samples = ((pair.num_only_first, first), (pair.num_only_second, second))
    classes = ((pair.classes_only_first, first), (pair.classes_only_second, second))
    return [
        f"Left out: {words.counted(number, 'sample')} that only {name} has predicted."
        for number, name in samples
        if number
    ] + [
        f"Only {name} knows {words.counted(len(only), 'class')}: {', '.join(only[:3])}"
        f"{' …' if only[3:] else '.'}"
        for only, name in classes
        if only
    ]
