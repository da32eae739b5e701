"""A card of the report carries its pictures, or says why it has none."""

import base64
from dataclasses import replace

import numpy as np

from core.evaluation.selection import Sample
from core.explanation.answer import Map
from core.images.preprocess import Preprocess
from core.mistakes.report.document import (
    Figure,
    MistakesReport,
    SampleCard,
    card,
    evidence_in_words,
    html_report,
)
from core.mistakes.why_wrong import pictures, sides
from tests.support.results.mistakes_reports import (
    Page,
)


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
