"""A damaged file is an image or a refusal, never a traceback."""

import numpy as np
import pytest
from PIL import Image

from core import images
from core.errors import ImageError
from tests.support.images.image_files import SMALL_FILES, assert_plain, encoded, noise

# Pillow remarks on damaged files by warnings.warn; most files here are damaged on purpose.
pytestmark = pytest.mark.filterwarnings("ignore")


def image_or_refusal(data: bytes) -> Image.Image | None:
    try:
        image = images.upright_rgb(data)
    except ImageError as error:
        assert_plain(str(error))
        return None
    assert image.mode == "RGB"
    return image


@pytest.mark.parametrize("name", SMALL_FILES)
def test_a_file_cut_short_anywhere_is_an_image_or_a_refusal(name: str) -> None:
    data = SMALL_FILES[name]
    for length in range(0, len(data), max(1, len(data) // 60)):
        image_or_refusal(data[:length])
    assert image_or_refusal(data) is not None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_half_a_file_is_called_cut_short(kind: str) -> None:
    data = encoded(noise((200, 200)), kind)
    with pytest.raises(ImageError, match=f"{kind} file that is damaged or incomplete; save or send it again"):
        images.upright_rgb(data[: len(data) // 2])


@pytest.mark.parametrize("name", SMALL_FILES)
def test_flipped_bytes_give_an_image_or_a_refusal(name: str) -> None:
    dice = np.random.default_rng(list(SMALL_FILES).index(name))
    for _ in range(40):
        data = bytearray(SMALL_FILES[name])
        reach = min(len(data), dice.choice((40, 200, len(data))))
        for place in dice.integers(reach, size=dice.choice((1, 2, 8, 30))):
            data[place] = dice.choice((0, 1, 127, 128, 255, data[place] ^ 1 << dice.integers(8)))
        image_or_refusal(bytes(data))
