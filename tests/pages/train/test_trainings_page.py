"""The page Train with a training: its row in the table, its curves, and how it is deleted."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from core.checkpoints import paths, store
from core.checkpoints.store import Card
from core.models import registry
from core.training import runs
from core.training.settings import recipe as recipes
from tests.support.pages.looking import captions
from tests.support.pages.train_page import messages, metrics, start


@pytest.fixture
def finished() -> Iterator[str]:
    """The folder of a training that stopped after two of three epochs, among the real checkpoints."""
    name, architecture = f"test-train-{os.getpid()}", "seewhy:chollet-mnist"
    card = Card(
        architecture,
        tuple("0123456789"),
        registry.default_preprocess(architecture),
        status="stopped",
        recipe=recipes.as_settings(recipes.read("digits", ["epochs=3"])),
        data={"source": "digits", "fingerprint": "0123456789abcdef"},
        metrics={"val_accuracy": 0.875},
        training={"started": "2999-01-01T10:00:00+00:00", "best_epoch": 2},
    )
    folder = store.create(name, card)
    rows = "epoch,train_loss,train_accuracy,val_loss,val_accuracy,lr,seconds\n"
    (folder / "history.csv").write_text(rows + "1,1.0,0.5,0.9,0.75,0.001,30\n2,0.5,0.8,0.6,0.875,0.001,35\n")
    try:
        yield name
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
def test_an_unknown_training_in_the_address_is_named(train: AppTest) -> None:
    for name in ("no-such", "../../etc", "imagenet"):
        train.query_params["run"] = name
        assert name in messages(train.run())
        assert start(train)


def test_the_table_lists_a_training_with_all_that_is_known(finished: str, train: AppTest) -> None:
    row = next(each.value for each in train.dataframe if "status" in each.value).iloc[0]
    assert row["name"] == finished
    assert row["status"].endswith("stopped")
    assert (row["recipe"], row["data"]) == ("Handwritten digits in a minute", "digits")
    assert (row["fingerprint"], row["epochs"], row["time"]) == ("01234567", "2 / 3", "1 min 5 s")
    assert row["accuracy"] == 87.5


@pytest.mark.slow
def test_one_training_shows_its_curves_and_can_be_left(finished: str, train: AppTest) -> None:
    train.query_params["run"] = finished
    page = train.run()
    found = metrics(page)
    assert (found["Best epoch"], found["Epochs"], found["Trained for"]) == ("2", "2 of 3", "1 min 5 s")
    assert len(page.get("plotly_chart")) == 2
    assert not page.button(key="train_resume").disabled
    page = page.button(key="train_new").click().run()
    assert start(page)
    assert "run" not in page.query_params


@pytest.mark.slow
def test_the_measure_that_chose_the_best_epoch_is_shown(finished: str, train: AppTest) -> None:
    folder = paths.folder(finished)
    card = store.read_card(folder)
    recipe = card.recipe | {"keep": card.recipe["keep"] | {"best": "val_macro_f1"}}
    store.update(folder, replace(card, recipe=recipe, metrics=card.metrics | {"val_macro_f1": 0.8125}))
    train.query_params["run"] = finished
    assert metrics(train.run())["Macro F1"] == "81.2%"


@pytest.mark.slow
def test_a_training_in_pieces_says_so(finished: str, train: AppTest) -> None:
    folder = paths.folder(finished)
    card = store.read_card(folder)
    train.query_params["run"] = finished
    assert "pieces" not in captions(train.run())
    store.update(folder, replace(card, training=card.training | {"pieces": 4}))
    assert "each batch is computed in 4 pieces" in captions(train.run())


@pytest.mark.slow
def test_deleting_asks_first(finished: str, train: AppTest) -> None:
    train.query_params["run"] = finished
    page = train.run()
    page = page.button(key="train_delete").click().run()
    assert any(finished in each.value.replace("\\", "") for each in page.markdown)
    page = page.button(key="train_keep").click().run()
    assert finished in store.folders()
    page.button(key="train_delete").click().run()
    page = page.button(key="train_delete_sure").click().run()
    assert not page.exception
    assert finished not in store.folders()
    assert finished not in [run.name for run in runs.every()]
