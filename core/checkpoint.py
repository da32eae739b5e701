"""A checkpoint folder: weights, and the card that says how to rebuild and use the network."""

import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from core.errors import CheckpointError
from core.models import registry
from core.preprocess import Preprocess

ROOT = Path(__file__).parents[1] / "checkpoints"
BUILT_IN = "imagenet"
CARD, WEIGHTS = "card.json", "model.safetensors"


@dataclass(frozen=True, slots=True)
class Card:
    """How to rebuild the network and read its answers.

    ``base`` names weights that every installation has (``imagenet``, or None); the folder then holds only the
    tensors that differ from them. ``weights_sha256`` is of the weights file, None where there is none.
    """

    architecture: str
    class_names: tuple[str, ...]
    preprocess: Preprocess
    base: str | None = None
    source: str = ""
    weights_sha256: str | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A network ready for use, with its card; ``model`` is shared and must not be changed."""

    folder: Path
    card: Card
    model: nn.Module
    device: str

    @property
    def name(self) -> str:
        """The folder's name, by which people ask for it."""
        return self.folder.name


def available(root: Path = ROOT) -> list[str]:
    """Names of the checkpoints under ``root``, the built-in one first."""
    names = sorted(
        card.parent.name for card in root.glob(f"*/{CARD}") if not card.parent.name.startswith(".")
    )
    return sorted(names, key=lambda name: name != BUILT_IN)


def find(name: str, root: Path = ROOT) -> Path:
    """The folder of the checkpoint ``name``; CheckpointError lists those that there are."""
    if name not in available(root):
        raise CheckpointError(
            f"no checkpoint named {name!r}; there is {', '.join(available(root)) or 'none'}"
        )
    return root / name


def load(folder: Path, *, device: str = "cpu", dtype: torch.dtype = torch.float32) -> Checkpoint:
    """Rebuild the network of a checkpoint folder: verified, frozen, in evaluation mode."""
    card = read_card(folder)
    model = registry.build(card.architecture, len(card.class_names))
    own = _verified_tensors(folder, card)
    wanted = {name: tensor.shape for name, tensor in model.state_dict().items()}
    base = {
        name: value for name, value in _base_weights(card.base).items() if wanted.get(name) == value.shape
    }
    try:
        model.load_state_dict(base | own)
    except RuntimeError as error:
        raise CheckpointError(f"{folder / WEIGHTS} does not fit {card.architecture}: {error}") from error
    return Checkpoint(folder, card, model.requires_grad_(requires_grad=False).to(device, dtype), device)


def save(root: Path, name: str, card: Card, tensors: Mapping[str, Tensor]) -> Path:
    """Write ``root/name`` whole or not at all, with checksum and versions filled in; never overwrites."""
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]{0,63}", name):
        raise CheckpointError(f"{name!r} cannot name a checkpoint; use letters, digits, '-', '_' and '.'")
    if (root / name).exists():
        raise CheckpointError(f"a checkpoint named {name!r} exists already; choose another name or delete it")
    root.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=root))
    try:
        checksum = _write_weights(draft / WEIGHTS, tensors) if tensors else None
        _write(draft / CARD, _as_json(card, checksum))
        draft.chmod(0o755)
        draft.rename(root / name)
    except BaseException:
        shutil.rmtree(draft)
        raise
    return root / name


def read_card(folder: Path) -> Card:
    """The card of a checkpoint folder; CheckpointError names a missing, damaged or incomplete one."""
    path = folder / CARD
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return _as_card(stored)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path} is not a readable card: {error}") from error


def _as_card(stored: dict[str, Any]) -> Card:
    known = {name: stored[name] for name in Card.__slots__ if name in stored}
    if not isinstance(known["architecture"], str) or not isinstance(known["class_names"], list):
        raise TypeError("architecture must be a text and class_names a list")
    preprocess = {key: _frozen(value) for key, value in known.pop("preprocess").items()}
    return Card(
        **known | {"preprocess": Preprocess(**preprocess), "class_names": tuple(known["class_names"])}
    )


def _frozen(value: Any) -> Any:  # noqa: ANN401 (a JSON value: list, number, string or null)
    return tuple(value) if isinstance(value, list) else value


def _verified_tensors(folder: Path, card: Card) -> dict[str, Tensor]:
    if card.weights_sha256 is None:
        return {}
    path = folder / WEIGHTS
    try:
        with path.open("rb") as file:
            checksum = hashlib.file_digest(file, "sha256").hexdigest()
        if checksum != card.weights_sha256:
            raise CheckpointError(
                f"{path} is damaged: its SHA-256 is not the card's; copy or import it again"
            )
        return safetensors.torch.load_file(path)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from error


def _base_weights(base: str | None) -> dict[str, Tensor]:
    if base is None:
        return {}
    if base != BUILT_IN:
        raise CheckpointError(f"no base weights named {base!r}; there is {BUILT_IN!r}")
    from core.models import imagenet  # noqa: PLC0415 (timm and its class lists, only where they are needed)

    return imagenet.weights()


def _as_json(card: Card, checksum: str | None) -> bytes:
    packages = {name: importlib.metadata.version(name) for name in ("torch", "torchvision", "timm")}
    content = asdict(card) | {"weights_sha256": checksum, "versions": packages | card.versions}
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def _write_weights(path: Path, tensors: Mapping[str, Tensor]) -> str:
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    safetensors.torch.save_file(contiguous, path)
    with path.open("rb+") as file:
        os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, content: bytes) -> None:
    """Written and on the disk: a rename that follows cannot show half a file."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
