"""Pictures by ascent: settings that suit a checkpoint, the cache, stopping, and the files of the command."""

import csv
import io
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.__main__ import main
from core.checkpoints import paths, store
from core.checkpoints.store import Checkpoint
from core.explain.ascent import LOGITS, Ascended, ascend
from core.explain.ascent.normalisation import Normalisation
from core.explain.ascent.plain import Plain
from core.explain.ascent.robust import Robust
from core.inside.ascents import export, images
from core.inside.ascents.cache import AscentCache, key_of
from core.inside.ascents.images import AscentQuestion, ascended, num_channels, question
from tests.support.programs import commands

QUICK = Plain(size=(64, 64), steps=2, crop=8)


@pytest.fixture
def cache(tmp_path: Path) -> AscentCache:
    return AscentCache(tmp_path / "filters")


@pytest.fixture
def count_ascents(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Channels that were really ascended."""
    done: list[int] = []

    def counting(*arguments: object, **named: object) -> Iterator[Ascended]:
        for each in ascend(*arguments, **named):
            done.append(each.channel)
            yield each

    monkeypatch.setattr(images, "ascend", counting)
    return done


@pytest.fixture
def root(small: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commands find the small checkpoint by name, and keep images here."""
    root = tmp_path / "checkpoints"
    root.mkdir()
    (root / "small").symlink_to(small.folder)
    monkeypatch.setenv(paths.VARIABLE, str(root))
    monkeypatch.setenv("SEEWHY_CACHE", str(tmp_path / "cache"))
    return tmp_path


def _run(root: Path, *options: str) -> int:
    fixed = ["--checkpoint", "small", "--steps", "2", "--device", "cpu", "--out", str(root / "out")]
    return main(["filters", *fixed, *options])


def _rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


# Settings.


@pytest.mark.slow
def test_settings_are_the_books_where_the_input_is_large_and_shares_of_it_where_it_is_small(
    imagenet: Checkpoint, small: Checkpoint
) -> None:
    assert question(imagenet, "blocks.2", [0], seed=3).settings == Plain(seed=3)
    assert question(imagenet, "blocks.2", [0], method="robust").settings == Robust()
    settings = question(small, "bn2", [0]).settings
    assert (settings.size, settings.crop) == ((160, 160), 20)
    assert settings.step_size == pytest.approx(8)  # As far for each of 160 x 160 values as 10 for 200 x 200.
    assert question(small, "bn2", [0], method="robust").settings.jitter == pytest.approx(8 * 160 / 224)
    # The head of a network may want its own size.
    assert question(imagenet, LOGITS, [0]).settings.size == (224, 224)
    with pytest.raises(ValueError, match="no method 'deep'; there is plain, robust"):
        question(small, "bn2", [0], method="deep")


def test_channels_are_counted_also_of_a_vector_and_of_classes(small: Checkpoint) -> None:
    assert [num_channels(small, layer) for layer in ("bn2", "global_pool", LOGITS)] == [256, 256, 5]


# The cache.


def test_what_was_kept_comes_back_and_nothing_else(cache: AscentCache) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    assert cache.read("a") is None
    cache.write("a", Ascended(7, picture, 1.25e-3, is_dead=True))
    kept = cache.read("a")
    assert (kept.channel, kept.activation, kept.is_dead) == (7, 1.25e-3, True)
    assert np.array_equal(kept.picture, picture)
    assert [path.name for path in cache.folder.iterdir()] == ["a.png"]
    assert cache.read("b") is None


@pytest.mark.parametrize("keep", [0, 5, 200, -1000])
def test_a_damaged_file_counts_as_none(cache: AscentCache, keep: int) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    cache.write("a", Ascended(7, picture, 1.0, is_dead=False))
    path = cache.folder / "a.png"
    path.write_bytes(path.read_bytes()[:keep])
    assert cache.read("a") is None


def test_a_picture_that_is_not_ours_counts_as_none(cache: AscentCache) -> None:
    cache.folder.mkdir()
    Image.new("RGB", (3, 3)).save(cache.folder / "a.png")
    assert cache.read("a") is None


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = AscentCache(tmp_path / "file")
    cache.write("a", Ascended(7, np.zeros((3, 4, 3), np.uint8), 1.0, is_dead=False))
    assert cache.read("a") is None


def test_the_pictures_used_longest_ago_make_room(cache: AscentCache) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    for age, name in enumerate("dcba"):
        cache.write(name, Ascended(0, picture, 1.0, is_dead=False))
        os.utime(cache.folder / f"{name}.png", (1000 + age, 1000 + age))
    size = (cache.folder / "a.png").stat().st_size
    cache.read("d")  # The oldest, but just used.
    AscentCache(cache.folder, 4 * size).make_room()
    assert len(list(cache.folder.iterdir())) == 4
    AscentCache(cache.folder, 3 * size).make_room()
    assert sorted(path.stem for path in cache.folder.iterdir()) == ["a", "d"]


def test_everything_that_changes_a_picture_changes_its_key(small: Checkpoint, imagenet: Checkpoint) -> None:
    keys = [
        key_of(small.card, "bn2", 0, QUICK),
        key_of(imagenet.card, "bn2", 0, QUICK),
        key_of(small.card, "bn1", 0, QUICK),
        key_of(small.card, "bn2", 1, QUICK),
        key_of(small.card, "bn2", 0, Plain(size=(64, 64), steps=2, crop=8, seed=1)),
        key_of(small.card, "bn2", 0, Plain(size=(64, 64), steps=3, crop=8)),
        key_of(small.card, "bn2", 0, Robust(size=(64, 64), steps=2)),
    ]
    assert len(set(keys)) == len(keys)
    assert key_of(small.card, "bn2", 0, QUICK) == keys[0]


# Stop and go on.


def test_a_stopped_run_goes_on_without_doing_finished_channels_again(
    small: Checkpoint, cache: AscentCache, count_ascents: list[int]
) -> None:
    asked = AscentQuestion("bn2", (5, 3, 9, 1), QUICK)
    running = ascended(small, asked, cache)
    first = [next(running), next(running)]
    running.close()
    assert count_ascents == [5, 3]
    found = list(ascended(small, asked, cache))
    assert count_ascents == [5, 3, 9, 1]
    assert [each.channel for each in found] == [5, 3, 9, 1]
    for before, kept in zip(first, found, strict=False):
        assert before.activation == kept.activation
        assert np.array_equal(before.picture, kept.picture)


@pytest.mark.slow
def test_a_killed_command_goes_on_without_doing_finished_channels_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count_ascents: list[int]
) -> None:
    monkeypatch.setenv("SEEWHY_CACHE", str(tmp_path / "cache"))
    options = ("--checkpoint", "digits", "--layer", "block2", "--channels", "3-120", "--device", "cpu")
    with commands.started("filters", *options, "--out", str(tmp_path / "out")) as command:
        command.wait_for_line("2/118 channel 4:")
        command.send(signal.SIGKILL)
        assert command.status() == -signal.SIGKILL
        assert command.printed.startswith("1/118 channel 3:")
    digits = store.load(store.find("digits"))
    found = list(ascended(digits, question(digits, "block2", (2, 3, 4))))
    assert sorted(each.channel for each in found) == [2, 3, 4]
    assert count_ascents == [2]


