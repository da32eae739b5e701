"""One forward pass of a checkpoint over photos, from which any number of questions are answered."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from core.checkpoints.store import Checkpoint
from core.device import device_label
from core.errors import LayerError
from core.explain.maps.cam import CAM_METHODS, class_activation_maps
from core.explain.maps.evidence import logit_evidence, says_the_same
from core.explain.maps.pixels import PIXEL_METHODS, OnProgress, PixelQuestion
from core.explain.maps.regions import REGION_METHODS
from core.explain.network.held_memory import held_bytes
from core.explain.network.tracing import Trace, towards, trace
from core.explanation.answer import Explanation, Map
from core.explanation.question import INPUT, Question, Score
from core.predictions.finite import refuse_infinite


@dataclass(frozen=True, slots=True, eq=False)
class ForwardPass:
    """A batch (N, channels, H, W) on the checkpoint's device, its trace, and the seconds that the pass took.

    It keeps the activations of all layers from the first recorded one on: keep few of them.
    """

    checkpoint: Checkpoint
    batch: Tensor
    traced: Trace
    seconds: float

    def can_answer(self, question: Question) -> bool:
        """Whether all layers of the question were recorded."""
        return set(_layers(question)) <= self.traced.activations.keys()

    def num_bytes(self) -> int:
        """Bytes that the pass keeps beside the network: recorded layers, and what their graph saved."""
        model = self.checkpoint.model
        return held_bytes(self.traced, (*model.parameters(), *model.buffers()))


def forward_pass(checkpoint: Checkpoint, batch: Tensor, target_layers: Sequence[str]) -> ForwardPass:
    """Run a preprocessed batch (N, channels, H, W) once, and record the layers that will be asked about.

    Raises:
        LayerError: a layer is not there, or has no rows and columns.
        CheckpointError: the network gives logits that are not finite.
    """
    started = time.perf_counter()
    batch = batch.to(checkpoint.device, next(checkpoint.model.parameters()).dtype)
    traced = trace(checkpoint.model, batch, target_layers)
    refuse_infinite(traced.logits, repr(checkpoint.name))
    return ForwardPass(checkpoint, batch, traced, time.perf_counter() - started)


def answers(
    passed: ForwardPass, question: Question, on_progress: OnProgress = lambda _share: None
) -> list[tuple[Explanation, ...]]:
    """For each image of the pass, an explanation for each score of ``question``, in their order.

    CAM methods do not run the network again. The others run it once or many times for every score;
    ``on_progress`` receives the share that is done, from 0 to 1. The seconds of each explanation are those of
    the pass and of all scores, divided by the number of images.

    Raises:
        LayerError: a layer was not recorded, or the method does not fit it.
    """
    if not passed.can_answer(question):
        raise LayerError(f"not all of {question.target_layers} were recorded in this forward pass")
    started = time.perf_counter()
    directions = torch.stack([_direction(passed.traced.logits, score) for score in question.scores])
    if question.method in CAM_METHODS:
        by_score = _layer_maps(passed.traced, question, directions)
    else:
        by_score = [
            _own_maps(passed, question, direction, partial(_overall, on_progress, place, len(directions)))
            for place, direction in enumerate(directions)
        ]
    seconds = (passed.seconds + time.perf_counter() - started) / len(passed.batch)
    explained = [
        _explanations(passed, question.method, score, maps, seconds)
        for score, maps in zip(question.scores, by_score, strict=True)
    ]
    return list(zip(*explained, strict=True))


def _overall(on_progress: OnProgress, place: int, num_parts: int, share: float) -> None:
    on_progress((place + share) / num_parts)


def _layers(question: Question) -> tuple[str, ...]:
    return question.target_layers if question.needs_layer else ()


def _direction(logits: Tensor, score: Score) -> Tensor:
    return towards(logits.detach(), _classes(logits, score), score.against)


def _layer_maps(traced: Trace, question: Question, directions: Tensor) -> list[list[dict[str, Map]]]:
    """For each score and image, a map per layer."""
    by_layer = class_activation_maps(
        traced, directions, method=CAM_METHODS[question.method], target_layers=question.target_layers
    )
    return [
        _by_image(
            {layer: _in_logits(traced, direction, layer, maps[place]) for layer, maps in by_layer.items()}
        )
        for place, direction in enumerate(directions)
    ]


def _by_image(maps: Mapping[str, list[Map]]) -> list[dict[str, Map]]:
    return [dict(zip(maps, of_image, strict=True)) for of_image in zip(*maps.values(), strict=True)]


def _own_maps(
    passed: ForwardPass, question: Question, direction: Tensor, on_progress: OnProgress
) -> list[dict[str, Map]]:
    """For each image, the maps of a method that runs the network itself: for each layer, or of the input."""
    layers = _layers(question) or (INPUT,)
    method, by_layer = (REGION_METHODS | PIXEL_METHODS)[question.method], {}
    for place, layer in enumerate(layers):
        share = partial(_overall, on_progress, place, len(layers))
        asked = PixelQuestion(passed.checkpoint.model, passed.batch, direction, layer, share, passed.traced)
        by_layer[layer] = [Map(values) for values in method(asked).cpu().numpy()]
    return _by_image(by_layer)


def _in_logits(traced: Trace, direction: Tensor, layer: str, raw: Tensor) -> list[Map]:
    evidence = logit_evidence(traced, direction, layer)
    raw_maps = raw.float().cpu().numpy()
    if evidence is None or not says_the_same(raw, evidence):
        return [Map(values) for values in raw_maps]
    cells, biases, scores = evidence.cells.cpu().numpy(), evidence.bias.tolist(), evidence.score.tolist()
    return [Map(values, cells[image], biases[image], scores[image]) for image, values in enumerate(raw_maps)]


def _explanations(
    passed: ForwardPass, method: str, score: Score, maps: Sequence[dict[str, Map]], seconds: float
) -> list[Explanation]:
    logits = passed.traced.logits.detach().float().cpu()
    classes, device = _classes(passed.traced.logits, score), device_label(passed.checkpoint.device)
    return [
        Explanation(method, each, class_idx, score.against, by_layer, device, seconds)
        for each, class_idx, by_layer in zip(logits, classes, maps, strict=True)
    ]


def _classes(logits: Tensor, score: Score) -> list[int]:
    """The class to explain of each image; if none is given, the best that is not ``against``."""
    if score.class_idx is not None:
        return [score.class_idx] * len(logits)
    ranked: list[list[int]] = logits.topk(2, dim=1).indices.tolist()
    return [first if first != score.against else second for first, second in ranked]
