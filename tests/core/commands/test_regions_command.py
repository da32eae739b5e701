"""`regions` writes numbers, and the photos that prove them."""

import json
from pathlib import Path

import pytest

from core.__main__ import main
from core.data.sources import catalogue
from tests.support.programs.explain_command import explain


@pytest.mark.slow
def test_explain_confirms_both_photos(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo = tmp_path / "three.png"
    catalogue.load("digits").image(3).save(photo)
    given = [str(photo), "--checkpoint", "digits", "--device", "cpu"]
    assert main(["regions", *given, "--out", str(tmp_path / "out")]) == 0
    folder = tmp_path / "out" / "three"
    content = json.loads((folder / "regions.json").read_text())
    printed = capsys.readouterr().out.splitlines()
    assert printed[1:] == [f"  {sentence}" for sentence in content["sentences"]]
    pictures = [folder / "sufficient.png", folder / "flipped.png"]
    assert explain(pictures, tmp_path / "again", "--checkpoint", "digits") == 0
    for picture, part in zip(pictures, (content["sufficient"], content["flipping"]), strict=True):
        again = json.loads((tmp_path / "again" / picture.stem / "prediction.json").read_text())["top"]
        assert [each["class_idx"] for each in again] == [each["class_idx"] for each in part["top"]]
        of_class = next(each for each in again if each["class_idx"] == content["class_idx"])
        assert of_class["logit"] == pytest.approx(part["logit"], abs=1e-4)
        assert (picture.stem == "sufficient") == (again[0]["class_idx"] == content["class_idx"])
        assert 0 < part["share"] < part["random_share"] <= 1
