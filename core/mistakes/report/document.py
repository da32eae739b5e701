"""A report on mistakes as one HTML file: numbers, confusion matrix, and the chosen samples with their maps.

The file has no scripts and loads nothing from outside; all names and messages in it are escaped.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from core.drawing import render
from core.drawing.render import Picture
from core.evaluation.metrics import Metrics
from core.evaluation.selection import Sample
from core.mistakes.report import html_tables
from core.mistakes.why_wrong import EvidencePictures, Sides, Sum
from core.shares import percent

_HTML = Path(__file__).parent
_MINUS = "−"


@dataclass(frozen=True, slots=True)
class ReportHeader:
    """The head of a report: what it is about, as texts to print."""

    checkpoint: str
    architecture: str
    evaluation: str
    data: str
    fingerprint: str
    split: str
    evaluated: str
    date: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture as a JPEG file, with its caption."""

    caption: str
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class SampleCard:
    """A sample with its pictures and a note on them; without pictures ``note`` says why."""

    sample: Sample
    figures: tuple[Figure, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class MistakesReport:
    """The content of a report.

    ``selection`` describes the chosen samples and their order, ``num_selected`` counts them, and ``cards``
    are the first of them. With more than 40 classes, the confusion matrix shows only the ``chosen`` classes,
    at most 40.
    """

    about: ReportHeader
    class_names: Sequence[str]
    metrics: Metrics
    selection: str
    num_selected: int
    cards: Sequence[SampleCard]
    chosen: Sequence[int] = ()


def card(
    sample: Sample, names: tuple[str, str], photo: Picture, *, sides: Sides, drawn: EvidencePictures
) -> SampleCard:
    """A card with the photo, the maps of two classes and their difference, and how the logits add up.

    ``names`` are those of the predicted class and of its rival.
    """
    pictures = {
        "Photo": photo,
        f"For and against {names[0]}": drawn.predicted,
        f"For and against {names[1]}": drawn.rival,
        f"{names[0]} {_MINUS} {names[1]}": drawn.difference,
    }
    figures = tuple(Figure(caption, render.jpeg(picture)) for caption, picture in pictures.items())
    return SampleCard(sample, figures, evidence_in_words(sides, *names))


def evidence_in_words(sides: Sides, predicted: str, rival: str) -> str:
    """How both logits and their difference add up, and the colour scale: red is for, blue against."""
    unit = "logits" if sides.in_logits else "(raw, not in logits)"
    scale = (
        f"Red is evidence for, blue against, on one scale from {_MINUS}{sides.top:.2g} to "
        f"+{sides.top:.2g} {unit}."
    )
    names = (f"Logit of {predicted}", f"Logit of {rival}", "Difference")
    sums = (sides.predicted_sum, sides.rival_sum, sides.difference_sum)
    parts = [_equation(name, each) for name, each in zip(names, sums, strict=True) if each]
    return " ".join([*parts, scale])


def html_report(report: MistakesReport) -> str:
    """The report as one HTML document."""
    title = f"Mistakes of {report.about.checkpoint}"
    return Template(_file("report.html")).substitute(
        title=escape(title),
        style=_file("report.css"),
        about=_about(report),
        numbers=_numbers(report.metrics),
        confusion=html_tables.confusion(report.metrics, report.class_names, report.chosen),
        selection=_selection(report),
        cards=_cards(report),
        classes=html_tables.classes(report.metrics, report.class_names),
    )


def _file(name: str) -> str:
    return (_HTML / name).read_text(encoding="utf-8")


def _about(report: MistakesReport) -> str:
    about = report.about
    entries = {
        "Model": about.checkpoint,
        "Architecture": about.architecture,
        "Evaluation": about.evaluation,
        "Data": about.data,
        "Fingerprint": about.fingerprint,
        "Split": f"{about.split}, {report.metrics.num_samples:,} samples",
        "Evaluated": about.evaluated,
        "Date of this report": about.date,
    }
    return "".join(
        f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in entries.items() if value
    )


def _numbers(metrics: Metrics) -> str:
    entries = [
        ("Accuracy", percent(metrics.accuracy), "share of samples that are predicted correctly"),
        ("Balanced accuracy", percent(metrics.balanced_accuracy), "mean recall of the classes"),
        (
            "Majority-class baseline",
            percent(metrics.majority_baseline),
            "accuracy of always predicting the largest class",
        ),
        ("Top-5 accuracy", percent(metrics.top5_accuracy), "true class among the five most probable"),
        ("Log loss", f"{metrics.log_loss:.3f}", "nats; lower is better"),
        ("Calibration error", percent(metrics.ece), "mean gap between confidence and accuracy (ECE)"),
        ("Mistakes", f"{metrics.num_mistakes:,}", f"of {metrics.num_samples:,} samples"),
    ]
    # With up to five classes the true class is always among the five most probable.
    shown = [
        each for each in entries if each[0] != "Top-5 accuracy" or metrics.confusion_matrix.num_classes > 5
    ]
    return "".join(
        f"<div><dt>{name}</dt><dd>{value}</dd><dd>{hint}</dd></div>" for name, value, hint in shown
    )


def _selection(report: MistakesReport) -> str:
    shown, total = len(report.cards), report.num_selected
    number = f"the first {shown:,} of {total:,}" if shown < total else f"{total:,}"
    return f"{escape(report.selection)} · {number} {'sample' if total == 1 else 'samples'}"


def _cards(report: MistakesReport) -> str:
    if not report.cards:
        return "<p>No samples were chosen.</p>"
    return f'<div class="cards">{"".join(_card(report, each) for each in report.cards)}</div>'


def _card(report: MistakesReport, shown: SampleCard) -> str:
    sample = shown.sample
    mark = "right" if sample.is_right else "wrong"
    note = f'<p class="hint">{escape(shown.note)}</p>' if shown.note and shown.figures else ""
    return (
        f'<article class="card is-{mark}"><div><h3>{escape(sample.path or sample.sample_id)}</h3>'
        f'<p class="verdict">true <b class="right">{_name(report, sample.label)}</b>, '
        f'predicted <b class="{mark}">{_name(report, sample.predicted)}</b></p>'
        f'<ol class="likely" aria-label="Probabilities">{_likely(report, sample)}</ol>'
        f'<p class="hint">loss {sample.loss:.3f} nats · margin {percent(sample.margin)}</p></div>'
        f"<div>{_figures(shown)}{note}</div></article>"
    )


def _likely(report: MistakesReport, sample: Sample) -> str:
    """The most probable classes, and the true class if it is not among them."""
    probabilities = dict(sample.top5)
    probabilities.setdefault(sample.label, sample.p_label)
    kinds = {sample.predicted: "mistaken", sample.label: "true"}  # If both are equal, "true" wins.
    return "".join(
        f'<li class="{kinds.get(class_idx, "other")}" style="--share:{probability:.3f}">'
        f"<span>{_name(report, class_idx)}</span><span>{percent(probability)}</span></li>"
        for class_idx, probability in probabilities.items()
    )


def _figures(shown: SampleCard) -> str:
    if not shown.figures:
        return f'<p class="none">No pictures: {escape(shown.note or "the image is not on this machine")}.</p>'
    name = escape(shown.sample.path or shown.sample.sample_id)
    figures = [
        f'<figure><img alt="{name}: {escape(each.caption)}" '
        f'src="data:image/jpeg;base64,{base64.b64encode(each.jpeg).decode()}">'
        f"<figcaption>{escape(each.caption)}</figcaption></figure>"
        for each in shown.figures
    ]
    return f'<div class="pictures">{"".join(figures)}</div>'


def _name(report: MistakesReport, class_idx: int) -> str:
    return escape(report.class_names[class_idx])


def _equation(name: str, total: Sum) -> str:
    return f"{name}: {_signed(total.score)} = {_signed(total.cells)} cells {_signed(total.bias)} bias."


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", _MINUS)
