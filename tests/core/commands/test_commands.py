"""The command line: the files that it writes, its lines, and its exit statuses."""

import json
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from core.__main__ import main
from core.checkpoints import paths, store
from core.checkpoints.store import Checkpoint
from core.commands.options.photos import folder_names
from core.explain.maps.cam import CAM_METHODS
from core.explanation import display
from core.explanation.question import METHODS
from core.images.sample_photos import sample
from tests.support.paths import ROOT


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A cat, 451 x 300."""
    path = tmp_path / "cat.png"
    path.write_bytes(sample("chelsea.png"))
    return path


@pytest.fixture
def root(small: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commands find the small checkpoint by name, and import beside it."""
    root = tmp_path / "checkpoints"
    root.mkdir()
    (root / "small").symlink_to(small.folder)
    monkeypatch.setenv(paths.VARIABLE, str(root))
    return root


def _explain(photos: list[Path], out: Path, *options: str) -> int:
    return main(["explain", *map(str, photos), "--device", "cpu", "--out", str(out), *options])


def _picture(path: Path) -> NDArray[np.uint8]:
    return np.asarray(Image.open(path))


def _error(capsys: pytest.CaptureFixture[str]) -> str:
    """The only line on stderr."""
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    return lines[0]


# explain


def test_explain_writes_exactly_the_promised_files(
    photo: Path, imagenet: Checkpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    out = photo.parent / "out"
    assert _explain([photo], out) == 0
    answer = json.loads((out / "cat" / "prediction.json").read_text())
    best = answer["top"][0]
    name = f"grad_cam.bn2.{best['class_idx']}"
    expected = {"prediction.json", *(f"{name}.{kind}" for kind in ("raw.npy", "heatmap.npy", "overlay.png"))}
    assert {path.name for path in out.rglob("*") if path.is_file()} == expected
    assert [path.name for path in out.iterdir()] == ["cat"]

    assert len(answer["top"]) == 5
    assert all(each.keys() == {"class_idx", "class_name", "probability", "logit"} for each in answer["top"])
    assert [each["probability"] for each in answer["top"]] == sorted(
        (each["probability"] for each in answer["top"]), reverse=True
    )
    assert best["class_name"] == imagenet.card.class_names[best["class_idx"]]
    assert answer["explained"] == best
    assert (answer["method"], answer["layers"], answer["device"]) == ("grad_cam", ["bn2"], "CPU")

    captured = capsys.readouterr()
    assert captured.out == f"{photo}: {best['class_name']} ({best['probability']:.1%}) -> {out / 'cat'}\n"
    assert captured.err == ""


def test_its_maps_have_the_promised_shapes_types_ranges_and_unseen_margin(
    photo: Path, imagenet: Checkpoint
) -> None:
    assert _explain([photo], photo.parent, "--class", "beagle") == 0
    raw, heat = (
        np.load(photo.parent / "cat" / f"grad_cam.bn2.162.{kind}.npy") for kind in ("raw", "heatmap")
    )
    assert (raw.dtype, raw.shape) == (np.float32, (7, 7))
    assert raw.min() < 0 < raw.max()
    assert (heat.dtype, heat.shape) == (np.float32, (300, 451))
    assert np.nanmin(heat) >= 0
    assert 0.95 < np.nanmax(heat) <= 1
    preprocess = imagenet.card.preprocess
    window = preprocess.window((451, 300))
    columns, rows = np.arange(451) + 0.5, np.arange(300)[:, None] + 0.5
    seen = (columns >= window.left) & (columns < window.right) & (rows >= window.top) & (rows < window.bottom)
    assert np.array_equal(np.isnan(heat), ~seen)
    assert np.array_equal(heat, preprocess.on_image(display.heat(raw), (451, 300)), equal_nan=True)
    overlay = _picture(photo.parent / "cat" / "grad_cam.bn2.162.overlay.png")
    assert overlay.shape == (300, 451, 3)
    cold = seen & (heat == 0)
    assert cold.any()
    assert np.array_equal(overlay[cold], _picture(photo)[cold])


@pytest.mark.usefixtures("root")
def test_a_photo_taken_upright_has_a_map_of_the_upright_photo(photo: Path) -> None:
    """Stored lying on its side with EXIF orientation 6, as phones do."""
    exif, turned = Image.Exif(), photo.parent / "turned.jpg"
    exif[0x0112] = 6
    Image.open(photo).transpose(Image.Transpose.ROTATE_90).save(turned, exif=exif, quality=95)
    assert Image.open(turned).size == (300, 451)
    assert _explain([photo, turned], photo.parent, "--checkpoint", "small", "--class", "dog") == 0
    upright, restored = (
        np.load(photo.parent / stem / "grad_cam.bn2.1.heatmap.npy") for stem in ("cat", "turned")
    )
    assert restored.shape == (300, 451)
    assert np.nanmax(np.abs(upright - restored)) < 0.2  # JPEG is not exact, and random weights are nervous.


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("method", METHODS)
def test_every_method_writes_its_map_at_its_layer_or_of_the_input(photo: Path, method: str) -> None:
    assert _explain([photo], photo.parent, "--checkpoint", "small", "--class", "0", "--method", method) == 0
    layer = "bn2" if method in CAM_METHODS or method == "guided_grad_cam" else "input"
    raw = np.load(photo.parent / "cat" / f"{method}.{layer}.0.raw.npy")
    assert raw.dtype == np.float32
    assert raw.shape == ((5, 5) if method in CAM_METHODS else (160, 160))
    assert np.isfinite(raw).all()
    heat = np.load(photo.parent / "cat" / f"{method}.{layer}.0.heatmap.npy")
    assert heat.shape == (300, 451)
    assert 0 <= np.nanmin(heat) <= np.nanmax(heat) <= 1
    assert len(list((photo.parent / "cat").iterdir())) == 4


@pytest.mark.usefixtures("root")
def test_a_class_against_another_has_both_in_its_name(photo: Path) -> None:
    options = ("--checkpoint", "small", "--layer", "blocks.2", "--class", "Crane", "--against", "crane")
    assert _explain([photo], photo.parent, *options) == 0
    folder = photo.parent / "cat"
    answer = json.loads((folder / "prediction.json").read_text())
    assert (answer["explained"]["class_idx"], answer["against"]["class_idx"]) == (3, 2)
    raw = np.load(folder / "grad_cam.blocks.2.3-2.raw.npy")
    assert raw.shape == (20, 20)
    assert _picture(folder / "grad_cam.blocks.2.3-2.overlay.png").shape == (300, 451, 3)
    assert _explain([photo], photo.parent, *options[:-4], "--class", "crane", "--against", "Crane") == 0
    assert np.load(folder / "grad_cam.blocks.2.2-3.raw.npy") == pytest.approx(-raw, abs=1e-6)


@pytest.mark.usefixtures("root")
def test_one_bad_image_among_many_is_named_and_the_others_are_done(
    photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, gone, last = photo.parent / "bad.jpg", photo.parent / "gone.png", photo.parent / "last.png"
    bad.write_bytes(b"this is no image")
    Image.open(photo).save(last)
    assert _explain([photo, bad, gone, last], photo.parent / "out", "--checkpoint", "small") == 1
    captured = capsys.readouterr()
    assert re.fullmatch(f"error: {bad}: .*\nerror: {gone}: .*\n", captured.err)
    assert len(captured.out.splitlines()) == 2
    assert sorted(path.name for path in (photo.parent / "out").iterdir()) == ["cat", "last"]
    assert all(len(list(folder.iterdir())) == 4 for folder in (photo.parent / "out").iterdir())


@pytest.mark.usefixtures("root")
def test_photos_of_one_name_do_not_overwrite_each_other(photo: Path) -> None:
    others = [photo.parent / name for name in ("a/cat.png", "b/cat.png", "cat.jpg")]
    for path, shade in zip(others, (0, 100, 200), strict=True):
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (40 + shade, 40), (shade, 0, 0)).save(path)
    assert _explain([photo, *others], photo.parent / "out", "--checkpoint", "small", "--class", "0") == 0
    widths = {
        folder.name: np.load(folder / "grad_cam.bn2.0.heatmap.npy").shape[1]
        for folder in (photo.parent / "out").iterdir()
    }
    assert widths == {"cat.png": 451, "cat.png-2": 40, "cat.png-3": 140, "cat.jpg": 240}


def test_a_folder_has_the_stem_of_its_photo_unless_that_is_taken() -> None:
    paths = ["a.png", "b.jpg", "x/b.jpg", "b.png", "b.jpg.gif", "b.jpg-2.gif"]
    names = folder_names([Path(path) for path in paths])
    assert names == ["a", "b.jpg", "b.jpg-2", "b.png", "b.jpg-3", "b.jpg-2-2"]


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--class", "labradoodle"), "error: no class named 'labradoodle'; this model has 5 classes"),
        (("--class", "CRANE"), "error: 2 classes are named 'CRANE'; give a number: [2, 3]"),
        (("--class", "99"), "error: no class 99; this model has classes 0 to 4"),
        (("--against", "cta"), "error: no class named 'cta'; close: cat"),
        (("--checkpoint", "resnet"), "error: no checkpoint named 'resnet'; there is small"),
        (("--layer", "conv9"), "cat.png: no layer named 'conv9'; this model has 'conv_stem'"),
        (
            ("--layer", "classifier"),
            "cat.png: layer 'classifier' gives (1, 5); a map needs an output of shape",
        ),
        (
            ("--layer", "blocks.0", "--method", "cam"),
            "cat.png: cam needs the layer that a pooled linear head reads",
        ),
        (("--device", "gpu"), "error: there is no device 'gpu'; try cpu or cuda"),
    ],
)
def test_what_is_not_there_is_one_line_on_stderr_and_nothing_is_written(
    photo: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], message: str
) -> None:
    assert _explain([photo], photo.parent / "out", "--checkpoint", "small", *options) == 1
    assert message in _error(capsys)
    assert not (photo.parent / "out").exists()


