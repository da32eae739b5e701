"""`explain` writes exactly the promised files, or one line on stderr."""

import json
import os
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from core.__main__ import main
from core.checkpoints.store import Checkpoint
from core.commands.options.photos import folder_names
from core.explain.maps.pixels import PIXEL_METHODS
from core.explanation import display
from core.explanation.question import Question
from tests.support.programs.explain_command import error_of, explain
from tests.support.results.questions import OF_CONVOLUTIONS, take_few_samples


def _picture(path: Path) -> NDArray[np.uint8]:
    return np.asarray(Image.open(path))


@pytest.mark.slow
def test_explain_writes_exactly_the_promised_files(
    photo: Path, imagenet: Checkpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    out = photo.parent / "out"
    assert explain([photo], out) == 0
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


def test_explain_tests_its_map_when_asked(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On a small network; the curves are a file of their own."""
    assert explain([photo], photo.parent, "--checkpoint", "digits", "--trust") == 0
    trust = json.loads((photo.parent / "cat" / "prediction.json").read_text())["trust"]
    assert trust["score"] == pytest.approx(trust["insertion"] - trust["deletion"])
    assert f"\n  {trust['sentence']}\n" in capsys.readouterr().out
    (curves,) = (photo.parent / "cat").glob("grad_cam.*.trust.csv")
    assert curves.read_text().startswith(
        "order,hidden_by,curve,share,probability,logit\nmap,blur,deletion,0.0,"
    )


def test_its_maps_have_the_promised_shapes_types_ranges_and_unseen_margin(
    photo: Path, imagenet: Checkpoint
) -> None:
    assert explain([photo], photo.parent, "--class", "beagle") == 0
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
    assert explain([photo, turned], photo.parent, "--checkpoint", "small", "--class", "dog") == 0
    upright, restored = (
        np.load(photo.parent / stem / "grad_cam.bn2.1.heatmap.npy") for stem in ("cat", "turned")
    )
    assert restored.shape == (300, 451)
    assert np.nanmax(np.abs(upright - restored)) < 0.2  # JPEG is not exact, and random weights are nervous.


@pytest.fixture(autouse=True)
def few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than hundreds for each map."""
    take_few_samples(monkeypatch)


@pytest.mark.slow
@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("method", OF_CONVOLUTIONS)
def test_every_method_writes_its_map_at_its_layer_or_of_the_input(photo: Path, method: str) -> None:
    assert explain([photo], photo.parent, "--checkpoint", "small", "--class", "0", "--method", method) == 0
    layer = "bn2" if Question(method).needs_layer else "input"
    raw = np.load(photo.parent / "cat" / f"{method}.{layer}.0.raw.npy")
    assert raw.dtype == np.float32
    assert raw.shape == ((160, 160) if method in PIXEL_METHODS else (5, 5))
    assert np.isfinite(raw).all()
    heat = np.load(photo.parent / "cat" / f"{method}.{layer}.0.heatmap.npy")
    assert heat.shape == (300, 451)
    assert 0 <= np.nanmin(heat) <= np.nanmax(heat) <= 1
    assert len(list((photo.parent / "cat").iterdir())) == 4


@pytest.mark.usefixtures("root")
def test_a_class_against_another_has_both_in_its_name(photo: Path) -> None:
    options = ("--checkpoint", "small", "--layer", "blocks.2", "--class", "Crane", "--against", "crane")
    assert explain([photo], photo.parent, *options) == 0
    folder = photo.parent / "cat"
    answer = json.loads((folder / "prediction.json").read_text())
    assert (answer["explained"]["class_idx"], answer["against"]["class_idx"]) == (3, 2)
    raw = np.load(folder / "grad_cam.blocks.2.3-2.raw.npy")
    assert raw.shape == (20, 20)
    assert _picture(folder / "grad_cam.blocks.2.3-2.overlay.png").shape == (300, 451, 3)
    assert explain([photo], photo.parent, *options[:-4], "--class", "crane", "--against", "Crane") == 0
    assert np.load(folder / "grad_cam.blocks.2.2-3.raw.npy") == pytest.approx(-raw, abs=1e-6)


@pytest.mark.usefixtures("root")
def test_one_bad_image_among_many_is_named_and_the_others_are_done(
    photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, gone, last = photo.parent / "bad.jpg", photo.parent / "gone.png", photo.parent / "last.png"
    bad.write_bytes(b"this is no image")
    Image.open(photo).save(last)
    assert explain([photo, bad, gone, last], photo.parent / "out", "--checkpoint", "small") == 1
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
    assert explain([photo, *others], photo.parent / "out", "--checkpoint", "small", "--class", "0") == 0
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
    assert explain([photo], photo.parent / "out", "--checkpoint", "small", *options) == 1
    assert message in error_of(capsys)
    assert not (photo.parent / "out").exists()


@pytest.mark.usefixtures("root")
@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_runs_on_the_cpu_and_says_so(
    photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain([photo], photo.parent, "--checkpoint", "small", "--device", "cuda") == 0
    assert error_of(capsys) == "this machine has no cuda device: using the CPU"


@pytest.mark.usefixtures("root")
def test_an_output_that_cannot_be_written_is_one_line_on_stderr(
    photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain([photo], photo, "--checkpoint", "small") == 1
    assert "a part of its path is a file, not a folder" in error_of(capsys)


@pytest.mark.slow
def test_samples_take_the_place_of_no_pipe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert main(["data", "digits", "--recipe", "digits", "--samples", str(pipe)]) == 1
    assert pipe.is_fifo()
    assert "is a pipe; choose a file" in capsys.readouterr().err


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


def test_numbers_end_at_the_maximum_and_the_picture_at_what_an_eye_can_tell(
    photo: Path, imagenet: Checkpoint
) -> None:
    """At 56 x 56 a few cells tower above the rest: the file keeps that, the picture lets them saturate."""
    assert explain([photo], photo.parent, "--layer", "blocks.1", "--class", "282") == 0
    stem = photo.parent / "cat" / "grad_cam.blocks.1.282"
    raw, heat = (np.load(f"{stem}.{kind}.npy") for kind in ("raw", "heatmap"))
    expected = imagenet.card.preprocess.on_image(np.maximum(raw, 0) / raw.max(), (451, 300))
    assert np.allclose(heat, expected, atol=1e-6, equal_nan=True)
    assert display.peak(np.maximum(raw, 0)) < 0.8 * raw.max()
