"""Every setting of the augmentation, and images to change."""

import torch
from torch import Tensor

from core.data.augment import Augment, augmented, transform
from core.images.preprocess import Preprocess

COLOUR = Preprocess((16, 20), 28, (0.5,) * 3, (0.5,) * 3)  # Its margin is 4.
PLAIN = Preprocess((16, 20), None, (0.5,) * 3, (0.5,) * 3)
EACH = {
    "flip": True,
    "vertical_flip": True,
    "rotation": 30.0,
    "translate": 0.3,
    "zoom": (0.7, 1.4),
    "shear": 20.0,
    "crop": 0.4,
    "brightness": 0.5,
    "contrast": 0.5,
    "saturation": 0.5,
    "brightness_factor": (0.3, 0.5),
    "contrast_factor": (0.3, 0.5),
    "saturation_factor": (0.3, 0.5),
    "hue": 0.3,
    "gamma": (0.5, 2.0),
    "channel_shift": 0.3,
    "blur": 0.2,
    "resolution": 0.2,
    "occlusion": 1.0,
}
EVERYTHING = Augment(**EACH)


def random_pixels(number: int = 4, *, preprocess: Preprocess = PLAIN, seed: int = 0) -> Tensor:
    """Smooth colour fields, so that every change shows and none is a matter of noise."""
    height, width = (side + 2 * preprocess.margin for side in preprocess.input_size)
    coarse = torch.rand(number, len(preprocess.mean), 4, 5, generator=torch.Generator().manual_seed(seed))
    fine = torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear")
    return (fine * 255).to(torch.uint8)


def changed(augment: Augment, pixels: Tensor, *, seed: int = 0, preprocess: Preprocess = PLAIN) -> Tensor:
    keys = [(0, index) for index in range(len(pixels))]
    return augmented(pixels, transform(augment, preprocess), seed, keys)
