"""A few batches of a training, to predict how long it takes."""

import os
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from core.data.augment import augmented, transform
from core.data.division import divided
from core.data.image_set import ImageSet, Labels
from core.data.splits import at_most
from core.device import best_device, device_label
from core.errors import DataError, ImageError
from core.images import limits
from core.images.preprocess import Preprocess
from core.training.halves import halves
from core.training.lightning.classifier import Classifier
from core.training.network import Network, network
from core.training.planning.forecast import Forecast
from core.training.planning.objects import object_boxes, object_sizes
from core.training.planning.proposals import proposals
from core.training.planning.step_memory import step_memory
from core.training.settings.recipe import Recipe

_TIMED = 2  # Batches, after one that loads kernels and fills caches.
_HALF = {"16-mixed": torch.float16, "bf16-mixed": torch.bfloat16}


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    """Some training images as uint8 with the preprocess's margin, their labels, and seconds to read one.

    ``median_side`` is of the shorter sides of the files, in pixels.
    """

    pixels: Tensor
    labels: Tensor
    seconds: float
    median_side: float


@dataclass(frozen=True, slots=True)
class _Pace:
    """Seconds for each image: of a training step, validated, augmented, and through the cached part."""

    step: float
    validation: float
    change: float
    before: float


def rehearse(recipe: Recipe, images: ImageSet) -> Forecast:
    """Train on a few batches and predict the rest; nothing is written.

    Batches are smaller than the recipe's where these would need more than half of the memory.

    Raises:
        CoreError: the recipe does not fit, or no training image can be read.
    """
    num_classes, device = len(images.class_names), best_device()
    net, memory, there = network(recipe, num_classes), step_memory(recipe, num_classes), memory_of(device)
    split = divided(images, recipe.data.division(recipe.seed))
    train = split.train
    if recipe.data.per_class:
        train = at_most(train, images.labels, recipe.data.per_class, recipe.seed)
    num_images = min(recipe.batch_size, max(2, memory.most_images(there // 2)), len(train))
    sample = _read(images, net.preprocess, np.random.default_rng(recipe.seed).permutation(train)[:num_images])
    pace = _pace(recipe, net, sample, num_classes, device)
    boxes = object_boxes(images, train)
    reading = len(images) * sample.seconds / min(8, os.cpu_count() or 1)
    num_passes = 1 if recipe.augment.is_none else min(recipe.speed.cached_passes, recipe.epochs)
    return Forecast(
        device=device_label(device),
        batch_size=recipe.batch_size,
        epochs=recipe.epochs,
        memory=memory.of(recipe.batch_size),
        memory_there=there,
        seconds_before=reading + pace.before * (num_passes * len(train) + len(split.val)),
        seconds_per_epoch=len(train) * _of_one(pace, device) + len(split.val) * pace.validation,
        objects=object_sizes(boxes, net.preprocess),
        proposals=tuple(
            proposals(
                recipe,
                net.preprocess,
                memory=memory,
                num_bytes=there,
                boxes=boxes,
                median_side=sample.median_side,
            )
        ),
    )


def memory_of(device: str) -> int:
    """Bytes of memory: free ones of a GPU, else all that this machine allows the process."""
    return torch.cuda.mem_get_info()[0] if device == "cuda" else limits.memory()


def _read(images: ImageSet, preprocess: Preprocess, indices: Labels) -> _Sample:
    """The readable ones of these images."""
    began, pixels, labels, sides = time.perf_counter(), [], [], []
    for index in indices.tolist():
        try:
            image = images.image(index)
        except ImageError:
            continue
        pixels.append(preprocess.pixels(image, margin=preprocess.margin))
        labels.append(int(images.labels[index]))
        sides.append(min(image.size))
    if not pixels:
        raise DataError(f"none of {len(indices)} training images of {images.name!r} can be read")
    seconds = (time.perf_counter() - began) / len(pixels)
    return _Sample(torch.stack(pixels), torch.tensor(labels), seconds, float(np.median(sides)))


def _pace(recipe: Recipe, net: Network, sample: _Sample, num_classes: int, device: str) -> _Pace:
    """The pace of the whole network, or of what is trained of it and of the cached part before."""
    number, change = len(sample.labels), 0.0
    margin, (height, width) = net.preprocess.margin, net.preprocess.input_size
    pixels = sample.pixels[:, :, margin : margin + height, margin : margin + width]
    if not recipe.augment.is_none:
        altered = transform(recipe.augment, net.preprocess)
        keys = [(0, index) for index in range(number)]
        change = _seconds(lambda: augmented(sample.pixels, altered, recipe.seed, keys), device) / number
    is_cached = (recipe.augment.is_none or recipe.speed.cached_passes) and not recipe.loss.auxiliary
    parts = halves(net, pixels[:2]) if is_cached else None
    if parts is None:
        trained = Classifier(net.model, recipe, num_classes=num_classes, prepared=net.preprocess.normalised)
        step, validation = _passes(trained, (pixels, sample.labels), device)
        return _Pace(step / number, validation / number, change, 0.0)
    batch = net.preprocess.normalised(pixels).to(device)
    frozen = parts.before.eval().to(device)
    before = _seconds(lambda: _without_gradients(frozen, batch), device) / number
    trained = Classifier(parts.rest, recipe, num_classes=num_classes, prepared=lambda features: features)
    step, validation = _passes(trained, (_without_gradients(frozen, batch), sample.labels), device)
    return _Pace(step / number, validation / number, 0.0, before + change)


def _passes(classifier: Classifier, batch: tuple[Tensor, Tensor], device: str) -> tuple[float, float]:
    """Seconds of a training step, and of a validation pass, for this batch."""
    (inputs, labels), half = (each.to(device) for each in batch), _HALF.get(classifier.recipe.speed.precision)
    whole = (inputs, labels, labels)
    classifier.to(device).train()
    (optimizer,), _ = classifier.configure_optimizers()

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast(inputs.device.type, half) if half else nullcontext():
            loss = classifier.training_step(whole, 0)
        loss.backward()
        optimizer.step()

    stepping = _seconds(step, device)
    classifier.eval()
    return stepping, _seconds(lambda: _without_gradients(classifier, inputs), device)


@torch.no_grad()
def _without_gradients(model: nn.Module, batch: Tensor) -> Tensor:
    outputs: Tensor = model(batch)
    return outputs


def _seconds(act: Callable[[], object], device: str) -> float:
    """The mean of two calls, after a first one."""
    for timed in (False, True):
        began = time.perf_counter()
        for _ in range(_TIMED if timed else 1):
            act()
        if device == "cuda":
            torch.cuda.synchronize()
    return (time.perf_counter() - began) / _TIMED


def _of_one(pace: _Pace, device: str) -> float:
    """Seconds of a training image: beside a GPU, workers augment meanwhile; on a CPU they share its cores."""
    cores = os.cpu_count() or 1
    if device == "cpu":
        return pace.step + pace.change / cores
    return max(pace.step, pace.change / max(1, min(8, cores - 1)))
