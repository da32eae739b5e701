"""The report is one file, safe, accessible and readable on paper."""

import re
from dataclasses import replace

from core.evaluation.selection import Sample
from core.mistakes.report.document import (
    Figure,
    MistakesReport,
    ReportHeader,
    SampleCard,
    html_report,
)
from tests.support.results.mistakes_reports import LABEL, PREDICTED, Page, metrics_of, report_of_many

ATTACK = "<script>alert(1)</script>\"'&"


def test_whatever_comes_from_outside_is_escaped(sample: Sample) -> None:
    names = (ATTACK, "dog", "$title ${style}")
    hostile = replace(sample, sample_id=ATTACK, path=ATTACK)
    shown = [SampleCard(hostile, (Figure(ATTACK, b"\xff"),), ATTACK), SampleCard(hostile, note=ATTACK)]
    about = ReportHeader(*[ATTACK] * 8)
    source = html_report(MistakesReport(about, names, metrics_of(LABEL, PREDICTED, 3), ATTACK, 9, shown))
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
    many = report_of_many(60, chosen=(0, 1))
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
    page = Page(html_report(report_of_many(60, chosen=(0, 1))))
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
