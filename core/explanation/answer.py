"""The answer for one image and one score: logits, and a map for each layer."""

from dataclasses import dataclass, field

from torch import Tensor

from core.arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """A raw map (h, w), signed and unscaled.

    ``evidence`` is the same map in logits: its cells and ``bias`` sum to ``score``. None where that does not
    hold.
    """

    raw: FloatArray
    evidence: FloatArray | None = None
    bias: float = 0.0
    score: float = 0.0

    @property
    def speaks_for(self) -> float:
        """Sum of the cells that raise the score, in logits; 0 where the map is not in logits."""
        return 0.0 if self.evidence is None else float(self.evidence.clip(min=0).sum())

    @property
    def speaks_against(self) -> float:
        """Sum of the cells that lower the score, in logits, at most 0."""
        return 0.0 if self.evidence is None else float(self.evidence.clip(max=0).sum())

    @property
    def has_positive_evidence(self) -> bool:
        """Whether a heat map, which shows only what speaks for the class, would show anything."""
        return bool(self.raw.max() > 0)


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """Why one image has one score: logits (C,), class and rival, and a map per layer (or of the input)."""

    method: str
    logits: Tensor
    class_idx: int
    against: int | None
    maps: dict[str, Map]
    device: str
    seconds: float
    notes: tuple[str, ...] = field(default=())
