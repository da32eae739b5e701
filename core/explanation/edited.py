"""A photo before and after edits: both explained for the same class, and how its scores changed."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from core import files
from core.checkpoints.store import Checkpoint
from core.drawing import render
from core.explanation import export
from core.explanation.answer import Explanation
from core.explanation.asking import explain
from core.explanation.question import Question, Score
from core.images.edits import Edit
from core.images.edits.written import as_json
from core.predictions.top_k import Prediction, prediction, top_k

EDITED, CONTENT = "edited.png", "edit.json"


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """One class before and after: its predictions, and the change of its logit."""

    before: Prediction
    after: Prediction

    @property
    def change(self) -> float:
        """Logit after less logit before."""
        return self.after.logit - self.before.logit


@dataclass(frozen=True, slots=True, eq=False)
class EditedPhoto:
    """An edited photo at full size, and the explanations of the photo before and after."""

    image: Image.Image
    before: Explanation
    after: Explanation


def explain_both(
    checkpoint: Checkpoint, photo: Image.Image, image: Image.Image, question: Question
) -> EditedPhoto:
    """Explain a photo, and the ``image`` that edits made of it, for the same class.

    Without a class in the question, it is the one that is predicted before.
    """
    batches = [checkpoint.card.preprocess.batch([each]) for each in (photo, image)]
    ((before, *_),) = explain(checkpoint, batches[0], question)
    same = replace(question, scores=(Score(before.class_idx, before.against),))
    ((after, *_),) = explain(checkpoint, batches[1], same)
    return EditedPhoto(image, before, after)


def score_changes(before: Tensor, after: Tensor, class_names: Sequence[str], k: int = 5) -> list[ScoreChange]:
    """The ``k`` likeliest classes before, then those only among the likeliest after; from logits (C,)."""
    likeliest = [each.class_idx for logits in (before, after) for each in top_k(logits, class_names, k)]
    return [
        ScoreChange(*(prediction(logits, class_names, class_idx) for logits in (before, after)))
        for class_idx in dict.fromkeys(likeliest)
    ]


def save(
    folder: Path, checkpoint: Checkpoint, photo: Image.Image, shown: EditedPhoto, edits: Sequence[Edit]
) -> None:
    """Write the edited photo, ``edit.json``, and both explanations in folders ``before`` and ``after``."""
    export.save(folder / "before", checkpoint, photo, shown.before)
    export.save(folder / "after", checkpoint, shown.image, shown.after)
    files.write(folder / EDITED, render.png(np.asarray(shown.image)), durable=False)
    files.write(folder / CONTENT, edit_json(checkpoint, shown, edits), durable=False)


def edit_json(checkpoint: Checkpoint, shown: EditedPhoto, edits: Sequence[Edit]) -> bytes:
    """The likeliest classes before and after, the change of each logit, and the edits."""
    names, logits = checkpoint.card.class_names, (shown.before.logits, shown.after.logits)
    before, after = ([asdict(each) for each in top_k(scores, names)] for scores in logits)
    changes = [
        {
            "class_idx": each.before.class_idx,
            "class_name": each.before.class_name,
            "logit_before": each.before.logit,
            "logit_after": each.after.logit,
            "change": each.change,
        }
        for each in score_changes(*logits, names)
    ]
    content = {
        "checkpoint": checkpoint.name,
        "before": {"top": before},
        "after": {"top": after},
        "changes": changes,
        "size": list(shown.image.size),
        "edits": as_json(edits),
    }
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()
