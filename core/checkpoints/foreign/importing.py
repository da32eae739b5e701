"""Bring your own model: a weights file, an architecture and a class list become a checkpoint."""

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from core import images
from core.checkpoints import store
from core.checkpoints.foreign import contents, fitting
from core.checkpoints.foreign.fitting import Fitted, Wish
from core.checkpoints.foreign.report import Report, report
from core.checkpoints.foreign.stated import class_lists, preprocesses
from core.errors import CheckpointError
from core.images import sample_photos
from core.images.preprocess import Preprocess
from core.models import options, registry

_SAMPLE = "chelsea.png"


@dataclass(frozen=True, slots=True)
class Imported:
    """The folder of the new checkpoint, and the report on the file."""

    folder: Path
    report: Report


def import_weights(
    path: Path,
    *,
    architecture: str,
    class_names: list[str],
    preprocess: Preprocess | None = None,
    name: str,
) -> Path:
    """Make the checkpoint ``name`` from a weights file; gives its folder.

    Raises:
        CheckpointError: the weights do not fit; the message names what.
    """
    wish = Wish(architecture, len(class_names))
    return imported(path, wish, class_names, name=name, preprocess=preprocess).folder


def imported(
    path: Path,
    wish: Wish,
    class_names: list[str],
    *,
    name: str,
    preprocess: Preprocess | None = None,
) -> Imported:
    """The same, with a report. The network runs once, on a sample photo, before anything is written.

    Raises:
        CheckpointError: the weights do not fit, or the network does not run.
    """
    store.refuse_taken(name)
    class_lists.refuse_repeated(class_names)
    wish = replace(wish, architecture=_as_trained(wish.architecture, path))
    weights = contents.read(path)
    fitted = fitting.fit(weights, wish)
    fitted, used, logits = _run(weights, fitted, wish, preprocess)
    card = store.Card(
        architecture=fitted.architecture,
        class_names=tuple(class_names),
        preprocess=used,
        source=f"imported from {path.name}",
        head=fitted.head,
    )
    folder = store.save(name, card, fitted.tensors)
    return Imported(folder, report(path.name, weights, fitted, card, logits))


def read_class_names(path: Path) -> list[str]:
    """Class names in the order of the network's outputs, from a file; see `class_lists`."""
    return class_lists.read(path)


def parse_class_names(text: str) -> list[str]:
    """The same from a text; CheckpointError for fewer than two names, or repeated ones."""
    return class_lists.parse(text)


def parse_preprocess(text: str, default: Preprocess) -> Preprocess:
    """``default`` with settings such as ``resize=256,crop=224,mean=0.5``; see `preprocesses`."""
    return preprocesses.parse(text, default)


def are_levels(text: str) -> bool:
    """Whether the settings give mean or std of pixel values from 0 to 255."""
    return preprocesses.are_levels(text)


def _as_trained(architecture: str, path: Path) -> str:
    """The architecture with its training's input: published GoogLeNet and Inception rescale theirs."""
    if registry.is_published_file(architecture, path.name):
        return options.as_published(architecture)
    return options.as_from_scratch(architecture)


def _run(
    weights: contents.Contents, fitted: Fitted, wish: Wish, stated: Preprocess | None
) -> tuple[Fitted, Preprocess, Tensor]:
    """The logits (C,) of the sample photo, at the preprocess's input size."""
    used = preprocesses.fitted(stated, wish.architecture, fitted.architecture)
    try:
        return fitted, used, _logits(fitted, used, wish.num_classes)
    except CheckpointError:
        sized = _at_size(wish, used)
        if sized is None:
            raise
        # A network built for one size may have the same weights at another (Swin).
        with suppress(CheckpointError):
            fitted = fitting.fit(weights, sized)
            return fitted, used, _logits(fitted, used, wish.num_classes)
        raise


def _at_size(wish: Wish, used: Preprocess) -> Wish | None:
    """The architecture at the stated crop, if that is square and no size was chosen."""
    height, width = used.input_size
    is_chosen = "img_size" in options.of(wish.architecture).values
    if (
        height != width
        or is_chosen
        or used.input_size == registry.default_preprocess(wish.architecture).input_size
    ):
        return None
    return replace(wish, architecture=options.extended(wish.architecture, img_size=height))


def _logits(fitted: Fitted, used: Preprocess, num_classes: int) -> Tensor:
    model = registry.build(fitted.architecture, num_classes, fitted.head)
    model.load_state_dict(fitted.tensors)
    batch = used.batch([images.upright_rgb(sample_photos.sample(_SAMPLE))])
    try:
        with torch.inference_mode():
            given = _output(model, batch)
    except Exception as error:  # Networks refuse inputs with errors of any type.
        raise _wrong_size(fitted.architecture, used, _first_line(error)) from error
    if given.shape != (1, num_classes):
        shape = tuple(given.shape[1:])
        raise CheckpointError(
            f"{fitted.architecture} gives {shape} for a photo; expected {num_classes} logits"
        )
    if not given.isfinite().all():
        raise CheckpointError(
            "the logits of a sample photo are not finite (NaN or infinite); check weights and preprocess"
        )
    return given[0]


def _output(model: nn.Module, batch: Tensor) -> Tensor:
    given = model(batch)
    if not isinstance(given, Tensor):
        raise TypeError(f"it gives {type(given).__name__}, not a tensor")
    return given


def _wrong_size(architecture: str, used: Preprocess, reason: str) -> CheckpointError:
    height, width = used.input_size
    usual = registry.default_preprocess(architecture).input_size
    return CheckpointError(
        f"{architecture} does not take {len(used.mean)} channels of {height} x {width} pixels ({reason}); "
        f"it was made for {usual[0]} x {usual[1]}: set crop and resize so"
    )


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
