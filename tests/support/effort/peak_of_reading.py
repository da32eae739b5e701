"""A program: width, height, first pixel, and MB of memory at the peak, of reading the photo that is named."""

import sys
from pathlib import Path

from core import images
from tests.support.effort import peak

if __name__ == "__main__":
    before = peak.megabytes()
    image = images.read(Path(sys.argv[1]))
    sys.stdout.write(
        "|".join(map(str, [*image.size, image.getpixel((0, 0)), int(peak.megabytes() - before)]))
    )
