"""One channel's filter: its norm and rank in its layer, and its strongest kernels."""

from dataclasses import dataclass

import numpy as np

from core.drawing.channel_grid import CAPTION, Layout
from core.drawing.render import Picture
from core.inside.filters.kernels import Filters, by_input_channel, in_colour, sheet

MOST = 16
_COLUMNS, _SIDE, _LARGE_SIDE = 8, 48, 192


@dataclass(frozen=True, slots=True, eq=False)
class ChannelFilter:
    """A channel's filter: its L2 ``norm``, its ``rank`` by norm, from 1, and its ``picture``.

    The picture shows the kernels for ``input_channels``, those with the largest norms, the largest first,
    each above its channel's index; with ``in_colour`` it is the whole filter in its colours.
    """

    norm: float
    rank: int
    input_channels: tuple[int, ...]
    in_colour: bool
    picture: Picture


def channel_filter(filters: Filters, channel: int) -> ChannelFilter:
    """The filter of one channel, drawn on the colour scale of the whole layer."""
    norms = filters.norms
    strongest = filters.strongest_kernels(channel, MOST)
    inputs = filters.input_channels(channel)
    names = tuple(inputs[position] for position in strongest.tolist())
    if filters.are_pictures:
        picture = sheet(in_colour(filters)[[channel]], Layout(1, 1, (_LARGE_SIDE, _LARGE_SIDE)))
    else:
        layout = Layout(len(names), min(_COLUMNS, len(names)), (_SIDE, _SIDE), CAPTION)
        picture = sheet(by_input_channel(filters, channel)[strongest], layout, names)
    return ChannelFilter(
        float(norms[channel]),
        1 + int(np.count_nonzero(norms > norms[channel])),
        names,
        filters.are_pictures,
        picture,
    )
