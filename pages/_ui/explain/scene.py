"""One question about a photo and its answer at one layer, with the names and colours of the page."""

from dataclasses import dataclass

from core.arrays import FloatArray
from core.drawing import render
from core.explanation import display
from core.explanation.answer import Explanation, Map
from core.explanation.question import INPUT, Question
from pages._ui.kit.pickers import method_picker
from pages._ui.session.checkpoints.models import Loaded
from pages._ui.session.question.photos import Photo


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One photo, one question, its answer at one layer, and the colours of the map."""

    photo: Photo
    loaded: Loaded
    question: Question
    answer: Explanation
    layer: str
    palette: str

    @property
    def map(self) -> Map:
        """The map at the layer."""
        return self.answer.maps[self.layer]

    @property
    def is_signed(self) -> bool:
        """Whether the map shows evidence for and against."""
        return self.palette == render.SIGNED

    @property
    def method(self) -> str:
        """The method by its usual name."""
        return method_picker.label(self.question.method)

    @property
    def place(self) -> str:
        """Where the map was computed, in words."""
        return "on the input" if self.layer == INPUT else f"at {self.layer}"

    @property
    def class_name(self) -> str:
        """The class that is explained."""
        return self.loaded.checkpoint.card.class_names[self.answer.class_idx]

    @property
    def rival_name(self) -> str:
        """The class to compare with; empty if there is none."""
        against = self.answer.against
        return "" if against is None else self.loaded.checkpoint.card.class_names[against]

    @property
    def title(self) -> str:
        """The question in words."""
        return f"Why {self.class_name}" + (f", and not {self.rival_name}" if self.rival_name else "")

    def values(self, raw: FloatArray) -> FloatArray:
        """A raw map scaled for its colours: to [0, 1], or to [-1, 1] where it shows both sides."""
        return display.balance(raw, display.peak(raw)) if self.is_signed else display.heat(raw)
