"""Chooses what is trained: the whole network on pictures, or what is not frozen on cached features."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.data.backgrounds import Backgrounds, Blurred
from core.data.batches import FeatureDataset, ImageDataset, class_weights
from core.data.workers import possible_workers, usual_workers
from core.device import best_device
from core.passes.progress import PassProgress
from core.passes.work import CachedReader
from core.training.halves import Halves, halves
from core.training.lightning.classifier import Classifier
from core.training.lightning.features import AugmentedReader, features, room_for
from core.training.lightning.feed import Feed, loss_weights
from core.training.material import Material
from core.training.network import Network
from core.training.settings.recipe import Recipe

Tick = Callable[..., None]


def learner(recipe: Recipe, net: Network, data: Material, tick: Tick) -> tuple[Classifier, Feed]:
    """The whole network on pictures; or what is trained of it, on features of the frozen part before.

    Features are cached where the network can be cut at the first layer that is trained, and images are not
    augmented, or in a few passes only (``speed.cached_passes``).
    """
    classes = len(data.decoded.images.class_names)
    weights = class_weights(data.labels[data.train], classes) if recipe.loss.class_weights else None
    given = loss_weights(recipe, data)
    of_samples = None if given is None else torch.from_numpy(given)
    classifier = partial(
        Classifier,
        recipe=recipe,
        num_classes=classes,
        class_weights=None if weights is None else torch.from_numpy(weights),
    )
    parts = _cacheable(recipe, net, data)
    if parts is not None:
        train, val = _on_features(recipe, parts, data, tick)
        feed = Feed(recipe, data, train=train, val=val, workers=0)
        learns = classifier(parts.rest, prepared=_as_it_is, piece_weight=feed.piece_weight)
        return learns.weigh(of_samples), feed
    train_set = ImageDataset(data.decoded, recipe.augment, recipe.seed, _backgrounds(recipe, data))
    workers = possible_workers(recipe.speed.workers)
    if workers < 0:
        workers = usual_workers() if train_set.change or data.decoded.array is None else 0
    feed = Feed(recipe, data, train=train_set, val=ImageDataset(data.decoded), workers=workers)
    learns = classifier(net.model, prepared=net.preprocess.normalised, piece_weight=feed.piece_weight)
    return learns.weigh(of_samples), feed


def _backgrounds(recipe: Recipe, data: Material) -> Backgrounds | Blurred | None:
    """What changes the backgrounds of training images; None if they stay."""
    if recipe.data.swap_backgrounds:
        return Backgrounds(data.decoded, data.train, recipe.seed)
    return Blurred(data.decoded, data.train) if recipe.data.blur_backgrounds else None


def _cacheable(recipe: Recipe, net: Network, data: Material) -> Halves | None:
    """The network in two parts, if the first one's outputs can be cached and the disk has room for them."""
    changes_backgrounds = recipe.data.swap_backgrounds or recipe.data.blur_backgrounds
    if changes_backgrounds or not (recipe.augment.is_none or recipe.speed.cached_passes):
        return None
    parts = halves(net, data.decoded.inputs(data.val[:2].tolist()))
    if parts is None:
        return None
    num_passes = 1 if recipe.augment.is_none else recipe.speed.cached_passes + 1
    has_room = room_for(math.prod(parts.shape), num_passes * len(data.decoded.images))
    return parts if has_room else None


def _on_features(
    recipe: Recipe, parts: Halves, data: Material, tick: Tick
) -> tuple[FeatureDataset, FeatureDataset]:
    """Training and validation features; without augmentation they are the same."""

    def outputs(reader: CachedReader | AugmentedReader) -> NDArray[np.float32]:
        every = features(
            parts.before, reader, data.decoded, device=best_device(), on_progress=_computing(tick)
        )
        return every.reshape(len(every), *parts.shape)

    if recipe.augment.is_none:
        used = np.sort(np.concatenate([data.train, data.val]))
        both = FeatureDataset([outputs(CachedReader(data.decoded, used))], data.labels)
        return both, both
    pictures = ImageDataset(data.decoded, recipe.augment, recipe.seed)
    # No more than there are epochs: a pass beyond would never be read.
    epochs = range(min(recipe.speed.cached_passes, recipe.epochs))
    passes = [outputs(AugmentedReader(pictures, data.train, epoch)) for epoch in epochs]
    val = FeatureDataset([outputs(CachedReader(data.decoded, data.val))], data.labels)
    return FeatureDataset(passes, data.labels), val


def phase(tick: Tick, name: str) -> Callable[[int, int], None]:
    """A function that reports the progress of a phase before training to ``tick``."""
    return lambda done, total: tick(phase=name, done=done, total=total)


def _computing(tick: Tick) -> Callable[[PassProgress], None]:
    tell = phase(tick, "computing features")
    return lambda progress: tell(progress.done, progress.total)


def _as_it_is(features_: Tensor) -> Tensor:
    return features_
