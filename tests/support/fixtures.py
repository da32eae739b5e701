"""Fixtures of all tests: places of their own, tiny networks, two checkpoints, and photos if there are any."""

import functools
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
import torch
from torch import Tensor

from core.checkpoints import paths, store
from core.checkpoints.store import Card, Checkpoint
from core.data.sources.public import shortcut
from core.models import registry
from tests.support.networks.tiny_models import GapCnn, noise, seeded
from tests.support.paths import DATA
from tests.support.stored import shipped
from tests.support.stored.checkpoints import checkpoints_in, link_all

# The networks here are small: a second thread gains nothing, and on a busy machine each waits for the other.
torch.set_num_threads(1)
cv2.setNumThreads(1)
os.environ["OMP_NUM_THREADS"] = "1"  # The same for the programs that tests start.

# A shell that starts the tests in the background lets them, and the programs that they start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

_PHOTOS = DATA / "imagenet-photos"


@pytest.fixture(scope="session", autouse=True)
def _own_places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Data, caches and checkpoints of tests, and of programs that they start, are never the user's own."""
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("SEEWHY_DATA", "SEEWHY_CACHE", paths.VARIABLE):
            patch.setenv(variable, str(tmp_path_factory.mktemp(variable.lower())))
        # Each test of a map costs 140 forward passes.
        patch.setenv("SEEWHY_TEST_MAPS", "0")
        shipped.copy_to(paths.root())
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_wait_for_the_disk() -> Iterator[None]:
    """A file is there as soon as it is written: no test cuts the power, and a disk takes 10 ms each time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _file: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def _shortcut_drawn_once() -> Iterator[None]:
    """The 3,791 images of the data set *shortcut* take half a second to draw; tests only read them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shortcut, "images", functools.lru_cache(1)(shortcut.images))
        yield


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """A test that changes the number of threads, as actors do, leaves one: two make the rest far slower."""
    yield
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def _roots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Apart from the folders of ``tmp_path``: for each test, Pytest looks at the names of all of those."""
    return tmp_path_factory.mktemp("roots")


@pytest.fixture(autouse=True)
def checkpoints(monkeypatch: pytest.MonkeyPatch, _roots: Path) -> Path:
    """Where the checkpoints of one test lie: those it makes, beside links to the shipped ones, to be read."""
    root = Path(tempfile.mkdtemp(dir=_roots))
    link_all(paths.root(), root)
    monkeypatch.setenv(paths.VARIABLE, str(root))
    return root


@pytest.fixture
def model() -> GapCnn:
    """A seeded float64 network whose head is pooled and linear."""
    return seeded(GapCnn)


@pytest.fixture
def batch() -> Tensor:
    """Two images for `model`, (2, 3, 6, 8)."""
    return noise(2, 3, 6, 8, seed=1)


@pytest.fixture(scope="session")
def photos() -> list[Path]:
    """One ImageNet photo of each of 250 classes, named ``SYNSET_name.JPEG``; never part of the repository."""
    found = sorted(_PHOTOS.glob("n*.JPEG"))
    if not found:
        pytest.skip(f"there are no photos in {_PHOTOS}")
    return found


@pytest.fixture(scope="session")
def imagenet() -> Checkpoint:
    """The built-in checkpoint on the CPU; it is shared, so no test may change it."""
    return store.load(store.find(paths.BUILT_IN))


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """A saved checkpoint of a network with random weights that runs in milliseconds; shared, as above.

    Its head is pooled and linear and reads ``bn2`` (256, 5, 5) of images (3, 160, 160).
    """
    architecture = "timm:test_efficientnet"
    names = ("cat", "Dog", "crane", "Crane", "7")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        tensors = registry.build(architecture, len(names)).state_dict()
    card = Card(architecture, names, registry.default_preprocess(architecture), source="random")
    with checkpoints_in(tmp_path_factory.mktemp("checkpoints")):
        return store.load(store.save("small", card, tensors))
