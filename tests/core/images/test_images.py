"""A file becomes an image, or one sentence that names the file and what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from core import images
from core.errors import AwayImageError, ImageError
from tests.support.images.image_files import SMALL_FILES, encoded, noise
from tests.support.paths import ROOT

# Pillow remarks on damaged files by warnings.warn; most files here are damaged on purpose.
pytestmark = pytest.mark.filterwarnings("ignore")


def test_a_file_reads_as_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a picture.jpg"
    path.write_bytes(SMALL_FILES["gif"])
    assert images.read(path).tobytes() == images.upright_rgb(SMALL_FILES["gif"]).tobytes()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("folder", "is a folder; choose a file"),
        ("pipe", "is a pipe; choose a file"),
        ("nul\0.jpg", "cannot read"),
        ("folder/" + "x" * 5000, "cannot read .*: file name too long"),
    ],
)
def test_what_is_not_a_readable_file_is_refused_by_name(name: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ImageError, match=words) as caught:
        images.read(tmp_path / name)
    assert not isinstance(caught.value, AwayImageError)


def test_a_file_that_is_not_there_is_away_and_not_damaged(tmp_path: Path) -> None:
    with pytest.raises(AwayImageError, match=r"cannot read '.*missing.jpg': there is no such file"):
        images.read(tmp_path / "missing.jpg")


_READING = """
import sys
from pathlib import Path
from core import images
for name in sys.argv[1:]:
    try:
        images.read(Path(name))
    except images.ImageError as error:
        print(error)
"""


def test_libraries_say_nothing_on_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    damaged = bytearray(encoded(noise((60, 60)), "TIFF", compression="tiff_lzw"))
    damaged[300:360] = b"\xff" * 60
    cut = encoded(Image.new("RGB", (60, 60)), "TIFF", description="y" * 500)[:-200]
    for number, data in enumerate((bytes(damaged), cut)):
        (tmp_path / f"{number}.tif").write_bytes(data)
    names = [str(tmp_path / f"{number}.tif") for number in range(2)]
    subprocess.run([sys.executable, "-W", "default", "-c", _READING, *names], check=True, cwd=ROOT)  # noqa: S603 (our own code)
    said = capfd.readouterr()
    assert said.err == ""
    assert said.out.count("TIFF file that is damaged or incomplete") == 2


def test_the_digest_is_blake2b_of_16_bytes() -> None:
    assert images.digest(b"") == "cae66941d9efbd404e4d88758ea67670"
    assert images.digest(b"a") != images.digest(b"b")
