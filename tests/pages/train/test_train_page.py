"""The Train page without a browser: what each state says, and that none of them fails."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.training.planning import asking
from core.training.planning.forecast import Forecast
from core.training.planning.proposals import Proposal
from core.training.settings import recipe as recipes
from pages._ui.train.state import floors
from tests.support.pages.looking import captions
from tests.support.pages.train_page import messages, metrics, start

MINE = "A folder of mine…"


def with_report(page: AppTest) -> AppTest:
    """The page with the tab Data open."""
    page.session_state["look"] = "Data"
    return page.run()


def facts(page: AppTest) -> str:
    found = [each.proto.body for each in page.get("html")]
    return next(text for text in found if "seewhy-facts" in text and "<style>" not in text)


def test_the_page_opens_with_a_plan_that_can_start(train: AppTest) -> None:
    assert messages(train).startswith("None yet") or not messages(train)
    assert "15 epochs" in facts(train)
    assert start(train)


@pytest.mark.slow
@pytest.mark.parametrize("name", recipes.names())
def test_every_recipe_is_described_in_words(train: AppTest, name: str) -> None:
    page = train.selectbox(key="train_recipe").select(name).run()
    assert not page.exception
    usual = recipes.read(name)
    told = facts(page) if not page.error else messages(page)
    assert usual.model.architecture.partition(":")[2] in told or "train it first" in told
    assert page.number_input(key=f"train_epochs_{name}").value == usual.epochs


@pytest.mark.slow
def test_changes_are_listed_and_a_bad_one_names_its_key_and_stops_the_start(train: AppTest) -> None:
    train.number_input(key="train_epochs_digits").set_value(3)
    train.number_input(key="train_lr_digits").set_value(0.00005)
    page = train.text_area(key="train_more_digits").set_value("augment.flip=true\n").run()
    assert "3 epochs" in facts(page)
    assert "learning rate 5e-05" in facts(page)
    assert "mirrored" in facts(page)
    for bad, told in (
        ("optimizer.lr=1", "'optimizer.lr'"),
        ("keep.patience=-1", "keep.patience"),
        ("hm", "'hm'"),
    ):
        page = page.text_area(key="train_more_digits").set_value(bad).run()
        assert told in messages(page)
        assert not start(page)


def test_every_setting_is_listed_with_its_value_and_meaning(train: AppTest) -> None:
    (listed,) = [each.proto.body for each in train.get("html") if "<dl" in each.proto.body]
    assert [line.partition("=")[0] for line in listed.split("<dt>")[1:]] == recipes.keys()
    assert "<dt>schedule.drop_after=[10]</dt><dd>The epochs after which it falls.</dd>" in listed


def test_dropout_and_loss_are_described_where_the_recipe_changes_them(train: AppTest) -> None:
    assert "Dropout" not in facts(train)
    assert "Loss" not in facts(train)
    changes = ("model.dropout=0.25", "loss.oversample=true", "keep.patience=3", "keep.min_delta=0.01")
    page = train.text_area(key="train_more_digits").set_value("\n".join(changes)).run()
    assert "0.25 before the last layer" in facts(page)
    assert "rare classes are drawn more often" in facts(page)
    assert "stops after 3 without improvement of more than 0.01" in facts(page)


def test_settings_that_do_not_go_together_are_named(train: AppTest) -> None:
    page = train.text_area(key="train_more_digits").set_value("model.architecture=seewhy:nothing").run()
    assert "seewhy:nothing" in messages(page)
    assert not start(page)


@pytest.mark.parametrize("bad", ["", "../x", "a b", "imagenet"])
def test_a_name_that_cannot_be_used_is_refused(train: AppTest, bad: str) -> None:
    name = next(each for each in train.text_input if each.label == "Name of the new model")
    page = name.set_value(bad).run()
    assert messages(page)
    assert not start(page)


@pytest.mark.slow
def test_data_that_are_not_here_come_with_the_way_to_get_them(
    train: AppTest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SEEWHY_DATA", str(tmp_path))
    page = train.selectbox(key="train_recipe").select("mnist").run()
    if page.selectbox(key="train_data_mnist").value == "mnist" and start(page):
        pytest.skip("this machine has MNIST where packages put it")
    assert "11.1 MB to download. Licence: CC BY-SA 3.0." in captions(page)
    assert "python -m core data mnist --fetch" in captions(page)
    assert page.button(key="download_start_train").label == "Download"
    assert not start(page)
    assert start(page.selectbox(key="train_data_mnist").select("digits").run())


@pytest.mark.slow
def test_a_folder_is_recognised_or_refused_in_words(train: AppTest, tmp_path: Path) -> None:
    page = train.selectbox(key="train_data_digits").select(MINE).run()
    assert not start(page)
    page = page.text_input(key="train_folder").set_value(str(tmp_path)).run()
    assert "is not a folder of labelled images" in messages(page)
    assert not start(page)
    for class_name in ("cat", "dog"):
        (tmp_path / class_name).mkdir()
    page.text_input(key="train_folder").set_value(f"{tmp_path}/").run()
    assert "without images" in messages(page)
    rng = np.random.default_rng(0)
    for number in range(12):
        picture = rng.integers(0, 255, (9, 7, 3), np.uint8)
        Image.fromarray(picture).save(tmp_path / ("cat", "dog")[number % 2] / f"{number}.png")
    (tmp_path / "cat" / "broken.png").write_bytes(b"no picture")
    page = page.text_input(key="train_folder").set_value(str(tmp_path / ".." / tmp_path.name)).run()
    assert start(page)
    page = with_report(page)
    assert metrics(page)["Images"] == "12"
    assert "1 broken file is skipped" in messages(page)


@pytest.mark.slow
def test_the_report_of_the_digits_counts_them_all(train: AppTest) -> None:
    page = with_report(train)
    found = metrics(page)
    assert found["Images"] == "1,797"
    assert (found["Training"], found["Validation"]) == ("1,438", "359")
    strips = [each.proto.body for each in page.get("html") if "seewhy-strip" in each.proto.body]
    pictures = [text for text in strips if "<figure" in text]
    assert [text.count("<img") for text in pictures] == [8, 8]
    assert all('class="tiny"' in text for text in pictures)


@pytest.mark.slow
def test_again_draws_other_augmentations_of_the_same_images(train: AppTest) -> None:
    def strips(page: AppTest) -> list[str]:
        assert not page.exception
        return [each.proto.body for each in page.get("html") if "<figure" in each.proto.body]

    train.text_area(key="train_more_digits").set_value("augment.rotation=30")
    page = with_report(train)
    training, validation = strips(page)
    again, same = strips(page.button(key="train_again").click().run())
    assert again != training
    assert same == validation


@pytest.mark.slow
def test_a_folder_that_can_be_read_in_two_ways_is_asked_about(train: AppTest, tmp_path: Path) -> None:
    for name, number in (("ant", 6), ("bee", 6), ("results", 3)):
        (tmp_path / name).mkdir()
        for index in range(number):
            picture = np.random.default_rng(index).integers(0, 255, (9, 7, 3), np.uint8)
            Image.fromarray(picture).save(tmp_path / name / f"{index}.png")
    page = train.selectbox(key="train_data_digits").select(MINE).run()
    page = page.text_input(key="train_folder").set_value(str(tmp_path)).run()
    question = page.radio(key=f"train_layout_{tmp_path}")
    assert (question.value, start(page)) == (None, False)
    page = question.set_value("parts").run()
    assert start(page)
    captions = " ".join(each.value for each in page.caption).replace("\\", "")
    assert "12 images of 2 classes" in captions
    assert "Left out: 3 images in 'results', which is no part of the data" in captions


@pytest.mark.slow
def test_baselines_are_measured_on_request_and_once(train: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    page, measured, floor = with_report(train), [], floors.floor
    monkeypatch.setattr(floors, "floor", lambda *given: measured.append(given) or floor(*given))
    assert "Majority class" not in " ".join(each.proto.body for each in page.get("html"))
    for _ in range(2):
        page = page.button(key="train_baselines").click().run()
        assert not page.exception
        told = " ".join(each.proto.body for each in page.get("html"))
        assert "Nearest thumbnail" in told
        assert "Majority class" in told
    assert len(measured) == 1


@pytest.mark.slow
def test_layers_are_listed_and_memory_and_time_predicted_on_request(
    train: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal = Proposal("a step of 32 images does not fit", ("batch_size=8", "speed.accumulate=4"))
    forecast = Forecast("CPU", 32, 15, 10**9, 2 * 10**9, 1.0, 60.0, None, (proposal,))
    asked = []
    monkeypatch.setattr(asking, "predicted", lambda name, **given: asked.append((name, given)) or forecast)
    assert "372,234 parameters: 372,234 trained, 0 frozen" in captions(train)
    assert "reads 256 features" in captions(train)
    rows = next(each.value for each in train.dataframe if "Parameters" in each.value)
    assert rows["Parameters"].sum() == 372_234
    assert rows["Output"][0] == "64 × 26 × 26"
    page = train.button(key="train_predict").click().run()
    told = " ".join(each.proto.body for each in page.get("html"))
    assert "about 1.0 GB for a step of 32 images, of 2.0 GB" in told
    assert "about 1 min 0 s per epoch, 15 min 1 s in all" in told
    assert asked[0][0] == "digits"
    assert len(asked) == 1
    page = page.button(key="train_propose_0").click().run()
    assert page.number_input(key="train_batch_digits").value == 8
    assert "speed.accumulate=4" in page.text_area(key="train_more_digits").value
    assert "8 images per batch" in facts(page)


@pytest.mark.slow
def test_imbalance_leads_to_a_plan_that_weights_rare_classes(train: AppTest, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for class_name, number in (("cat", 12), ("dog", 3)):
        (tmp_path / class_name).mkdir()
        for index in range(number):
            pixels = rng.integers(0, 255, (20, 20, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / class_name / f"{index}.png")
    page = train.selectbox(key="train_data_digits").select(MINE).run()
    page = with_report(page.text_input(key="train_folder").set_value(str(tmp_path)).run())
    assert "look at balanced accuracy" in messages(page)
    page = page.button(key="train_balance").click().run()
    assert page.text_area(key="train_more_digits").value.splitlines() == [
        "loss.class_weights=true",
        "keep.best=val_balanced_accuracy",
    ]
    assert page.session_state["look"] == "Plan"
    assert "balanced accuracy" in facts(page)
    page = with_report(page).button(key="train_imbalance").click().run()
    assert not page.exception
    assert page.session_state["look"] == "Experiment"
    assert page.selectbox(key="experiment").value == "imbalance"
