"""What a checkpoint's channels and classes respond to: images by ascent, cached on disk."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import torch
from torch import nn

from core.checkpoints.store import Checkpoint
from core.errors import LayerError
from core.explain.ascent import LOGITS, Ascended, OnProgress, Settings, ascend
from core.explain.ascent.normalisation import Normalisation
from core.explain.ascent.plain import Plain
from core.explain.ascent.robust import Robust
from core.explain.network.activations import activations
from core.explain.network.cut import cut_at
from core.files.places import cache_root
from core.inside.ascents.cache import AscentCache, key_of

METHODS = ("plain", "robust")


@dataclass(frozen=True, slots=True)
class AscentQuestion:
    """The channels of a layer to ascend, or the classes if ``layer`` is `LOGITS`, and the settings."""

    layer: str
    channels: tuple[int, ...]
    settings: Settings


def question(
    checkpoint: Checkpoint, layer: str, channels: Sequence[int], *, method: str = "plain", seed: int = 0
) -> AscentQuestion:
    """A question with settings that suit the checkpoint's input size, for channels of a layer or classes."""
    if method not in METHODS:
        raise ValueError(f"no method {method!r}; there is {', '.join(METHODS)}")
    settings = _SUITED[method](checkpoint, layer)
    return AscentQuestion(layer, tuple(channels), replace(settings, seed=seed))


def num_channels(checkpoint: Checkpoint, layer: str) -> int:
    """The number of channels of a layer, or of classes for `LOGITS`; LayerError if there is no such layer."""
    return activations(checkpoint.model, checkpoint.blank_input(), [layer])[layer].shape[1]


def kept(
    checkpoint: Checkpoint, asked: AscentQuestion, cache: AscentCache | None = None
) -> Iterator[Ascended]:
    """The images that were made before, by any process; ``cache`` is the user's own if None."""
    cache = cache or user_cache()
    for channel in dict.fromkeys(asked.channels):
        picture = cache.read(key_of(checkpoint.card, asked.layer, channel, asked.settings))
        if picture is not None:
            yield picture


def ascended(
    checkpoint: Checkpoint,
    asked: AscentQuestion,
    cache: AscentCache | None = None,
    *,
    on_progress: OnProgress = lambda _share: None,
) -> Iterator[Ascended]:
    """First the cached images, at once; then the others as each is finished, which are cached too.

    Closing the generator stops the work; a new call continues with the images that are missing. ``cache``
    is the user's own if None. ``on_progress`` is as in `core.explain.ascent.ascend`.

    Raises:
        LayerError: as in `core.explain.ascent.ascend`.
    """
    cache = cache or user_cache()
    left = dict.fromkeys(asked.channels)
    for each in kept(checkpoint, asked, cache):
        del left[each.channel]
        yield each
    if left:
        pictures = _computed(checkpoint, replace(asked, channels=tuple(left)), on_progress)
        try:
            for each in pictures:
                cache.write(key_of(checkpoint.card, asked.layer, each.channel, asked.settings), each)
                yield each
        finally:
            cache.make_room()


def user_cache() -> AscentCache:
    """The cache of this user, shared by all sessions."""
    return AscentCache(cache_root() / "filters")


def _computed(checkpoint: Checkpoint, asked: AscentQuestion, on_progress: OnProgress) -> Iterator[Ascended]:
    preprocess = checkpoint.card.preprocess
    normalisation = Normalisation(preprocess.mean, preprocess.std)
    return ascend(
        checkpoint.model,
        asked.layer,
        asked.channels,
        asked.settings,
        normalisation,
        on_progress=on_progress,
    )


def _plain(checkpoint: Checkpoint, layer: str) -> Plain:
    """Chollet's settings; scaled for classes, and for networks with a smaller or fixed input size.

    A scaled step changes each value as much as a step of 10 does in a colour image of 200 x 200.
    """
    usual, preprocess = Plain(), checkpoint.card.preprocess
    is_large = min(preprocess.input_size) >= min(usual.size)
    if layer != LOGITS and is_large and _takes(checkpoint.model, layer, len(preprocess.mean), usual.size):
        return usual
    height, width = preprocess.input_size
    share = (len(preprocess.mean) * height * width / (3 * usual.size[0] * usual.size[1])) ** 0.5
    crop = round(usual.crop / usual.size[0] * min(height, width))
    return Plain(size=(height, width), step_size=usual.step_size * share, crop=crop)


def _robust(checkpoint: Checkpoint, _layer: str) -> Robust:
    """The default settings at the network's input size, with the jitter scaled to it."""
    usual = Robust()
    size = checkpoint.card.preprocess.input_size
    return Robust(size=size, jitter=usual.jitter / usual.size[0] * min(size))


def _takes(model: nn.Module, layer: str, num_colours: int, size: tuple[int, int]) -> bool:
    """Whether a network accepts images of this size up to a layer; computed once.

    Many vision transformers accept only the size that they were trained with.
    """
    known, key = _TAKES.setdefault(model, {}), (layer, size)
    if key not in known:
        try:
            cut_at(model, layer, torch.zeros(1, num_colours, *size).to(next(model.parameters())))
            known[key] = True
        except LayerError:
            known[key] = False
    return known[key]


_SUITED: dict[str, Callable[[Checkpoint, str], Settings]] = {"plain": _plain, "robust": _robust}
_TAKES: WeakKeyDictionary[nn.Module, dict[tuple[str, tuple[int, int]], bool]] = WeakKeyDictionary()
