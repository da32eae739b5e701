"""Features of earlier trainings make room for new ones, the ones used longest ago first."""

import gc
import os
from pathlib import Path

import numpy as np
import pytest

from core.errors import FileError
from core.training.lightning import feature_files


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """Three files of 1,128 bytes, last used in the order of their names."""
    for time, name in enumerate(("a", "b", "c")):
        np.save(tmp_path / f"{name}.npy", np.zeros(250, np.float32))
        os.utime(tmp_path / f"{name}.npy", (time, time))
    return tmp_path


def _left(folder: Path) -> str:
    return "".join(sorted(path.stem for path in folder.glob("*.npy")))


def test_the_oldest_go_until_the_others_fit(three: Path) -> None:
    feature_files.drop_oldest(three, 3 * 1_128)
    assert _left(three) == "abc"
    feature_files.drop_oldest(three, 2 * 1_128)
    assert _left(three) == "bc"
    feature_files.drop_oldest(three, 0)
    assert _left(three) == ""


def test_what_is_in_use_stays_until_it_is_freed(three: Path) -> None:
    features = feature_files.opened(three / "a.npy")
    assert features is not None
    view = features.reshape(50, 5)
    del features
    gc.collect()
    feature_files.drop_oldest(three, 0)
    assert _left(three) == "a"
    assert view.sum() == 0
    del view
    gc.collect()
    feature_files.drop_oldest(three, 0)
    assert list(three.iterdir()) == []


def test_features_that_are_used_again_are_the_newest(three: Path) -> None:
    feature_files.opened(three / "a.npy")
    gc.collect()
    feature_files.drop_oldest(three, 1_128)
    assert _left(three) == "a"


def test_the_limit_is_in_gigabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert feature_files.limit() == 20 * 10**9
    monkeypatch.setenv("SEEWHY_FEATURES_GB", "0.5")
    assert feature_files.limit() == 5 * 10**8
    for odd in ("many", "-1", "inf", "nan"):
        monkeypatch.setenv("SEEWHY_FEATURES_GB", odd)
        with pytest.raises(FileError, match=f"SEEWHY_FEATURES_GB is '{odd}'; expected the gigabytes"):
            feature_files.limit()
