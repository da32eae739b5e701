"""Reads and writes checkpoint folders: weights, and the card that says how to use them."""

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from core import files
from core.checkpoints import paths
from core.checkpoints.card import FORMAT, STATUSES, Card, as_json, read_card
from core.checkpoints.inventory import available, find, folders, trouble
from core.device import use_full_float32
from core.errors import CheckpointError, FileError
from core.models import auxiliary as auxiliary_heads
from core.models import options, registry

# Offered here too: cards and the list of checkpoints have modules of their own.
__all__ = ["FORMAT", "STATUSES", "Card", "available", "find", "folders", "read_card"]

_LARGEST = 2**36  # Bytes of weights: more than any machine's memory.


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A network ready for use, with its card; ``model`` is shared and must not be changed.

    ``auxiliary`` is the name of the auxiliary head in which ``model`` ends, empty for the network's own.
    """

    folder: Path
    card: Card
    model: nn.Module
    device: str
    auxiliary: str = ""

    @property
    def name(self) -> str:
        """The folder's name, by which the checkpoint is chosen."""
        return self.folder.name

    def blank_input(self) -> Tensor:
        """`Preprocess.blank_input` with the type and on the device of the network's weights."""
        return self.card.preprocess.blank_input().to(next(self.model.parameters()))


def load(folder: Path, *, device: str = "cpu", dtype: torch.dtype = torch.float32) -> Checkpoint:
    """Rebuild the network of a checkpoint folder: verified, frozen, in evaluation mode.

    On a GPU, the process computes convolutions in full float32 from then on, so that numbers are the CPU's.
    """
    if device.startswith("cuda"):
        use_full_float32()
    card, own = _read(folder)
    if card.weights_sha256 is None and card.base is None:
        raise CheckpointError(f"{folder.name!r} has no weights yet: its training has not finished an epoch")
    # A card without this setting is older than the setting: its network was built as published.
    architecture = options.as_published(card.architecture)
    model = registry.build(architecture, len(card.class_names), card.head)
    base = _base_of(model, card.base)
    try:
        model.load_state_dict(base | own)
    except RuntimeError as error:
        weights = folder / paths.WEIGHTS
        reason = _difference(base | own, model.state_dict(), len(card.class_names))
        raise CheckpointError(f"{weights} does not fit {card.architecture}: {reason}") from error
    return Checkpoint(folder, card, model.requires_grad_(requires_grad=False).to(device, dtype), device)


def _difference(weights: Mapping[str, Tensor], wanted: Mapping[str, Tensor], num_classes: int) -> str:
    """The first tensor that is missing, not expected, or of another shape, in words."""
    for name, tensor in wanted.items():
        if name not in weights:
            return f"{name!r} is missing; copy the checkpoint again, or import the weights"
        theirs, ours = tuple(weights[name].shape), tuple(tensor.shape)
        if theirs != ours:
            return f"{name!r} is {theirs}, and {ours} for the {num_classes} classes of the card"
    beside = next((name for name in weights if name not in wanted), "")
    return f"{beside!r} is not expected; copy the checkpoint again, or import the weights"


def load_for_speed(folder: Path, *, device: str = "cpu") -> Checkpoint:
    """`load`, with channels last in memory: on a CPU one photo takes 0.9 of the time, eight 0.75.

    Sums are computed in another order, so logits differ from those of `load` in their last digits.
    """
    loaded = load(folder, device=device)
    if device != "mps":  # Networks for which that layout is not safe.
        loaded.model.to(memory_format=torch.channels_last)
    return loaded


def ending_in(checkpoint: Checkpoint, auxiliary: str) -> Checkpoint:
    """The checkpoint whose class scores are those of an auxiliary head; CheckpointError without such a head.

    The empty name leaves it as it is.
    """
    if not auxiliary:
        return checkpoint
    return replace(
        checkpoint, model=auxiliary_heads.ending_in(checkpoint.model, auxiliary), auxiliary=auxiliary
    )


def save(name: str, card: Card, tensors: Mapping[str, Tensor]) -> Path:
    """Write a new checkpoint, whole or not at all, with checksum and versions filled in; gives its folder."""
    refuse_taken(name)
    folder = paths.folder(name)
    if (hidden := trouble()) is not None:
        raise CheckpointError(hidden)
    with files.draft_folder(folder) as draft:
        checksum = _write_weights(draft / paths.WEIGHTS, tensors) if tensors else None
        files.write(draft / paths.CARD, as_json(card, checksum))
    return folder


def refuse_taken(name: str) -> None:
    """Raise CheckpointError for an invalid name, or one that another checkpoint has."""
    refuse_odd(name)
    if paths.folder(name).exists():
        raise CheckpointError(f"a checkpoint named {name!r} exists already; choose another name or delete it")


