"""``python -m core data``, ``recipes`` and ``train``: what they print, and how they refuse."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.__main__ import main
from core.data.sources import catalogue
from core.models import registry
from core.training.settings import recipe as recipes


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEWHY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SEEWHY_DATA", str(tmp_path / "data"))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Five images of one class and ten of another, one of these a copy of a third's, and a broken file."""
    random = np.random.default_rng(0)
    for name, number in (("few", 5), ("many", 10)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for index in range(number):
            pixels = random.integers(0, 255, (20, 30, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{index}.png")
    (tmp_path / "photos" / "few" / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing more")
    return tmp_path / "photos"


def test_data_without_a_name_lists_every_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in printed[:-1]] == list(catalogue.SOURCES)
    assert all(line.endswith("(built in)") for line in printed[:2])
    assert printed[2].endswith("(not found)")


def test_data_of_a_folder_counts_what_is_there(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", str(photos)]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.strip()}
    assert lines["few"].split()[1:] == ["4", "1", "0", "5"]
    assert lines["many"].split()[1:] == ["8", "2", "0", "10"]
    assert "RGB 15" in lines["modes"]
    assert lines["broken"].split()[1] == "1:"


def test_baselines_follow_the_report(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", str(photos), "--baselines"]) == 0
    *_, counts, majority, _, _, _ = capsys.readouterr().out.splitlines()
    assert counts == "baselines fitted on 12 images, scored on 3:"
    assert majority.split() == ["majority", "class", "66.7%", "(20.8%", "to", "93.9%)"]


def test_samples_show_augmented_training_images_above_untouched_validation_images(
    photos: Path, tmp_path: Path
) -> None:
    """The third row is `Preprocess` and nothing else; the first two are changed, each time anew."""
    assert main(["data", str(photos), "--recipe", "signs-bn-aug", "--samples", str(tmp_path / "s.png")]) == 0
    sheet = np.asarray(Image.open(tmp_path / "s.png"))
    assert sheet.shape == (3 * 36, 8 * 36, 3)
    first, second, third = (sheet[row : row + 36, 2:34] for row in (2, 38, 74))
    assert not np.array_equal(first[:32], second[:32])
    preprocess = registry.default_preprocess("seewhy:road-signs-bn")
    untouched = [
        preprocess.pixels(Image.open(path).convert("RGB")).permute(1, 2, 0).numpy()
        for path in sorted((photos / "few").glob("?.png"))
    ]
    assert any(np.array_equal(third[:32], each) for each in untouched)
    assert not any(np.array_equal(first[:32], each) for each in untouched)


def test_samples_without_a_recipe_are_refused(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", str(photos), "--samples", "s.png"]) == 1
    assert capsys.readouterr().err.startswith("error: --samples needs --recipe")


def test_data_that_are_not_there_say_where_to_get_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "mnist"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: cannot find mnist")
    assert "python -m core data mnist --fetch" in error


def test_recipes_are_listed_with_data_and_network(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in printed] == recipes.names()
    assert "Handwritten digits in a minute (digits, seewhy:chollet-mnist)" in printed[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["digit"], "no recipe 'digit', and no such file; there is digits"),
        (["digits", "--set", "optimiser.rate=1"], "no setting 'optimiser.rate'; close: optimiser"),
        (["digits", "--set", "epochs=many"], "epochs is 'many': input should be a valid integer"),
        (["digits", "--out", "../elsewhere"], "'../elsewhere' cannot name a checkpoint"),
        (["digits", "--out", "imagenet"], "a checkpoint named 'imagenet' exists already"),
        (["mnist", "--out", "test-nothing"], "cannot find mnist"),
        (
            ["--out", "test-nothing", "--resume"],
            "got no recipe, and there is no training 'test-nothing' to resume",
        ),
        (["--out", "imagenet", "--resume"], "'imagenet' was not trained here"),
    ],
)
def test_train_refuses_in_one_line_and_leaves_nothing(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from core.checkpoints import store

    before = store.folders()
    assert main(["train", *arguments]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"error: {message}")
    assert error.count("\n") == 1
    assert store.folders() == before
