"""Which pixels of the input a cell can depend on: set pixels to NaN, and see which cells become NaN."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.explain.network.activations import observe
from core.explain.network.hooks import ForwardHook, capture

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_SIDES = (0, 1, 2, 3)  # Top, left, bottom, right.
_AT_ONCE = 16
_STRIPS = (32, 96)  # Pixels.
_Key = tuple[str, torch.Size]
_KNOWN: WeakKeyDictionary[nn.Module, dict[_Key, "ReceptiveField"]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the network's input, in whole pixels; ``right`` and ``bottom`` are just outside."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True, eq=False)
class ReceptiveField:
    """The part of an input (H, W) that each cell of a layer (h, w) sees; padding does not count.

    ``rows`` (h, 2) has, for each row of cells, the first row of pixels and the row after the last one;
    ``columns`` (w, 2) likewise.
    """

    rows: IntArray
    columns: IntArray
    input_size: tuple[int, int]

    def part(self, row: int, column: int) -> Box:
        """The pixels that the cell at ``row`` and ``column`` sees; empty if it sees only padding."""
        top, bottom = map(int, self.rows[row])
        left, right = map(int, self.columns[column])
        return Box(left, top, right, bottom)

    @property
    def cells(self) -> tuple[int, int]:
        """Rows and columns of cells: the layer's h and w."""
        return len(self.rows), len(self.columns)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the largest part that any cell sees: at most the input's."""
        return int(np.ptp(self.rows, 1).max()), int(np.ptp(self.columns, 1).max())

    @property
    def is_whole_input(self) -> bool:
        """Whether some cell sees the whole input: its part then says nothing about where it looks."""
        return self.size == self.input_size


def receptive_field(model: nn.Module, target_layer: str, like: Tensor) -> ReceptiveField:
    """The receptive field of a layer's cells for inputs like this one (1, channels, H, W); computed once.

    NaN passes through every operation, whatever the weights (0 · NaN is NaN): exactly those cells become NaN
    that have a NaN pixel in their field. This holds for any graph of convolutions, poolings, activations,
    sums, products and normalisations by fixed numbers. An output of one cell for the whole image, such as the
    gate of squeeze-and-excitation, counts as a constant: otherwise every field would be the whole image.
    Where positions are mixed in another way (attention, group norm), the field is the whole image.

    Raises:
        LayerError: as `core.explain.network.activations.observe`.
    """
    known = _KNOWN.setdefault(model, {})
    key = (target_layer, like.shape)
    if key not in known:
        probe = _FieldProbe(model, target_layer, like)
        top, left, bottom, right = _clear(probe)
        known[key] = ReceptiveField(
            np.stack([top, like.shape[2] - bottom[::-1]], 1).clip(top[:, None]),
            np.stack([left, like.shape[3] - right[::-1]], 1).clip(left[:, None]),
            (like.shape[2], like.shape[3]),
        )
    return known[key]


class _FieldProbe:
    """Finds which cells depend on the ``count`` rows or columns of pixels next to a side."""

    def __init__(self, model: nn.Module, layer: str, like: Tensor) -> None:
        self.model, self.layer = model, layer
        self.blank = torch.zeros_like(like[:1])
        self.size = observe(model, self.blank, [layer], _size)[layer]
        self.hooks = clear_gates(model, self.size)
        self.strips = [self._strip(axis) for axis in (0, 1)]
        self.seen: list[tuple[int, int, BoolArray]] = []

    def cells(self, side: int) -> int:
        """Rows of cells between a side and the opposite one, or columns."""
        return self.size[side % 2]

    def pixels(self, side: int) -> int:
        """Rows of pixels between a side and the opposite one, or columns."""
        return int(self.blank.shape[2 + side % 2])

    def __call__(self, questions: Sequence[tuple[int, int]]) -> list[BoolArray]:
        """For each (side, count), which rows or columns of cells, counted from that side, depend on them."""
        answers: dict[tuple[int, int], BoolArray] = {}
        for axis in (0, 1):
            asked = [question for question in questions if question[0] % 2 == axis]
            if asked:
                answers |= dict(zip(asked, self._answers(axis, asked), strict=True))
        self.seen += [(*question, answer) for question, answer in answers.items()]
        return [answers[question] for question in questions]

    def _answers(self, axis: int, asked: Sequence[tuple[int, int]]) -> list[BoolArray]:
        batch = torch.cat([self._poisoned(side, count) for side, count in asked])
        # Without cuDNN: its Winograd and Fourier transforms would carry NaN to neighbours.
        with torch.backends.cudnn.flags(enabled=False), capture(self.model, self.hooks):
            reached = observe(self.model, batch, [self.layer], lambda out: out.isnan().any(1))[self.layer]
        lines = reached.any(2 - axis).cpu().numpy()
        return [line[:: 1 if side < 2 else -1] for (side, _), line in zip(asked, lines, strict=True)]

    def bracket(self, side: int, from_end: int) -> tuple[int, int]:
        """Bounds on a cell's clear pixels: the most known to be clear, the fewest known not to be."""
        place = -min(from_end, self.cells(side))
        told = [(count, bool(answer[place])) for each, count, answer in self.seen if each == side]
        unseen = [count for count, is_seen in told if not is_seen]
        return max(unseen, default=0), min(
            [count for count, is_seen in told if is_seen], default=self.pixels(side) + 1
        )

    def clear(self, side: int, from_end: int) -> int:
        """The number of pixels on which it does not depend, after bisection."""
        return self.bracket(side, from_end)[0]

    def _strip(self, axis: int) -> Tensor:
        """An image of all rows and few columns, or all columns and few rows: the same answer in less time."""
        for width in _STRIPS:
            strip = self.blank.narrow(3 - axis, 0, min(width, self.pixels(1 - axis)))
            # Networks that need a fixed size, or more pixels, raise various errors.
            with suppress(RuntimeError, ValueError, AssertionError):
                if observe(self.model, strip, [self.layer], _size)[self.layer][axis] == self.size[axis]:
                    return strip
        return self.blank

    def _poisoned(self, side: int, count: int) -> Tensor:
        image = self.strips[side % 2].clone()
        start = 0 if side < 2 else self.pixels(side) - count
        image.narrow(2 + side % 2, start, count).fill_(torch.nan)
        return image