def refuse_odd(name: str) -> None:
    """Raise CheckpointError for a name that leads elsewhere, or is unsafe in a shell or an address."""
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]{0,63}", name):
        raise CheckpointError(f"{name!r} cannot name a checkpoint; use letters, digits, '-', '_' and '.'")


def create(name: str, card: Card) -> Path:
    """Make a new folder with a card and no weights yet, whole or not at all; never overwrites."""
    return save(name, card, {})


def update(folder: Path, card: Card, tensors: Mapping[str, Tensor] | None = None) -> Card:
    """Replace the card and, if given, the weights; a reader always finds one whole state or the other.

    The new card commits the new weights. Until it is in place they wait beside the old ones; a reader that
    finds a new card and old weights takes the waiting ones.
    """
    _settle(folder)
    checksum = _write_weights(folder / paths.NEXT_WEIGHTS, tensors) if tensors else card.weights_sha256
    written = replace(card, weights_sha256=checksum)
    files.write(folder / paths.CARD, as_json(written, checksum))
    if tensors:
        with files.writing(folder / paths.WEIGHTS):
            (folder / paths.NEXT_WEIGHTS).replace(folder / paths.WEIGHTS)
    return written


def _settle(folder: Path) -> None:
    """Finish an update that was killed after writing its card: put the waiting weights in place."""
    files.clean(folder)
    waiting = folder / paths.NEXT_WEIGHTS
    if not waiting.exists():
        return
    if files.checksum(waiting) == read_card(folder).weights_sha256:
        waiting.replace(folder / paths.WEIGHTS)


def own_tensors(model: nn.Module, base: str | None) -> dict[str, Tensor]:
    """The tensors that ``base`` does not have, or has with other values."""
    known = _base_of(model, base)
    return {
        name: value
        for name, value in model.state_dict().items()
        if name not in known or not torch.equal(value.cpu(), known[name])
    }


def _base_of(model: nn.Module, base: str | None) -> dict[str, Tensor]:
    """The base weights that fit this network by name and shape."""
    wanted = {name: tensor.shape for name, tensor in model.state_dict().items()}
    return {name: value for name, value in _base_weights(base).items() if wanted.get(name) == value.shape}


def _read(folder: Path) -> tuple[Card, dict[str, Tensor]]:
    """The card and the tensors that belong to it, also while a training replaces them."""
    before, card = None, read_card(folder)
    while before is None or card.weights_sha256 != before.weights_sha256:
        if card.weights_sha256 is None:
            return card, {}
        # The waiting ones first: once they do not wait any more, they are in their place.
        for path in (folder / paths.NEXT_WEIGHTS, folder / paths.WEIGHTS):
            tensors = _verified(path, card.weights_sha256)
            if tensors is not None:
                return card, tensors
        before, card = card, read_card(folder)
    path = folder / paths.WEIGHTS
    if not path.exists():
        raise CheckpointError(f"{path} cannot be read: there is no such file; copy or import it again")
    raise CheckpointError(f"{path} is damaged: its SHA-256 differs from the card's; copy or import it again")


def _verified(path: Path, checksum: str) -> dict[str, Tensor] | None:
    """The tensors of a file; None if it does not exist or has another SHA-256."""
    try:
        content = files.read(path, _LARGEST)
        matches = hashlib.sha256(content).hexdigest() == checksum
        return safetensors.torch.load(content) if matches else None
    except FileError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        raise CheckpointError(str(error)) from error
    except SafetensorError as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from error


def _base_weights(base: str | None) -> dict[str, Tensor]:
    if base is None:
        return {}
    if base != paths.BUILT_IN:
        raise CheckpointError(f"no base weights named {base!r}; there is {paths.BUILT_IN!r}")
    from core.models import imagenet  # noqa: PLC0415 (timm and its class lists, only where they are needed)

    return imagenet.weights()


def _write_weights(path: Path, tensors: Mapping[str, Tensor]) -> str:
    """Write the weights; gives their SHA-256. FileError, and no file, on a full or read-only disk."""
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with files.draft(path) as draft:
        draft.touch()
        mode = draft.stat().st_mode
        try:
            safetensors.torch.save_file(contiguous, draft)
        except SafetensorError as error:
            raise _of_the_disk(error) from error
        draft.chmod(
            mode
        )  # The permissions of any new file; the library makes one that only its owner may read.
    return files.checksum(path)


def _of_the_disk(error: SafetensorError) -> OSError:
    """The system's error, which the library reports in its text only."""
    number = re.search(r"(?:os error|code:) (\d+)", str(error))
    return OSError(int(number[1]), os.strerror(int(number[1]))) if number else OSError(str(error))
