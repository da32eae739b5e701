"""`edit` replays edits: its scores are those that `explain` gives for the written photo."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.__main__ import main
from core.images.sample_photos import sample
from tests.support.programs.explain_command import error_of, explain

EDITS = [
    {"tool": "rectangle", "box": [40, 30, 200, 160], "fill": "inpainting"},
    {"tool": "light", "value": 0.6},
    {"tool": "paste", "photo": "coffee.png", "box": [0, 0, 60, 50], "at": [9, 9]},
]


def _edit(photo: Path, edits: object, out: Path) -> int:
    (photo.parent / "edits.json").write_text(json.dumps(edits))
    (photo.parent / "coffee.png").write_bytes(sample("coffee.png"))
    given = ["--edits", str(photo.parent / "edits.json"), "--checkpoint", "digits", "--device", "cpu"]
    return main(["edit", str(photo), *given, "--out", str(out)])


def test_replayed_edits_give_the_scores_of_the_written_photo(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert _edit(photo, EDITS, out) == 0
    content = json.loads((out / "cat" / "edit.json").read_text())
    before, after = content["before"]["top"], content["after"]["top"]
    assert f"{photo}: {before[0]['class_name']} (" in capsys.readouterr().out

    assert explain([out / "cat" / "edited.png"], tmp_path, "--checkpoint", "digits") == 0
    again = json.loads((tmp_path / "edited" / "prediction.json").read_text())["top"]
    assert [each["class_idx"] for each in again] == [each["class_idx"] for each in after]
    assert [each["logit"] for each in again] == pytest.approx([each["logit"] for each in after], abs=1e-4)

    logits = {each["class_idx"]: each["logit"] for each in after}
    for each in content["changes"]:
        assert each["change"] == pytest.approx(each["logit_after"] - each["logit_before"])
        assert each["logit_after"] == logits.get(each["class_idx"], each["logit_after"])
    assert {each["class_idx"] for each in before} <= {each["class_idx"] for each in content["changes"]}
    assert content["edits"] == EDITS


def test_both_maps_are_of_the_class_predicted_before(photo: Path, tmp_path: Path) -> None:
    assert _edit(photo, EDITS, tmp_path / "out") == 0
    folders = [tmp_path / "out" / "cat" / name for name in ("before", "after")]
    names = [{path.name for path in folder.iterdir()} for folder in folders]
    assert names[0] == names[1]
    assert len(names[0]) == 4
    (raw,) = folders[1].glob("*.raw.npy")
    assert np.abs(np.load(raw) - np.load(folders[0] / raw.name)).max() > 0


def test_no_edits_change_nothing(photo: Path, tmp_path: Path) -> None:
    assert _edit(photo, [], tmp_path / "out") == 0
    written = np.asarray(Image.open(tmp_path / "out" / "cat" / "edited.png"))
    np.testing.assert_array_equal(written, np.asarray(Image.open(photo).convert("RGB")))
    content = json.loads((tmp_path / "out" / "cat" / "edit.json").read_text())
    assert {each["change"] for each in content["changes"]} == {0.0}


def test_a_photo_that_an_edit_names_and_that_is_missing_is_an_error(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = [{"tool": "paste", "photo": "sea.jpg", "box": [0, 0, 5, 5], "at": [0, 0]}]
    assert _edit(photo, missing, tmp_path / "out") == 1
    assert "sea.jpg" in error_of(capsys)
