"""Sample photos from scikit-image, for a first look without any upload."""

from importlib.resources import files

# File name in `skimage.data`, and a title.
SAMPLES = {
    "chelsea.png": "Cat",
    "coffee.png": "Coffee",
    "motorcycle_left.png": "Motorcycle",
    "camera.png": "Tripod",
    "rocket.jpg": "Rocket",
}


def sample(name: str) -> bytes:
    """The bytes of one of `SAMPLES`; KeyError for any other name."""
    if name not in SAMPLES:
        raise KeyError(name)
    return (files("skimage.data") / name).read_bytes()
