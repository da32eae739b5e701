"""A question about any number of photos, answered with the memory that there is."""

from contextlib import suppress
from dataclasses import replace

import torch
from PIL import Image
from torch import Tensor

from core.checkpoints import store
from core.checkpoints.store import Checkpoint
from core.explain.maps.pixels import OnProgress
from core.explain.network.attention import has_attention
from core.explain.network.layers import Layer, default_layer, spatial_layers
from core.explanation.answer import Explanation
from core.explanation.forward_pass import answers, forward_pass
from core.explanation.question import ATTENTION_METHODS, METHODS, Question

# On a CPU, larger batches are no faster.
_IMAGES_AT_ONCE = {"cpu": 4, "cuda": 16}


def images_at_once(device: str) -> int:
    """The number of images that share a forward pass on this device."""
    return _IMAGES_AT_ONCE.get(device.partition(":")[0], 1)


def layers_of(checkpoint: Checkpoint) -> list[Layer]:
    """The layers of a checkpoint that can be explained, in the order in which they run."""
    return spatial_layers(checkpoint.model, _blank(checkpoint))


def methods_of(checkpoint: Checkpoint) -> tuple[str, ...]:
    """The methods that fit the network at some layer: attention needs a vision transformer."""
    if has_attention(checkpoint.model, _blank(checkpoint)):
        return METHODS
    return tuple(method for method in METHODS if method not in ATTENTION_METHODS)


def explain(
    checkpoint: Checkpoint,
    batch: Tensor,
    question: Question,
    *,
    on_progress: OnProgress = lambda _share: None,
) -> list[tuple[Explanation, ...]]:
    """For each image of a preprocessed batch (N, channels, H, W), an explanation for each score asked for.

    All scores and layers, and as many images as fit, share one forward pass. Without ``target_layers``, the
    maps are of the default layer. ``on_progress`` receives the share done by a slow method, from 0 to 1.

    If GPU memory runs out, it continues with smaller batches, then on the CPU; ``notes`` says so.

    Raises:
        LayerError: a layer is not there, or the method does not fit it.
    """
    if question.needs_layer and not question.target_layers:
        question = replace(question, target_layers=(default_layer(layers_of(checkpoint)),))
    explained: list[tuple[Explanation, ...]] = []
    for part in batch.split(images_at_once(checkpoint.device)):
        explained += _with_less_memory(checkpoint, part, question, on_progress)
    return explained


def _blank(checkpoint: Checkpoint) -> Tensor:
    """A black image (1, channels, H, W) as the network takes it."""
    height, width = checkpoint.card.preprocess.input_size
    batch = checkpoint.card.preprocess.batch([Image.new("RGB", (width, height))])
    return batch.to(checkpoint.device, next(checkpoint.model.parameters()).dtype)


def _with_less_memory(
    checkpoint: Checkpoint, batch: Tensor, question: Question, on_progress: OnProgress
) -> list[tuple[Explanation, ...]]:
    with suppress(torch.OutOfMemoryError):
        return _answers(checkpoint, batch, question, on_progress)
    # Not in an except clause, where the traceback still holds the tensors of the pass that failed.
    torch.cuda.empty_cache()
    if len(batch) > 1:
        halves = batch.tensor_split(2)
        explained = [_with_less_memory(checkpoint, half, question, on_progress) for half in halves]
        return _noting("GPU memory ran out: using smaller batches", [*explained[0], *explained[1]])
    on_cpu = store.ending_in(store.load(checkpoint.folder, device="cpu"), checkpoint.auxiliary)
    return _noting("GPU memory ran out: using the CPU", _answers(on_cpu, batch, question, on_progress))


def _answers(
    checkpoint: Checkpoint, batch: Tensor, question: Question, on_progress: OnProgress
) -> list[tuple[Explanation, ...]]:
    layers = question.target_layers if question.needs_layer else ()
    return answers(forward_pass(checkpoint, batch, layers), question, on_progress)


def _noting(note: str, explained: list[tuple[Explanation, ...]]) -> list[tuple[Explanation, ...]]:
    return [tuple(_noted(note, each) for each in of_image) for of_image in explained]


def _noted(note: str, explanation: Explanation) -> Explanation:
    if note in explanation.notes:
        return explanation
    return replace(explanation, notes=(*explanation.notes, note))
