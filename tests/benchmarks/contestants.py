"""Grad-CAM by SeeWhy and by three peers, each in the quickest way that its own interface offers.

A contestant is a context manager: extractors and hooks are made on entry, outside the clock, and gone on
exit, so that nobody pays for another's. It gives a function that runs the task and returns raw maps.

All share one model with frozen parameters, as SeeWhy's checkpoints are. torchcam and pytorch-grad-cam fail
on such a model unless the input asks for a gradient, so for them it does: that is quicker than parameters
which do, whose gradients pytorch-grad-cam computes and throws away (`trainable` shows by how much).
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import wraps
from itertools import chain
from typing import Any

import torch
from captum.attr import LayerGradCam
from numpy.typing import NDArray
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn
from torch.nn import functional as F
from torchcam.methods import GradCAM as TorchcamGradCAM

from core.explain.maps.cam import class_activation_maps
from core.explain.network.tracing import towards, trace


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """Maps wanted: of every layer for every question, a question being one class per image (N)."""

    model: nn.Module
    batch: Tensor  # (N, channels, H, W)
    target_layers: tuple[str, ...]
    questions: tuple[list[int], ...]

    def modules(self) -> list[nn.Module]:
        """The target layers themselves."""
        return [self.model.get_submodule(name) for name in self.target_layers]

    def stacked(self) -> tuple[Tensor, list[int]]:
        """All questions as one batch (questions x N, …): the images once per question, and their classes."""
        return self.batch.repeat(len(self.questions), 1, 1, 1), list(chain(*self.questions))


Maps = list[Tensor]  # One (questions x N, h, w) per layer.
Contestant = Callable[[Task], AbstractContextManager[Callable[[], Maps]]]


@contextmanager
def plain(task: Task) -> Iterator[Callable[[], Maps]]:
    """The forward pass alone, in inference mode: the unit of every multiple."""

    def run() -> Maps:
        with torch.inference_mode():
            task.model(task.batch)
        return []

    yield run


@contextmanager
def seewhy(task: Task) -> Iterator[Callable[[], Maps]]:
    """One trace, and the backward passes of all questions asked for at once."""

    def run() -> Maps:
        traced = trace(task.model, task.batch, task.target_layers)
        directions = [towards(traced.logits.detach(), classes) for classes in task.questions]
        maps = class_activation_maps(traced, torch.stack(directions))
        return [maps[layer].flatten(0, 1) for layer in task.target_layers]

    yield run


@contextmanager
def torchcam(task: Task) -> Iterator[Callable[[], Maps]]:
    """All layers from one forward pass, one backward pass per question; without its normalisation."""
    with TorchcamGradCAM(task.model, list(task.target_layers)) as extractor:

        def run() -> Maps:
            scores = task.model(_asking(task.batch, task.model))
            *first, last = task.questions
            answers = [extractor(classes, scores, normalized=False, retain_graph=True) for classes in first]
            answers.append(extractor(last, scores, normalized=False))
            return [torch.cat(maps) for maps in zip(*answers, strict=True)]

        yield run


@contextmanager
def captum(task: Task) -> Iterator[Callable[[], Maps]]:
    """One layer per call, all questions as one batch."""
    extractors = [LayerGradCam(task.model, module) for module in task.modules()]

    def run() -> Maps:
        batch, classes = task.stacked()
        return [extractor.attribute(batch, classes)[:, 0].detach() for extractor in extractors]

    yield run


@contextmanager
def pytorch_grad_cam(task: Task) -> Iterator[Callable[[], Maps]]:
    """All layers and questions in one call of a batch; it always resizes its maps to the input's size."""
    with _LayersApart(task.model, task.modules()) as extractor:

        def run() -> Maps:
            batch, classes = task.stacked()
            return extractor(_asking(batch, task.model), [ClassifierOutputTarget(idx) for idx in classes])

        yield run


class _LayersApart(GradCAM):
    """pytorch-grad-cam averages the maps of several layers; here each keeps its own."""

    def aggregate_multi_layers(self, cam_per_target_layer: list[NDArray[Any]]) -> Maps:
        return [torch.from_numpy(maps[:, 0]) for maps in cam_per_target_layer]


def trainable(contestant: Contestant) -> Contestant:
    """The same with parameters that ask for gradients, as models are when they come from a library."""

    @contextmanager
    @wraps(contestant)
    def unfrozen(task: Task) -> Iterator[Callable[[], Maps]]:
        task.model.requires_grad_(requires_grad=True)
        try:
            with contestant(task) as run:
                yield run
        finally:
            task.model.requires_grad_(requires_grad=False)
            task.model.zero_grad()

    return unfrozen


def _asking(batch: Tensor, model: nn.Module) -> Tensor:
    return batch.detach().requires_grad_(not next(model.parameters()).requires_grad)


def as_shown_by(peer: str, maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Raw signed maps (N, h, w) finished as ``peer`` finishes its own, for comparison; then min-max."""
    if peer != "captum":
        maps = min_max(maps.relu())
    if peer == "pytorch-grad-cam":
        maps = F.interpolate(maps[:, None], size, mode="bilinear", align_corners=False)[:, 0]
    return min_max(maps)


def min_max(maps: Tensor) -> Tensor:
    """Each map (N, h, w) from 0 to 1; one that is flat gives zeros."""
    low, high = maps.amin((1, 2), keepdim=True), maps.amax((1, 2), keepdim=True)
    return torch.where(high > low, (maps - low) / (high - low), 0)
