"""The view Map of Mistakes: a point for each sample, an area, and the nearest training images."""

import base64
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.checkpoints import paths, store
from core.evaluation.feature_space import areas
from core.mistakes import results
from core.mistakes.feature_space import data_map, density, nearest
from core.predictions import evaluations, sample_features
from tests.support.pages.looking import as_read, captions, component, components, opened
from tests.support.pages.mistakes_page import PAGE, shown

AREA = "0-0_999-0_999-500_0-500"


def _legend(page: AppTest) -> dict[str, int]:
    """The number of points of each category."""
    drawn = component(page, "palette")
    counts = np.bincount(np.frombuffer(base64.b64decode(drawn["colours"]), np.uint8))
    return dict(zip(drawn["names"], counts.tolist(), strict=True))


def _rows(name: str) -> pd.DataFrame:
    return pd.read_parquet(evaluations.find(paths.root() / name, "digits-val").table)


@pytest.mark.slow
def test_each_sample_is_a_point_by_outcome_or_class(digits_with_features: str) -> None:
    rows = _rows(digits_with_features)
    num_wrong = int((rows["label"] != rows["predicted"]).sum())
    page = opened(PAGE, checkpoint=digits_with_features, view="Map")
    assert not page.exception
    assert _legend(page) == {"right": len(rows) - num_wrong, "wrong": num_wrong}
    page.selectbox(key="colour").select("true class").run()
    counts = rows["label"].value_counts()
    assert sorted(_legend(page).items()) == [(str(label), count) for label, count in sorted(counts.items())]
    page.selectbox(key="colour").select("brightness").run()
    assert component(page, "palette")["names"] == []


def test_the_gallery_shows_the_samples_in_the_area_of_the_address(digits_with_features: str) -> None:
    whole = results.read(paths.root() / digits_with_features)
    drawn, area = data_map.data_map(whole), areas.read(AREA)
    assert drawn is not None
    assert area is not None
    expected = whole.table["sample_id"].to_numpy()[area.contains(drawn.points)]
    page = opened(PAGE, checkpoint=digits_with_features, view="Map", area=AREA, only="All", order="As stored")
    assert page.header[1].value == "All samples in the area"
    assert shown(page) == expected[:48].tolist()
    page.button(key="clear_area").click().run()
    assert "area" not in page.query_params
    assert page.header[1].value == "All samples"


def test_an_open_sample_has_its_nearest_training_images(digits_with_features: str) -> None:
    page = opened(PAGE, checkpoint=digits_with_features, sample="digits/677")
    near = next(data["items"] for data in components(page) if data.get("label") == "Nearest training images")
    folder = paths.root() / digits_with_features
    row = _rows(digits_with_features)["sample_id"].tolist().index("digits/677")
    one, every = (
        np.asarray(sample_features.read(evaluations.find(folder, f"digits-{split}")), np.float64)
        for split in ("val", "train")
    )
    slow = every @ one[row] / np.linalg.norm(every, axis=1) / np.linalg.norm(one[row])
    train = pd.read_parquet(evaluations.find(folder, "digits-train").table).iloc[np.argsort(-slow)[:9]]
    assert [each["id"] for each in near] == train["sample_id"].tolist()
    assert [each["caption"] for each in near] == train["label"].astype(str).tolist()


def test_training_images_evaluated_by_other_weights_do_not_count(
    digits_with_features: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = paths.root() / digits_with_features
    validation = evaluations.find(folder, "digits-val")
    training = nearest.training_evaluation(validation)
    assert training is not None
    assert training.name == nearest.name_for_training(validation) == "digits-train"
    card = replace(store.read_card(folder), weights_sha256="others")
    monkeypatch.setattr(store, "read_card", lambda _folder: card)
    assert nearest.training_evaluation(validation) is None
    page = opened(PAGE, checkpoint=digits_with_features, sample="digits/677")
    assert page.button(key="evaluate_training").label == "Evaluate the training images"


def test_beyond_the_most_points_the_map_shows_cells_with_their_numbers(
    digits_with_features: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(density, "MOST_POINTS", 100)
    page = opened(PAGE, checkpoint=digits_with_features, view="Map")
    ends = component(page, "palette")
    assert (ends["low"], ends["high"]) == ("all right", "all wrong")
    page.selectbox(key="colour").select("true class").run()
    drawn, whole = component(page, "palette"), results.read(paths.root() / digits_with_features)
    counts = np.frombuffer(base64.b64decode(drawn["counts"]), np.uint32)
    assert counts.sum() == whole.table.num_rows > len(counts)
    assert drawn["side"] == density.SIDE
    assert sum(drawn["sizes"]) == whole.table.num_rows


@pytest.fixture
def featureless() -> Iterator[str]:
    """A copy of the checkpoint ``digits`` whose evaluation has neither features nor properties."""
    folder = paths.folder("digits-without-features")
    left_out = shutil.ignore_patterns(paths.FEATURES, paths.PROPERTIES)
    shutil.copytree(paths.root() / "digits", folder, ignore=left_out)
    yield folder.name
    shutil.rmtree(folder)


def test_an_evaluation_without_features_says_so_and_offers_to_make_it_again(featureless: str) -> None:
    page = opened(PAGE, checkpoint=featureless, view="Map")
    assert not page.exception
    assert not any("palette" in each for each in components(page))
    assert any("has no features: " in as_read(each.value) for each in page.markdown)
    assert page.button(key="evaluate_again").label == "Evaluate again"
    assert "has no features" in captions(opened(PAGE, checkpoint=featureless, sample="digits/677"))


def test_umap_can_be_chosen_where_it_is_installed(
    digits_with_features: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library is optional: here it gives each sample its features' first and last number."""
    without = opened(PAGE, checkpoint=digits_with_features, view="Map")
    assert "map_by" not in without.query_params
    assert "needs the package umap-learn" in captions(without)
    layout = SimpleNamespace(fit_transform=lambda features: features[:, [0, -1]])
    library = ModuleType("umap")
    monkeypatch.setattr(library, "UMAP", lambda **_settings: layout, raising=False)
    library.__spec__ = ModuleSpec("umap", None)
    monkeypatch.setitem(sys.modules, "umap", library)
    page = opened(PAGE, checkpoint=digits_with_features, view="Map", map_by="UMAP", area=AREA)
    assert not page.exception
    assert "pip install" not in captions(page)
    features = sample_features.read(evaluations.find(paths.root() / digits_with_features, "digits-val"))
    assert features is not None
    places = areas.on_unit_square(np.asarray(features[:, [0, -1]], np.float32))
    sent = np.frombuffer(base64.b64decode(component(page, "palette")["points"]), np.uint16).reshape(-1, 2)
    np.testing.assert_allclose(sent / 65_535, places, atol=1e-4)
    page.segmented_control(key="map_by").select("main").run()
    assert "area" not in page.query_params
    assert "of their variance" in captions(page)
