"""Metrics beyond the matrix: per class, by decision threshold, and the calibration of probabilities."""

import html
from functools import partial

import streamlit as st

from core.evaluation.metrics import calibration_bins, confidence_histogram, error_by_chance
from core.evaluation.ranking.areas import AREAS, in_words
from core.evaluation.ranking.scores import MISSING
from core.evaluation.ranking.threshold import AtThreshold, at_threshold
from core.mistakes.results import Results, class_table
from core.shares import UNDEFINED
from pages._ui import errors, words
from pages._ui.kit import figures
from pages._ui.kit.pickers import class_pickers
from pages._ui.kit.samples import gallery
from pages._ui.session import values
from pages._ui.session.evaluation import choices, result_cache


def draw_classes(results: Results) -> None:
    """A row for each class; a click on one selects its samples."""
    st.markdown("## Classes", help="Click a row to see the samples of that class.", anchors=False)
    areas = result_cache.ranking(results)
    rows = class_table(results, areas)
    column = st.column_config
    share = partial(column.ProgressColumn, format="percent", min_value=0.0, max_value=1.0)
    key = "class_table"
    hidden = ["class_idx", *(AREAS if areas.kind == MISSING else ())]
    st.dataframe(
        rows,
        hide_index=True,
        key=key,
        selection_mode="single-row",
        on_select=partial(_choose_row, results, key, rows["class_idx"].tolist()),
        column_order=[name for name in rows.columns if name not in hidden],
        placeholder=UNDEFINED,
        column_config={
            "name": column.TextColumn("Class"),
            "support": column.NumberColumn("Samples", format="localized"),
            "mistakes": column.NumberColumn("Mistakes", format="localized"),
            "recall": share("Recall", help="Share of samples of this class that are right"),
            "precision": share("Precision", help="Share of predictions of this class that are right"),
            "f1": share("F1", help="Harmonic mean of precision and recall"),
            "roc_auc": column.NumberColumn(
                "ROC AUC",
                help="Probability that a sample of this class scores higher than one of another class",
                format="%.3f",
            ),
            "average_precision": column.NumberColumn("Average precision", format="%.3f"),
        },
    )
    st.caption(
        "Empty cells are undefined: recall of a class without samples, precision of a class that is never "
        "predicted. "
        f"{in_words(areas)}"
    )


def _choose_row(results: Results, key: str, class_idx: list[int]) -> None:
    row = values.row(key, len(class_idx))
    if row is not None:
        gallery.choose_cell(results.class_names, class_idx[row], None)
        choices.show_view("confusions")


@st.fragment
@errors.guarded
def draw_curves(results: Results) -> None:
    """ROC and precision-recall of one class, and its counts at a decision threshold."""
    if result_cache.scores(results).kind == MISSING:
        st.info(
            "No curves: they need the probability of a class for every sample, and this table "
            "keeps only the five most likely classes of each. Evaluate again to get them.",
            icon=":material/show_chart:",
        )
        return
    usual = results.class_names[choices.usual_class(results)]
    left, right = st.columns([2, 3], gap="large", vertical_alignment="bottom")
    with left:
        picked = class_pickers.one(
            "Class against the rest", results.class_names, results.metrics.confusion_matrix,
            key=choices.CURVE, placeholder=usual,
        )  # fmt: skip
    class_idx = choices.usual_class(results) if picked is None else picked
    threshold = right.slider(
        "Decision threshold", 0.0, 1.0, 0.5, 0.01, key="threshold",
        bind="query-params", persist_state="session",
    )  # fmt: skip
    both = result_cache.curves(results, class_idx)
    if both is None:
        st.info(
            f"All samples are {words.plain(results.class_names[class_idx])}, or none is: there is no curve.",
            icon=":material/show_chart:",
        )
        return
    now = at_threshold(results.table, result_cache.scores(results), class_idx, threshold)
    with st.container(key="quality_curves"):
        roc, precision_recall, counts = st.columns([4, 4, 3], gap="large")
    with roc:
        st.markdown("## ROC", anchors=False)
        st.plotly_chart(figures.roc(both.roc, now), key="roc", config=figures.CONFIG, alt="ROC curve")
    with precision_recall:
        st.markdown("## Precision and recall", anchors=False)
        st.plotly_chart(
            figures.precision_recall(both.precision_recall, now), key="pr", config=figures.CONFIG,
            alt="Precision-recall curve",
        )  # fmt: skip
    with counts:
        st.markdown(f"## At threshold {now.threshold:.2g}", anchors=False)
        _draw_two_by_two(now, results.class_names[class_idx])


def _draw_two_by_two(now: AtThreshold, name: str) -> None:
    safe = html.escape(words.shortened(name, 16))
    st.html(
        '<table class="seewhy-two">'
        f'<tr><td></td><th scope="col">predicted {safe}</th><th scope="col">predicted other</th></tr>'
        f'<tr><th scope="row">{safe}</th><td class="right">{now.true_positives:,}</td>'
        f'<td class="wrong">{now.false_negatives:,}</td></tr>'
        f'<tr><th scope="row">others</th><td class="wrong">{now.false_positives:,}</td>'
        f'<td class="right">{now.true_negatives:,}</td></tr></table>'
    )
    st.caption(
        f"Precision {words.accuracy(now.precision)} · recall {words.accuracy(now.recall)} · "
        f"false positive rate {words.accuracy(now.false_positive_rate)}"
    )


def draw_confidence(results: Results) -> None:
    """Whether predictions with a probability of 90% are right nine times in ten."""
    with st.container(key="quality_confidence"):
        left, right = st.columns(2, gap="large")
    with left:
        st.markdown("## Reliability", anchors=False)
        st.plotly_chart(
            figures.reliability(calibration_bins(results.table)), key="reliability", config=figures.CONFIG,
            alt="Reliability diagram",
        )  # fmt: skip
        st.caption(
            f"Bars below the dotted line: overconfident. Mean distance to it, weighted by samples "
            f"(expected calibration error): **{words.accuracy(results.metrics.ece)}**. Perfectly calibrated "
            f"probabilities would show {words.accuracy(error_by_chance(results.table))} by chance. "
            f"Log loss: **{results.metrics.log_loss:.3f}** nats."
        )
    with right:
        st.markdown("## Confidence of right and wrong predictions", anchors=False)
        st.plotly_chart(
            figures.counts_by_confidence(confidence_histogram(results.table)), key="sure",
            config=figures.CONFIG, alt="Histogram of probabilities, right and wrong",
        )  # fmt: skip
        st.caption("Mistakes far to the right are confident: no threshold on confidence would catch them.")
