"""What makes a photo strange, in words: ``three times darker``, ``half the resolution``."""

RESOLUTION = "resolution"
USUAL = 3.5  # Standard deviations: fewer are within what is usual (Iglewicz and Hoaglin 1993).
# Of a property below and above the usual.
_COMPARATIVES = {
    "brightness": ("darker", "brighter"),
    "colourfulness": ("less colourful", "more colourful"),
    "sharpness": ("blurrier", "sharper"),
    "aspect_ratio": ("narrower", "wider"),
    "file_size": ("smaller as a file", "larger as a file"),
}
_NOUNS = ("contrast", RESOLUTION)
_NUMBERS = ("", "", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_SHARES = {2: "half the", 3: "a third of the", 4: "a quarter of the"}
_CLEAR = 1.75  # Smaller ratios are given with a decimal.


def has_words(name: str) -> bool:
    """Whether a property can be a cause."""
    return name in _COMPARATIVES or name in _NOUNS


def in_words(name: str, deviation: float, ratio: float) -> str:
    """The cause; ``ratio`` is of the photo's property to that of the median known photo."""
    if deviation < USUAL:
        return "within what is usual"
    if name in _NOUNS:
        return f"{_of_a_noun(ratio)} {name}"
    if name in _COMPARATIVES:
        below, above = _COMPARATIVES[name]
        return f"{_times(1 / ratio)} {below}" if ratio < 1 else f"{_times(ratio)} {above}"
    return "unlike all known photos in the network's features"


def _of_a_noun(ratio: float) -> str:
    if 1 / _CLEAR < ratio < _CLEAR:
        return f"{100 * ratio:.0f} % of the"
    if ratio > 1:
        return "twice the" if round(ratio) == 2 else f"{_times(ratio)} the"
    return _SHARES.get(round(1 / ratio), f"1/{round(1 / ratio)} of the")


def _times(ratio: float) -> str:
    if ratio < _CLEAR:
        return f"{ratio:.1f} times"
    number = round(ratio)
    return f"{_NUMBERS[number]} times" if number < len(_NUMBERS) else "more than ten times"
