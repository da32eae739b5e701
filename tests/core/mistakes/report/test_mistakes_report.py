"""The report says its numbers in words."""

import re
from dataclasses import replace

import numpy as np

from core.evaluation.selection import Sample
from core.mistakes.report.document import (
    MistakesReport,
    SampleCard,
    html_report,
)
from tests.support.results.mistakes_reports import (
    ABOUT,
    LABEL,
    NAMES,
    PREDICTED,
    Page,
    metrics_of,
    report_of_many,
)


def test_the_numbers_stand_beside_their_names(report: MistakesReport) -> None:
    """3 of 4 cats, 1 of 2 dogs, no cow: accuracy 4/8, mean recall (3/4 + 1/2 + 0) / 3, largest class 4/8."""
    page = html_report(report)
    for name, value in (
        ("Accuracy", "50.0%"),
        ("Balanced accuracy", "41.7%"),
        ("Majority-class baseline", "50.0%"),
        ("Log loss", f"{report.metrics.log_loss:.3f}"),
        ("Calibration error", f"{report.metrics.ece:.1%}"),
        ("Mistakes", "4"),
    ):
        assert f"<dt>{name}</dt><dd>{value}</dd>" in page
    assert "Top-5" not in page
    assert "<dt>Top-5 accuracy</dt>" in html_report(report_of_many(6))


def test_it_says_what_it_is_of(report: MistakesReport) -> None:
    page = Page(html_report(report))
    said = page.text("dd")
    assert page.text("h1") == page.text("title") == ["Mistakes of mine"]
    assert said[:5] == ["mine", "timm:lite", "street", "pets", "589ed330"]
    assert said[5:8] == ["val, 8 samples", "2026-11-20", "22 November 2026"]
    nameless = replace(report, about=replace(ABOUT, fingerprint=""))
    assert "Fingerprint" not in html_report(nameless)


def test_a_small_matrix_is_shown_whole_with_the_counts_in_their_cells(report: MistakesReport) -> None:
    page = html_report(report)
    found = re.findall(r'<tr><th scope="row">(\w+)</th>((?:<td[^>]*>\d*</td>)+)</tr>', page)
    cells = {name: re.findall(r">(\d*)<", row.replace("</td>", "") + "<") for name, row in found}
    assert cells == {"cat": ["3", "1", ""], "dog": ["1", "1", ""], "cow": ["2", "", ""]}
    assert page.count('class="right"') == 2 + 1  # Two cells, and the true class of the sample.
    assert 'class="wrong" style="--share:1.000">2</td>' in page
    assert "classes are shown" not in page


def test_of_many_classes_the_most_frequent_mistakes_and_the_chosen_ones_are_shown() -> None:
    page = html_report(report_of_many(60, chosen=(0, 1, 7)))
    pairs = re.findall(r"<span>([^<]*) → ([^<]*)</span><span>(\d+)</span>", page)
    assert len(pairs) == 25
    assert pairs[:2] == [("class 0", "class 1", "2"), ("class 1", "class 2", "1")]
    matrix = page[page.index("<table") : page.index("</table>")]
    assert re.findall(r'scope="col"><span>([^<]*)<', matrix) == ["class 0", "class 1", "class 7"]
    assert "Only 3 of 60 classes are shown." in matrix
    assert 'class="matrix' not in html_report(report_of_many(60))
    whole = html_report(report_of_many(40))
    assert "→" not in whole
    assert 'class="matrix' in whole


def test_without_mistakes_it_says_so() -> None:
    label = list(range(50))
    page = html_report(
        MistakesReport(ABOUT, [str(each) for each in label], metrics_of(label, label, 50), "all", 50, [])
    )
    assert "There are no mistakes." in page
    assert "No samples were chosen." in page


def test_classes_come_with_the_lowest_f1_first_and_undefined_numbers_as_dashes(
    report: MistakesReport,
) -> None:
    """Precision and recall: cat 3/6 and 3/4, dog 1/2 and 1/2, cow never predicted; a fourth never seen."""
    found = metrics_of(LABEL, PREDICTED, 4)
    page = html_report(replace(report, class_names=(*NAMES, "yak"), metrics=found))
    table = page[page.index('<table class="classes">') :]
    lines = re.findall(r'<tr><th scope="row">(\w+)</th>(.*?)</tr>', table)
    numbers = {name: re.findall(r"<td[^>]*>([^<]*)</td>", line) for name, line in lines}
    assert list(numbers) == ["cow", "dog", "cat", "yak"]
    assert numbers["cow"] == ["—", "0.0%", "0.0%", "2"]
    assert numbers["dog"] == ["50.0%", "50.0%", "50.0%", "2"]
    assert numbers["cat"] == ["50.0%", "75.0%", "60.0%", "4"]
    assert numbers["yak"] == ["—", "—", "—", "0"]


def test_of_very_many_classes_200_are_listed_and_the_rest_counted() -> None:
    page = html_report(report_of_many(1203))
    assert page[page.index('<table class="classes">') :].count('scope="row"') == 200
    assert "1,003 more classes are not shown." in page
    assert "more classes" not in html_report(report_of_many(200))


def test_the_selection_says_how_many_samples_of_how_many_are_shown(report: MistakesReport) -> None:
    assert "true cat · the first 1 of 4 samples" in html_report(report)
    assert "true cat · 1 sample</p>" in html_report(replace(report, num_selected=1))


def test_a_card_names_the_sample_its_classes_and_their_probabilities(
    report: MistakesReport, sample: Sample
) -> None:
    page = html_report(report)
    e2 = np.exp(2) / (np.exp(2) + 2)
    assert "<h3>photos/3.jpg</h3>" in page
    assert 'true <b class="right">cat</b>, predicted <b class="wrong">dog</b>' in page
    assert f"<span>dog</span><span>{100 * e2:.1f}%</span>" in page
    assert f'<li class="true" style="--share:{(1 - e2) / 2:.3f}"><span>cat</span>' in page
    assert f"loss {-np.log((1 - e2) / 2):.3f} nats" in page
    far = replace(sample, top5=sample.top5[:1], p_label=0.0123)
    assert "<span>cat</span><span>1.2%</span>" in html_report(replace(report, cards=[SampleCard(far)]))
