"""From logits to probabilities, the likeliest classes, and classes by name."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from core.errors import ClassError


@dataclass(frozen=True, slots=True)
class Prediction:
    """One class of one image: its index and name, probability in [0, 1], and logit."""

    class_idx: int
    class_name: str
    probability: float
    logit: float


def top_k(logits: Tensor, class_names: Sequence[str], k: int = 5) -> list[Prediction]:
    """The ``k`` likeliest classes of one image's logits (C,), best first; all of them if there are fewer."""
    probabilities = logits.float().softmax(0)
    best = probabilities.topk(min(k, len(class_names))).indices.tolist()
    return [prediction(logits, class_names, class_idx, probabilities) for class_idx in best]


def top_k_with(
    logits: Tensor, class_names: Sequence[str], wanted: Sequence[int | None], k: int = 5
) -> list[Prediction]:
    """The ``k`` likeliest classes, followed by the ``wanted`` ones that are not among them."""
    best = top_k(logits, class_names, k)
    shown = {each.class_idx for each in best}
    others = [idx for idx in dict.fromkeys(wanted) if idx is not None and idx not in shown]
    return best + [prediction(logits, class_names, idx) for idx in others]


def prediction(
    logits: Tensor, class_names: Sequence[str], class_idx: int, probabilities: Tensor | None = None
) -> Prediction:
    """The prediction for one class from the logits (C,) of one image."""
    probabilities = logits.float().softmax(0) if probabilities is None else probabilities
    probability, logit = float(probabilities[class_idx]), float(logits[class_idx])
    return Prediction(class_idx, class_names[class_idx], probability, logit)


def class_index(class_names: Sequence[str], wanted: str) -> int:
    """The index of a class given by name (in any case) or by number; ClassError names the nearest."""
    if wanted.isdecimal() and wanted not in class_names:
        if int(wanted) < len(class_names):
            return int(wanted)
        raise ClassError(f"no class {wanted}; this model has classes 0 to {len(class_names) - 1}")
    folded = [name.casefold() for name in class_names]
    matches = [index for index, name in enumerate(class_names) if name == wanted]
    matches = matches or [index for index, name in enumerate(folded) if name == wanted.casefold()]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise ClassError(f"{len(matches)} classes are named {wanted!r}; give a number: {matches}")
    close = difflib.get_close_matches(wanted.casefold(), folded, n=3, cutoff=0.5)
    close += [name for name in folded if wanted.casefold() in name and name not in close][:3]
    hint = f"; close: {', '.join(close)}" if close else f"; this model has {len(class_names)} classes"
    raise ClassError(f"no class named {wanted!r}" + hint)
