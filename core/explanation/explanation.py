"""One question about photos, answered: what does the network say, and where does that come from?"""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import torch
from PIL import Image
from torch import Tensor

from core.arrays import FloatArray
from core.checkpoints import store
from core.checkpoints.store import Checkpoint
from core.device import device_label
from core.explain.maps import pixels
from core.explain.maps.cam import CAM_METHODS, class_activation_maps
from core.explain.maps.evidence import logit_evidence, says_the_same
from core.explain.maps.pixels import PIXEL_METHODS, OnProgress
from core.explain.network.layers import Layer, default_layer, spatial_layers
from core.explain.network.trace import Trace, towards, trace
from core.predictions.finite import refuse_infinite

METHODS = (*CAM_METHODS, *PIXEL_METHODS)
INPUT = "input"  # Where a map of pixels belongs that no layer was asked for.
_WITHOUT_LAYER = {"saliency", "integrated_gradients", "occlusion"}
# On a CPU one by one, which takes the least memory; small batches would be faster.
_IMAGES_AT_ONCE = {"cuda": 16}


@dataclass(frozen=True, slots=True)
class Question:
    """Why this class (None: the predicted one), or why it and not ``against``; how, and at which layers."""

    method: str = "grad_cam"
    target_layers: tuple[str, ...] = ()
    class_idx: int | None = None
    against: int | None = None

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"no method {self.method!r}; there is {', '.join(METHODS)}")

    @property
    def needs_layer(self) -> bool:
        """Whether the answer differs from layer to layer."""
        return self.method not in _WITHOUT_LAYER


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """A raw map (h, w), signed and unscaled.

    Where it is one, ``evidence`` has it in logits: its cells and ``bias`` sum to ``score``. Else it is None.
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
    """The answer for one image: logits (C,), the class explained, and a map per layer (or of the input)."""

    logits: Tensor
    class_idx: int
    against: int | None
    maps: dict[str, Map]
    device: str
    seconds: float
    notes: tuple[str, ...] = field(default=())


def layers_of(checkpoint: Checkpoint) -> list[Layer]:
    """The layers of a checkpoint that can be explained, in the order in which they run."""
    height, width = checkpoint.card.preprocess.input_size
    blank = Image.new("RGB", (width, height))
    return spatial_layers(checkpoint.model, _to_device(checkpoint.card.preprocess.batch([blank]), checkpoint))


def explain(
    checkpoint: Checkpoint,
    batch: Tensor,
    question: Question,
    *,
    on_progress: OnProgress = lambda _share: None,
) -> list[Explanation]:
    """Answer ``question`` for each image of a preprocessed batch (N, channels, H, W).

    All layers, and as many images as fit, share one forward pass.

    Out of graphics memory, it goes on with fewer images at once, then on the CPU; ``notes`` says so.

    Raises:
        LayerError: a layer is not there, or the method does not fit it.
    """
    if question.needs_layer and not question.target_layers:
        question = replace(question, target_layers=(default_layer(layers_of(checkpoint)),))
    at_once = _IMAGES_AT_ONCE.get(checkpoint.device.partition(":")[0], 1)
    answers: list[Explanation] = []
    for part in batch.split(at_once):
        answers += _with_less_memory(checkpoint, part, question, on_progress)
    return answers


def explain_in_steps(checkpoint: Checkpoint, batch: Tensor, question: Question) -> Iterator[Explanation]:
    """Answer ``question`` for a batch of one image: at the last layer to run first, then at all layers.

    The last layer's map needs little more than the forward pass, which both steps share; one early in the
    network needs nearly as much again. A single step where there is nothing to gain.
    """
    if question.method not in CAM_METHODS or len(question.target_layers) < 2 or checkpoint.device != "cpu":
        yield explain(checkpoint, batch, question)[0]
        return
    started, spent = time.perf_counter(), 0.0
    traced = _traced(checkpoint, batch, question)
    last = next(reversed(traced.activations))
    for target_layers in ((last,), question.target_layers):
        maps = _region_maps(traced, _direction(traced, question), question.method, target_layers)
        spent += time.perf_counter() - started
        yield _explanations(checkpoint, traced, question, maps, spent)[0]
        started = time.perf_counter()  # What is done with the first map does not count.


def _with_less_memory(
    checkpoint: Checkpoint, batch: Tensor, question: Question, on_progress: OnProgress
) -> list[Explanation]:
    with suppress(torch.OutOfMemoryError):
        return _answers(checkpoint, batch, question, on_progress)
    # Not in an except clause, where the traceback still holds the tensors of the pass that failed.
    torch.cuda.empty_cache()
    if len(batch) > 1:
        halves = batch.tensor_split(2)
        answers = [_with_less_memory(checkpoint, half, question, on_progress) for half in halves]
        return _noting("graphics memory ran out: fewer images at once", [*answers[0], *answers[1]])
    on_cpu = store.load(checkpoint.folder, device="cpu")
    return _noting("graphics memory ran out: on the CPU", _answers(on_cpu, batch, question, on_progress))


def _noting(note: str, answers: list[Explanation]) -> list[Explanation]:
    return [
        answer if note in answer.notes else replace(answer, notes=(*answer.notes, note)) for answer in answers
    ]


def _answers(
    checkpoint: Checkpoint, batch: Tensor, question: Question, on_progress: OnProgress
) -> list[Explanation]:
    started = time.perf_counter()
    traced = _traced(checkpoint, batch, question)
    direction = _direction(traced, question)
    if question.method in CAM_METHODS:
        maps = _region_maps(traced, direction, question.method, question.target_layers)
    else:
        layer = next(iter(question.target_layers), INPUT) if question.needs_layer else INPUT
        asked = pixels.Question(
            checkpoint.model, _to_device(batch, checkpoint), direction, layer, on_progress
        )
        maps = [{layer: Map(values)} for values in PIXEL_METHODS[question.method](asked).cpu().numpy()]
    return _explanations(checkpoint, traced, question, maps, time.perf_counter() - started)


def _traced(checkpoint: Checkpoint, batch: Tensor, question: Question) -> Trace:
    target_layers = question.target_layers if question.needs_layer else ()
    traced = trace(checkpoint.model, _to_device(batch, checkpoint), target_layers)
    refuse_infinite(traced.logits, repr(checkpoint.name))
    return traced


def _direction(traced: Trace, question: Question) -> Tensor:
    return towards(traced.logits.detach(), _classes(traced.logits, question), question.against)


def _explanations(
    checkpoint: Checkpoint, traced: Trace, question: Question, maps: list[dict[str, Map]], seconds: float
) -> list[Explanation]:
    logits = traced.logits.detach().float().cpu()
    class_idx = _classes(traced.logits, question)
    label = device_label(checkpoint.device)
    return [
        Explanation(
            logits[image], class_idx[image], question.against, maps[image], label, seconds / len(logits)
        )
        for image in range(len(logits))
    ]


def _classes(logits: Tensor, question: Question) -> list[int]:
    """The class to explain of each image; if none is given, the best that is not ``against``."""
    if question.class_idx is not None:
        return [question.class_idx] * len(logits)
    ranked: list[list[int]] = logits.topk(2, dim=1).indices.tolist()
    return [first if first != question.against else second for first, second in ranked]


def _region_maps(
    traced: Trace, direction: Tensor, method: str, target_layers: Sequence[str]
) -> list[dict[str, Map]]:
    by_layer = class_activation_maps(
        traced, direction, method=CAM_METHODS[method], target_layers=target_layers
    )
    per_layer = {layer: _maps(traced, direction, layer, maps) for layer, maps in by_layer.items()}
    return [{layer: maps[image] for layer, maps in per_layer.items()} for image in range(len(direction))]


def _maps(traced: Trace, direction: Tensor, layer: str, raw: Tensor) -> list[Map]:
    evidence = logit_evidence(traced, direction, layer)
    raw_maps = raw.float().cpu().numpy()
    if evidence is None or not says_the_same(raw, evidence):
        return [Map(values) for values in raw_maps]
    cells, biases, scores = evidence.cells.cpu().numpy(), evidence.bias.tolist(), evidence.score.tolist()
    return [Map(values, cells[image], biases[image], scores[image]) for image, values in enumerate(raw_maps)]


def _to_device(batch: Tensor, checkpoint: Checkpoint) -> Tensor:
    return batch.to(checkpoint.device, next(checkpoint.model.parameters()).dtype)
