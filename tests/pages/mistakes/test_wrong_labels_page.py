"""Wrong labels: the list of an evaluation, and decisions that are kept in the file of its data set."""

from pathlib import Path

import pytest

from core.checkpoints import paths
from core.data import corrections
from core.data.sources import catalogue
from core.mistakes import wrong_labels
from tests.support.pages.looking import as_read, opened
from tests.support.pages.mistakes_page import PAGE, shown, tiles

VIEW = {"checkpoint": "digits", "view": "Wrong labels", "labels": "All"}


def _listed() -> list[str]:
    wrong = wrong_labels.read(paths.root() / "digits")
    return [str(each) for each in wrong.table["sample_id"].take(wrong.suspects.rows).to_pylist()]


def test_the_most_doubtful_labels_come_first() -> None:
    page = opened(PAGE, **VIEW)
    assert shown(page) == _listed()[:48]
    assert any("of 359 are suspected" in each.value for each in page.markdown)


@pytest.mark.slow
def test_decisions_are_kept_and_open_the_next_sample() -> None:
    file, (first, second, third, *_) = corrections.usual_place(catalogue.load("digits")), _listed()
    page = opened(PAGE, **VIEW, sample=first)
    page.selectbox(key=f"label_class {first}").select(3)
    page.button(key="decide_relabel").click().run()
    assert page.query_params["sample"] == second
    page.button(key="decide_exclude").click().run()
    assert page.query_params["sample"] == third
    page.button(key="decide_unsure").click().run()
    assert not page.exception
    decided = [(each.sample_id, each.decision, each.label) for each in corrections.read(file).values()]
    assert decided == [(first, "relabel", "3"), (second, "exclude", ""), (third, "unsure", "")]


@pytest.mark.slow
def test_the_decided_labels_are_listed_with_their_file() -> None:
    file, (first, second, *_) = corrections.usual_place(catalogue.load("digits")), _listed()
    corrections.write(file, [corrections.Correction(second, "keep")])
    page = opened(PAGE, **{**VIEW, "labels": "Decided"})
    assert [(each["id"], each["note"]) for each in tiles(page)] == [(second, "kept")]
    assert str(file) in page.code[0].value
    page = opened(PAGE, **VIEW, sample=second)
    assert page.button(key="decide_keep").proto.type == "primary"
    assert first != second


@pytest.mark.slow
def test_decisions_go_to_a_file_of_ones_own(tmp_path: Path) -> None:
    first, own = _listed()[0], tmp_path / "mine.csv"
    page = opened(PAGE, **VIEW)
    page.text_input(key="decisions_file").set_value(str(own)).run()
    assert not page.error
    corrections.write(own, [corrections.Correction(first, "keep")])
    page.run()
    assert any("Decided so far: 1 label" in each.value for each in page.caption)
    page.text_input(key="decisions_file").set_value("mine.txt").run()
    assert "expected the whole path of a file that ends in .csv" in as_read(page.error[0].value)


def test_visitors_decide_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEWHY_VISITORS", "yes")
    page = opened(PAGE, **VIEW, sample=_listed()[0])
    assert not [each for each in page.button if (each.key or "").startswith("decide_")]


def test_odd_ones_need_features_and_say_so() -> None:
    page = opened(PAGE, **{**VIEW, "labels": "Odd ones"})
    assert not page.exception
    assert any("has no features" in each.value for each in page.caption) or shown(page)
