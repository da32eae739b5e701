"""What the colours of a map mean, for the components that draw a legend."""

from dataclasses import dataclass

from core.drawing.render import palette

_RAMP_STOPS = 17


@dataclass(frozen=True, slots=True)
class Scale:
    """What the colours mean: the palette's name, its two ends in words, and the unit of the values."""

    colormap: str
    low: str
    high: str
    unit: str


def ramp(colormap: str) -> list[str]:
    """The colours of a palette from end to end, as CSS writes them."""
    colours = palette(colormap)
    stops = colours[:: len(colours) // (_RAMP_STOPS - 1)].tolist()
    return [f"rgb({red} {green} {blue})" for red, green, blue in stops]
