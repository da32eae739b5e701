"""Real patches on the Inside page: of the photos at hand at once, of a folder or a data set when asked."""

import base64
import html
import io
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core import images
from core.checkpoints import paths, store
from core.checkpoints.store import Checkpoint
from core.explain.network.activations import activations
from core.images.sample_photos import SAMPLES, sample
from core.inside.examples import stored_examples
from core.inside.examples.channel_tiles import opaque
from core.inside.examples.patches import in_patch, patch, ringed
from pages._ui.inside.state import examples as page_examples
from pages._ui.session.checkpoints import models
from pages._ui.session.question import photos
from tests.support.pages.looking_inside import (
    ascent_card,
    drawn,
    grid,
    hint,
    opened,
)

pytestmark = pytest.mark.usefixtures("_no_ascent")
Peak = tuple[float, str, int, float]


def _copied(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a checkpoint, in which examples may be written."""
    folder, find = tmp_path / name, store.find
    shutil.copytree(find(name), folder, ignore=shutil.ignore_patterns("*examples*"))
    os.utime(folder / paths.CARD)  # Another checkpoint than the one in page_examples.
    monkeypatch.setattr(store, "find", lambda asked: folder if asked == name else find(asked))
    return folder


@pytest.fixture
def digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the checkpoint of digits."""
    return _copied("digits", tmp_path, monkeypatch)


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the built-in checkpoint, which has no images of its own."""
    return _copied("imagenet", tmp_path, monkeypatch)


def slow_peaks(loaded: Checkpoint, layer: str, files: dict[str, bytes]) -> list[list[Peak]]:
    """For each channel the peaks of all photos, one after another, from the strongest down.

    Each as activation, name, cell and mean of the map.
    """
    found: dict[str, np.ndarray] = {}
    for name, data in files.items():
        batch = loaded.card.preprocess.batch([images.upright_rgb(data)])
        found[name] = activations(loaded.model, batch, [layer])[layer][0].flatten(1).numpy()
    num_channels = len(next(iter(found.values())))
    every: list[list[Peak]] = []
    for channel in range(num_channels):
        maps = {name: values[channel].astype(float) for name, values in found.items()}
        peaks = [(v.max(), name, int(v.argmax()), v.mean()) for name, v in maps.items() if np.ptp(v) > 0]
        every.append(sorted(peaks, reverse=True)[:9])
    return every


def samples() -> dict[str, bytes]:
    return {name: sample(name) for name in SAMPLES}


def card(page: AppTest) -> str:
    """What the card says, as it is read."""
    return ascent_card(page).replace("\\", "")


def titles(page: AppTest) -> list[str]:
    """What the pointer reads at each patch of the card."""
    return re.findall('title="(.*?)"', drawn(page, "seewhy-nine"))


def written(peaks: Sequence[Peak]) -> list[str]:
    return [f"{name} · {value:.2g}" for value, name, _, _ in peaks]


def pictures(page: AppTest) -> list[np.ndarray]:
    """The patches of the card, as they are drawn."""
    files = re.findall('src="data:image/jpeg;base64,(.*?)"', drawn(page, "seewhy-nine"))
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(file)))).astype(int) for file in files]


@pytest.mark.parametrize("layer", ["blocks.2", "bn2"])
@pytest.mark.slow
def test_a_first_visit_shows_the_strongest_patches_of_the_samples(imagenet: Checkpoint, layer: str) -> None:
    page = opened(layer=layer, channel="7")
    peaks = slow_peaks(imagenet, layer, samples())[7]
    assert titles(page) == written(peaks)
    assert "From 5 samples." in card(page)
    assert not (imagenet.folder / paths.EXAMPLES).exists()


@pytest.mark.slow
def test_photos_of_the_session_are_looked_at_with_the_samples(imagenet: Checkpoint) -> None:
    page = opened(layer="blocks.2", channel="7")
    random = np.random.default_rng(0)
    file = io.BytesIO()
    Image.fromarray(random.integers(0, 255, (60, 90, 3), dtype=np.uint8)).save(file, "PNG")
    page.file_uploader(key="uploads").upload("noise.png", file.getvalue()).run()
    assert not page.exception
    peaks = slow_peaks(imagenet, "blocks.2", {"noise.png": file.getvalue()} | samples())
    assert titles(page) == written(peaks[7])
    assert "From 6 photos: 1 of yours and the samples." in card(page)


def test_a_chosen_sample_counts_once() -> None:
    page = opened(layer="blocks.2", channel="7")
    before = titles(page)
    page.file_uploader(key="uploads").upload("cat.png", sample("chelsea.png")).run()
    assert "From 5 samples." in card(page)
    assert titles(page) == before


@pytest.mark.slow
def test_namesakes_are_told_apart() -> None:
    page = opened(layer="blocks.2", channel="7")
    page.file_uploader(key="uploads").upload("coffee.png", sample("rocket.jpg")[:-2] + b"\xff\xd9\n").run()
    assert not page.exception
    names = {title.split(" · ")[0] for title in titles(page)}
    assert {"coffee.png (0)", "coffee.png (2)"} <= names


@pytest.mark.slow
def test_a_checkpoint_with_data_looks_at_a_few_of_its_own_images(digits: Path) -> None:
    page = opened(checkpoint="digits", layer="block2", channel="3")
    assert not (digits / paths.EXAMPLES).exists()
    assert "From 8 images it was tested on." in card(page)
    assert {title.split(" · ")[0] for title in titles(page)} <= set("01234567")


def test_what_real_images_reach_is_known_from_the_photos_at_hand(imagenet: Checkpoint) -> None:
    peaks = slow_peaks(imagenet, "blocks.2", samples())[7]
    mean = max(mean for *_, mean in peaks)
    expected = f"the highest mean is **{mean:.2g}** and the highest cell {peaks[0][0]:.2g}.".replace("-", "−")
    assert expected in card(opened(layer="blocks.2", channel="7"))


def test_a_ring_is_drawn_where_the_cell_is_if_the_patch_is_the_whole_image() -> None:
    page = opened(layer="bn2", channel="112")
    assert "The ring marks the cell." in card(page)
    found = page_examples.of_layer(models.load("imagenet"), "bn2")
    for example, picture in zip(found.channels[112], pictures(page), strict=True):
        image = Image.fromarray(photos.drawn(photos.as_photo("", sample(example.sample_id))).picture)
        cut = patch(image, example.window, len(picture))
        bare = opaque(cut).astype(int)
        expected = opaque(ringed(cut, image.size, example)).astype(int)
        # Apart from what JPEG loses.
        assert np.abs(picture - expected).mean() < 6
        x, y = in_patch(image.size, example, len(picture))
        rows, columns = np.mgrid[: len(picture), : len(picture)] + 0.5
        is_ring = np.abs(np.hypot(columns - x, rows - y) - len(picture) / 14) < 2
        assert np.abs(picture - bare)[is_ring].mean() > 40


def test_no_ring_is_drawn_where_the_patch_is_what_the_cell_sees() -> None:
    assert "ring" not in card(opened(layer="blocks.2", channel="7"))


@pytest.mark.slow
def test_tiles_show_the_photos_at_hand_for_all_channels_and_offer_them_as_a_poster(
    imagenet: Checkpoint,
) -> None:
    page = opened(layer="blocks.2", sort="index", show="examples")
    peaks = slow_peaks(imagenet, "blocks.2", samples())
    cells = grid(page)["cells"]
    assert [cell["number"] for cell in cells] == [f"{each[0][0]:.2g}" for each in peaks]
    meanings = [f"Channel {k}: {each[0][0]:.2g} in {each[0][1]}" for k, each in enumerate(peaks)]
    assert [cell["meaning"] for cell in cells] == meanings
    assert not any(cell["missing"] for cell in cells)
    assert "From 5 samples." in hint(page)
    labels = [button.proto.label for button in page.get("download_button")]
    assert "Poster of examples" in labels
    assert "Poster of examples" not in [
        button.proto.label for button in opened(layer="blocks.2").get("download_button")
    ]


def test_a_network_without_images_of_its_own_asks_for_a_folder_or_says_what_to_type() -> None:
    page = opened(layer="bn2")
    assert page.text_input(key="photo_folder_card").value == ""
    assert [each.value for each in page.code] == [
        "python -m core examples --checkpoint imagenet --layer bn2 --data FOLDER --out out"
    ]


def _folder(place: Path, num_images: int) -> Path:
    random = np.random.default_rng(0)
    place.mkdir()
    for number in range(num_images):
        pixels = random.integers(0, 255, (40, 50, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(place / f"{number}.png")
    return place


@pytest.mark.slow
def test_a_folder_of_photos_is_looked_through_on_the_page(
    network: Path, imagenet: Checkpoint, tmp_path: Path
) -> None:
    place = _folder(tmp_path / "my photos", 11)
    page = opened(layer="blocks.2", channel="7")
    page.text_input(key="photo_folder_card").set_value(str(place)).run()
    assert not page.exception
    assert stored_examples.remembered_photos(network) == place
    assert f"--data '{place}' --out out" in page.code[0].value
    (button,) = [each for each in page.button if each.key == "look_card"]
    assert button.label.replace("\\", "") == f"Search 11 images in {place}"
    button.click().run()
    assert not page.exception
    peaks = slow_peaks(imagenet, "blocks.2", {path.name: path.read_bytes() for path in place.iterdir()})
    assert titles(page) == written(peaks[7])
    assert len(titles(page)) == 9
    assert "From the 11 images in my photos." in card(page)
    assert "look_card" not in [each.key for each in page.button]
    table = stored_examples.read(network)
    assert table is not None
    assert table.about.num_images == 11


@pytest.mark.slow
def test_a_folder_that_will_not_do_is_refused_with_a_reason(network: Path) -> None:
    page = opened(layer="blocks.2", channel="7")
    for typed in ("nowhere", "~nobody-has-this-name/x"):
        page.text_input(key="photo_folder_card").set_value(typed).run()
        assert not page.exception
        assert "no folder" in html.unescape(page.error[0].value.replace("\\", ""))
        assert stored_examples.remembered_photos(network) is None
        assert len(titles(page)) == 5
        page.run()
        assert not page.error


@pytest.mark.slow
def test_more_images_than_a_page_can_wait_for_are_left_to_the_terminal(
    network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_examples, "_MOST_LARGE", 10)
    place = _folder(tmp_path / "photos", 11)
    stored_examples.remember_photos(network, place)
    page = opened(layer="blocks.2")
    assert "look_card" not in [each.key for each in page.button]
    assert f"11 images in {place}: that takes minutes" in card(page)
    assert [each.value for each in page.code] == [
        f"python -m core examples --checkpoint imagenet --layer blocks.2 --data {place} --out out"
    ]


@pytest.mark.slow
def test_images_of_another_folder_are_not_taken_for_those_of_the_table(digits: Path, tmp_path: Path) -> None:
    """They may have the same names; and a pass over them would replace the table, which is said before."""
    page = opened(checkpoint="digits", layer="block2", channel="3")
    page.button(key="look_card").click().run()
    assert "From the 1,797 images of digits" in card(page)
    stored_examples.remember_photos(digits, _folder(tmp_path / "photos", 3))
    page.run()
    assert not page.exception
    assert "are different ones, or have changed since" in card(page)
    page.selectbox(key="layer").select("block1").run()
    assert "This replaces the examples from the 1,797 images of digits." in card(page)
