"""The parts of the benchmark with planted objects: scenes, scores and the table."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.benchmarks.planting import cutouts, digits, ranking, scenes, scoring
from tests.benchmarks.planting.methods import Asked, contestants
from tests.benchmarks.planting.scoring import Scores

_RED, _GREY = (255, 0, 0), (128, 128, 128)


@pytest.fixture
def asked() -> Asked:
    """A scene of a digit, and a network of seeded random weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = digits._network().eval().requires_grad_(requires_grad=False)
    scene = digits.scene(digits.held_out()[0], 0, np.random.default_rng(0))
    return Asked(model, digits.preprocessed([scene.picture]), 3, "11")


@pytest.mark.parametrize("corner", range(4))
def test_the_mask_is_where_the_object_is_and_in_one_quarter(corner: int) -> None:
    square = Image.new("RGBA", (10, 20), (*_RED, 255))
    picture, mask = scenes.plant(
        square, Image.new("RGB", (100, 100), _GREY), corner, np.random.default_rng(0)
    )
    assert mask.sum() == 23 * 46
    assert ((np.asarray(picture) == _RED).all(2) == mask).all()
    rows, columns = np.nonzero(mask)
    assert (set(rows // 50), set(columns // 50)) == ({corner // 2}, {corner % 2})


def test_the_mask_leaves_out_what_is_more_than_half_transparent() -> None:
    halves = Image.new("RGBA", (20, 20), (*_RED, 20))
    halves.paste((*_RED, 255), (0, 0, 10, 20))
    _, mask = scenes.plant(halves, Image.new("RGB", (100, 100), _GREY), 0, np.random.default_rng(0))
    rows, columns = np.nonzero(mask)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (46, 23)


def test_training_and_testing_share_no_part_of_a_texture() -> None:
    upper, lower = scenes.halves(upper=True), scenes.halves(upper=False)
    for name, texture in scenes.textures().items():
        parts = np.concatenate([np.asarray(upper[name]), np.asarray(lower[name])])
        assert (parts == np.asarray(texture)).all()


def test_a_round_flower_is_cut_out_as_a_disc() -> None:
    dahlia = cutouts._grabbed("dahlia", cutouts._OUTLINES["dahlia"]).picture
    opaque = np.asarray(dahlia.getchannel("A")) > 0
    assert opaque.mean() == pytest.approx(np.pi / 4, abs=0.03)


def test_a_folder_gives_its_pictures_with_transparent_places_cropped(tmp_path: Path) -> None:
    Image.new("RGB", (9, 9)).save(tmp_path / "opaque.png")
    picture = Image.new("RGBA", (9, 9))
    picture.paste((*_RED, 255), (2, 3, 6, 8))
    (tmp_path / "below").mkdir()
    picture.save(tmp_path / "below" / "cat.png")
    (found,) = cutouts.from_folder(tmp_path)
    assert (found.name, found.picture.size) == ("cat", (4, 5))


def test_references_score_what_is_known_of_them(asked: Asked) -> None:
    """A quarter has a quarter of the centre; noise counts in both directions; the mask is the truth."""
    quarter = np.zeros(asked.size, np.bool_)
    quarter[:28, :28] = True
    scores = scoring.scored(asked, quarter, {}, [0.0] * 3)
    assert set(scores) == {"mask", "centre", "edges", "random"}
    assert scores["centre"].energy == pytest.approx(0.25)
    assert (scores["mask"].energy, scores["mask"].pointing, scores["mask"].iou) == (1, 1, 1)
    assert scores["random"].deletion == pytest.approx(scores["random"].insertion)


def test_ours_and_the_peers_give_the_same_grad_cam_and_the_same_curves(asked: Asked) -> None:
    names = ("grad_cam", "torchcam GradCAM", "pytorch-grad-cam GradCAM", "captum LayerGradCam")
    methods = {name: contestants(slow=False)[name] for name in names}
    maps = [methods[name](asked).shown for name in names[:3]]
    for peer in maps[1:]:
        np.testing.assert_allclose(peer / peer.max(), maps[0] / maps[0].max(), atol=1e-3)
    scores = scoring.scored(asked, np.eye(56, dtype=np.bool_), methods, [0.0] * 3)
    assert scores["grad_cam"].deletion == scores["captum LayerGradCam"].deletion


def test_every_quick_method_gives_a_map_of_the_scene(asked: Asked) -> None:
    for name, method in contestants(slow=False).items():
        shown = method(asked).shown
        assert shown.shape == asked.size, name
        assert 0 <= shown.min() <= shown.max() <= 1.0001, name


def test_scenes_of_one_object_are_drawn_together() -> None:
    values = np.array([[0.0], [0.0], [1.0], [1.0]])
    low, high = ranking.intervals(values, ["cat", "cat", "cup", "cup"])
    assert (low[0], high[0]) == (0, 1)
    low, high = ranking.intervals(np.full((4, 1), 0.3), ["a", "b", "c", "d"])
    assert (low[0], high[0]) == (pytest.approx(0.3), pytest.approx(0.3))


def test_the_table_has_the_best_map_first_and_equal_maps_share_their_place() -> None:
    good, poor = Scores(0.8, 1, 0.5, 0.1, 0.7, 0.6), Scores(0.2, 0, 0.1, 0.4, 0.4, 0.0)
    head, _, *rows = ranking.table([{"poor": poor, "a": good, "b": good}], ["cat"])
    assert head.startswith("| map | place | energy inside | pointing | IoU |")
    assert [row.split(" | ")[:2] for row in rows] == [["| a", "1.0"], ["| b", "1.0"], ["| poor", "3.0"]]
    assert "| 0.80 (0.80 to 0.80) | 1.00 (1.00 to 1.00) |" in rows[0]
