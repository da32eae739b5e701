"""Somebody's own weights: read without executing anything, and fitted to an architecture by name."""

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor, nn

from core.errors import CheckpointError

# Where training scripts put the state dict, and what wrappers put before its names.
_WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "weights")
_PREFIXES = ("module.", "_orig_mod.", "model.", "net.")


def read(path: Path) -> dict[str, Tensor]:
    """The state dict in a .safetensors, .pt or .pth file, out of its wrappers; nothing in it is executed."""
    try:
        return _tensors(path)
    except pickle.UnpicklingError as error:
        # Torch says GLOBAL of an object that is no tensor, and advises to execute it: not repeated here.
        if "GLOBAL" not in str(error):
            raise CheckpointError(f"{path.name} is not a readable weights file") from error
        raise CheckpointError(
            f"{path.name} holds Python objects besides tensors, and those are never executed here; "
            "save it again with torch.save(model.state_dict(), FILE) or as .safetensors"
        ) from error
    except Exception as error:  # A damaged file makes the two readers stumble in any way at all.
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CheckpointError(f"{path.name} is not a readable weights file: {reason}") from error


def _tensors(path: Path) -> dict[str, Tensor]:
    tensors = _unwrapped(_content(path))
    # A view may repeat one number a billion times; copied, it would fill the memory.
    if sum(tensor.nbytes for tensor in tensors.values()) > 2 * path.stat().st_size:
        raise ValueError("its tensors claim to be larger than the file")
    return tensors


def _content(path: Path) -> object:
    if path.suffix.lower() == ".safetensors":
        return safetensors.torch.load_file(path)
    _refuse_packed(path)
    return torch.load(path, map_location="cpu", weights_only=True)


def fit(tensors: Mapping[str, Tensor], model: nn.Module, num_classes: int) -> dict[str, Tensor]:
    """``tensors`` in the names and order of ``model``, which gives ``num_classes`` logits.

    Counters of batch norm may be missing: old files have none, and evaluation does not use them.

    Raises:
        CheckpointError: names what is missing, not expected, or of another shape.
    """
    wanted = model.state_dict()
    missing = [name for name in wanted if name not in tensors and not name.endswith("num_batches_tracked")]
    extra = [name for name in tensors if name not in wanted]
    if missing or extra:
        faults = filter(None, (_listed("missing", missing), _listed("not expected", extra)))
        raise CheckpointError(f"the weights are of another architecture: {'; '.join(faults)}")
    _check_shapes(tensors, wanted, num_classes)
    return {
        name: tensors[name] if name in tensors else torch.zeros(like.shape, dtype=like.dtype)
        for name, like in wanted.items()
    }


def _check_shapes(tensors: Mapping[str, Tensor], wanted: Mapping[str, Tensor], num_classes: int) -> None:
    unlike = {name: tensors[name].shape for name in tensors if tensors[name].shape != wanted[name].shape}
    if not unlike:
        return
    counts = {shape[:1] for shape in unlike.values()}
    if len(counts) == 1 and all(
        wanted[name].shape == (num_classes, *shape[1:]) for name, shape in unlike.items()
    ):
        name, shape = next(iter(unlike.items()))
        raise CheckpointError(
            f"the class list has {num_classes} names, the weights have {shape[0]} classes: "
            f"{name!r} is {tuple(shape)}"
        )
    faults = [
        f"{name!r} is {tuple(shape)}, not {tuple(wanted[name].shape)}" for name, shape in unlike.items()
    ]
    raise CheckpointError(f"the weights are of another architecture: {', '.join(faults[:3])}{_more(faults)}")


def _listed(what: str, names: list[str]) -> str:
    return f"{what} {', '.join(repr(name) for name in names[:3])}{_more(names)}" if names else ""


def _more(names: list[str]) -> str:
    return f" and {len(names) - 3} more" if len(names) > 3 else ""


def _refuse_packed(path: Path) -> None:
    """`torch.save` packs nothing; a packed archive may unfold to a thousand times its size."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
                raise ValueError("its parts are compressed, so it was not written by torch.save")


def _unwrapped(content: object) -> dict[str, Tensor]:
    """The innermost mapping of names to tensors, without the prefixes of wrappers."""
    while isinstance(content, Mapping):
        inner = [content[key] for key in _WRAPPERS if isinstance(content.get(key), Mapping)]
        if not inner:
            break
        content = inner[0]
    entries = content.items() if isinstance(content, Mapping) else ()
    tensors = {str(name): value for name, value in entries if isinstance(value, Tensor)}
    if not tensors:
        raise ValueError("there is no state dict in it")
    for prefix in _PREFIXES:
        if all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): value for name, value in tensors.items()}
    return tensors
