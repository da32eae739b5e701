"""Recognises files that are not PyTorch weights, by their first bytes or parts, and says what to do."""

import re
import zipfile
from pathlib import Path

from core import files
from core.errors import CheckpointError

_HEAD = 512
_SAVE = "torch.save(model.state_dict(), 'weights.pt')"
_KERAS = "it is a Keras model; only PyTorch weights can be read"
_PACKED = "it is a packed archive; unpack it and import the weights file inside"
_STARTS: tuple[tuple[bytes, str], ...] = (
    (
        rb"version https://git-lfs",
        "it is a Git LFS pointer, not the weights; get them with git lfs pull",
    ),
    (rb"\s*<(?:!doctype|html|\?xml|head)", "it is a web page, not the file; download it again"),
    (rb"\x89HDF\r\n", _KERAS),
    (rb"\x1f\x8b|7z\xbc\xaf|Rar!|BZh|\xfd7zXZ", _PACKED),
    (rb".{257}ustar", _PACKED),
    (rb"GGUF", "it is a GGUF file, which holds quantised weights; import the original ones"),
    (rb".{4}TFL3", "it is a TensorFlow Lite model; only PyTorch weights can be read"),
    (rb"\x93NUMPY", "it is a NumPy array; save the state dict with " + _SAVE),
    (
        rb"\x08[\x01-\x20]\x12.{1,40}(?:pytorch|onnx|tf2|keras|paddle|skl)|\x08[\x01-\x20]:",
        "it is an ONNX network, which does not say what architecture it has; import the weights that it was "
        "exported from: " + _SAVE,
    ),
    (
        rb'\s*\{.{0,400}"weight_map"',
        "it is the index of weights in several files; save them as one: " + _SAVE,
    ),
)
_ONNX = _STARTS[-2][1]
_SUFFIXES = {
    ".onnx": _ONNX,
    ".h5": _KERAS,
    ".keras": _KERAS,
    ".pb": "it is a TensorFlow graph; only PyTorch weights can be read",
}


def is_safetensors(path: Path) -> bool:
    """Whether a file begins like safetensors: the length of a header, then the header in JSON."""
    start = files.head(path, _HEAD)
    if path.suffix.lower() == ".safetensors" and not _is_torch(start):
        return True
    return re.match(rb".{8}\s*\{\s*\"", start, re.DOTALL) is not None


def _is_torch(start: bytes) -> bool:
    return start.startswith((b"PK\x03\x04", b"\x80\x02\x8a\x0a"))


def torn(path: Path) -> str:
    """What is wrong with a file that no reader could read, as the end of a sentence."""
    start = files.head(path, _HEAD)
    if not start:
        return ": it is empty; copy or download it again"
    if re.match(rb"\x80[\x02-\x05]", start) and not _is_torch(start):
        return f": it is a plain pickle; save the state dict with {_SAVE}"
    if _is_torch(start) or is_safetensors(path):
        return ": it is damaged or cut short; copy or download it again"
    return ": it is neither a PyTorch nor a safetensors file"


def refuse_foreign(path: Path) -> None:
    """Raise CheckpointError for a file that is known not to hold PyTorch weights."""
    if path.is_dir():
        inside = sorted(
            each.name for each in path.iterdir() if each.suffix in {".safetensors", ".bin", ".pt", ".pth"}
        )
        found = f": {', '.join(inside[:3])}" if inside else ""
        raise CheckpointError(f"{str(path)!r} is a folder; name the weights file in it{found}")
    start = files.head(path, _HEAD)
    if not start:
        raise CheckpointError(f"{path.name} is not a readable weights file{torn(path)}")
    reason = next((text for mark, text in _STARTS if re.match(mark, start, re.DOTALL | re.IGNORECASE)), None)
    reason = reason or _SUFFIXES.get(path.suffix.lower())
    if reason is None and zipfile.is_zipfile(path):
        reason = _of_archive(path)
    if reason:
        raise CheckpointError(f"{path.name} is not a readable weights file: {reason}")


def _of_archive(path: Path) -> str | None:
    """What an archive is that `torch.save` did not write; None for one that it did."""
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if any(name.endswith("constants.pkl") or "/code/" in f"/{name}" for name in names):
        return (
            "it is a TorchScript archive (torch.jit.save), which holds a program; save its weights with "
            "torch.save(torch.jit.load(FILE).state_dict(), 'weights.pt')"
        )
    if any(name.endswith(("model.weights.h5", "config.json")) for name in names):
        return _KERAS
    if any(name.endswith(("models/model.json", "serialized_exported_program.json")) for name in names):
        return (
            "it is an exported program (torch.export), which holds no plain weights; save them with " + _SAVE
        )
    if not any(name.endswith("data.pkl") for name in names):
        are_arrays = names and all(name.endswith(".npy") for name in names)
        return "it holds NumPy arrays; save the state dict with " + _SAVE if are_arrays else _PACKED
    # `torch.save` does not compress; a compressed archive may unpack to a thousand times its size.
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        return "its parts are compressed, so it was not written by torch.save"
    return None
