"""Sources by name: found, recognised, and downloaded whole or not at all."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.error import URLError

import pytest
from filelock import FileLock
from PIL import Image

from core.data.downloads import fetching
from core.data.sources import catalogue
from core.errors import DataError
from tests.support.paths import DATA


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for data."""
    monkeypatch.setenv("SEEWHY_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(catalogue, "_SYSTEM", tmp_path / "system")
    return tmp_path / "data"


def cells(folder: Path) -> None:
    """Malaria, one cell of each class."""
    for name in ("Parasitized", "Uninfected"):
        (folder / "cell_images" / name).mkdir(parents=True)
        Image.new("RGB", (2, 2)).save(folder / "cell_images" / name / "C1_cell_1.png")


def fetched_by(monkeypatch: pytest.MonkeyPatch, fetch: Callable[[Path], None]) -> None:
    monkeypatch.setitem(catalogue.SOURCES, "malaria", replace(catalogue.SOURCES["malaria"], fetch=fetch))


def test_the_list_of_sources_needs_no_heavy_library() -> None:
    heavy = "{'torch', 'torchvision', 'sklearn', 'pandas'}"
    code = f"import sys; from core.data.sources import catalogue; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 (our own code)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", catalogue.SOURCES)
def test_every_source_goes_by_its_name_and_says_where_it_comes_from(name: str) -> None:
    source = catalogue.SOURCES[name]
    assert source.name == name
    assert source.title
    assert not source.where.endswith(".")


def test_data_are_kept_where_the_environment_says(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert catalogue.data_root() == root
    monkeypatch.delenv("SEEWHY_DATA")
    assert catalogue.data_root() == Path.home() / ".cache" / "seewhy" / "data"


@pytest.mark.parametrize("place", ["data/malaria", "data/malaria-cell-images", "system/malaria-cell-images"])
def test_a_data_set_is_found_in_its_usual_places(tmp_path: Path, place: str) -> None:
    cells(tmp_path / place)
    assert catalogue.find("malaria") == tmp_path / place / "cell_images"
    assert catalogue.load("malaria").class_names == ("Parasitized", "Uninfected")


@pytest.mark.parametrize("named", ["x", "x/malaria", "x/malaria/cell_images"])
def test_a_data_set_is_found_in_and_below_the_folder_that_is_named(tmp_path: Path, named: str) -> None:
    cells(tmp_path / "x" / "malaria")
    assert catalogue.find("malaria", tmp_path / named) == tmp_path / "x" / "malaria" / "cell_images"


def test_the_digits_need_no_files() -> None:
    assert len(catalogue.load("digits")) == 1_797


def test_the_data_root_is_never_read_as_a_folder_of_classes(root: Path) -> None:
    cells(root / "malaria")
    assert catalogue.find("folder") is None
    with pytest.raises(DataError, match=r"cannot find folder in .*; get it from your own files"):
        catalogue.load("folder")


def test_an_unknown_name_brings_those_that_are_close() -> None:
    with pytest.raises(DataError, match="no source of data named 'minst'; did you mean 'mnist'"):
        catalogue.load("minst")
    with pytest.raises(DataError, match="named 'zzz'; there are digits, shortcut, mnist, fashion-mnist,"):
        catalogue.find("zzz")


def test_missing_data_are_reported_with_address_place_and_command(root: Path) -> None:
    with pytest.raises(DataError) as caught:
        catalogue.load("malaria")
    place = root / "malaria"
    assert str(caught.value) == (
        f"cannot find malaria in '{place}'; get it from https://data.lhncbc.nlm.nih.gov/public/Malaria/"
        f"cell_images.zip and unpack it so that {place}/cell_images/Parasitized exists, "
        "or run: python -m core data malaria --fetch"
    )


def test_what_no_program_can_fetch_names_no_command() -> None:
    with pytest.raises(DataError, match=r"unzip its train.zip so that .*/train/cat.0.jpg exists$"):
        catalogue.load("dogs-vs-cats")
    with pytest.raises(DataError, match="dogs-vs-cats cannot be downloaded by a program; get it from"):
        fetching.fetch("dogs-vs-cats")


# Recognised by layout.


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("mnist", "mnist"),
        ("oxford-iiit-pet", "pets-breeds"),
        ("dogs-vs-cats-kaggle", "dogs-vs-cats"),
        ("gtsrb", "gtsrb"),
        ("malaria-cell-images", "malaria"),
        ("tiny-imagenet-200", "tiny-imagenet"),
        ("gtsrb/GTSRB/Final_Training/Images", "folder"),
    ],
)
def test_a_public_data_set_is_recognised(folder: str, name: str) -> None:
    if not (DATA / folder).is_dir():
        pytest.skip(f"there is no {DATA / folder}")
    assert catalogue.recognise(DATA / folder) == name


