"""One pass sees every image once, in order, few at a time, and what is broken is said, not raised."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data.image_set import Files, ImageSet, Pixels
from core.data.survey.image_facts import SurveyTable, survey
from core.errors import DataError, ImageError
from core.files import regular
from tests.support.paths import DATA

PETS = DATA / "oxford-iiit-pet" / "images"


def set_of_files(root: Path, names: Sequence[str]) -> ImageSet:
    labels = np.zeros(len(names), np.int64)
    return ImageSet("files", ("any",), labels, names, Files(root, names), "0", root=root)


def set_of(image: object, number: int) -> ImageSet:
    names = [f"x/{index}" for index in range(number)]
    return ImageSet("x", ("any",), np.zeros(number, np.int64), names, image, "0")


def noise(seed: int, shape: tuple[int, ...] = (30, 40, 3)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regular, "_PAUSES_S", (0.0, 0.0))


@pytest.fixture
def mixed(tmp_path: Path) -> ImageSet:
    Image.fromarray(noise(0)).save(tmp_path / "a.jpg")
    (tmp_path / "b.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:500])
    (tmp_path / "c.jpg").write_text("not an image")
    Image.fromarray(noise(1, (10, 20, 4)), "RGBA").save(tmp_path / "d.png")
    Image.fromarray(np.full((8, 8), 65_535, np.uint16)).save(tmp_path / "e.png")
    Image.fromarray(noise(2)).convert("P").save(tmp_path / "f.png")
    turned = Image.Exif()
    turned[274] = 6
    Image.fromarray(noise(3)).convert("CMYK").save(tmp_path / "g.jpg", exif=turned)
    return set_of_files(tmp_path, ["a.jpg", "b.jpg", "c.jpg", "d.png", "e.png", "f.png", "g.jpg", "h.jpg"])


def test_modes_sizes_and_errors_of_a_mixed_folder(mixed: ImageSet) -> None:
    table = SurveyTable.collect(survey(mixed, workers=2), len(mixed))
    assert table.ok.tolist() == [True, False, False, True, True, True, True, False]
    assert table.modes.tolist() == ["RGB", "", "", "RGBA", "I;16", "P", "CMYK", ""]
    assert table.widths.tolist() == [40, 0, 0, 20, 8, 40, 30, 0]
    assert table.heights.tolist() == [30, 0, 0, 10, 8, 30, 40, 0]
    assert sorted(table.errors) == [1, 2, 7]
    assert "incomplete" in table.errors[1]
    assert "not an image" in table.errors[2]
    assert "there is no such file" in table.errors[7]
    assert (table.looks[4] == 255).all()


def test_an_image_that_is_away_is_told_from_a_broken_one(mixed: ImageSet) -> None:
    assert [each.is_away for each in survey(mixed, workers=2)] == [False] * 7 + [True]


def test_pictures_digests_and_looks_are_those_of_the_file(mixed: ImageSet) -> None:
    for each in survey(mixed, workers=3):
        if each.image is None:
            continue
        data = mixed.path(each.index).read_bytes()
        assert each.image.tobytes() == mixed.image(each.index).tobytes()
        assert each.digest == hashlib.blake2b(data, digest_size=16).digest()


def test_a_look_is_the_mean_of_each_area() -> None:
    pixels = noise(4, (2, 64, 32))
    looks = [each.look for each in survey(set_of(Pixels(pixels), 2), workers=1)]
    means = pixels.reshape(2, 16, 4, 16, 2).mean((2, 4))
    assert np.abs(np.stack(looks) - means).max() <= 1  # Rounded twice: along rows, then columns.


def test_embedded_images_are_told_apart_by_their_pixels() -> None:
    pixels = noise(5, (3, 8, 8))
    pixels[2] = pixels[0]
    table = SurveyTable.collect(survey(set_of(Pixels(pixels), 3), workers=2), 3)
    assert table.modes.tolist() == ["L"] * 3
    assert (table.digests[0] == table.digests[2]).all()
    assert (table.digests[0] != table.digests[1]).any()


def test_the_order_is_kept_and_one_that_stops_early_reads_few() -> None:
    asked: list[int] = []

    def image(index: int) -> Image.Image:
        asked.append(index)
        if index == 1:
            raise ImageError("got nothing")
        return Image.new("RGB", (4, 4))

    running = survey(set_of(image, 1000), workers=2)
    assert [next(running).index for _ in range(10)] == list(range(10))
    running.close()
    assert len(asked) <= 10 + 2 * 2
    found = list(survey(set_of(image, 50), workers=4))
    assert [each.index for each in found] == list(range(50))
    assert [each.index for each in found if each.error] == [1]


def test_a_table_comes_back_from_its_file_and_leaves_no_draft(mixed: ImageSet, tmp_path: Path) -> None:
    table = SurveyTable.collect(survey(mixed, workers=1), len(mixed))
    folder = tmp_path / "cache"
    folder.mkdir()
    table.save(folder / "survey.npz")
    back = SurveyTable.read(folder / "survey.npz")
    assert back.errors == table.errors
    for name in ("ok", "widths", "heights", "modes", "digests", "looks"):
        np.testing.assert_array_equal(getattr(back, name), getattr(table, name), strict=True)
    assert [path.name for path in folder.iterdir()] == ["survey.npz"]


def test_a_damaged_or_pickled_file_is_no_table(tmp_path: Path) -> None:
    path = tmp_path / "survey.npz"
    with pytest.raises(DataError, match="not a readable survey"):
        SurveyTable.read(path)
    for content in (b"", b"PK\3\4rubbish"):
        path.write_bytes(content)
        with pytest.raises(DataError, match="not a readable survey"):
            SurveyTable.read(path)
    np.savez(path, ok=np.array([object()]))
    with pytest.raises(DataError, match="not a readable survey"):
        SurveyTable.read(path)


def test_a_pass_that_ended_early_makes_no_table(mixed: ImageSet) -> None:
    with pytest.raises(ValueError, match="got 0 images of a pass over 8"):
        SurveyTable.collect(iter(()), len(mixed))


@pytest.mark.skipif(not PETS.exists(), reason=f"there are no pets at {PETS}")
def test_pets_that_are_not_what_their_names_say() -> None:
    pets = set_of_files(PETS, ["Abyssinian_34.jpg", "Abyssinian_5.jpg", "Abyssinian_1.jpg"])
    table = SurveyTable.collect(survey(pets, workers=2), 3)
    assert table.modes.tolist() == ["P", "RGBA", "RGB"]
    assert table.ok.all()
