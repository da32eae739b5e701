"""`explain` for the class scores of an auxiliary head."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.checkpoints import paths, store
from core.checkpoints.store import Card
from core.models import registry
from tests.support.programs.explain_command import error_of, explain

ARCHITECTURE = "torchvision:googlenet?transform_input=false"


@pytest.fixture
def photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A photo, and a GoogLeNet with random weights among the checkpoints."""
    monkeypatch.setenv(paths.VARIABLE, str(tmp_path / "checkpoints"))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = registry.build(ARCHITECTURE, 3)
    preprocess = registry.default_preprocess(ARCHITECTURE)
    store.save("inception", Card(ARCHITECTURE, ("a", "b", "c"), preprocess), network.state_dict())
    pixels = np.random.default_rng(0).integers(0, 256, (230, 260, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def _logits(folder: Path) -> dict[int, float]:
    answer = json.loads((folder / "photo" / "prediction.json").read_text())
    return {each["class_idx"]: each["logit"] for each in answer["top"]}


@pytest.mark.slow
def test_each_head_is_explained_as_a_class_score_of_its_own(photo: Path) -> None:
    checkpoint = store.load(store.find("inception"))
    batch = checkpoint.card.preprocess.batch([Image.open(photo)])
    checkpoint.model.training = True  # It then gives the logits of all heads, and no dropout works.
    with torch.inference_mode():
        outputs = checkpoint.model(batch)
    for head, expected in (
        ("aux1", outputs.aux_logits1),
        ("aux2", outputs.aux_logits2),
        ("", outputs.logits),
    ):
        out = photo.parent / f"out-{head}"
        options = ("--checkpoint", "inception", "--class", "b", "--layer", "inception4a", "--auxiliary", head)
        assert explain([photo], out, *options) == 0
        assert _logits(out) == pytest.approx(dict(enumerate(expected[0].tolist())), abs=1e-4)
        assert (out / "photo" / "grad_cam.inception4a.1.raw.npy").exists()


@pytest.mark.slow
def test_its_usual_layer_is_its_own_convolution(photo: Path) -> None:
    assert explain([photo], photo.parent / "out", "--checkpoint", "inception", "--auxiliary", "aux1") == 0
    answer = json.loads((photo.parent / "out" / "photo" / "prediction.json").read_text())
    assert answer["layers"] == ["aux1.conv"]


@pytest.mark.slow
def test_a_head_that_the_network_lacks_is_refused(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain([photo], photo.parent, "--checkpoint", "inception", "--auxiliary", "aux3") == 1
    assert error_of(capsys).endswith("GoogLeNet has no auxiliary head 'aux3'; there is aux1, aux2")
