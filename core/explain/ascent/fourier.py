"""Images as Fourier spectra with decorrelated colours (Olah 2017, doi:10.23915/distill.00007).

In this space a gradient step changes coarse and fine structure, lightness and colour in proportion to their
variation in photos; in pixel space, fine structure would dominate.
"""

import numpy as np
import torch
from torch import Tensor

# Square root of the colour covariance of ImageNet photos: lightness, warm to cold, green to purple.
_COLOURS = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))
_CONTRAST = 4.0  # A divisor, as in the authors' code: without it, the colours would saturate.


def spectrum_shape(num_colours: int, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Shape of the spectrum of an image of ``size`` (height, width), with real and imaginary parts."""
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
    """One over the frequency, as amplitudes fall off in photos; the mean has the weight of the lowest one."""
    height, width = size
    frequencies = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    return torch.from_numpy(1 / np.maximum(frequencies, 1 / max(size)))
