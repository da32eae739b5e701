"""The command line, examples: exactly the promised files, lines and exit states."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.__main__ import main
from core.checkpoints import paths, store
from core.checkpoints.paths import EXAMPLES
from core.commands import examples as command
from core.commands.options import engines
from core.inside.examples.patches import by_sample_id, patch, poster_layout, ringed
from core.inside.examples.stored_examples import read
from core.passes.progress import PassProgress
from tests.support.stored.tiny_evaluation import noisy_pictures, random_checkpoint


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Eleven images, one of them broken; commands find a checkpoint ``random``."""
    random_checkpoint()
    monkeypatch.setattr(engines, "usual_workers", lambda: 0)
    return noisy_pictures(tmp_path / "data")


def _run(data: Path, *options: str) -> int:
    arguments = ["--checkpoint", "random", "--device", "cpu", "--out", str(data.parent / "out")]
    return main(["examples", *arguments, *options])


@pytest.mark.slow
def test_a_picture_a_channel_a_poster_and_a_table(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(data, "--data", str(data), "--layer", "block1", "--layer", "block2") == 0
    out = data.parent / "out"
    expected = {"examples.block1.csv", "examples.block1.png", "examples.block2.csv", "examples.block2.png"}
    expected |= {f"examples.block1.{channel}.png" for channel in range(10)}
    expected |= {f"examples.block2.{channel}.png" for channel in range(20)}
    assert {path.name for path in out.iterdir()} == expected
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [
        f"11 images of folder: block1, 10 channels, 0 silent -> {out}",
        f"11 images of folder: block2, 20 channels, 0 silent -> {out}",
    ]
    assert captured.err == "unreadable images left out: 1\n"
    assert Image.open(out / "examples.block2.png").size == poster_layout(20, 3 * 96 + 2 * 4).size


@pytest.mark.slow
def test_the_files_show_what_the_table_beside_the_checkpoint_says(data: Path) -> None:
    assert _run(data, "--data", str(data), "--layer", "block2") == 0
    folder, out = store.find("random"), data.parent / "out"
    found = read(folder)
    assert found is not None
    with (out / "examples.block2.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    examples = found.of("block2")
    assert [row["sample_id"] for row in rows] == [each.sample_id for nine in examples for each in nine]
    example = examples[7][4]
    images = command.known.open_photos(folder, data)
    drawn = np.asarray(Image.open(out / "examples.block2.7.png"))[100:196, 100:196]
    # A cell of block2 sees 16 of 28 pixels, more than half.
    image = by_sample_id(images)(example.sample_id)
    expected = ringed(patch(image, example.window, 96), image.size, example)
    np.testing.assert_array_equal(drawn, expected)


@pytest.mark.slow
def test_what_is_known_already_is_only_drawn(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _run(data, "--data", str(data), "--layer", "block1", "--layer", "block2") == 0
    monkeypatch.setattr(command, "collect", None)
    assert _run(data, "--layer", "block1") == 0


def test_a_damaged_table_is_collected_again(data: Path) -> None:
    table = paths.folder("random") / EXAMPLES
    table.write_bytes(b"x")
    assert _run(data, "--data", str(data), "--layer", "block1") == 0
    assert read(table.parent) is not None


def test_an_interruption_is_said_and_what_is_done_is_kept(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(progress: PassProgress) -> None:
        if progress.done == progress.total:
            raise KeyboardInterrupt

    monkeypatch.setattr(engines, "draw", interrupt)
    assert _run(data, "--data", str(data), "--layer", "block1") == 130
    assert "run the same command to continue" in capsys.readouterr().err
    assert len(list((store.find("random") / ".examples").glob("*/*.parquet"))) == 1
    assert not (store.find("random") / EXAMPLES).exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "error: choose the images to search for examples of 'random': --data DIR"),
        (("--data", "nowhere"), "error: 'nowhere' is not a folder of labelled images"),
        (("--layer", "conv9", "--data", "."), "error: no layer named 'conv9'"),
    ],
)
def test_what_is_missing_is_one_line_on_stderr(
    data: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], message: str
) -> None:
    given = tuple(str(data) if option == "." else option for option in options)
    assert _run(data, *given) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(message)
    assert not (data.parent / "out").exists()
