"""The filters that compute a layer's channels, and pictures of their weights on one scale."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from core.arrays import FloatArray
from core.drawing.channel_grid import Layout
from core.drawing.render import SIGNED, Picture, Pictures, coloured
from core.explain.network.channel_source import channel_source

_TEXT = (128, 128, 128, 255)


@dataclass(frozen=True, slots=True, eq=False)
class Filters:
    """The filters of the convolution ``name``: ``weights`` (K, n, kh, kw), each for n input channels.

    The weights do not include a following normalisation. ``reads_image`` and ``is_alone`` are those of
    `core.explain.network.channel_source.ChannelSource`.
    """

    name: str
    weights: FloatArray
    groups: int
    reads_image: bool
    is_alone: bool

    @property
    def norms(self) -> FloatArray:
        """The L2 norm (K,) of each filter over all its weights."""
        # In float64: squares of small weights would underflow.
        flat = self.weights.reshape(len(self.weights), -1).astype(np.float64)
        norms: FloatArray = np.linalg.norm(flat, axis=1).astype(np.float32)
        return norms

    @property
    def peak(self) -> float:
        """The largest absolute weight of all filters, at which the colour scale of their pictures ends."""
        return float(np.abs(self.weights).max())

    @property
    def are_pictures(self) -> bool:
        """Whether each filter can be drawn as one picture: it reads an image, in colour or grey."""
        return self.reads_image and self.weights.shape[1] in {1, 3}

    @property
    def have_colours(self) -> bool:
        """Whether the filters read the red, green and blue of the image."""
        return self.reads_image and self.weights.shape[1] == 3

    def input_channels(self, channel: int) -> range:
        """The input channels that a filter reads: in a grouped convolution, only those of its group."""
        num_inputs = self.weights.shape[1]
        first = channel // (len(self.weights) // self.groups) * num_inputs
        return range(first, first + num_inputs)

    def strongest_kernels(self, channel: int, most: int) -> NDArray[np.intp]:
        """The indices of the ``most`` kernels of a filter with the largest norms, the largest first."""
        kernels = self.weights[channel]
        sizes = np.linalg.norm(kernels.reshape(len(kernels), -1).astype(np.float64), axis=1)
        return np.argsort(-sizes, kind="stable")[:most]


def filters_of(model: nn.Module, layer: str, like: Tensor) -> Filters:
    """The filters that compute the channels of a layer, for inputs like this one (1, channels, H, W).

    Raises:
        LayerError: there is no such layer, or no single convolution computes its channels.
    """
    source = channel_source(model, layer, like)
    weights = source.convolution.weight.detach().float().cpu().numpy()
    return Filters(source.name, weights, source.convolution.groups, source.reads_image, source.is_alone)


def in_colour(filters: Filters) -> Pictures:
    """Filters that read the image as RGBA pictures (K, kh, kw, 4), all on one scale around a middle grey.

    A weight of 0 is 128, the largest absolute weight 0 or 255. Filters of a grey image are grey.

    Raises:
        ValueError: the filters do not read an image of one or three channels.
    """
    num_colours = filters.weights.shape[1]
    if not filters.are_pictures:
        raise ValueError(f"filters of {filters.name!r} read {num_colours} channels, not an image")
    shares = filters.weights / (filters.peak or 1)
    levels = (127.5 + 127.5 * shares).round().astype(np.uint8).transpose(0, 2, 3, 1)
    opaque = np.full((*levels.shape[:3], 1), 255, np.uint8)
    return np.concatenate([levels if num_colours == 3 else levels.repeat(3, 3), opaque], 3)


def by_input_channel(filters: Filters, channel: int) -> Pictures:
    """The kernels of one filter as RGBA pictures (n, kh, kw, 4), on the colour scale of the whole layer.

    Colours are those of `core.drawing.render.SIGNED`; a weight of 0 is transparent.
    """
    return signed(filters.weights[channel], filters.peak)


def as_matrix(filters: Filters) -> Picture:
    """All weights of 1 x 1 filters as one picture (K, n, 4): a row per filter, a column per input channel.

    Raises:
        ValueError: the filters are larger than 1 x 1.
    """
    if filters.weights.shape[2:] != (1, 1):
        raise ValueError(f"filters of {filters.name!r} are {filters.weights.shape[2:]}, not 1 x 1")
    return signed(filters.weights[:, :, 0, 0], filters.peak)


def signed(weights: FloatArray, peak: float) -> Pictures:
    """Weights of any shape as RGBA in the signed colormap from -peak to peak; 0 is transparent."""
    shares = weights / (peak or 1)
    return coloured(shares.reshape(-1, 1), SIGNED).reshape(*weights.shape, 4)


def sheet(pictures: Pictures, layout: Layout, captions: Sequence[object] = ()) -> Picture:
    """Small RGBA pictures (n, h, w, 4) as tiles of one picture, each pixel a square; gaps are transparent."""
    width, height = layout.size
    board = np.zeros((height, width, 4), np.uint8)
    for position, picture in enumerate(pictures):
        x, y = layout.corner(position)
        enlarged = cv2.resize(picture, layout.tile, interpolation=cv2.INTER_NEAREST)
        board[y : y + layout.tile[1], x : x + layout.tile[0]] = enlarged
    for position, caption in enumerate(captions):
        x, y = layout.corner(position)
        where = (x, y + layout.tile[1] + layout.caption - 3)
        cv2.putText(board, str(caption), where, cv2.FONT_HERSHEY_SIMPLEX, 0.35, _TEXT, 1, cv2.LINE_AA)
    return board
