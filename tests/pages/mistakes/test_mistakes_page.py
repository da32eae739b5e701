"""Mistakes shows the numbers of its table: accuracy, matrix, classes, threshold, calibration."""

import os
import re
import resource
import shutil
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from core.checkpoints import paths, store
from core.predictions import prediction_table
from tests.support.pages.looking import as_read, captions, component, metrics, opened
from tests.support.pages.mistakes_page import PAGE, table

CLASSES = tuple(f"class {each}" for each in range(20_000))


def names(name: str) -> tuple[str, ...]:
    return store.read_card(paths.root() / name).class_names


def test_accuracy_stands_beside_what_it_is_worth() -> None:
    page, rows = opened(PAGE, checkpoint="pets-cat-dog-scratch"), table("pets-cat-dog-scratch")
    right = rows["label"] == rows["predicted"]
    assert not page.exception
    assert metrics(page) == {
        "Accuracy": f"{100 * right.mean():.1f}%",
        "Balanced accuracy": f"{100 * right.groupby(rows['label']).mean().mean():.1f}%",
        "Majority-class baseline": f"{100 * rows['label'].value_counts(normalize=True).max():.1f}%",
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_of_many_classes_a_picker_offers_few_and_takes_any_by_name(many: str) -> None:
    """With 20,000 names in each of three pickers a browser takes two seconds longer."""
    page = opened(PAGE, checkpoint=many)
    assert page.selectbox(key="true").options == ["class 8", "class 9", "class 19999"]
    page = opened(PAGE, checkpoint=many, true="Class 12345", few=["class 7", "class 15000"])
    assert "There is no class" not in captions(page)
    assert "True class 12345: mistakes" in [as_read(each.value) for each in page.header]
    assert component(page, "counts")["names"] == ["class 7", "class 12345", "class 15000"]
    assert "There is no class zebra." in captions(opened(PAGE, checkpoint=many, true="zebra"))


@pytest.mark.slow
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
    assert "expected calibration error): **10.0%**" in captions(page)
