"""Evaluations as people start them, in processes of their own: killed, and interrupted."""

import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.checkpoints import paths, store
from core.data.sources import catalogue
from core.predictions import evaluations
from core.predictions.evaluating.evaluate import Keep, evaluate
from core.predictions.evaluating.samples import samples_of
from tests.support.programs import commands, waiting
from tests.support.programs.commands import Command
from tests.support.stored.checkpoints import checkpoints_in
from tests.support.stored.tiny_evaluation import CLASSES, random_checkpoint

NUM_IMAGES = 2500  # Three parts.
NAME = "noise"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small images of three classes, every hundredth broken."""
    random, folder = np.random.default_rng(0), tmp_path_factory.mktemp("pictures")
    for name in CLASSES:
        (folder / name).mkdir()
    for index in range(NUM_IMAGES):
        path = folder / CLASSES[index % 3] / f"{index}.png"
        Image.fromarray(random.integers(0, 255, (9, 8, 3), dtype=np.uint8)).save(path)
        if index % 100 == 7:
            path.write_bytes(path.read_bytes()[:40])
    return folder


@pytest.fixture
def folder() -> Path:
    """A checkpoint that exists for one test only, where commands look for it."""
    return random_checkpoint()


def _arguments(folder: Path, pictures: Path) -> list[str]:
    return ["evaluate", folder.name, "--data", str(pictures), "--as", NAME, "--device", "cpu"]


def _parts(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("evaluations/.*/*/0*.parquet")}


def _once_there_are_parts(folder: Path, command: Command, num: int) -> None:
    waiting.until(lambda: len(_parts(folder)) >= num, is_alive=command.is_alive)


def _table(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(evaluations.find(folder, NAME).table)


def _files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture(scope="module")
def whole(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The table of a pass that nobody disturbs."""
    with checkpoints_in(tmp_path_factory.mktemp("checkpoints")):
        folder = random_checkpoint()
    images = catalogue.load("folder", pictures)
    evaluate(folder, samples_of(store.read_card(folder), images, "val"), keep=Keep(NAME))
    return _table(folder)


def test_killed_there_is_never_half_a_table_and_it_goes_on_later(
    folder: Path, pictures: Path, whole: pd.DataFrame
) -> None:
    old = evaluations.place(folder, NAME)
    old.mkdir(parents=True)
    (old / paths.PREDICTIONS).write_bytes(b"the old one")
    arguments = (*_arguments(folder, pictures), "--replace")
    with commands.started(*arguments) as command:
        _once_there_are_parts(folder, command, 1)
        command.send(signal.SIGKILL)
        assert command.status() == -signal.SIGKILL
    assert [path.read_bytes() for path in old.iterdir()] == [b"the old one"]
    kept = {path: path.stat().st_mtime_ns for path in folder.glob("evaluations/.*/*/0*.parquet")}
    assert 1 <= len(kept) < 3
    with commands.started(*arguments) as command:
        _once_there_are_parts(folder, command, len(kept) + 1)
        assert {path: path.stat().st_mtime_ns for path in kept} == kept
        assert (command.status(), command.errors) == (0, "unreadable images left out: 25\n")
    pd.testing.assert_frame_equal(_table(folder), whole, rtol=0, atol=1e-6)
    assert _files(folder) == {"card.json", "local.json", "model.safetensors", "evaluations"}
    sample_parts = {"features.npy", "properties.parquet"}
    assert (
        _files(old) == {"predictions.parquet", "metrics.json", "evaluation.json", "local.json"} | sample_parts
    )


def test_ctrl_c_keeps_what_is_done_and_says_so_in_one_line(folder: Path, pictures: Path) -> None:
    with commands.started(*_arguments(folder, pictures)) as command:
        _once_there_are_parts(folder, command, 1)
        command.send(signal.SIGINT)
        assert command.status() == 130
        assert (
            command.errors == "error: interrupted; finished work is kept, run the same command to continue\n"
        )
    assert 1 <= len(_parts(folder)) < 3
    assert not evaluations.every(folder)
