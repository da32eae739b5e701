"""A file that is hostile, broken or no weights file is refused, and nothing in it is executed."""

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from core.checkpoints.foreign import weights
from core.errors import CheckpointError
from tests.support.networks.foreign_weights import folder_of


class _Command:
    """Unpickled, it runs a command that makes the file `marker`."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.marker}",)


@pytest.mark.parametrize("form", ["zip", "legacy"])
@pytest.mark.parametrize("place", ["alone", "beside tensors"])
def test_a_malicious_pickle_is_refused_and_not_executed(
    tensors: dict[str, Tensor],
    tmp_path: Path,
    form: str,
    place: str,
) -> None:
    marker, path = tmp_path / "executed", tmp_path / "evil.pt"
    command = _Command(marker)
    content = command if place == "alone" else {"state_dict": tensors, "config": command}
    torch.save(content, path, _use_new_zipfile_serialization=form == "zip")
    with pytest.raises(
        CheckpointError, match=r"evil\.pt holds Python objects besides tensors, .* never executed"
    ):
        folder_of(path)
    assert not marker.exists()


def test_a_bare_malicious_pickle_is_not_executed_whatever_it_is_called(tmp_path: Path) -> None:
    marker = tmp_path / "executed"
    for name in ("evil.pt", "evil.pth", "evil.safetensors", "evil"):
        (tmp_path / name).write_bytes(pickle.dumps(_Command(marker), protocol=2))
        with pytest.raises(CheckpointError, match=name):
            weights.read(tmp_path / name)
    assert not marker.exists()
    pickle.loads(pickle.dumps(_Command(marker)))  # noqa: S301 (shows that it would have worked)
    assert marker.exists()


def test_a_whole_pickled_module_is_refused_with_what_to_do(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 2), tmp_path / "module.pt")
    with pytest.raises(
        CheckpointError,
        match=r"module\.pt holds a whole pickled network, .*torch\.save\(model\.state_dict\(\), '[a-z.]+'\)$",
    ):
        weights.read(tmp_path / "module.pt")


@pytest.mark.parametrize("name", ["w.pt", "w.pth", "w.safetensors"])
@pytest.mark.parametrize(
    "content",
    [b"", b"\x00" * 100, b"<html>404 Not Found</html>", b'{"a": 1}', b"PK\x03\x04ab", bytes(range(256)) * 9],
)
def test_garbage_is_not_a_weights_file(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CheckpointError, match=f"{name} is not a readable weights file") as caught:
        weights.read(tmp_path / name)
    assert "weights_only" not in str(caught.value)  # Torch advises to execute the file after all.
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.999])
def test_a_truncated_file_is_not_a_weights_file(
    tensors: dict[str, Tensor], tmp_path: Path, name: str, share: float
) -> None:
    path = tmp_path / name
    (save_file if name.endswith("s") else torch.save)(tensors, path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(CheckpointError, match=f"{name} is not a readable weights file"):
        weights.read(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"gone\.pt is not a readable weights file: .*no such file"):
        weights.read(tmp_path / "gone.pt")


@pytest.mark.parametrize("content", [{}, [torch.ones(2)], {"epoch": 3}, torch.ones(2), {"state_dict": {}}])
def test_a_file_without_a_state_dict_is_refused(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(CheckpointError, match="there is no state dict in it"):
        weights.read(tmp_path / "w.pt")


@pytest.mark.parametrize("file", ["w.pt", "w.bin", "w.safetensors", "w"])
def test_the_bytes_say_what_a_file_is_not_its_ending(tmp_path: Path, file: str) -> None:
    tensors = {"fc.weight": torch.ones(2, 3), "fc.bias": torch.zeros(2)}
    save_file(tensors, tmp_path / file)
    assert weights.read(tmp_path / file).keys() == tensors.keys()
    torch.save(tensors, tmp_path / file)
    assert weights.read(tmp_path / file).keys() == tensors.keys()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty; copy or download it again"),
        (
            pickle.dumps({"a": [1.0] * 9}, 4),
            "it is a plain pickle; save the state dict with torch.save",
        ),
        (b"PK\x03\x04 and no more", "it is damaged or cut short; copy or download it again"),
        (b'\x10\0\0\0\0\0\0\0{"a":', "it is damaged or cut short; copy or download it again"),
        (b"hello", "it is neither a PyTorch nor a safetensors file"),
    ],
)
def test_a_file_that_no_reader_understands_is_refused_without_opcodes(
    tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "w.pt").write_bytes(content)
    with pytest.raises(CheckpointError, match=f"w.pt is not a readable weights file: {message}"):
        weights.read(tmp_path / "w.pt")
