"""Images as Fourier spectra with decorrelated colours (Olah 2017, doi:10.23915/distill.00007).

In this space a gradient step of one length changes coarse and fine structure, and light and colour, as much
as they vary in photos; in the space of pixels, fine structure would win.
"""

import numpy as np
import torch
from torch import Tensor

# Square root of the covariance of colours in ImageNet photos: light, warm to cold, green to purple.
_COLOURS = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))
_CONTRAST = 4.0  # As in the authors' own code, which divides by it: more would saturate the colours.


def spectrum_shape(num_colours: int, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Real and imaginary parts of the frequencies of an image of ``size`` (height, width)."""
    height, width = size
    return num_colours, height, width // 2 + 1, 2


def pixels_of(spectra: Tensor, size: tuple[int, int]) -> Tensor:
    """Images (N, colours, H, W) in (0, 1) from spectra (N, *`spectrum_shape`); zeros give 0.5."""
    weights = _weights(size).to(spectra)
    waves = torch.view_as_complex(spectra * weights[..., None])
    planes = torch.fft.irfft2(waves, s=size, norm="ortho") / _CONTRAST
    if planes.shape[1] == 3:
        mixing = torch.tensor(_COLOURS).to(planes)
        planes = torch.einsum("ck,nkhw->nchw", mixing / mixing.norm(dim=0).max(), planes)
    pixels: Tensor = planes.sigmoid()
    return pixels


def _weights(size: tuple[int, int]) -> Tensor:
    """One over the frequency, as amplitudes fall in photos; that of the lowest also for the mean."""
    height, width = size
    frequencies = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    return torch.from_numpy(1 / np.maximum(frequencies, 1 / max(size)))
