"""The main metrics of an evaluation, beside the baselines of its data."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.checkpoints import store
from core.mistakes.results import Results, class_sizes
from core.predictions import evaluations
from core.predictions.evaluations import Evaluation
from pages._ui import words
from pages._ui.kit.evaluations import evaluating, evaluation_picker
from pages._ui.session.evaluation import choices, result_cache


def pick_results(name: str, row: DeltaGenerator) -> Results:
    """The results of the evaluation that is chosen in ``row``; where there are none, how to get some."""
    need_some(name)
    return of_split(evaluation_picker.draw(name, row))


def need_some(name: str) -> None:
    """Continue only if the checkpoint has evaluations; otherwise offer to make one."""
    choices.choices_are_of(name)
    if not evaluations.every(store.find(name)):
        evaluating.draw(name)
        st.stop()


def of_split(evaluation: Evaluation) -> Results:
    """The results of an evaluation, of the split that is chosen where it has several."""
    name = evaluation.of.name
    first = result_cache.load(name, None, evaluation.name)
    if len(first.splits) == 1:
        return first
    split = st.segmented_control(
        "Split", first.splits, default=first.split, required=True, key=choices.SPLIT,
        format_func=words.plain,
        bind="query-params", persist_state="session",
    )  # fmt: skip
    return result_cache.load(name, str(split), evaluation.name)


def draw(results: Results) -> None:
    """Accuracy beside balanced accuracy and the majority-class baseline, and what was evaluated."""
    metrics = results.metrics
    with st.container(horizontal=True, gap="small", key="numbers"):
        _number("Accuracy", words.accuracy(metrics.accuracy), "Share of all samples that are right.")
        _number(
            "Balanced accuracy",
            words.accuracy(metrics.balanced_accuracy),
            "Mean recall over all classes: each class counts the same, however small.",
        )
        _number(
            "Majority-class baseline",
            words.accuracy(metrics.majority_baseline),
            "Accuracy of always predicting the largest class, without looking at the image.",
        )
        _number(
            "Mistakes",
            f"{metrics.num_mistakes:,} of {metrics.num_samples:,}",
            "Samples of this split whose predicted class is not their true class.",
        )
        if len(results.class_names) > 5:
            _number(
                "Top-5 accuracy",
                words.accuracy(metrics.top5_accuracy),
                "Share of samples whose true class is among the five most likely classes.",
            )
    st.caption(f"{words.plain(evaluation_picker.about(results.evaluation))} · {_sizes(results)}")


def _sizes(results: Results) -> str:
    """How many classes there are, and how many samples they have."""
    sizes, names = class_sizes(results.metrics.per_class.support), results.class_names
    of = f"{sizes.num_with_samples:,} of " if sizes.num_with_samples < len(names) else ""
    classes = f"{of}{words.counted(len(names), 'class')}"
    if sizes.most == sizes.fewest:
        return f"{classes}, {words.counted(sizes.most, 'sample')} each"
    smallest, largest = (
        words.plain(words.shortened(names[each])) for each in (sizes.smallest, sizes.largest)
    )
    return f"{classes}, from {sizes.fewest:,} ({smallest}) to {sizes.most:,} ({largest}) samples each"


def _number(label: str, value: str, meaning: str) -> None:
    st.metric(label, value, help=meaning)
