"""Compare takes two networks that were evaluated on the same images, or says what is missing."""

import pytest

from core.checkpoints import paths, store
from tests.support.pages.compare_page import SIGNS, both, link, shown


def test_a_sample_that_not_both_have_is_named() -> None:
    page = link(*SIGNS, sample="no/such.ppm")
    assert "There is no sample no/such.ppm in both evaluations" in page.warning[0].value.replace("\\", "")


def test_other_classes_are_a_sentence() -> None:
    page = link("digits", "signs-bn")
    assert "No class in common" in page.error[0].value
    assert page.selectbox(key="second_checkpoint").value == "signs-bn/gtsrb-val"


@pytest.mark.parametrize(
    ("name", "reason"), [("nonsense", "No checkpoint named"), ("imagenet", "has no predictions yet")]
)
def test_a_second_that_is_not_there_is_a_sentence(name: str, reason: str) -> None:
    assert reason in link("signs-bn", name).error[0].value.replace("\\", "")


def test_the_picker_has_only_those_of_the_same_images() -> None:
    options = link("signs-bn").selectbox(key="second_checkpoint").options
    assert {"signs-plain on gtsrb-val", "signs-bn-aug on gtsrb-val"} <= set(options)
    assert {each.partition(" on ")[2] for each in options} == {"gtsrb-val"}
    assert "signs-bn on gtsrb-val" not in options


def test_where_there_is_no_other_it_says_how_to_get_one() -> None:
    page = link("malaria")
    assert "malaria** is the only model here" in page.info[0].value
    assert "python -m core evaluate OTHER" in page.info[0].value


def test_another_first_checkpoint_takes_a_second_that_fits() -> None:
    page = link(*SIGNS, of_class="Stop", pile="all")
    page.selectbox(key="checkpoint").select("pets-cat-dog").run()
    assert not page.exception
    assert page.selectbox(key="second_checkpoint").value == "pets-cat-dog-scratch/pets-cat-dog-val"
    assert page.selectbox(key="of_class").value is None
    page.selectbox(key="checkpoint").select("signs-bn").run()
    assert page.selectbox(key="second_checkpoint").value == "signs-bn-aug/gtsrb-val"


def test_one_class_stays_chosen_from_network_to_network() -> None:
    page = link(*SIGNS, of_class="Stop", pile="all")
    page.selectbox(key="second_checkpoint").select("signs-bn-aug/gtsrb-val").run()
    assert page.selectbox(key="of_class").value == "Stop"
    rows = both("signs-plain", "signs-bn-aug")
    names = store.read_card(paths.root() / SIGNS[0]).class_names
    assert set(shown(page)) == set(rows[rows["label"] == names.index("Stop")]["sample_id"])
