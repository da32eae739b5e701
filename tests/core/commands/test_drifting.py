"""``python -m core drift``: the answer and its file."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.__main__ import main
from tests.support.stored.tiny_evaluation import random_checkpoint

SIDE = 24


def _photos(folder: Path, number: int, seed: int, brightness: float = 1.0) -> Path:
    random = np.random.default_rng(seed)
    for row in range(number):
        path = folder / ("apple" if row % 2 else "mole") / f"{row:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        light = random.uniform(90, 170)
        pixels = random.normal(light, 30, (SIDE, SIDE, 3)).clip(0, 255) * brightness
        Image.fromarray(pixels.astype(np.uint8)).save(path)
    return folder


@pytest.fixture
def known(tmp_path: Path) -> Path:
    """A checkpoint ``random`` that is evaluated on 60 photos."""
    random_checkpoint()
    data = _photos(tmp_path / "known", 60, seed=0)
    assert main(["evaluate", "random", "--device", "cpu", "--data", str(data), "--as", "known"]) == 0
    return tmp_path


def _report(place: Path, data: Path) -> dict[str, object]:
    out = place / "out" / data.name
    assert main(["drift", "random", "--device", "cpu", "--data", str(data), "--out", str(out)]) == 0
    report: dict[str, object] = json.loads((out / "drift.json").read_text())
    return report


@pytest.mark.slow
def test_darker_photos_have_drifted_and_others_have_not(
    known: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alike = _report(known, _photos(known / "alike", 40, seed=1))
    darker = _report(known, _photos(known / "darker", 40, seed=2, brightness=0.4))
    assert float(str(alike["p"])) > 0.01 > float(str(darker["p"]))
    assert "No drift found" in str(alike["sentence"])
    assert "differ in" in str(darker["sentence"])
    assert str(darker["sentence"]) in capsys.readouterr().out


def test_the_file_has_medians_shares_and_causes(known: Path) -> None:
    data = _photos(known / "odd", 40, seed=3)
    Image.new("RGB", (SIDE, SIDE), (8, 8, 8)).save(data / "mole" / "000.png")
    report = _report(known, data)
    assert (report["num_known"], report["num_new"]) == (60, 40)
    (properties, strangest) = (report["properties"], report["strangest"])
    assert isinstance(properties, dict)
    assert isinstance(strangest, list)
    assert properties["brightness"]["known"] == pytest.approx(130 / 255, abs=0.06)
    assert strangest[0]["path"] == "mole/000.png"
    assert len(strangest) == 40
    assert isinstance(report["classes"], list)
    assert sum(each["new"] for each in report["classes"]) == pytest.approx(1)


def _described(data: Path, **columns: list[object]) -> Path:
    """A CSV file beside a folder of photos, a row for each."""
    names = sorted(path.relative_to(data).as_posix() for path in data.rglob("*.png"))
    table = data.with_suffix(".csv")
    pd.DataFrame({"path": names} | columns).to_csv(table, index=False)
    return table


def test_metadata_are_compared_by_their_values(tmp_path: Path) -> None:
    random_checkpoint()
    known, new = _photos(tmp_path / "known", 60, seed=0), _photos(tmp_path / "new", 40, seed=1)
    before = _described(known, weather=["sun"] * 60, age=[30 + n % 9 for n in range(60)])
    after = _described(new, weather=["sun", "fog"] * 20, age=[50 + n % 9 for n in range(40)])
    command = ["random", "--device", "cpu", "--data"]
    assert main(["evaluate", *command, str(known), "--as", "known", "--metadata", str(before)]) == 0
    assert main(["drift", *command, str(new), "--metadata", str(after), "--out", str(tmp_path)]) == 0
    report = json.loads((tmp_path / "drift.json").read_text())
    assert report["p"] < 0.01
    age, weather = report["properties"]["age"], report["metadata"]["weather"]
    assert (age["known"], age["new"]) == (34, 53.5)
    assert age["statistic"] == 1
    assert weather["p_adjusted"] < 0.01
    assert weather["values"] == [
        {"value": "fog", "known": 0.0, "new": 0.5},
        {"value": "sun", "known": 1.0, "new": 0.5},
    ]


def test_too_few_photos_are_named(known: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = _photos(known / "few", 3, seed=1)
    assert main(["drift", "random", "--device", "cpu", "--data", str(few), "--out", str(known / "o")]) == 1
    assert "'few' has 3 readable photos; drift needs 5 or more" in capsys.readouterr().err
