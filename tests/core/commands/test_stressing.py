"""``python -m core stress``: each step is what the network predicts for the photos made worse by hand."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from core.__main__ import main
from core.checkpoints import store
from core.data.sources import catalogue
from core.images.degrading import degraded
from core.mistakes import stress
from core.mistakes.stress import VARIANTS
from tests.support.stored.tiny_evaluation import noisy_pictures, random_checkpoint


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Ten readable images, and a damaged one that is not in the evaluation."""
    random_checkpoint()
    folder = noisy_pictures(tmp_path / "pictures")
    assert main(["evaluate", "random", "--device", "cpu", "--data", str(folder), "--split", "all"]) == 0
    return folder


def _report(out: Path, *options: str) -> Any:  # noqa: ANN401 (JSON)
    assert main(["stress", "random", "--device", "cpu", *options, "--out", str(out)]) == 0
    report: dict[str, dict[str, dict[str, list[dict[str, float]]]]] = json.loads(
        (out / "stress.json").read_text()
    )
    return report


@pytest.mark.slow
@torch.inference_mode()
def test_a_step_is_the_accuracy_on_photos_made_worse_by_hand(tmp_path: Path) -> None:
    assert main(["stress", "digits", "--device", "cpu", "--samples", "40", "--out", str(tmp_path)]) == 0
    report = json.loads((tmp_path / "stress.json").read_text())
    folder, images = store.find("digits"), catalogue.load("digits")
    drawn = stress.report(folder, num_samples=40).sample_ids
    rows = [images.sample_ids.index(name) for name in drawn]
    darker = [degraded(images.image(row), "brightness", 0.6) for row in rows]
    loaded = store.load(folder)
    right = loaded.model(loaded.card.preprocess.batch(darker)).argmax(1).numpy() == images.labels[rows]
    (step,) = [each for each in report["kinds"]["brightness"]["steps"] if each["value"] == 0.6]
    assert step["accuracy"] == right.mean() < report["accuracy"]
    assert set(step["flipped"]) <= {name for name, fine in zip(drawn, right, strict=True) if not fine}


def test_all_kinds_and_steps_are_reported_for_the_samples_drawn(pictures: Path, tmp_path: Path) -> None:
    report = _report(tmp_path / "out", "--samples", "4")
    assert pictures.exists()
    assert report["num_samples"] == 4
    values = [(name, each["value"]) for name, kind in report["kinds"].items() for each in kind["steps"]]
    assert values == [(each.kind, each.value) for each in VARIANTS[1:]]
