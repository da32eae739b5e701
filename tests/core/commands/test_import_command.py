"""`import` makes a checkpoint from foreign weights, or says why not in one line."""

from pathlib import Path

import numpy as np
import pytest
import torch

from core.__main__ import main
from core.checkpoints import store
from core.checkpoints.store import Checkpoint
from tests.support.programs.explain_command import error_of, explain


def test_imported_weights_explain_a_photo_as_before(
    root: Path, small: Checkpoint, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights, classes = photo.parent / "mine.pth", photo.parent / "classes.txt"
    torch.save({"state_dict": small.model.state_dict()}, weights)
    classes.write_text("\n".join(small.card.class_names))
    command = ["import", str(weights), "--arch", "timm:test_efficientnet", "--classes", str(classes)]
    assert main([*command, "--out", "mine"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"{weights} -> {root / 'mine'}"
    assert sorted(path.name for path in (root / "mine").iterdir()) == ["card.json", "model.safetensors"]
    for name in ("small", "mine"):
        assert explain([photo], photo.parent / name, "--checkpoint", name) == 0
    files = [sorted((photo.parent / name / "cat").glob("*.raw.npy")) for name in ("small", "mine")]
    assert [path.name for path in files[0]] == [path.name for path in files[1]]
    assert np.array_equal(np.load(files[0][0]), np.load(files[1][0]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"--arch": "timm:test_efficientnte"}, "close: timm:test_efficientnet"),
        ({"--arch": "timm:local-dir:/etc"}, "no architecture 'timm:local-dir:/etc' in timm"),
        ({"--arch": "timm:test_resnet"}, "the weights are of another architecture: missing"),
        ({"--classes": "gone.txt"}, "gone.txt cannot be read as a list of class names"),
        ({"--preprocess": "resize=1"}, "resize 1 does not cover the input size (160, 160)"),
        ({"--out": "../mine"}, "'../mine' cannot name a checkpoint"),
        ({"--out": "small"}, "a checkpoint named 'small' exists already"),
    ],
)
def test_an_import_that_does_not_fit_is_one_line_on_stderr_and_leaves_nothing(
    root: Path,
    small: Checkpoint,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, str],
    message: str,
) -> None:
    torch.save(small.model.state_dict(), tmp_path / "w.pt")
    (tmp_path / "classes.txt").write_text("a\nb\nc\nd\ne\n")
    options = {
        "--arch": "timm:test_efficientnet",
        "--classes": str(tmp_path / "classes.txt"),
        "--out": "mine",
    }
    words = [word for option in (options | changes).items() for word in option]
    assert main(["import", str(tmp_path / "w.pt"), *words]) == 1
    assert message in error_of(capsys)
    assert [path.name for path in root.iterdir()] == ["small"]


def test_import_settings_reach_the_card(root: Path, small: Checkpoint, tmp_path: Path) -> None:
    torch.save(small.model.state_dict(), tmp_path / "w.pt")
    (tmp_path / "classes.json").write_text('["a", "b", "c", "d", "e"]')
    words = ["--arch", "timm:test_efficientnet", "--classes", str(tmp_path / "classes.json"), "--out", "mine"]
    settings = "resize=none,crop=96x128,mean=0.1/0.2/0.3,std=1,interpolation=nearest"
    assert main(["import", str(tmp_path / "w.pt"), *words, "--preprocess", settings]) == 0
    preprocess = store.read_card(root / "mine").preprocess
    assert (preprocess.input_size, preprocess.resize) == ((96, 128), None)
    assert (preprocess.mean, preprocess.std) == ((0.1, 0.2, 0.3), (1.0, 1.0, 1.0))
    assert preprocess.interpolation == "nearest"
