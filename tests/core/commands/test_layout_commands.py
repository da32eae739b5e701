"""``--layout`` and ``--json``: what was understood of a folder, chosen where it is not clear, remembered."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.__main__ import main
from core.checkpoints.local import remember_data, remembered_data, remembered_layout
from core.predictions import evaluations
from core.predictions.evaluating.samples import images_of, open_images
from tests.support.stored.tiny_evaluation import noisy_pictures, random_checkpoint


def pictures(folder: Path, number: int) -> None:
    folder.mkdir(parents=True)
    for index in range(number):
        pixels = np.random.default_rng(index).integers(0, 255, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")


@pytest.fixture
def unclear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two classes, and ``results``, which may be a third."""
    monkeypatch.setenv("SEEWHY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SEEWHY_DATA", str(tmp_path / "usual"))
    for name, number in (("ant", 3), ("bee", 2), ("results", 4)):
        pictures(tmp_path / "photos" / name, number)
    (tmp_path / "photos" / "ant" / "notes.txt").write_text("notes")
    return tmp_path / "photos"


def test_what_was_understood_is_printed_as_json(unclear: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", str(unclear), "--json", "--layout", "parts"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["source"] == "folder"
    assert found["classes"] == {"ant": 3, "bee": 2}
    assert found["splits"] == {}
    assert found["left_out"] == {"images in 'results', which is no part of the data": 4, ".txt files": 1}


def test_a_public_data_set_is_printed_as_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "digits", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["source"], sum(found["classes"].values()), found["left_out"]) == ("digits", 1_797, {})


def test_the_question_is_printed_as_json_and_in_one_line(
    unclear: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", str(unclear), "--json"]) == 1
    told = capsys.readouterr()
    readings = json.loads(told.out)["readings"]
    assert {each["layout"]: each["classes"] for each in readings} == {
        "folders": {"ant": 3, "bee": 2, "results": 4},
        "parts": {"ant": 3, "bee": 2},
    }
    assert told.err.count("\n") == 1
    assert "choose one with --layout: folders (3 classes: ant 3, bee 2, results 4) or parts (2" in told.err


def test_the_report_says_what_is_left_out(unclear: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", str(unclear), "--layout", "parts"]) == 0
    lines = capsys.readouterr().out.splitlines()
    at = lines.index("left out  5 files:")
    assert lines[at + 1].startswith("          4 images in 'results', which is no part of the data, such as")
    assert lines[at + 2] == "          1 .txt file, such as ant/notes.txt"
    assert "! left out: 4 images in 'results', which is no part of the data" in lines


def test_a_training_needs_two_classes_and_says_so(unclear: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "digits", "--data", str(unclear)]) == 1
    assert "can be read in 2 ways" in capsys.readouterr().err
    pictures(unclear.parent / "one" / "ant", 3)
    assert main(["train", "digits", "--data", str(unclear.parent / "one")]) == 1
    assert "has the class folder 'ant' only; expected" in capsys.readouterr().err


def test_an_evaluation_remembers_how_its_folder_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SEEWHY_DATA", str(tmp_path / "usual"))
    folder, data = random_checkpoint(), noisy_pictures(tmp_path / "pictures")
    command = ["evaluate", "random", "--device", "cpu", "--split", "all"]
    pictures(data / "Apple", 3)
    assert main([*command, "--data", str(data)]) == 0
    assert "random on 13 images" in capsys.readouterr().out
    assert (remembered_data(folder), remembered_layout(folder)) == (data, "")
    assert main([*command, "--data", str(data), "--layout", "folders,apart", "--as", "apart"]) == 0
    assert remembered_layout(folder) == "folders,apart"
    pictures(data / "results", 2)
    assert main([*command, "--data", str(data), "--layout", "parts", "--as", "parts"]) == 0
    told = capsys.readouterr().err.splitlines()
    assert "left out: 2 images in 'results', which is no part of the data" in told
    assert main([*command, "--data", str(data), "--layout", "folders,apart"]) == 1  # It knows no results.
    (data / "results").rename(data.parent / "results")
    assert main([*command, "--data", str(data), "--layout", "folders,apart", "--as", "again"]) == 0
    assert open_images(folder, None).class_names == ("Apple", "apple", "mole", "zebra")
    assert open_images(folder, data).layout == "folders,apart"
    assert images_of(evaluations.find(folder, "apart")).layout == "folders,apart"
    remember_data(folder, data)
    assert remembered_layout(folder) == ""
