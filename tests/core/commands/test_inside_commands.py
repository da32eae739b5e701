"""The command line, looking inside: exactly the promised files, lines and exit states."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import images
from core.__main__ import main
from core.checkpoints.store import Checkpoint
from core.drawing.channel_grid import poster_layout
from core.drawing.render import palette
from core.explanation.export import overlay
from core.inside.channels.inspection import inspect


def _activations(photos: list[Path], out: Path, *options: str) -> int:
    return main(["activations", *map(str, photos), "--device", "cpu", "--out", str(out), *options])


def _files(out: Path) -> set[str]:
    return {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_activations_of_the_built_in_network_are_its_modules_run_by_hand(
    photo: Path, imagenet: Checkpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    out = photo.parent / "out"
    assert _activations([photo], out, "--layer", "blocks.2") == 0
    name = "cat/activations.blocks.2"
    assert _files(out) == {f"{name}.npy", f"{name}.csv", f"{name}.png"}
    values = np.load(out / f"{name}.npy")
    model, batch = imagenet.model, imagenet.card.preprocess.batch([images.read(photo)])
    expected = model.blocks[:3](model.bn1(model.conv_stem(batch)))[0].numpy()
    assert (values.dtype, values.shape) == (np.float32, (40, 28, 28))
    np.testing.assert_allclose(values, expected, atol=1e-5 * np.abs(expected).max())
    picture = Image.open(out / f"{name}.png")
    assert picture.size == poster_layout(40, (28, 28)).size
    captured = capsys.readouterr()
    assert captured.out == f"{photo}: blocks.2, 40 channels, 0 silent -> {out / 'cat'}\n"
    assert captured.err == ""


@pytest.mark.usefixtures("root")
def test_the_table_has_a_row_for_each_channel_of_the_last_convolutional_layer(
    photo: Path, small: Checkpoint
) -> None:
    assert _activations([photo], photo.parent, "--checkpoint", "small", "--class", "dog") == 0
    with (photo.parent / "cat" / "activations.bn2.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    batch = small.card.preprocess.batch([images.read(photo)])
    expected = inspect(small, batch, "bn2", small.card.class_names.index("Dog"))[0]
    assert [int(row["channel"]) for row in rows] == list(range(256))
    for name in ("minimum", "maximum", "mean", "strength", "share_of_zeros", "silent"):
        numbers = [float(row[name]) for row in rows]
        np.testing.assert_allclose(numbers, getattr(expected.stats, name), rtol=1e-4, atol=1e-6)
    numbers = [float(row["contribution"]) for row in rows]
    np.testing.assert_allclose(numbers, expected.contributions, rtol=1e-3, atol=1e-6)
    assert sum(numbers) + expected.bias == pytest.approx(float(expected.logits[1]), abs=1e-4)


@pytest.mark.slow
@pytest.mark.usefixtures("root")
def test_the_order_changes_the_grid_and_nothing_else(photo: Path) -> None:
    written = {}
    for order in ("index", "strength", "class"):
        out = photo.parent / order
        assert _activations([photo], out, "--checkpoint", "small", "--layer", "bn2", "--sort", order) == 0
        written[order] = {
            kind: (out / f"cat/activations.bn2.{kind}").read_bytes() for kind in ("npy", "csv", "png")
        }
    assert len({each["npy"] for each in written.values()}) == 1
    assert len({each["csv"] for each in written.values()}) == 1
    assert len({each["png"] for each in written.values()}) == 3


@pytest.mark.usefixtures("root")
def test_each_tile_shows_the_channel_of_its_caption(photo: Path, small: Checkpoint) -> None:
    """A map of 5 x 5 at whole multiples: the centres of its squares have its colours."""
    assert _activations([photo], photo.parent, "--checkpoint", "small", "--sort", "class") == 0
    picture = np.asarray(Image.open(photo.parent / "cat" / "activations.bn2.png"))
    inspected = inspect(small, small.card.preprocess.batch([images.read(photo)]), "bn2")[0]
    layout = poster_layout(256, (5, 5))
    step = layout.tile[0] // 5
    for position, channel in enumerate(inspected.order("class")):
        x, y = layout.corner(position)
        drawn = picture[y : y + 5 * step, x : x + 5 * step][step // 2 :: step, step // 2 :: step, :3]
        levels = (inspected.normalised[channel] * 255).round().astype(int)
        expected = palette("viridis")[levels].astype(int)
        assert np.abs(drawn - expected).max() <= 4, channel


@pytest.mark.usefixtures("root")
def test_chosen_channels_lie_over_the_photos_own_pixels(photo: Path, small: Checkpoint) -> None:
    assert (
        _activations(
            [photo], photo.parent, "--checkpoint", "small", "--layer", "blocks.1", "--channels", "0-1,9"
        )
        == 0
    )
    folder = photo.parent / "cat"
    names = {path.name for path in folder.glob("*.overlay.png")}
    assert names == {f"activations.blocks.1.{channel}.overlay.png" for channel in (0, 1, 9)}
    image, preprocess = images.read(photo), small.card.preprocess
    inspected = inspect(small, preprocess.batch([image]), "blocks.1")[0]
    expected = overlay(image, preprocess.on_image(inspected.normalised[9], image.size), "viridis")
    drawn = np.asarray(Image.open(folder / "activations.blocks.1.9.overlay.png"))
    (folder / "expected.png").write_bytes(expected)
    assert drawn.shape == (300, 451, 3)
    assert np.abs(drawn.astype(int) - np.asarray(Image.open(folder / "expected.png"))).max() <= 2


@pytest.mark.usefixtures("root")
def test_one_bad_image_among_many_is_named_and_the_others_are_done(
    photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken, gone = photo.parent / "broken.jpg", photo.parent / "gone.jpg"
    broken.write_bytes(b"not a picture")
    out = photo.parent / "out"
    assert _activations([broken, gone, photo], out, "--checkpoint", "small", "--layer", "bn2") == 1
    captured = capsys.readouterr()
    first, second = captured.err.splitlines()
    assert first.startswith(f"error: {broken}: ")
    assert second.startswith(f"error: {gone}: ")
    assert captured.out.startswith(f"{photo}: bn2, 256 channels")
    assert {path.parent.name for path in out.rglob("*.npy")} == {"cat"}


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--layer", "conv9"), "cat.png: no layer named 'conv9'; this model has 'conv_stem'"),
        (("--layer", "classifier"), "cat.png: layer 'classifier' gives (1, 5)"),
        (("--channels", "256"), "cat.png: there is no channel '256'; this layer has channels 0 to 255"),
        (("--class", "labradoodle"), "error: no class named 'labradoodle'"),
        (("--device", "gpu"), "error: there is no device 'gpu'"),
    ],
)
def test_what_is_not_there_is_one_line_on_stderr_and_nothing_is_written(
    photo: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], message: str
) -> None:
    assert _activations([photo], photo.parent / "out", "--checkpoint", "small", *options) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert not (photo.parent / "out").exists()


def test_its_help_names_the_orders(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["activations", "--help"])
    assert "--sort {index,strength,class}" in capsys.readouterr().out
