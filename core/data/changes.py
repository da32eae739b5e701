"""Random changes of images that torchvision lacks. Each takes and gives uint8 (channels, H, W)."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from core.images import transforms

AREA = (0.02, 0.2)  # Smallest and largest share of an image that a patch covers.


class RandomGamma(nn.Module):
    """``value ** gamma`` with an exponent drawn uniformly from an interval."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self.low, self.high = low, high

    def forward(self, image: Tensor) -> Tensor:
        """The image with another gamma."""
        gamma = torch.empty(1).uniform_(self.low, self.high).item()
        changed: Tensor = transforms.functional().adjust_gamma(image, gamma)
        return changed


class RandomChannelShift(nn.Module):
    """Adds to each channel a number of its own, drawn uniformly up to ``most`` (of the range) either way."""

    def __init__(self, most: float) -> None:
        super().__init__()
        self.most = most

    def forward(self, image: Tensor) -> Tensor:
        """The image with shifted channels."""
        shift = torch.empty(len(image), 1, 1).uniform_(-255 * self.most, 255 * self.most)
        return (image + shift).round().clamp(0, 255).to(image.dtype)


class RandomBlur(nn.Module):
    """A Gaussian blur; its standard deviation is drawn uniformly up to ``most`` (of the shorter side)."""

    def __init__(self, most: float) -> None:
        super().__init__()
        self.most = most

    def forward(self, image: Tensor) -> Tensor:
        """The blurred image."""
        deviation = torch.empty(1).uniform_(0, self.most * min(image.shape[1:])).item()
        # Three standard deviations on each side; reflection at the edges needs a kernel within the image.
        reach = min(math.ceil(3 * deviation), min(image.shape[1:]) - 1)
        if reach < 1:
            return image
        blurred: Tensor = transforms.functional().gaussian_blur(image, [2 * reach + 1] * 2, [deviation] * 2)
        return blurred


class RandomResolution(nn.Module):
    """Fewer pixels: reduced to a share of width and height, drawn from ``least`` to 1, and enlarged again."""

    def __init__(self, least: float) -> None:
        super().__init__()
        self.least = least

    def forward(self, image: Tensor) -> Tensor:
        """The image with less detail, in the same size."""
        share = torch.empty(1).uniform_(self.least, 1).item()
        small = [max(1, round(share * side)) for side in image.shape[1:]]
        change = transforms.functional()
        changed: Tensor = change.resize(change.resize(image, small, antialias=True), list(image.shape[1:]))
        return changed


class RandomAffineOfPlane(nn.Module):
    """torchvision's ``RandomAffine`` of an image that goes on beyond its edges, so that no corner is empty.

    ``beyond`` is ``reflection`` (mirrored at its edges, again and again) or ``border`` (its outermost pixels
    repeated), as in `torch.nn.functional.grid_sample`.
    """

    def __init__(self, affine: nn.Module, *, beyond: str, mode: str) -> None:
        super().__init__()
        self.affine, self.beyond, self.mode = affine, beyond, mode

    def forward(self, image: Tensor) -> Tensor:
        """The image moved, turned, sheared and magnified."""
        height, width = image.shape[1:]
        theta = _to_original(**self.affine.make_params([image]))  # type: ignore[operator]
        half = torch.tensor([width / 2, height / 2])
        theta = (
            theta * torch.cat([half, torch.ones(1)]) / half[:, None]
        )  # From pixels to halves of the image.
        grid = nn.functional.affine_grid(theta[None], [1, *image.shape], align_corners=False)
        changed = nn.functional.grid_sample(
            image[None].float(), grid, mode=self.mode, padding_mode=self.beyond, align_corners=False
        )
        return changed[0].round().to(image.dtype)


class RandomPatch(nn.Module):
    """Covers a rectangle of 2 to 20% of the area with one random colour, or each pixel with its own.

    Args:
        probability: Share of the images that are changed.
        is_noise: Whether each pixel has its own colour (Zhong 2020, arXiv:1708.04896).
    """

    def __init__(self, probability: float, *, is_noise: bool) -> None:
        super().__init__()
        self.probability, self.is_noise = probability, is_noise
        self.place = transforms.v2().RandomErasing(scale=AREA)

    def forward(self, image: Tensor) -> Tensor:
        """The image, covered or not."""
        if torch.rand(1) >= self.probability:
            return image
        place = self.place.make_params([image])
        if place.pop("v") is None:  # No rectangle of such an area fits.
            return image
        sides = (place["h"], place["w"]) if self.is_noise else (1, 1)
        colours = torch.randint(0, 256, (len(image), *sides), dtype=image.dtype)
        changed: Tensor = transforms.functional().erase(image, **place, v=colours)
        return changed


def _to_original(angle: float, translate: Sequence[float], scale: float, shear: Sequence[float]) -> Tensor:
    """The matrix (2, 3) from a pixel of the changed image to its place in the original, from the centre on.

    The inverse of torchvision's: shear in x, shear in y, magnification, rotation, translation.
    """
    turn, (x_shear, y_shear) = math.radians(angle), map(math.radians, shear)
    rotation = torch.tensor([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    x_sheared = torch.tensor([[1.0, -math.tan(x_shear)], [0.0, 1.0]])
    y_sheared = torch.tensor([[1.0, 0.0], [-math.tan(y_shear), 1.0]])
    back = torch.linalg.inv(scale * rotation @ y_sheared @ x_sheared)
    return torch.cat([back, -back @ torch.tensor(translate, dtype=back.dtype)[:, None]], 1)
