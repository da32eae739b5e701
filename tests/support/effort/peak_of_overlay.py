"""A program: MB of memory at the peak, and the last pixel, of an overlay of 50 megapixels in a colour map."""

import sys

import numpy as np

from core.drawing import render
from tests.support.effort import peak

if __name__ == "__main__":
    image = np.zeros((5774, 8660, 3), np.uint8)
    values = np.ones((5774, 8660), np.float32)
    image[:], values[:, :500] = 7, np.nan
    before = peak.megabytes()
    picture = render.overlay(image, values, sys.argv[1])
    sys.stdout.write(" ".join(map(str, [peak.megabytes() - before, *picture[0, -1]])))
