"""The command line, trust: the promised files and fields, and how they change what explain does."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from core.__main__ import main
from core.checkpoints import paths
from core.checkpoints.store import Checkpoint
from core.commands.options import engines
from core.passes.progress import PassProgress
from tests.support.programs.explain_command import explain
from tests.support.results.trust_reports import evidence, write_report
from tests.support.stored.tiny_evaluation import noisy_pictures, random_checkpoint


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Eleven images, one of them broken; commands find a checkpoint ``random``."""
    random_checkpoint()
    monkeypatch.setattr(engines, "usual_workers", lambda: 0)
    return noisy_pictures(tmp_path / "data")


def _trust(data: Path, *options: str) -> int:
    return main(["trust", "random", "--data", str(data), "--device", "cpu", "--samples", "2", *options])


@pytest.mark.slow
def test_a_table_and_a_report_with_every_promised_field(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    options = ("--methods", "layer_cam", "hires_cam", "--layers", "block1", "block2", "--out", str(out))
    assert _trust(data, *options, "--seed", "3", "--name", "noise") == 0
    assert {path.name for path in out.iterdir()} == {"trust.json", "trust.parquet"}
    report = json.loads((out / "trust.json").read_text())
    assert [(each["method"], each["layer"]) for each in report["pairs"]] == [
        ("layer_cam", "block1"),
        ("layer_cam", "block2"),
        ("hires_cam", "block1"),
        ("hires_cam", "block2"),
    ]
    for each in report["pairs"]:
        assert each["low"] <= each["score"] <= each["high"]
        assert each["score"] == pytest.approx(each["insertion"] - each["deletion"], abs=1e-12)
        assert {"better_than_random", "better_than_centre", "p_random", "sanity", "stability"} <= each.keys()
    assert {name: each["score"] for name, each in report["references"].items()}["random"] == 0
    assert report["photos"]["name"] == "noise"
    assert report["seed"] == 3
    assert str(tmp_path) not in (out / "trust.json").read_text()
    assert len(pq.read_table(out / "trust.parquet")) == 8
    assert not (paths.folder("random") / paths.TRUST).exists()
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "random on 2 images of noise:"
    assert printed[-1] == report["recommended"]["reason"]


def test_without_out_it_is_kept_in_the_checkpoint_and_an_interruption_is_said(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--methods", "grad_cam", "--layers", "block2")

    def interrupt(progress: PassProgress) -> None:
        if progress.done == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(engines, "draw", interrupt)
        assert _trust(data, *options) == 130
    assert "run the same command to continue" in capsys.readouterr().err
    folder = paths.folder("random")
    assert len(list((folder / paths.TRUST_WORK).glob("*/*.parquet"))) == 1
    assert _trust(data, *options) == 0
    kept = {paths.TRUST, paths.TRUST_TABLE, paths.TRUST_LOCAL}
    assert {path.name for path in folder.glob("trust*")} == kept
    assert not (folder / paths.TRUST_WORK).exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--layers", "conv9"), "error: no layer named 'conv9'"),
        (("--methods", "le_grad"), "error: attention maps need a vision transformer"),
        (("--methods", "cam", "--layers", "block1"), "error: cam needs the layer"),
    ],
)
def test_what_cannot_be_tested_is_one_line_on_stderr(
    data: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], message: str
) -> None:
    assert _trust(data, *options) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(message)


def test_an_unknown_method_is_refused_with_those_that_there_are(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        _trust(data, "--methods", "grad_can")
    line = capsys.readouterr().err
    assert "invalid choice: 'grad_can'" in line
    assert "grad_cam_pp" in line


def test_explain_uses_the_recommended_method_and_layer_unless_one_is_named(
    root: Path, small: Checkpoint, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _copy(root, small)
    write_report(root / "small", evidence("layer_cam", "blocks.2", 0.3))
    made = []
    for number, options in enumerate(((), ("--method", "grad_cam"), ("--layer", "bn2"))):
        out = tmp_path / str(number)
        assert explain([photo], out, "--checkpoint", "small", "--class", "cat", *options) == 0
        made += [path.name for path in (out / "cat").glob("*.raw.npy")]
    assert made == ["layer_cam.blocks.2.0.raw.npy", "grad_cam.bn2.0.raw.npy", "grad_cam.bn2.0.raw.npy"]
    capsys.readouterr()
    write_report(root / "small", evidence("layer_cam", "blocks.2", 0.3), network="0" * 24)
    assert explain([photo], tmp_path / "other", "--checkpoint", "small", "--class", "cat") == 0
    assert [path.name for path in (tmp_path / "other" / "cat").glob("*.raw.npy")] == [
        "grad_cam.bn2.0.raw.npy"
    ]
    assert "is of other weights; run 'trust' again" in capsys.readouterr().err


def _copy(root: Path, small: Checkpoint) -> None:
    """A folder in place of the link to the shared checkpoint, which no test may change."""
    (root / "small").unlink()
    (root / "small").mkdir()
    for path in small.folder.iterdir():
        (root / "small" / path.name).symlink_to(path)