def _size(output: Tensor) -> tuple[int, int]:
    return output.shape[2], output.shape[3]


def clear_gates(model: nn.Module, cells: tuple[int, int]) -> dict[nn.Module, ForwardHook]:
    """Hooks that remove NaN from gates, which have one cell; none if the layer itself has one cell."""
    return {} if cells == (1, 1) else dict.fromkeys(model.modules(), _constant)


def _constant(_module: nn.Module, _inputs: tuple[Tensor, ...], output: object) -> Tensor | None:
    """Remove NaN from an output of one cell, or without rows and columns."""
    if isinstance(output, Tensor) and (output.ndim == 2 or output.shape[2:] == (1, 1)):
        return output.nan_to_num()
    return None


def _clear(probe: _FieldProbe) -> list[IntArray]:
    """For each side: how many pixels next to it each row or column of cells, counted from it, does not see.

    In most networks the fields of neighbouring cells are evenly spaced, so that two of them give all others;
    where a few probes contradict this, every count is probed.
    """
    even = [_even(probe.cells(side), *last_two) for side, last_two in enumerate(_search(probe))]
    probe([(side, probe.pixels(side) * third // 3) for side in _SIDES for third in (1, 2)])
    if all(np.array_equal(even[side] < count, answer) for side, count, answer in probe.seen):
        return even
    return [_each(probe, side) for side in _SIDES]


def _search(probe: _FieldProbe) -> list[tuple[int, int]]:
    """For each side, how many pixels next to it the last two rows or columns of cells do not see.

    Rows by bisection, which begins with a single pixel: most cells of deep layers see even that one. Then the
    counts are tried that follow if cells are evenly spaced and columns are like rows, as in most networks;
    where they are wrong, bisection continues.
    """
    probe([(side, 1) for side in _SIDES])
    _bisect(probe, [(0, 1), (2, 1)])
    steps = {side: round(probe.pixels(side) / probe.cells(side)) for side in _SIDES}
    _ask(probe, {(side, 2): probe.clear(side, 1) - steps[side] for side in (0, 2)})
    _bisect(probe, [(0, 2), (2, 2)])
    more = {side: probe.pixels(side) - probe.pixels(side - 1) for side in (1, 3)}
    _ask(probe, {(side, end): probe.clear(side - 1, end) + more[side] for side in (1, 3) for end in (1, 2)})
    _bisect(probe, [(side, end) for side in (1, 3) for end in (1, 2)])
    return [(probe.clear(side, 1), probe.clear(side, 2)) for side in _SIDES]


def _ask(probe: _FieldProbe, guesses: Mapping[tuple[int, int], int]) -> None:
    """Probe guesses of the number of clear pixels for each (side, from the end), where still unknown."""
    brackets = {place: probe.bracket(*place) for place in guesses}
    counts = [(place, guess + more) for place, guess in guesses.items() for more in (0, 1)]
    probe(sorted({(place[0], count) for place, count in counts if _is_within(count, brackets[place])}))


def _is_within(count: int, bracket: tuple[int, int]) -> bool:
    return bracket[0] < count < bracket[1]


def _bisect(probe: _FieldProbe, places: Sequence[tuple[int, int]]) -> None:
    while True:
        brackets = [(side, probe.bracket(side, from_end)) for side, from_end in places]
        open_counts = {(side, (low + high) // 2) for side, (low, high) in brackets if high > low + 1}
        if not open_counts:
            return
        probe(sorted(open_counts))


def _even(cells: int, last: int, next_to_last: int) -> IntArray:
    """The counts of all cells, if they are as evenly spaced as the last two."""
    from_end = np.arange(cells)[::-1]
    return (last - from_end * (last - next_to_last)).clip(0)


def _each(probe: _FieldProbe, side: int) -> IntArray:
    questions = [(side, count) for count in range(1, probe.pixels(side) + 1)]
    chunks = [questions[start : start + _AT_ONCE] for start in range(0, len(questions), _AT_ONCE)]
    reached = np.stack([answer for chunk in chunks for answer in probe(chunk)])
    clear: IntArray = (~reached).sum(0)
    return clear
