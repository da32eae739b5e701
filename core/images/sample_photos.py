"""Photos that come with scikit-image, for a first look without a photo of one's own."""

from importlib.resources import files

# File in `skimage.data`, and what a person sees in it.
SAMPLES = {
    "chelsea.png": "Cat",
    "coffee.png": "Coffee",
    "motorcycle_left.png": "Motorcycle",
    "camera.png": "Tripod",
    "rocket.jpg": "Rocket",
}


def sample(name: str) -> bytes:
    """The file of one of `SAMPLES`; KeyError for any other name."""
    if name not in SAMPLES:
        raise KeyError(name)
    return (files("skimage.data") / name).read_bytes()
