"""The selection as files: a table for a spreadsheet, and a report to send to a colleague."""

from datetime import datetime

import streamlit as st

from core.evaluation.matrix_view import classes_of_most_confused
from core.evaluation.selection import page_of, sample_at
from core.mistakes.report.document import MistakesReport, ReportHeader, html_report
from core.mistakes.report.sample_cards import cards
from core.mistakes.results import Results
from core.mistakes.selection_csv import csv_of
from pages._ui.kit.samples.gallery import Selection, order_label
from pages._ui.session.checkpoints import models
from pages._ui.session.data.image_access import Pictures

_IN_REPORT, _CLASSES = 24, 24


def draw(results: Results, selection: Selection, pictures: Pictures) -> None:
    """Offer both files; each is made on click."""
    name = f"{results.name}.{results.evaluation.name}"
    if len(results.splits) > 1:
        name = f"{name}.{results.split}"
    if len(selection.rows):
        st.download_button(
            "CSV",
            lambda: csv_of(results.table, selection.rows, results.class_names),
            f"{name}.csv",
            "text/csv",
            key="download_csv",
            on_click="ignore",
            icon=":material/download:",
            help="All selected samples, one row each.",
        )
        st.download_button(
            "Report",
            lambda: _report(results, selection, pictures),
            f"{name}.html",
            "text/html",
            key="download_report",
            on_click="ignore",
            icon=":material/description:",
            help=f"One HTML file: numbers, matrix, and the first {_IN_REPORT} samples with their maps.",
        )


def _report(results: Results, selection: Selection, pictures: Pictures) -> str:
    rows = page_of(selection.rows, 1, _IN_REPORT).tolist()
    samples = [sample_at(results.table, row) for row in rows]
    checkpoint = models.load(results.name).checkpoint
    return html_report(
        MistakesReport(
            _about(results),
            results.class_names,
            results.metrics,
            f"{selection.title}; {order_label(selection.order).lower()}; maps by Grad-CAM at the last layer",
            len(selection.rows),
            list(cards(checkpoint, results.class_names, samples, pictures.images)),
            classes_of_most_confused(results.metrics.confusion_matrix, _CLASSES),
        )
    )


def _about(results: Results) -> ReportHeader:
    facts = results.evaluation.facts
    return ReportHeader(
        results.name,
        results.card.architecture,
        results.evaluation.name,
        facts.data,
        facts.fingerprint or "",
        results.split,
        facts.date[:10],
        datetime.now().astimezone().strftime("%d %B %Y, %H:%M %Z"),
    )