@pytest.mark.parametrize(
    ("paths", "name"),
    [
        (["cat/1.png", "dog/1.png"], "folder"),
        (["train/cat/1.png", "train/dog/1.png", "val/cat/1.png"], "folder"),
        (["lion.1.png", "emu.1.png"], "names"),
        (["train/lion.1.png", "train/emu.1.png"], "names"),
        (["train/cat.1.png", "train/dog.1.png", "test1/1.png"], "dogs-vs-cats"),
    ],
)
def test_a_layout_is_recognised(tmp_path: Path, paths: list[str], name: str) -> None:
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (2, 2)).save(tmp_path / path)
    assert catalogue.recognise(tmp_path) == name


def test_several_data_sets_in_one_folder_are_named(tmp_path: Path) -> None:
    cells(tmp_path / "x" / "malaria-cell-images")
    (tmp_path / "x" / "gtsrb" / "GTSRB" / "Training" / "00000").mkdir(parents=True)
    with pytest.raises(DataError, match="holds several data sets: gtsrb, malaria; choose one of them"):
        catalogue.recognise(tmp_path / "x")


def test_a_folder_of_anything_else_is_not_recognised(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "photo.png").touch()
    with pytest.raises(
        DataError, match=r"is not a folder of labelled images; expected a folder for each class"
    ):
        catalogue.recognise(tmp_path / "x")


# Downloads.


def test_a_download_appears_whole(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Path] = []

    def fetch(folder: Path) -> None:
        assert list(folder.iterdir()) == []
        assert not (root / "malaria").exists()
        seen.append(folder)
        cells(folder)

    fetched_by(monkeypatch, fetch)
    assert fetching.fetch("malaria") == root / "malaria" / "cell_images"
    assert fetching.fetch("malaria") == root / "malaria" / "cell_images"  # It is there: no second download.
    assert len(catalogue.load("malaria")) == 2
    assert len(seen) == 1
    assert seen[0].parent == root
    assert [path.name for path in root.iterdir() if not path.name.endswith(".lock")] == ["malaria"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (URLError("no route to host"), "no route to host"),
        (RuntimeError("Error downloading x:\nTried y, got:\nz"), "Error downloading x: Tried y, got: z"),
        (ValueError(), "ValueError"),
        (KeyboardInterrupt(), "interrupted"),
    ],
)
def test_nothing_is_left_of_a_download_that_fails(
    root: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, words: str
) -> None:
    def fetch(folder: Path) -> None:
        cells(folder)
        raise error

    fetched_by(monkeypatch, fetch)
    with pytest.raises(DataError) as caught:
        fetching.fetch("malaria")
    assert str(caught.value).startswith(
        f"malaria was not downloaded ({words}); get it from https://data.lhncbc"
    )
    assert "\n" not in str(caught.value)
    assert [path.name for path in root.iterdir() if path.is_dir()] == []
    assert catalogue.find("malaria") is None


def test_a_download_of_something_else_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched_by(monkeypatch, lambda folder: (folder / "rubbish").write_text("<html>") and None)
    with pytest.raises(DataError, match="the downloaded files are not the data set"):
        fetching.fetch("malaria")
    assert [path for path in root.iterdir() if path.is_dir()] == []


def test_what_a_killed_download_left_is_removed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cells(root / ".malaria.part-killed")
    cells(root / ".mnist.part-other")
    assert catalogue.find("malaria") is None
    fetched_by(monkeypatch, cells)
    fetching.fetch("malaria")
    assert sorted(path.name for path in root.iterdir() if path.is_dir()) == [".mnist.part-other", "malaria"]


@pytest.mark.slow
def test_two_downloads_of_the_same_do_not_meet(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched_by(monkeypatch, cells)
    root.mkdir()
    cells(root / ".malaria.part-running")
    with (
        FileLock(root / ".malaria.lock"),
        pytest.raises(DataError, match="another process is downloading it"),
    ):
        fetching.fetch("malaria")
    assert (root / ".malaria.part-running" / "cell_images").is_dir()


def test_files_from_elsewhere_are_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched_by(monkeypatch, cells)
    (tmp_path / "mine").mkdir()
    assert fetching.fetch("malaria", tmp_path / "mine") == tmp_path / "mine" / "cell_images"
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("precious")
    with pytest.raises(DataError, match="holds other files than malaria; choose a new or empty folder"):
        fetching.fetch("malaria", tmp_path / "other")
    assert (tmp_path / "other" / "thesis.txt").read_text() == "precious"


def test_malaria_is_refused_when_its_checksum_differs(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.datasets import utils

    def download(_url: str, folder: Path, name: str) -> None:
        (folder / name).write_bytes(b"half an archive")

    monkeypatch.setattr(utils, "download_url", download)
    with pytest.raises(DataError, match=r"the archive has the checksum .* expected 0a949556b2414159"):
        fetching.fetch("malaria")
    assert [path for path in root.iterdir() if path.is_dir()] == []
