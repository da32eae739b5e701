"""How good it is beyond the matrix: each class, each threshold, and whether its probabilities are true."""

import html
from functools import partial

import streamlit as st

from core.evaluation.metrics import calibration_bins, confidence_histogram, error_by_chance
from core.evaluation.ranking.areas import AREAS, in_words
from core.evaluation.ranking.scores import MISSING
from core.evaluation.ranking.threshold import AtThreshold, at_threshold
from core.evaluation.shares import UNDEFINED
from core.mistakes.results import Results, class_table
from pages._ui import mishaps, words
from pages._ui.kit import figures
from pages._ui.kit.pickers import class_pickers
from pages._ui.kit.samples import gallery
from pages._ui.session import choices, result_cache, values


def draw_classes(results: Results) -> None:
    """A row for each class; a click on one selects its samples."""
    st.markdown("##### Classes", help="Click a row to see the samples of that class.")
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
            "recall": share("Recall", help="Of its samples, how many are right"),
            "precision": share("Precision", help="Of those taken for it, how many are it"),
            "f1": share("F1", help="Harmonic mean of precision and recall"),
            "roc_auc": column.NumberColumn(
                "ROC AUC", help="Chance that one of its samples gets more of it than another's", format="%.3f"
            ),
            "average_precision": column.NumberColumn("Average precision", format="%.3f"),
        },
    )
    st.caption(
        "Empty is what is not defined: recall without samples, precision of a class that is never predicted. "
        f"{in_words(areas)}"
    )


def _choose_row(results: Results, key: str, class_idx: list[int]) -> None:
    row = values.row(key, len(class_idx))
    if row is not None:
        gallery.choose_cell(results.class_names, class_idx[row], None)
        choices.show_view("confusions")


@st.fragment
@mishaps.guarded
def draw_curves(results: Results) -> None:
    """ROC and precision-recall of one class, and what a threshold makes of it."""
    if result_cache.scores(results).kind == MISSING:
        st.info(
            "There are no curves: they need the probability of a class for every sample, and this table "
            "keeps only the five likeliest classes of each. Evaluate again to have them.",
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
        "Called so from this probability on", 0.0, 1.0, 0.5, 0.01, key="threshold",
        bind="query-params", persist_state="session",
    )  # fmt: skip
    both = result_cache.curves(results, class_idx)
    if both is None:
        st.info(
            f"Every sample is {words.plain(results.class_names[class_idx])}, or none: no curve can be drawn.",
            icon=":material/show_chart:",
        )
        return
    now = at_threshold(results.table, result_cache.scores(results), class_idx, threshold)
    with st.container(key="quality_curves"):
        roc, precision_recall, counts = st.columns([4, 4, 3], gap="large")
    with roc:
        st.markdown("##### ROC")
        st.plotly_chart(figures.roc(both.roc, now), key="roc", config=figures.CONFIG, alt="ROC curve")
    with precision_recall:
        st.markdown("##### Precision and recall")
        st.plotly_chart(
            figures.precision_recall(both.precision_recall, now), key="pr", config=figures.CONFIG,
            alt="Precision-recall curve",
        )  # fmt: skip
    with counts:
        st.markdown(f"##### At {now.threshold:.2g}")
        _draw_two_by_two(now, results.class_names[class_idx])


def _draw_two_by_two(now: AtThreshold, name: str) -> None:
    safe = html.escape(words.shortened(name, 16))
    st.html(
        '<table class="seewhy-two">'
        f'<tr><th></th><th scope="col">called {safe}</th><th scope="col">not</th></tr>'
        f'<tr><th scope="row">{safe}</th><td class="right">{now.true_positives:,}</td>'
        f'<td class="wrong">{now.false_negatives:,}</td></tr>'
        f'<tr><th scope="row">others</th><td class="wrong">{now.false_positives:,}</td>'
        f'<td class="right">{now.true_negatives:,}</td></tr></table>'
    )
    st.caption(
        f"Precision {words.accuracy(now.precision)} · recall {words.accuracy(now.recall)} · "
        f"false alarms {words.accuracy(now.false_positive_rate)} of the others"
    )


def draw_confidence(results: Results) -> None:
    """Whether a probability of 90 % is right nine times in ten."""
    with st.container(key="quality_confidence"):
        left, right = st.columns(2, gap="large")
    with left:
        st.markdown("##### Reliability")
        st.plotly_chart(
            figures.reliability(calibration_bins(results.table)), key="reliability", config=figures.CONFIG,
            alt="Reliability diagram",
        )  # fmt: skip
        st.caption(
            f"Bars below the dotted line: it is surer than it is right. Mean distance, weighted by samples "
            f"(expected calibration error): **{words.accuracy(results.metrics.ece)}**. On as many samples, "
            f"perfect probabilities show {words.accuracy(error_by_chance(results.table))} by chance. "
            f"Log loss: **{results.metrics.log_loss:.3f}** nats."
        )
    with right:
        st.markdown("##### How sure, when right and when wrong")
        st.plotly_chart(
            figures.counts_by_confidence(confidence_histogram(results.table)), key="sure",
            config=figures.CONFIG, alt="Histogram of probabilities, right and wrong",
        )  # fmt: skip
        st.caption("Wrong ones far to the right are those that nobody would look at twice.")
