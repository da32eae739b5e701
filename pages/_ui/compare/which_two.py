"""Which two are compared, what came of it in words, and the four piles."""

from functools import partial

import streamlit as st

from core.evaluation.comparing.comparison import Pair
from core.evaluation.comparing.significance import in_words
from core.evaluation.comparing.verdict import Verdict, counted, headline
from core.mistakes.comparable import at
from core.mistakes.results import Results
from pages._ui import words
from pages._ui.compare.state import comparisons
from pages._ui.compare.state.comparisons import Compared
from pages._ui.kit.components import web
from pages._ui.kit.evaluations import evaluation_picker, numbers
from pages._ui.session import evaluated, models, result_cache, values

_PILES = web.component("piles")
_TONES = {"fixed": "fixed", "broken": "broken"}


def pick(name: str) -> tuple[Results, Results]:
    """Draw the pickers of both evaluations; says how to get a second one where there is none."""
    numbers.need_some(name)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="compare_pair"):
        first = evaluation_picker.pick(name, f"First: {name} on")
        names = comparisons.others(first)
        second = st.selectbox(
            "Second",
            names,
            key=evaluated.SECOND,
            format_func=partial(_label, name),
            persist_state="session",
            help="Other networks on the same images, then the same network on other images. "
            "The first network is chosen at the left.",
            on_change=comparisons.from_the_first_sheet,
        )
        swap = st.container(width="content")
    if second is None:
        _say_how(result_cache.load(name, None, first.name))
        st.stop()
    comparisons.write_address(second)
    other = at(second, first)
    swap.button(
        "Swap",
        icon=":material/swap_horiz:",
        key="compare_swap",
        on_click=comparisons.swap,
        args=(first, other),
    )
    results = numbers.of_split(first)
    split = results.split if other.of != first.of else None
    return results, result_cache.load(other.of.name, split, other.name)


def _label(first: str, address: str) -> str:
    """``signs-bn on gtsrb-val``; of the first network itself, ``street-val, same network``."""
    name, _, evaluation = address.partition("/")
    if name == first:
        return f"{evaluation}, same network"
    return f"{name} on {evaluation}" if evaluation else name


def draw(compared: Compared, verdict: Verdict, pile: str | None) -> None:
    """The result in one sentence, what the test says, and the piles to click."""
    first, second = compared.first.name, compared.second.name
    with st.container(key="compare_top"):
        left, right = st.columns([6, 5], gap="large", vertical_alignment="top")
    with left:
        st.markdown(f"#### {words.plain(headline(verdict, first, second))}")
        st.markdown(words.plain(in_words(verdict.test, first, second)))
        st.caption(words.plain(f"{counted(verdict)}."))
        for sentence in _left_out(compared.pair, first, second):
            st.caption(words.plain(sentence))
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

    def picked() -> None:
        wanted = values.picked_id("piles", meanings)
        # A second click on a pile lets it go.
        if wanted is not None:
            comparisons.choose(compared, "all" if wanted == pile else wanted, None, None, None)

    _PILES(
        key="piles",
        data={
            "label": f"Samples by who is right: rows {first}, columns {second}",
            "first": first,
            "second": second,
            "piles": [
                {
                    "id": name,
                    "name": comparisons.LABELS[name],
                    "meaning": meanings[name],
                    "count": f"{len(getattr(compared.piles, name)):,}",
                    "tone": _TONES.get(name, "same") if len(getattr(compared.piles, name)) else "same",
                    "selected": name == pile,
                }
                for name in comparisons.SQUARE
            ],
        },
        on_picked_change=picked,
    )


def _left_out(pair: Pair, first: str, second: str) -> list[str]:
    """What only one of them has, and is not compared."""
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


def _say_how(first: Results) -> None:
    source = words.plain(str(first.card.data.get("source", "")))
    data = f"the images of {source}" if source else "its images"
    st.info(
        f"**{words.plain(first.name)}** is the only checkpoint here that was evaluated on {data}. "
        "To compare, train another on them: with another network, more "
        f"augmentation, or from scratch. Or evaluate one that you have:\n\n"
        f"`python -m core evaluate OTHER --data FOLDER`",
        icon=":material/compare:",
    )
    st.page_link(
        "pages/train.py",
        label="Train another",
        icon=":material/model_training:",
        query_params={models.CHECKPOINT: first.name},
    )
