"""Chooses what is trained: the whole network on pictures, or its head on cached features."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from core.data.batches import FeatureDataset, ImageDataset, class_weights
from core.data.workers import possible_workers, usual_workers
from core.device import best_device
from core.errors import CheckpointError
from core.models import heads
from core.passes.progress import PassProgress
from core.training.lightning.classifier import Classifier
from core.training.lightning.features import features
from core.training.lightning.feed import Feed
from core.training.material import Material
from core.training.network import Network
from core.training.recipe import Recipe


def learner(
    recipe: Recipe, net: Network, data: Material, tick: Callable[..., None]
) -> tuple[Classifier, Feed]:
    """The whole network on pictures; or, if only the head is trained without augmentation, it on features."""
    classes = len(data.decoded.images.class_names)
    weights = class_weights(data.labels[data.train], classes) if recipe.loss.class_weights else None
    classifier = partial(
        Classifier,
        recipe=recipe,
        num_classes=classes,
        class_weights=None if weights is None else torch.from_numpy(weights),
    )
    parts = _parts(net, data) if net.is_head_only and recipe.augment.is_none else None
    if parts is not None:
        dataset = _features(parts[0], data, tick)
        return classifier(parts[1], prepared=_as_it_is), Feed(
            recipe, data, train=dataset, val=dataset, workers=0
        )
    train_set = ImageDataset(data.decoded, recipe.augment, recipe.seed)
    workers = possible_workers(recipe.speed.workers)
    if workers < 0:
        workers = usual_workers() if train_set.change or data.decoded.array is None else 0
    feed = Feed(recipe, data, train=train_set, val=ImageDataset(data.decoded), workers=workers)
    return classifier(net.model, prepared=net.preprocess.normalised), feed


def _parts(net: Network, data: Material) -> tuple[nn.Module, nn.Module] | None:
    """Backbone and head, if the network is one after the other; tried on an image."""
    try:
        backbone, head = heads.features_and_head(net.model)
    except CheckpointError:
        return None
    batch = net.preprocess.normalised(data.decoded.inputs(data.val[:1].tolist()))
    with torch.no_grad():
        agrees = torch.equal(head.eval()(backbone.eval()(batch)), net.model.eval()(batch))
    return (backbone, head) if agrees else None


def _features(backbone: nn.Module, data: Material, tick: Callable[..., None]) -> FeatureDataset:
    used = np.sort(np.concatenate([data.train, data.val]))
    outputs = features(backbone, data.decoded, used, device=best_device(), on_progress=_computing(tick))
    return FeatureDataset(outputs, data.labels)


def phase(tick: Callable[..., None], name: str) -> Callable[[int, int], None]:
    """A function that reports the progress of a phase before training to ``tick``."""
    return lambda done, total: tick(phase=name, done=done, total=total)


def _computing(tick: Callable[..., None]) -> Callable[[PassProgress], None]:
    tell = phase(tick, "computing features")
    return lambda progress: tell(progress.done, progress.total)


def _as_it_is(features_: Tensor) -> Tensor:
    return features_
