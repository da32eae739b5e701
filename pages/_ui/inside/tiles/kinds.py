"""The kinds of pictures that tiles show, and the pictures of one page of channels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.drawing.render import Pictures

ACTIVATIONS, ASCENT, EXAMPLES, WEIGHTS = "activations", "ascent", "examples", "weights"
KINDS = (ACTIVATIONS, ASCENT, EXAMPLES, WEIGHTS)


@dataclass(frozen=True, slots=True, eq=False)
class Tiles:
    """Pictures (k, H, W, 3) of channels, which of them are missing (k,) or dead (k,), and their texts.

    ``numbers`` stand beside the indices, and the pointer reads ``meanings``; ``hint`` is about all.
    """

    pictures: Pictures
    missing: NDArray[np.bool_]
    dead: NDArray[np.bool_]
    numbers: list[str]
    meanings: list[str]
    hint: str
