"""Images have limits in bytes, pixels and memory; those of own files follow from the machine."""

from pathlib import Path

import pytest
from PIL import Image

from core import images
from core.errors import ImageError
from core.files import in_words
from core.images import limits
from core.images.limits import own
from tests.support.images.image_files import SMALL_FILES, encoded, orientation, pixel, png
from tests.support.programs import commands

# Pillow remarks on damaged files by warnings.warn; most files here are damaged on purpose.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.slow
def test_sizes_at_the_limits_pass() -> None:
    assert images.upright_rgb(encoded(Image.new("1", (20_000, 200)), "PNG")).size == (20_000, 200)
    with pytest.raises(ImageError, match="incomplete"):  # Its pixels are missing; their number is all right.
        images.upright_rgb(png((10_000, 5_000)))
    assert pixel(png((1, 1)).ljust(images.MAX_BYTES, b"\0")) == (255, 0, 0)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
@pytest.mark.parametrize(("mode", "name"), [("RGBA", "a.png"), ("RGB", "a.jpg"), ("F", "a.tif")])
@pytest.mark.slow
def test_50_megapixels_take_less_than_700_mb(mode: str, name: str, tmp_path: Path) -> None:
    colour = {"RGBA": (255, 0, 0, 128), "RGB": (255, 0, 0), "F": 0.5}[mode]
    options = {
        ".png": {"compress_level": 1},
        ".jpg": {"progressive": True},
        ".tif": {"compression": "tiff_lzw"},
    }
    path = tmp_path / name
    Image.new(mode, (7000, 7100), colour).save(path, exif=orientation(6), **options[path.suffix])
    printed = commands.run(str(path), program="tests.support.effort.peak_of_reading")
    *size, first, megabytes = printed.split("|")
    assert size == ["7100", "7000"]
    expected = {"RGBA": (255, 127, 127), "RGB": (254, 0, 0), "F": (128,) * 3}[mode]
    assert first == str(expected)
    assert 140 < int(megabytes) < 700  # The picture itself is 149 MB.


def test_a_file_over_the_limit_is_refused_without_reading_it_all(tmp_path: Path) -> None:
    path = tmp_path / "sparse.png"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ImageError, match="not an image in a known format"):
        images.read(path)
    with path.open("rb+") as file:
        file.write(SMALL_FILES["png"])
    with pytest.raises(ImageError, match=rf"sparse.png' has more than {in_words(own().max_bytes)}; choose"):
        images.read(path)


@pytest.mark.slow
def test_a_file_of_ones_own_may_be_larger_than_an_upload(tmp_path: Path) -> None:
    padded = SMALL_FILES["png"].ljust(images.MAX_BYTES + 1, b"\0")
    wide = encoded(Image.new("1", (10_000, 5_001), 1), "PNG")
    for data, words in (
        (padded, "larger than 20 MB"),
        (wide, "10000 x 5001 pixels; scale it down to 50 mega"),
    ):
        (tmp_path / "a.png").write_bytes(data)
        assert images.read(tmp_path / "a.png").size in {(10_000, 5_001), (19, 31)}
        with pytest.raises(ImageError, match=words):
            images.upright_rgb(data)


def test_limits_of_ones_own_files_follow_from_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    for memory, megabytes, megapixels in ((2**30, 64, 50), (16 * 2**30, 1024, 268), (64 * 2**30, 4096, 1073)):
        monkeypatch.setattr(limits, "memory", lambda memory=memory: memory)
        found = limits.own.__wrapped__()
        assert (found.max_bytes >> 20, found.max_pixels // 10**6) == (megabytes, megapixels)


def test_a_size_that_the_file_cannot_hold_is_no_reason_to_take_memory(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png((10_000, 5_001)))
    with pytest.raises(ImageError, match="PNG file that is damaged or incomplete"):
        images.read(tmp_path / "a.png")
