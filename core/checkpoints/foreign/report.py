"""The report on an imported weights file, in sentences."""

from dataclasses import dataclass

from torch import Tensor, nn

from core.checkpoints.card import Card
from core.checkpoints.foreign.contents import Contents, numbers
from core.checkpoints.foreign.fitting import Fitted
from core.errors import CheckpointError
from core.models import heads, registry
from core.models.heads import HeadLayers
from core.shares import percent

_AT_MOST = 4


@dataclass(frozen=True, slots=True)
class Report:
    """Sentences about the file, its network, and the prediction for a sample photo."""

    lines: tuple[str, ...]


def report(file: str, contents: Contents, fitted: Fitted, card: Card, logits: Tensor) -> Report:
    """The report on an imported file."""
    best = int(logits.argmax())
    probability = float(logits.float().softmax(0)[best])
    height, width = card.preprocess.input_size
    prefix = f", without the prefix {fitted.prefix!r}" if fitted.prefix else ""
    key = f" from {fitted.key!r}" if fitted.key else ""
    taken = f"{len(fitted.tensors)} tensors of {numbers.types_of(fitted.tensors)} taken"
    lines = [
        f"{file} ({contents.kind}): {taken}{key}{prefix}",
        *_choice(contents, fitted),
        *(f"left out ({reason}): {_some(names)}" for reason, names in fitted.left_out.items()),
        f"{fitted.architecture}: head {_head(fitted, len(card.class_names))}",
        *(f"it {note}" for note in fitted.notes),
        (
            f"input: {_channels(len(card.preprocess.mean))} of {height} x {width} pixels, "
            f"mean {_numbers(card.preprocess.mean)}, std {_numbers(card.preprocess.std)}"
        ),
        f"sample photo of a cat: {card.class_names[best]} ({percent(probability)})",
    ]
    return Report(tuple(lines))


def _choice(contents: Contents, fitted: Fitted) -> list[str]:
    others = [state for state in contents.states if state.key != fitted.key and len(state.tensors) > 1]
    if not others:
        return []
    listed = ", ".join(f"{state.key!r}{' (averaged)' * state.is_averaged}" for state in others)
    return [f"the file also has weights under {listed}; choose by its key (--weights-key)"]


def _head(fitted: Fitted, num_classes: int) -> str:
    model = registry.skeleton(fitted.architecture, num_classes, fitted.head)
    try:
        name = heads.head_name(model)
    except CheckpointError:
        return "of several parts"
    layer = model.get_submodule(name)
    made = list(layer) if isinstance(layer, HeadLayers) else [layer]
    shown = ", ".join(_layer(each) for each in made if not isinstance(each, nn.Flatten))
    return f"{name!r}: {shown}"


def _layer(layer: object) -> str:
    weight = getattr(layer, "weight", None)
    kind = type(layer).__name__
    if isinstance(weight, Tensor) and weight.ndim >= 2:
        return f"{kind} {weight.shape[1]} to {weight.shape[0]}"
    return kind


def _channels(count: int) -> str:
    return {1: "grey", 3: "colour"}.get(count, f"{count} channels")


def _numbers(values: tuple[float, ...]) -> str:
    shown = [f"{value:.3g}" for value in values]
    return shown[0] if len(set(shown)) == 1 else "/".join(shown)


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _AT_MOST} more" if len(names) > _AT_MOST else ""
    return f"{', '.join(names[:_AT_MOST])}{more}"
