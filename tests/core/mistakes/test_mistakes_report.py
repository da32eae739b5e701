"""The report of mistakes: one HTML file that says what is so, escapes its data and asks for nothing."""

import base64
import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pyarrow as pa
import pytest
import torch

from core.evaluation.metrics import Metrics, metrics
from core.evaluation.selection import Sample, sample_at
from core.explanation.answer import Map
from core.images.preprocess import Preprocess
from core.mistakes.report.document import (
    Figure,
    MistakesReport,
    ReportHeader,
    SampleCard,
    card,
    evidence_in_words,
    html_report,
)
from core.mistakes.why_wrong import pictures, sides
from core.predictions.prediction_table import rows

ABOUT = ReportHeader(
    "mine", "timm:lite", "street", "pets", "589ed330", "val", "2026-11-20", "22 November 2026"
)
NAMES = ("cat", "dog", "cow")
ATTACK = "<script>alert(1)</script>\"'&"
VOID = {"meta", "img", "br", "link"}


class Page(HTMLParser):
    """What a browser would find: elements with their attributes, and the text of each."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(source)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember an element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Fail if another element is open."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Remember text by the element around it."""
        if data.strip():
            self.texts.append((self._open[-1], data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every such element."""
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self, tag: str) -> list[str]:
        """The texts of such elements, in order."""
        return [data for name, data in self.texts if name == tag]


def _table(label: Sequence[int], predicted: Sequence[int], num_classes: int) -> pa.Table:
    logits = torch.nn.functional.one_hot(torch.tensor(predicted), num_classes) * 2.0
    ids = [f"photos/{place}.jpg" for place in range(len(label))]
    return rows(logits, torch.tensor(label), sample_ids=ids, paths=ids, split="val")


def _metrics(label: Sequence[int], predicted: Sequence[int], num_classes: int) -> Metrics:
    return metrics(_table(label, predicted, num_classes), num_classes)


LABEL, PREDICTED = [0, 0, 0, 0, 1, 1, 2, 2], [0, 0, 0, 1, 1, 0, 0, 0]


@pytest.fixture
def sample() -> Sample:
    """A cat that was taken for a dog."""
    return sample_at(_table(LABEL, PREDICTED, 3), 3)


@pytest.fixture
def report(sample: Sample) -> MistakesReport:
    """Eight animals, of which four are mistaken."""
    return MistakesReport(ABOUT, NAMES, _metrics(LABEL, PREDICTED, 3), "true cat", 4, [SampleCard(sample)])


def _many(num_classes: int, chosen: tuple[int, ...] = ()) -> MistakesReport:
    """Two samples a class; class c is once taken for c + 1, and class 0 always for 1."""
    label = np.repeat(np.arange(num_classes), 2)
    predicted = label.copy()
    predicted[1::2] = (label[1::2] + 1) % num_classes
    predicted[0] = 1
    names = [f"class {each}" for each in range(num_classes)]
    found = _metrics(label.tolist(), predicted.tolist(), num_classes)
    return MistakesReport(ABOUT, names, found, "all", len(label), [], chosen)


# What it says.


def test_the_numbers_stand_beside_their_names(report: MistakesReport) -> None:
    """3 of 4 cats, 1 of 2 dogs, no cow: accuracy 4/8, mean recall (3/4 + 1/2 + 0) / 3, largest class 4/8."""
    page = html_report(report)
    for name, value in (
        ("Accuracy", "50.0 %"),
        ("Balanced accuracy", "41.7 %"),
        ("Majority-class baseline", "50.0 %"),
        ("Log loss", f"{report.metrics.log_loss:.3f}"),
        ("Calibration error", f"{report.metrics.ece:.1%}".replace("%", " %")),
        ("Mistakes", "4"),
    ):
        assert f"<dt>{name}</dt><dd>{value}</dd>" in page
    assert "Top-5" not in page
    assert "<dt>Top-5 accuracy</dt>" in html_report(_many(6))


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
    page = html_report(_many(60, chosen=(0, 1, 7)))
    pairs = re.findall(r"<span>([^<]*) → ([^<]*)</span><span>(\d+)</span>", page)
    assert len(pairs) == 25
    assert pairs[:2] == [("class 0", "class 1", "2"), ("class 1", "class 2", "1")]
    matrix = page[page.index("<table") : page.index("</table>")]
    assert re.findall(r'scope="col"><span>([^<]*)<', matrix) == ["class 0", "class 1", "class 7"]
    assert "Only 3 of 60 classes are shown." in matrix
    assert 'class="matrix' not in html_report(_many(60))
    whole = html_report(_many(40))
    assert "→" not in whole
    assert 'class="matrix' in whole


def test_without_mistakes_it_says_so() -> None:
    label = list(range(50))
    page = html_report(
        MistakesReport(ABOUT, [str(each) for each in label], _metrics(label, label, 50), "all", 50, [])
    )
    assert "There are no mistakes." in page
    assert "No samples were chosen." in page


def test_classes_come_with_the_lowest_f1_first_and_undefined_numbers_as_dashes(
    report: MistakesReport,
) -> None:
    """Precision and recall: cat 3/6 and 3/4, dog 1/2 and 1/2, cow never predicted; a fourth never seen."""
    found = _metrics(LABEL, PREDICTED, 4)
    page = html_report(replace(report, class_names=(*NAMES, "yak"), metrics=found))
    table = page[page.index('<table class="classes">') :]
    lines = re.findall(r'<tr><th scope="row">(\w+)</th>(.*?)</tr>', table)
    numbers = {name: re.findall(r"<td[^>]*>([^<]*)</td>", line) for name, line in lines}
    assert list(numbers) == ["cow", "dog", "cat", "yak"]
    assert numbers["cow"] == ["—", "0.0 %", "0.0 %", "2"]
    assert numbers["dog"] == ["50.0 %", "50.0 %", "50.0 %", "2"]
    assert numbers["cat"] == ["50.0 %", "75.0 %", "60.0 %", "4"]
    assert numbers["yak"] == ["—", "—", "—", "0"]


def test_of_very_many_classes_200_are_listed_and_the_rest_counted() -> None:
    page = html_report(_many(1203))
    assert page[page.index('<table class="classes">') :].count('scope="row"') == 200
    assert "1,003 more classes are not shown." in page
    assert "more classes" not in html_report(_many(200))


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
    assert f"<span>dog</span><span>{100 * e2:.1f} %</span>" in page
    assert f'<li class="true" style="--share:{(1 - e2) / 2:.3f}"><span>cat</span>' in page
    assert f"loss {-np.log((1 - e2) / 2):.3f} nats" in page
    far = replace(sample, top5=sample.top5[:1], p_label=0.0123)
    assert "<span>cat</span><span>1.2 %</span>" in html_report(replace(report, cards=[SampleCard(far)]))


# Pictures.


def test_a_card_carries_its_pictures_in_itself(report: MistakesReport, sample: Sample) -> None:
    shown = SampleCard(
        sample, (Figure("Photo", b"\xff\xd8one"), Figure("For and against dog", b"\xff\xd8two")), "a sum"
    )
    page = Page(html_report(replace(report, cards=[shown])))
    head = "data:image/jpeg;base64,"
    sources = [str(image["src"]) for image in page.all("img")]
    assert all(source.startswith(head) for source in sources)
    assert [base64.b64decode(source.removeprefix(head)) for source in sources] == [
        b"\xff\xd8one",
        b"\xff\xd8two",
    ]
    assert [image["alt"] for image in page.all("img")] == [
        "photos/3.jpg: Photo",
        "photos/3.jpg: For and against dog",
    ]
    assert "a sum" in page.text("p")


def test_a_card_without_pictures_says_why(report: MistakesReport, sample: Sample) -> None:
    assert "No pictures: the image is not on this machine." in html_report(report)
    broken = replace(report, cards=[SampleCard(sample, note="the file is broken")])
    assert "No pictures: the file is broken." in html_report(broken)


def test_a_card_of_maps_has_the_photo_both_sides_and_their_difference(sample: Sample) -> None:
    cells = np.array([[2, 0], [0, -0.5]], np.float32)
    one, other = Map(cells, cells, bias=0.25, score=1.75), Map(-cells, -cells, bias=0.5, score=-1.0)
    found, photo = sides(one, other), np.full((16, 16, 3), 128, np.uint8)
    drawn = pictures(photo, Preprocess((2, 2), None, (0.5,), (0.5,)), (2, 2), found)
    shown = card(sample, ("dog", "cat"), photo, sides=found, drawn=drawn)
    assert [each.caption for each in shown.figures] == [
        "Photo", "For and against dog", "For and against cat", "dog − cat",
    ]  # fmt: skip
    assert len({each.jpeg for each in shown.figures}) == 4
    assert shown.note == (
        "Logit of dog: +1.75 = +1.50 cells +0.25 bias. Logit of cat: −1.00 = −1.50 cells +0.50 bias. "
        "Difference: +2.75 = +3.00 cells −0.25 bias. "
        "Red is evidence for, blue against, on one scale from −4 to +4 logits."
    )
    raw = sides(Map(cells), Map(-cells))
    assert evidence_in_words(raw, "dog", "cat").endswith("from −4 to +4 (raw, not in logits).")
    assert "Logit of" not in evidence_in_words(raw, "dog", "cat")


# One file, safe and accessible.


def test_whatever_comes_from_outside_is_escaped(sample: Sample) -> None:
    names = (ATTACK, "dog", "$title ${style}")
    hostile = replace(sample, sample_id=ATTACK, path=ATTACK)
    shown = [SampleCard(hostile, (Figure(ATTACK, b"\xff"),), ATTACK), SampleCard(hostile, note=ATTACK)]
    about = ReportHeader(*[ATTACK] * 8)
    source = html_report(MistakesReport(about, names, _metrics(LABEL, PREDICTED, 3), ATTACK, 9, shown))
    page = Page(source)
    assert page.all("script") == []
    assert "alert(1)" in source
    assert "<script" not in source
    assert page.text("h3") == [ATTACK, ATTACK]
    assert page.text("h1") == [f"Mistakes of {ATTACK}"]
    assert page.all("img")[0]["alt"] == f"{ATTACK}: {ATTACK}"
    assert "$title ${style}" in page.text("span")
    attributes = {name for _, each in page.elements for name in each}
    assert not any(name.startswith("on") for name in attributes)


def test_hostile_names_are_escaped_in_the_list_of_pairs_too() -> None:
    many = _many(60, chosen=(0, 1))
    source = html_report(replace(many, class_names=[ATTACK] * 60))
    assert "<script" not in source
    assert Page(source).text("span")[0] == f"{ATTACK} → {ATTACK}"


def test_it_asks_for_nothing_and_runs_nothing(report: MistakesReport, sample: Sample) -> None:
    source = html_report(replace(report, cards=[SampleCard(sample, (Figure("Photo", b"\xff"),))]))
    page = Page(source)
    assert {tag for tag, _ in page.elements} & {"script", "link", "iframe", "object", "base", "form"} == set()
    assert "default-src 'none'" in source
    assert not re.search(r"https?:|url\(|@import", source)
    assert all(str(each["src"]).startswith("data:") for _, each in page.elements if "src" in each)


def test_headings_tables_and_regions_are_named(report: MistakesReport) -> None:
    page = Page(html_report(_many(60, chosen=(0, 1))))
    assert page.all("html")[0]["lang"] == "en"
    assert all(each.get("scope") in {"col", "row"} for each in page.all("th"))
    assert len(page.all("table")) == len(page.all("caption")) == 2
    ids = {str(each["id"]) for _, each in page.elements if "id" in each}
    assert {str(each["aria-labelledby"]) for _, each in page.elements if "aria-labelledby" in each} <= ids
    levels = [tag for tag, _ in Page(html_report(report)).elements if re.fullmatch(r"h\d", tag)]
    assert levels == ["h1", "h2", "h2", "h2", "h3", "h2"]


def test_it_is_readable_in_the_dark_and_on_paper(report: MistakesReport) -> None:
    source = html_report(report)
    assert "@media screen and (prefers-color-scheme: dark)" in source
    assert "@media print" in source