def test_what_is_kept_comes_before_what_is_computed(
    small: Checkpoint, cache: AscentCache, count_ascents: list[int]
) -> None:
    list(ascended(small, AscentQuestion("bn2", (9,), QUICK), cache))
    running = ascended(small, AscentQuestion("bn2", (5, 9), QUICK), cache)
    assert next(running).channel == 9
    assert count_ascents == [9]
    assert next(running).channel == 5


def test_pictures_are_those_of_ascent_with_the_checkpoints_own_mean_and_deviation(
    small: Checkpoint, cache: AscentCache
) -> None:
    settings = Robust(size=(64, 64), steps=2)
    (found,) = ascended(small, AscentQuestion("bn2", (4,), settings), cache)
    preprocess = small.card.preprocess
    normalisation = Normalisation(preprocess.mean, preprocess.std)
    expected = next(ascend(small.model, "bn2", [4], settings, normalisation))
    assert found.activation == expected.activation
    assert np.array_equal(found.picture, expected.picture)


# The command.


def test_the_command_writes_a_picture_a_channel_a_poster_and_a_table(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(root, "--layer", "bn2", "--channels", "3,0-1", "--seed", "2") == 0
    out, name = root / "out", "filters.bn2.plain"
    files = {f"{name}.{end}" for end in ("3.png", "0.png", "1.png", "poster.png", "csv")}
    assert {path.name for path in out.iterdir()} == files
    assert Image.open(out / f"{name}.3.png").size == (120, 120)
    rows = _rows(out / f"{name}.csv")
    assert [row["channel"] for row in rows] == ["3", "0", "1"]
    assert [row["seed"] for row in rows] == ["2"] * 3
    assert rows[0]["settings"] == "size=160x160 steps=2 step_size=8.0 border=2 crop=20"
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["1/3 channel 3", "2/3 channel 0", "3/3 channel 1"]
    assert f": {float(rows[0]['activation']):.4g} -> " in lines[0]


def test_the_command_ascends_classes_by_name_or_number(root: Path) -> None:
    assert _run(root, "--class", "dog", "--class", "0", "--method", "robust") == 0
    rows = _rows(root / "out" / "classes.robust.csv")
    assert [(row["channel"], row["method"]) for row in rows] == [("1", "robust"), ("0", "robust")]


def test_the_same_command_again_takes_the_kept_pictures(root: Path, count_ascents: list[int]) -> None:
    for _ in range(2):
        assert _run(root, "--layer", "bn2", "--channels", "0-1") == 0
    assert count_ascents == [0, 1]


def test_a_dead_channel_is_said_in_the_table_and_drawn_as_such() -> None:
    dead = Ascended(1, np.zeros((8, 8, 3), np.uint8), 0.0, is_dead=True)
    live = Ascended(0, np.full((8, 8, 3), 200, np.uint8), 2.0, is_dead=False)
    asked = AscentQuestion("bn2", (0, 1), QUICK)
    poster = np.asarray(Image.open(io.BytesIO(export.poster([live, dead]))))
    assert (poster[:8, :8, :3] == 200).all()
    width = poster.shape[1]
    assert set(np.unique(poster[:160, width // 2 + 4 :, :3])) <= {0, 150, 176}
    rows = export.table(asked, [live, dead]).decode().splitlines()
    assert [row.split(",")[:3] for row in rows[1:]] == [["0", "2", "0"], ["1", "0", "1"]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--layer", "nowhere"), "no layer named 'nowhere'"),
        (("--layer", "bn2", "--channels", "256"), "there is no channel '256'"),
        (("--class", "unicorn"), "no class named 'unicorn'"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    root: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], message: str
) -> None:
    assert _run(root, *options) == 1
    assert message in capsys.readouterr().err
    assert not (root / "out").exists()


def test_no_steps_are_refused_as_an_argument(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        _run(root, "--layer", "bn2", "--steps", "0")
    assert "argument --steps: got '0'; expected a whole number from 1 to" in capsys.readouterr().err


@pytest.mark.slow
def test_networks_with_a_grey_input_of_their_own_size_work(cache: AscentCache) -> None:
    digits = store.load(store.find("digits"))
    asked = question(digits, "block2", range(3))
    with torch.random.fork_rng(devices=[]):
        found = list(ascended(digits, asked, cache))
    assert [each.picture.shape for each in found] == [(20, 20, 3)] * 3
    assert not all(each.is_dead for each in found)
