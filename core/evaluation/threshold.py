"""One class against the rest at one threshold: who is called that class, and rightly so or not."""

from dataclasses import dataclass

import pyarrow as pa

from core.evaluation.curves import class_scores
from core.evaluation.metrics import column


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """Counts where a sample is called the class if its probability is the threshold or more."""

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @property
    def precision(self) -> float:
        """The share of those called it that are it; 1 where none is called so, as curves have it."""
        called = self.true_positives + self.false_positives
        return self.true_positives / called if called else 1.0

    @property
    def recall(self) -> float:
        """The share of those that are it that are called so; the true positive rate."""
        positive = self.true_positives + self.false_negatives
        return self.true_positives / positive if positive else 0.0

    @property
    def false_positive_rate(self) -> float:
        """The share of the others that are called it."""
        negative = self.false_positives + self.true_negatives
        return self.false_positives / negative if negative else 0.0

    @property
    def share_positive(self) -> float:
        """The share of all that are it: the precision of calling everything so."""
        positive = self.true_positives + self.false_negatives
        return positive / (positive + self.false_positives + self.true_negatives)


def at_threshold(table: pa.Table, class_idx: int, threshold: float) -> AtThreshold:
    """Counts of one class of a predictions table at a probability from 0 to 1."""
    positive = column(table, "label") == class_idx
    called = class_scores(table, class_idx) >= threshold
    return AtThreshold(
        int((called & positive).sum()),
        int((called & ~positive).sum()),
        int((~called & positive).sum()),
        int((~called & ~positive).sum()),
    )
