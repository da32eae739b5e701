"""The photo and the question in the address: what a link shows, and what a page writes into it."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits
from streamlit.testing.v1 import AppTest

from core import images
from core.errors import DataError
from core.predictions.evaluations import Evaluation
from pages._ui.inside.state.own_samples import own_samples
from pages._ui.session.data import image_access
from pages._ui.session.question.photos import Photo
from tests.support.pages.looking import captions, component, opened

EXPLAIN, INSIDE = "pages/explain.py", "pages/inside.py"
COFFEE = (files("skimage.data") / "coffee.png").read_bytes()


def photos(page: AppTest) -> list[Photo]:
    """The session's photos, oldest first."""
    kept = page.session_state["photos"] if "photos" in page.session_state else {}  # noqa: SIM401 (it has no get)
    return list(kept.values())


def address(page: AppTest) -> dict[str, str]:
    """What the address says, but for the checkpoint."""
    said = {name: [value] if isinstance(value, str) else value for name, value in page.query_params.items()}
    return {name: value[-1] for name, value in said.items() if name != "checkpoint"}


def on(page: AppTest, path: str) -> AppTest:
    """Another page of the same session, as a link of the sidebar opens it."""
    page.query_params.clear()
    return page.switch_page(path).run()


@pytest.fixture
def _without_images(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def absent(_evaluation: Evaluation, _typed: Path | None) -> None:
        raise DataError("cannot find them")

    monkeypatch.setattr(image_access, "images_of", absent)
    image_access.look_again()
    yield
    image_access.look_again()


def test_a_sample_in_the_address_is_explained_and_stays_in_it() -> None:
    page = opened(EXPLAIN, photo="coffee.png")
    assert not page.exception
    assert page.header[0].value == "Why espresso?"
    assert [photo.data for photo in photos(page)] == [COFFEE]
    assert address(page) == {"photo": "coffee.png"}


def test_an_image_of_data_in_the_address_is_that_image() -> None:
    page = opened(EXPLAIN, checkpoint="digits", photo="digits/digits/677")
    assert not page.exception
    (photo,) = photos(page)
    shown = np.asarray(images.upright_rgb(photo.data))[:, :, 0].astype(float)
    np.testing.assert_allclose(shown, load_digits().images[677] * 255 / 16, atol=1)
    assert address(page) == {"photo": "digits/digits/677"}


@pytest.mark.slow
def test_an_image_of_data_is_the_same_for_another_checkpoint() -> None:
    first = opened(EXPLAIN, checkpoint="digits", photo="digits/digits/677")
    first.selectbox(key="checkpoint").select("imagenet").run()
    assert address(first) == {"photo": "digits/digits/677"}
    other = opened(EXPLAIN, photo="digits/digits/677")
    assert photos(other) == photos(first)
    assert other.header[0].value == first.header[0].value


@pytest.mark.slow
def test_the_photo_is_looked_into_too_and_is_no_example() -> None:
    page = opened(INSIDE, photo="coffee.png")
    assert not page.exception
    assert [photo.data for photo in photos(page)] == [COFFEE]
    assert "This is an example" not in captions(page)


NOT_HERE = [
    "nothing.png",
    "digits/digits/1797",
    "imagenet/digits/677",
    "signs-bn/digits/677",
    "../card.json",
    "digits/../card.json",
    "digits/",
    "no *stars*" + "x" * 300,
]


@pytest.mark.parametrize("link", NOT_HERE)
def test_a_photo_that_is_not_here_is_named_and_the_first_view_is_the_usual_one(link: str) -> None:
    page = opened(EXPLAIN, photo=link)
    assert not page.exception
    assert [each.value.replace("\\", "") for each in page.warning] == [
        f"The photo of this link, {link[:120]}, is not here. Choose another."
    ]
    assert page.info[0].value.startswith("Drop a photo above")
    assert not photos(page)


@pytest.mark.slow
def test_inside_shows_its_example_where_the_photo_is_not_here() -> None:
    page = opened(INSIDE, photo="digits/digits/1797")
    assert not page.exception
    assert "digits/digits/1797" in page.warning[0].value
    assert "This is an example" in captions(page)


@pytest.mark.usefixtures("_without_images")
def test_an_image_of_data_that_is_on_another_machine_is_named() -> None:
    page = opened(EXPLAIN, checkpoint="digits", photo="digits/digits/677")
    assert not page.exception
    assert "digits/digits/677, is not here" in page.warning[0].value
    assert not photos(page)


def test_the_sentence_goes_when_a_photo_is_chosen() -> None:
    page = opened(EXPLAIN, photo="nothing.png")
    page.file_uploader(key="uploads").upload("cup.png", COFFEE)
    page.run()
    assert not page.warning
    assert address(page) == {}


def test_an_upload_leaves_the_address_and_so_does_the_same_file_as_an_upload() -> None:
    page = opened(EXPLAIN, photo="coffee.png")
    page.file_uploader(key="uploads").upload("cup.png", COFFEE)
    page.run()
    assert not page.exception
    assert [(photo.name, photo.link) for photo in photos(page)] == [("cup.png", "")]
    assert address(page) == {}


@pytest.mark.slow
def test_the_photo_of_the_session_is_in_the_address_of_the_next_page() -> None:
    page = on(opened(EXPLAIN, photo="coffee.png"), INSIDE)
    assert not page.exception
    assert address(page) == {"photo": "coffee.png"}


@pytest.mark.slow
@pytest.mark.parametrize(("button", "path"), [("sample_explain", EXPLAIN), ("sample_inside", INSIDE)])
def test_a_sample_of_mistakes_is_in_the_address_of_the_page_that_it_is_taken_to(
    button: str, path: str
) -> None:
    page = opened("pages/mistakes.py", checkpoint="digits", sample="digits/677")
    page.button(key=button).click().run()
    page = on(page, path)
    assert not page.exception
    assert address(page)["photo"] == "digits/digits-val/digits/677"
    assert photos(page) == photos(opened(path, checkpoint="digits", photo="digits/digits-val/digits/677"))
    older = photos(opened(path, checkpoint="digits", photo="digits/digits/677"))
    assert [each.digest for each in older] == [each.digest for each in photos(page)]


@pytest.mark.slow
def test_the_images_that_inside_offers_have_links_that_lead_to_them() -> None:
    offered = own_samples("digits")
    assert len(offered) == 8
    for each in offered[::3]:
        (found,) = photos(opened(EXPLAIN, checkpoint="digits", photo=each.link))
        assert found.digest == each.digest


QUESTION = {"why": "goldfish", "against": "tabby", "at": "blocks.4", "method": "layer_cam"}


@pytest.mark.slow
def test_the_question_is_in_the_address_too() -> None:
    page = opened(EXPLAIN, photo="coffee.png", **QUESTION)
    assert not page.exception
    assert page.header[0].value == "Why goldfish, and not tabby?"
    assert component(page, "cells")["alt"].endswith("LayerCAM at blocks.4")
    assert address(page) == {"photo": "coffee.png", **QUESTION}


@pytest.mark.slow
def test_pickers_write_the_address_and_what_is_usual_is_not_in_it() -> None:
    page = opened(EXPLAIN, photo="coffee.png")
    for key, value in (
        ("class-imagenet", "goldfish"),
        ("against-imagenet", "tabby"),
        ("layer-imagenet", "blocks.4"),
        ("method", "layer_cam"),
    ):
        page.selectbox(key=key).select(value)
    page.run()
    assert address(page) == {"photo": "coffee.png", **QUESTION}
    page.selectbox(key="class-imagenet").set_value(None)
    page.selectbox(key="against-imagenet").set_value(None)
    page.selectbox(key="layer-imagenet").select("bn2")
    page.selectbox(key="method").select("grad_cam")
    page.run()
    assert address(page) == {"photo": "coffee.png"}


def test_a_question_that_cannot_be_asked_is_left_out() -> None:
    page = opened(EXPLAIN, photo="coffee.png", at="conv9", method="magic", why="unicorn")
    assert not page.exception
    assert page.header[0].value == "Why espresso?"
    assert component(page, "cells")["alt"].endswith("Grad-CAM at bn2")
    assert address(page) == {"photo": "coffee.png"}


def test_another_checkpoint_is_asked_what_it_can_be_asked() -> None:
    page = opened(EXPLAIN, photo="coffee.png", **QUESTION)
    page.selectbox(key="checkpoint").select("digits").run()
    assert not page.exception
    assert address(page) == {"photo": "coffee.png", "method": "layer_cam"}


@pytest.mark.slow
def test_a_choice_wins_over_the_address_that_it_was_made_at() -> None:
    page = opened(EXPLAIN, photo="coffee.png", why="goldfish")
    page.selectbox(key="class-imagenet").select("tench").run()
    assert page.header[0].value == "Why tench?"
    assert address(page) == {"photo": "coffee.png", "why": "tench"}


@pytest.mark.slow
def test_pickers_have_the_same_default_in_every_run() -> None:
    # The browser's Back shows the default of the last run where the address says nothing.
    page = opened(INSIDE, checkpoint="digits")

    def defaults() -> tuple[list[int], dict[str, list[int]]]:
        rows = {each.key: list(each.proto.default) for each in page.get("button_group")}
        return [page.selectbox(key=key).proto.default for key in ("layer", "sort")], rows

    first = defaults()
    assert first[0][1] == 0
    assert first[1]["show"] == first[1]["open"] == [0]
    page.selectbox(key="layer").select_index(3).run()
    assert defaults() == first
