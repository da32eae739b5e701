"""Files that are no weights are called what they are."""

import io
import zipfile
from pathlib import Path

import pytest
import torch
from torch import nn

from core.checkpoints.foreign import contents
from core.errors import CheckpointError


def _zip(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, b"x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x08\x07\x12\x07pytorch\x1a", "an ONNX network"),
        (b"\x89HDF\r\n\x1a\n", "a Keras model"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "a Git LFS pointer"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"\x1f\x8b\x08", "a packed archive; unpack it"),
        (_zip("weights.pth"), "a packed archive; unpack it"),
        (_zip("net/constants.pkl"), r"a TorchScript archive .*torch\.jit\.load"),
        (_zip("model.weights.h5"), "a Keras model"),
        (b'{"metadata": {}, "weight_map": {}}', "the index of weights in several files"),
        (b"GGUF\x03", "a GGUF file"),
    ],
)
def test_other_files_are_called_what_they_are(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "w.pth").write_bytes(content)
    with pytest.raises(CheckpointError, match=rf"w\.pth is not a readable weights file: it is {message}"):
        contents.read(tmp_path / "w.pth")


def test_a_folder_is_answered_with_the_weights_in_it(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(
        CheckpointError, match=r"is a folder; name the weights file in it: model\.safetensors"
    ):
        contents.read(tmp_path)


@pytest.mark.slow
def test_torchscript_as_torch_writes_it_is_named(network: nn.Module, tmp_path: Path) -> None:
    torch.jit.trace(network, torch.zeros(1, 3, 64, 64)).save(tmp_path / "w.pt")
    with pytest.raises(CheckpointError, match="it is a TorchScript archive"):
        contents.read(tmp_path / "w.pt")


def test_an_empty_file_is_said_to_be_empty(tmp_path: Path) -> None:
    (tmp_path / "w.pth").touch()
    with pytest.raises(CheckpointError, match=r"w\.pth is not a readable weights file: it is empty"):
        contents.read(tmp_path / "w.pth")
