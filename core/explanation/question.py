"""What is asked of a photo: which classes, by which method, at which layers."""

from dataclasses import dataclass

from core.explain.maps.cam import CAM_METHODS
from core.explain.maps.pixels import PIXEL_METHODS
from core.explain.maps.regions import REGION_METHODS

METHODS = (*CAM_METHODS, *REGION_METHODS, *PIXEL_METHODS)
ATTENTION_METHODS = ("attention_rollout", "le_grad")  # They need the blocks of a vision transformer.
INPUT = "input"  # The key of a map that no layer was asked for.
_AT_A_LAYER = {*CAM_METHODS, "score_cam", "ablation_cam", "weight_grad_cam", "guided_grad_cam"}


@dataclass(frozen=True, slots=True)
class Score:
    """What a map explains: the logit of a class (None: the predicted one), less that of ``against``."""

    class_idx: int | None = None
    against: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """Where the evidence for each of several scores lies, by one method, at one or more layers.

    CAM methods answer all scores from one forward pass; the others add passes of their own.
    """

    method: str = "grad_cam"
    target_layers: tuple[str, ...] = ()
    scores: tuple[Score, ...] = (Score(),)

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"no method {self.method!r}; there is {', '.join(METHODS)}")
        if not self.scores:
            raise ValueError("no scores to explain; a question needs at least one")

    @property
    def needs_layer(self) -> bool:
        """Whether the answer differs from layer to layer."""
        return self.method in _AT_A_LAYER