@pytest.mark.usefixtures("root")
@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_runs_on_the_cpu_and_says_so(
    photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _explain([photo], photo.parent, "--checkpoint", "small", "--device", "cuda") == 0
    assert _error(capsys) == "this machine has no cuda device: using the CPU"


@pytest.mark.usefixtures("root")
def test_an_output_that_cannot_be_written_is_one_line_on_stderr(
    photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _explain([photo], photo, "--checkpoint", "small") == 1
    assert "a part of its path is a file, not a folder" in _error(capsys)


# layers


def test_layers_prints_name_type_and_shape_in_the_order_of_the_network(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["layers"]) == 0
    rows = [line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines()]
    assert rows[0] == ["conv_stem", "Conv2dSame", "32 x 112 x 112"]
    assert rows[-1] == ["bn2", "BatchNormAct2d", "1280 x 7 x 7"]
    names = [name for name, _, _ in rows]
    assert len(set(names)) == len(names) > 100
    assert names.index("blocks.2") < names.index("blocks.4")
    assert ["blocks.2", "Sequential", "40 x 28 x 28"] in rows


# import


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
        assert _explain([photo], photo.parent / name, "--checkpoint", name) == 0
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
    assert message in _error(capsys)
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


# The program itself.


@pytest.mark.parametrize(
    "arguments", [["--help"], ["layers", "--help"], ["explain", "--help"], ["import", "--help"]]
)
def test_help_is_everywhere(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(arguments)
    assert capsys.readouterr().out.startswith("usage: python -m core")


@pytest.mark.parametrize(
    "arguments",
    [[], ["paint"], ["explain"], ["explain", "x.png"], ["explain", "x.png", "--out", "y", "--method", "z"]],
)
def test_a_command_that_is_not_one_is_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert line.endswith("--help lists the options")


@pytest.mark.parametrize(
    "arguments",
    [
        ["data", ""],
        ["evaluate", "digits", "--data", ""],
        ["explain", "", "--out", "y"],
        ["explain", "x.png", "--out", " "],
        ["train", "digits", "--data", ""],
    ],
)
def test_an_empty_name_is_not_this_folder(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "got an empty name" in capsys.readouterr().err


@pytest.mark.parametrize("device", ["meta", "cpu:3", "nonsense"])
def test_a_device_that_computes_nothing_is_refused(
    device: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = str(tmp_path / "x.png")
    assert main(["explain", photo, "--checkpoint", "digits", "--device", device, "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"error: there is no device {device!r}; try cpu or cuda\n"


def test_samples_take_the_place_of_no_pipe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert main(["data", "digits", "--recipe", "digits", "--samples", str(pipe)]) == 1
    assert pipe.is_fifo()
    assert "is a pipe; choose a file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["train", "digits", "--devices", "0"],
            "argument --devices: got '0'; expected a whole number from 1 to",
        ),
        (
            ["train", "digits", "--devices", "9999"],
            "argument --devices: got '9999'; expected a whole number from 1 to",
        ),
        (
            ["train", "digits", "--nodes", "-1"],
            "argument --nodes: got '-1'; expected a whole number from 1 to 1024",
        ),
        (["evaluate", "digits", "--devices", "9" * 5000], "argument --devices: got '999"),
        (
            ["data", "digits", "--seed", "-1"],
            "argument --seed: got '-1'; expected a whole number from 0 to 2147483647",
        ),
        (
            ["data", "digits", "--val", "nan"],
            "argument --val: got 'nan'; expected a share from 0 to below 1, such as 0.2",
        ),
        (
            ["data", "digits", "--val", "1"],
            "argument --val: got '1'; expected a share from 0 to below 1, such as 0.2",
        ),
        (
            ["filters", "--layer", "x", "--out", "y", "--steps", "10000000000"],
            "argument --steps: got '10000000000'",
        ),
        (
            ["filters", "--layer", "x", "--out", "y", "--seed", "x"],
            "argument --seed: got 'x'; expected a whole number",
        ),
    ],
)
def test_numbers_without_sense_are_refused_in_a_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("asked_for", [[], ["default"]], ids=["python", "python -W default"])
def test_warnings_of_libraries_are_for_those_who_ask_for_them(
    asked_for: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "warnoptions", asked_for)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("default")
        main(["recipes"])
        warnings.warn("of a library", stacklevel=1)
    assert len(said) == len(asked_for)


@pytest.mark.slow
def test_python_m_core_exits_with_the_commands_status() -> None:
    command = [sys.executable, "-m", "core", "layers", "--checkpoint", "nope"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 (our own)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: no checkpoint named 'nope'; there is imagenet")
    assert len(done.stderr.splitlines()) == 1


def test_numbers_end_at_the_maximum_and_the_picture_at_what_an_eye_can_tell(
    photo: Path, imagenet: Checkpoint
) -> None:
    """At 56 x 56 a few cells tower above the rest: the file keeps that, the picture lets them saturate."""
    assert _explain([photo], photo.parent, "--layer", "blocks.1", "--class", "282") == 0
    stem = photo.parent / "cat" / "grad_cam.blocks.1.282"
    raw, heat = (np.load(f"{stem}.{kind}.npy") for kind in ("raw", "heatmap"))
    expected = imagenet.card.preprocess.on_image(np.maximum(raw, 0) / raw.max(), (451, 300))
    assert np.allclose(heat, expected, atol=1e-6, equal_nan=True)
    assert display.peak(np.maximum(raw, 0)) < 0.8 * raw.max()
