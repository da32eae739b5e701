"""The tab Experiment of the page Train without a browser."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.checkpoints import paths, store
from core.training.experiments import background, family, workplace
from core.training.experiments.plan import planned
from core.training.experiments.running import conducted
from core.training.experiments.workplace import ExperimentOptions
from core.training.lightning.train import Job
from tests.support.images.image_folders import planted
from tests.support.pages.looking import as_read, captions
from tests.support.paths import ROOT

SHORT = """
title = "Few digits"
recipe = "digits"
seeds = 2

[base]
name = "plain"
change.epochs = 1
change.data = {per_class = 10, test = 0.1, val = 0.05}
change.model.architecture = "seewhy:two-conv-mnist"

[[variants]]
name = "smooth"
change.loss.label_smoothing = 0.1
book = {value = 0.991, source = "A book", because = "it has other digits"}
"""


@pytest.fixture
def tab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The tab, with one short experiment to choose."""
    (tmp_path / "short.toml").write_text(SHORT)
    monkeypatch.setattr(family, "FOLDER", tmp_path)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.session_state["look"] = "Experiment"
    return app.switch_page("pages/train.py").run()


def rows(page: AppTest) -> list[dict[str, object]]:
    assert not page.exception
    frames = [each.value for each in page.dataframe if "variant" in each.value.columns]
    return frames[0].to_dict("records")


def test_an_experiment_waits_with_its_variants_and_a_book_s_number(tab: AppTest) -> None:
    assert [(each["variant"], each["state"]) for each in rows(tab)] == [
        ("plain", "waiting"),
        ("smooth", "waiting"),
    ]
    assert "smooth: A book has 99.1%; it has other digits." in captions(tab)
    assert not tab.button(key="experiment_start").disabled


@pytest.mark.slow
def test_start_starts_the_command_with_these_seeds(tab: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[Path, ExperimentOptions]] = []
    monkeypatch.setattr(background, "start", lambda *given: started.append(given))
    tab.number_input(key="experiment_seeds_short").set_value(4).run()
    tab.button(key="experiment_start").click().run()
    assert started == [(workplace.place_of("short"), ExperimentOptions("short", seeds=4))]


@pytest.mark.slow
def test_a_folder_of_ones_own_has_an_experiment_of_its_own(
    tab: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[Path, ExperimentOptions]] = []
    monkeypatch.setattr(background, "start", lambda *given: started.append(given))
    planted(tmp_path / "photos", "cat/*4 dog/*4")
    tab.text_input(key="experiment_folder").set_value(str(tmp_path / "photos")).run()
    tab.button(key="experiment_start").click().run()
    ((place, options),) = started
    assert options.data == str(tmp_path / "photos")
    assert place == workplace.place_of("short", options.data) != workplace.place_of("short")
    tab.text_input(key="experiment_folder").set_value(str(tmp_path / "none")).run()
    assert "There is no folder" in as_read(tab.error[0].value)


@pytest.mark.slow
def test_two_finished_variants_are_compared_on_their_test_images(tab: AppTest) -> None:
    place = workplace.place_of("short")
    conducted(planned(family.read("short")), place, ExperimentOptions("short", seeds=2), Job(""))
    tab.run()
    assert [each["state"] for each in rows(tab)] == ["finished", "finished"]
    assert tab.button(key="experiment_start").disabled
    assert [name for name in store.available() if name.startswith("short")] == ["shortcut"]
    tab.button(key="experiment_compare").click().run()
    assert not tab.exception
    assert tab.title[0].value == "Compare"
    assert paths.folder("short-plain.seed0").exists()
    assert tab.session_state["checkpoint"] == "short-plain.seed0"
    assert tab.query_params["with"] == "short-smooth.seed0/digits-test"
    assert tab.query_params["evaluation"] == "digits-test"
