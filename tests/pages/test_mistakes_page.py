"""The page Mistakes without a browser: every count is one of the table, in every state that a link has."""

import os
import re
import resource
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from streamlit.testing.v1 import AppTest

from core.checkpoints import paths, store
from core.data.downloads import background
from core.data.downloads.progress import DownloadProgress
from core.errors import DataError
from core.predictions import evaluations, prediction_table
from core.predictions.evaluations import Evaluation
from pages._ui.session.data import image_access
from tests.support.looking import as_read, captions, component, components, metrics, opened

PAGE = "pages/mistakes.py"
CLASSES = tuple(f"class {each}" for each in range(20_000))


def table(name: str) -> pd.DataFrame:
    return pd.read_parquet(evaluations.find(paths.root() / name).table)


def names(name: str) -> tuple[str, ...]:
    return store.read_card(paths.root() / name).class_names


def tiles(page: AppTest) -> list[dict[str, str]]:
    """The samples of the gallery."""
    return next(
        data["items"] for data in components(page) if data.get("label") == "Samples" and data["items"]
    )


def shown(page: AppTest) -> list[str]:
    return [item["id"] for item in tiles(page)]


@pytest.fixture
def without_images(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    def absent(_evaluation: Evaluation, _typed: Path | None) -> None:
        raise DataError("cannot find them in 'DIR'; get it from their publisher")

    monkeypatch.setattr(image_access, "images_of", absent)
    monkeypatch.setenv("SEEWHY_DATA", str(tmp_path))
    image_access.look_again()
    yield
    image_access.look_again()


def test_accuracy_stands_beside_what_it_is_worth() -> None:
    page, rows = opened(PAGE, checkpoint="pets-cat-dog-scratch"), table("pets-cat-dog-scratch")
    right = rows["label"] == rows["predicted"]
    assert not page.exception
    assert metrics(page) == {
        "Accuracy": f"{100 * right.mean():.1f} %",
        "Balanced accuracy": f"{100 * right.groupby(rows['label']).mean().mean():.1f} %",
        "Majority-class baseline": f"{100 * rows['label'].value_counts(normalize=True).max():.1f} %",
        "Mistakes": f"{(~right).sum()} of {len(rows)}",
    }
    assert "2 classes, from 85 (Dog) to 171 (Cat) samples each" in captions(page)


@pytest.fixture
def many() -> Iterator[str]:
    """A checkpoint that exists for one test only: three samples of 20,000 classes, without all scores."""
    name = f"test-many-{os.getpid()}"
    card = replace(store.read_card(paths.root() / "digits"), class_names=CLASSES, weights_sha256=None)
    folder = store.create(name, card)
    shutil.copy(paths.root() / "digits" / paths.WEIGHTS, folder)
    logits = torch.zeros(3, 20_000)
    logits[torch.arange(3), torch.tensor([7, 8, 19_999])] = 20
    whole = prediction_table.rows(
        logits, torch.tensor([7, 9, 9]), sample_ids=list("abc"), paths=[""] * 3, split="val"
    )
    prediction_table.write(folder / paths.PREDICTIONS, whole.drop_columns(["scores"]))
    yield name
    shutil.rmtree(folder)


def test_twenty_thousand_classes_open_without_a_matrix_of_all(many: str) -> None:
    """It would take 3 GB."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    page = opened(PAGE, checkpoint=many)
    assert not page.exception
    assert metrics(page)["Mistakes"] == "2 of 3"
    assert component(page, "counts")["names"] == ["class 8", "class 9", "class 19999"]
    assert "2 of 20,000 classes" in captions(page)
    page = opened(PAGE, checkpoint=many, view="Classes")
    assert not page.exception
    assert "ROC AUC and average precision need the probability" in captions(page)
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 500


def test_of_many_classes_a_picker_offers_few_and_takes_any_by_name(many: str) -> None:
    """With 20,000 names in each of three pickers a browser takes two seconds longer."""
    page = opened(PAGE, checkpoint=many)
    assert page.selectbox(key="true").options == ["class 8", "class 9", "class 19999"]
    page = opened(PAGE, checkpoint=many, true="Class 12345", few=["class 7", "class 15000"])
    assert "There is no class" not in captions(page)
    assert "True class 12345: mistakes" in [as_read(each.value) for each in page.header]
    assert component(page, "counts")["names"] == ["class 7", "class 12345", "class 15000"]
    assert "There is no class zebra." in captions(opened(PAGE, checkpoint=many, true="zebra"))


def test_without_all_scores_there_are_no_curves_and_it_is_said_why(many: str) -> None:
    page = opened(PAGE, checkpoint=many, view="Curves")
    assert ["No curves: " in each.value for each in page.info] == [True]


@pytest.mark.parametrize("name", ["digits", "malaria", "signs-plain", "pets-cat-dog"])
def test_every_cell_of_the_matrix_is_counted_in_the_table(name: str) -> None:
    page, rows, classes = opened(PAGE, checkpoint=name), table(name), names(name)
    drawn = component(page, "counts")
    counted = pd.crosstab(rows["label"], rows["predicted"]).reindex(
        index=range(len(classes)), columns=range(len(classes)), fill_value=0
    )
    assert drawn["counts"] == counted.to_numpy().tolist()
    assert drawn["support"] == counted.sum(axis=1).tolist()
    assert drawn["predicted"] == counted.sum(axis=0).tolist()


def test_at_first_the_gallery_has_all_mistakes_the_highest_loss_first() -> None:
    page, rows = opened(PAGE, checkpoint="digits"), table("digits")
    wrong = rows[rows["label"] != rows["predicted"]].sort_values("loss", ascending=False)
    assert shown(page) == wrong["sample_id"].tolist()
    assert [(tile["caption"], tile["detail"].split()[1]) for tile in tiles(page)] == [
        (str(row.label), str(row.predicted)) for row in wrong.itertuples()
    ]


def test_a_link_to_a_cell_shows_exactly_its_samples() -> None:
    page, rows = opened(PAGE, checkpoint="digits", true="9", pred="9", only="All"), table("digits")
    cell = rows[(rows["label"] == 9) & (rows["predicted"] == 9)].sort_values("loss", ascending=False)
    assert shown(page) == cell["sample_id"].tolist()
    assert f"{len(cell)} samples" in captions(page)
    assert component(page, "counts")["selected"] == [9, 9]


def test_a_row_has_its_right_and_its_wrong_ones() -> None:
    page, rows = opened(PAGE, checkpoint="digits", true="9"), table("digits")
    assert set(shown(page)) == set(rows[(rows["label"] == 9) & (rows["predicted"] != 9)]["sample_id"])
    page.segmented_control(key="only").set_value("all").run()
    assert set(shown(page)) == set(rows[rows["label"] == 9]["sample_id"])


@pytest.mark.parametrize(
    ("order", "column", "ascending"),
    [("top_losses", "loss", False), ("least_sure", "margin", True), ("as_stored", None, True)],
)
def test_orders_are_those_of_the_table(order: str, column: str | None, *, ascending: bool) -> None:
    page, rows = opened(PAGE, checkpoint="digits", only="All"), table("digits")
    page.selectbox(key="order").select(order).run()
    expected = rows if column is None else rows.sort_values(column, ascending=ascending, kind="stable")
    assert shown(page) == expected["sample_id"].tolist()[:48]
    assert f"{len(rows)} samples" in captions(page)


def test_pages_go_on_where_the_last_one_ended() -> None:
    page, rows = opened(PAGE, checkpoint="digits", only="All", page="2"), table("digits")
    expected = rows.sort_values("loss", ascending=False, kind="stable")["sample_id"].tolist()
    assert shown(page) == expected[48:96]


def test_filters_keep_what_lies_in_their_ranges() -> None:
    page, rows = opened(PAGE, checkpoint="signs-plain"), table("signs-plain")
    page.slider(key="p").set_range(0.9, 1.0).run()
    wrong = rows[(rows["label"] != rows["predicted"]) & (rows["p_predicted"] >= 0.9)]
    assert f"{len(wrong)} samples" in captions(page)
    page.slider(key="loss").set_value(7.0).run()
    assert f"{(wrong['loss'] >= 7).sum()} samples" in captions(page)


def test_nothing_selected_is_said_in_words() -> None:
    page = opened(PAGE, checkpoint="digits", true="0", pred="1")
    assert not page.exception
    assert "No matching samples" in page.info[0].value


def test_a_sample_shows_four_pictures_whose_difference_is_map_minus_map() -> None:
    page, rows = opened(PAGE, checkpoint="digits", sample="digits/677"), table("digits")
    row = rows.set_index("sample_id").loc["digits/677"]
    assert not page.exception
    panes = component(page, "scroll_to")
    assert len(panes["items"]) == 4
    predicted, rival, difference = (np.array(item["cells"]) for item in panes["items"][1:])
    assert difference == pytest.approx(predicted - rival, abs=1e-3)
    assert [item["title"] for item in panes["items"][1:]] == ["For 4", "For 9", "4 rather than 9"]
    assert panes["scale"]["unit"] == "logits"
    assert f"loss {row['loss']:.2f} nats" in captions(page)
    assert page.header[0].value == "9, predicted 4"


def test_next_walks_through_the_selection() -> None:
    page, rows = opened(PAGE, checkpoint="digits", sample="digits/77"), table("digits")
    wrong = rows[rows["label"] != rows["predicted"]].sort_values("loss", ascending=False)
    assert page.button(key="sample_Previous").disabled
    page.button(key="sample_Next").click().run()
    assert page.query_params["sample"] == wrong["sample_id"].tolist()[1]
    page.button(key="sample_close").click().run()
    assert "sample" not in page.query_params


def test_a_sample_that_does_not_exist_is_named_and_hides_nothing() -> None:
    page = opened(PAGE, checkpoint="digits", sample="digits/9999999")
    assert not page.exception
    assert "There is no sample digits/9999999" in page.warning[0].value
    assert metrics(page)["Mistakes"] == metrics(opened(PAGE, checkpoint="digits"))["Mistakes"]


def test_another_checkpoint_forgets_the_classes_of_the_first() -> None:
    page = opened(PAGE, checkpoint="digits", true="9", sample="digits/677")
    page.selectbox(key="checkpoint").select("malaria").run()
    assert not page.exception
    assert page.selectbox(key="true").value is None
    assert page.segmented_control(key="only").value == "wrong"
    assert "sample" not in page.query_params


@pytest.mark.usefixtures("without_images")
def test_without_images_all_numbers_hold_and_the_page_says_where_to_get_them() -> None:
    page, rows = opened(PAGE, checkpoint="malaria"), table("malaria")
    wrong = rows[rows["label"] != rows["predicted"]]
    assert not page.exception
    assert metrics(page)["Mistakes"] == f"{len(wrong)} of {len(rows)}"
    assert "The images are not on this machine" in page.expander[0].label
    assert "337 MB to download. Licence: none stated; published by the U.S." in captions(page)
    assert [each.label for each in page.button if each.key.startswith("download_start")] == ["Download"]
    assert set(shown(page)) == set(wrong["sample_id"])


@pytest.mark.usefixtures("without_images")
def test_a_download_under_way_says_how_far_it_is_and_can_be_cancelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cancelled: list[str] = []
    under_way = background.Download(DownloadProgress(84 * 2**20, 337 * 2**20), is_stopping=False)
    monkeypatch.setattr(background, "under_way", lambda _name: under_way)
    monkeypatch.setattr(background, "cancel", cancelled.append)
    page = opened(PAGE, checkpoint="malaria")
    assert "84 MB of 337 MB, 25%" in page.get("progress")[0].proto.text
    next(each for each in page.button if each.label == "Cancel").click().run()
    assert cancelled == ["malaria"]
    assert not page.exception


@pytest.mark.usefixtures("without_images")
def test_visitors_of_a_server_are_told_and_download_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEWHY_VISITORS", "1")
    page = opened(PAGE, checkpoint="malaria")
    assert not [each for each in page.button if each.label == "Download"]
    assert "The images are not on this machine" in page.expander[0].label


@pytest.mark.usefixtures("without_images")
def test_without_images_a_sample_still_has_its_probabilities() -> None:
    first = table("malaria").iloc[0]
    page = opened(PAGE, checkpoint="malaria", sample=first["sample_id"])
    assert not page.exception
    assert "No image" in page.warning[0].value
    assert f"loss {first['loss']:.2f} nats" in captions(page)


def test_images_that_have_changed_since_are_said_to_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_access, "data_has_changed", lambda _folder, _images: True)
    image_access.look_again()
    page = opened(PAGE, checkpoint="digits")
    image_access.look_again()
    assert "have changed since the evaluation" in page.warning[0].value


def test_a_checkpoint_without_predictions_says_how_to_get_some() -> None:
    page = opened(PAGE, checkpoint="imagenet")
    assert not page.exception
    assert "has not been evaluated yet" in page.info[0].value
    assert "core evaluate imagenet" in captions(page)
    page.button(key="instead_digits").click().run()
    assert metrics(page)["Mistakes"] == "4 of 359"


def test_classes_are_listed_the_weakest_first() -> None:
    page, rows = opened(PAGE, checkpoint="signs-plain", view="Classes"), table("signs-plain")
    drawn = page.dataframe[0].value
    support = rows["label"].value_counts()
    wrong = rows[rows["label"] != rows["predicted"]]["label"].value_counts().reindex(range(43), fill_value=0)
    assert drawn["support"].tolist() == [support[index] for index in drawn["class_idx"]]
    assert drawn["mistakes"].tolist() == [wrong[index] for index in drawn["class_idx"]]
    assert drawn["f1"].is_monotonic_increasing


def test_the_threshold_moves_the_counts_of_the_two_by_two_matrix() -> None:
    page, rows = opened(PAGE, checkpoint="malaria", view="Curves"), table("malaria")
    page.selectbox(key="curve").select("Uninfected").run()
    page.slider(key="threshold").set_value(0.3).run()
    assert not page.exception
    scores = np.where(rows["predicted"] == 1, rows["p_predicted"], 1 - rows["p_predicted"])
    called, positive = scores >= 0.3, rows["label"] == 1
    html = next(each.proto.body for each in page.get("html") if "seewhy-two" in each.proto.body[:60])
    counts = [(called & positive).sum(), (~called & positive).sum()]
    counts += [(called & ~positive).sum(), (~called & ~positive).sum()]
    assert [int(each) for each in re.findall(r'<td class="\w+">(\d+)<', html)] == counts


def test_confidence_says_the_calibration_error() -> None:
    page = opened(PAGE, checkpoint="signs-plain", view="Confidence")
    assert not page.exception
    assert "expected calibration error): **10.0 %**" in captions(page)


def test_the_average_map_counts_its_samples() -> None:
    page = opened(PAGE, checkpoint="digits", true="9", only="All", average="true")
    assert not page.exception
    panes = [data for data in components(page) if "scroll_to" in data]
    assert panes[0]["items"][0]["detail"] == "36 samples"


def test_look_closer_takes_the_sample_and_its_question_along() -> None:
    page = opened(PAGE, checkpoint="digits", sample="digits/677")
    page.button(key="sample_explain").click().run()
    assert [photo.name for photo in page.session_state["photos"].values()] == ["677"]
    assert page.session_state["class-digits"] == "4"
    assert page.session_state["against-digits"] == "9"


def test_a_folder_without_images_is_refused_in_words(tmp_path: Path) -> None:
    page = opened(PAGE, checkpoint="imagenet")
    page.text_input(key="evaluation_folder").set_value(str(tmp_path))
    page.button[0].click().run()
    assert not page.exception
    assert "is not a folder of labelled images" in page.error[0].value
